/** Letters alone are words, as in "Basic monitoring": a credential is long, and has digits, padding or a base64 look. */
const TOKEN = String.raw`(?=\S*(?:\d|=|[a-z][A-Z]\S*[a-z][A-Z]))[\w+/=.~-]{16,}`;

const SECRET_VALUE = new RegExp(
  [
    // Looks back from the dot: to look ahead from every "eyJ" would take long where there are many.
    String.raw`\.(?<=\beyJ[\w-]{8,}\.)`,
    String.raw`\b(?:[Bb]earer|BEARER|[Bb]asic|BASIC)\s+${TOKEN}`,
    "-----BEGIN",
    String.raw`:\/\/[^/\s:@]*:[^/\s@]+@`,
  ].join("|"),
);

/** Whether a text holds a JWT, an authorization header, a key block or an address with a password in it. */
export function holdsSecret(text: string): boolean {
  return SECRET_VALUE.test(text);
}
