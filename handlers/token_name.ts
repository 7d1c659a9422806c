/** `$jwtToken` or `Bearer $jwtToken`: names a token that the vendor fetches and puts in itself, and is no secret. */
export function namesToken(value: string): boolean {
  return /^(?:(?:basic|bearer|jwt|token) +)?\$\w*token$/i.test(value);
}
