/** What was typed, cut and in quotes. */
export function typed(value: string, max = 40): string {
  const letters = [...value];
  return `"${letters.length > max ? `${letters.slice(0, max - 1).join("")}…` : value}"`;
}
