/** The ways in which text may carry a secret without holding it letter by letter, each searched for as it stands. */
export function spellingsOf(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const quoted = JSON.stringify(secret).slice(1, -1);
  const form = new URLSearchParams([["", secret]]).toString().slice(1);
  const percent = encodeURIComponent(secret);
  const base64 = [0, 1, 2].map((offset) => core(bytes, offset));
  const all = [
    secret,
    quoted,
    form,
    percent,
    percent.replace(/%../g, (code) => code.toLowerCase()),
    inMarkup(secret),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
    [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  ];
  return [...new Set(all)];
}

/** The first of these secrets that can be read from a text, in any spelling. */
export function leakIn(text: string, secrets: readonly string[]): string | undefined {
  return secrets.find((secret) => spellingsOf(secret).some((spelling) => text.includes(spelling)));
}

/** Every string in a value, keys included, on a line of its own. */
export function wordsIn(value: unknown): string {
  const words: string[] = [];
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === "string") words.push(next);
    else if (typeof next === "object" && next !== null) {
      waiting.push(...Object.keys(next), ...Object.values(next));
    }
  }
  return words.join("\n");
}

/** What base64 makes of the bytes wherever they begin within a longer text; both ends depend on the neighbours. */
function core(bytes: Uint8Array, offset: number): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(offset), ...bytes)).replace(/=+$/, "");
  const end = (offset + bytes.length) % 3 === 0 ? text.length : text.length - 1;
  return text.slice(offset === 0 ? 0 : offset + 1, end);
}

function inMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}
