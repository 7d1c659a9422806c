/**
 * Undoes what phone keyboards do to a typed command: curly quotes, long dashes, odd and invisible spaces,
 * full-width characters, a capital verb, punctuation at the end. Letters, accents and emoji stay as they are.
 * `normalise(normalise(text))` equals `normalise(text)`.
 */
export function normalise(text: string): string {
  const plain = SPELLINGS.reduce(
    (spelt, [pattern, plainly]) => spelt.replace(pattern, plainly),
    narrow(text),
  );
  return withoutEndPunctuation(plain.trim()).replace(/^\/\w+/, (verb) => verb.toLowerCase());
}

/** In this order: each line may rely on those above it. */
const SPELLINGS: readonly (readonly [pattern: RegExp, plainly: string])[] = [
  [/[‘’‚‛′ʼ‹›`´]/gu, "'"],
  [/[“”„‟″«»〝〞「」『』]/gu, '"'],
  [/[‐‑‒–—―−﹘﹣]/gu, "-"],
  [/[⁄∕]/gu, "/"],
  [/﹦/gu, "="],
  // Zero-width space, byte order mark, soft hyphen, word joiner, marks of writing direction.
  [/[\u00AD\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF]/gu, ""],
  [/[\s\u0085\u2800\u3164]+/gu, " "],
  // deno-lint-ignore no-control-regex
  [/[\u0000-\u001F\u007F-\u009F]/gu, ""],
  // Joiners hold emoji and some scripts together; beside plain letters they are only invisible.
  // deno-lint-ignore no-control-regex
  [/(?<=^|[\u0000-\u007F])[\u200C\u200D]+|[\u200C\u200D]+(?=$|[\u0000-\u007F])/gu, ""],
  [/ {2,}/g, " "],
  // "--key" becomes "—key" under iOS, so both are the same word.
  [/(?<=^| )-{2,}(?=[\p{L}\p{N}])/gu, "-"],
];

const FULL_WIDTH_OFFSET = 0xFEE0;

function narrow(text: string): string {
  return text.toWellFormed().replace(
    /[\uFF01-\uFF5E]/g,
    (wide) => String.fromCharCode(wide.charCodeAt(0) - FULL_WIDTH_OFFSET),
  );
}

/** A question mark that is the value of an option stays: it asks for the secret page. */
function withoutEndPunctuation(text: string): string {
  let end = text.length;
  while (end > 0 && isEndPunctuation(text, end - 1)) end--;
  return text.slice(0, end);
}

function isEndPunctuation(text: string, at: number): boolean {
  const sign = text.charAt(at);
  if (sign !== "?") return " .,;!…。、\u200C\u200D".includes(sign);
  return !text.slice(text.lastIndexOf(" ", at) + 1, at).includes("=");
}
