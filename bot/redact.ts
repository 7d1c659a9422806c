/** Knows our own secrets by value and takes them out of whatever leaves the process. */
export interface Redactor {
  text(value: string): string;
  /** The same for every string inside data of no particular shape; a reply has a shape and goes through `coverReply`. */
  deep<T>(value: T): T;
  /**
   * A secret that is in memory only for a while. Returns what forgets it again. Anyone may enter one, so a short one
   * is not looked for: it would take its letters out of everybody's words.
   */
  hold(secret: string): () => void;
}

const COVER = "[redacted]";

export function createRedactor(secrets: readonly string[]): Redactor {
  const known = new Map<string, number>();
  // The longest first: what is part of another secret must not break that one up before it is found.
  let searched: readonly string[] = [];
  const count = (forms: readonly string[], by: 1 | -1) => {
    for (const form of forms) {
      const holders = (known.get(form) ?? 0) + by;
      if (holders > 0) known.set(form, holders);
      else known.delete(form);
    }
    searched = [...known.keys()].sort((one, other) => other.length - one.length);
  };
  const hold = (secret: string) => {
    const forms = secret.length < SHORTEST_HELD ? [] : spellingsOf(secret);
    count(forms, 1);
    return () => count(forms, -1);
  };
  for (const secret of secrets) count(spellingsOf(secret), 1);

  const text = (value: string) => {
    let clean = value;
    for (const form of searched) if (clean.includes(form)) clean = clean.replaceAll(form, COVER);
    return clean;
  };
  const deep = <T>(value: T): T => mapStrings(value, text) as T;
  return { text, deep, hold };
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change)]));
}

/** Shorter ones would cover ordinary words. */
const SHORTEST = 4;
const SHORTEST_ENCODED = 8;
const SHORTEST_HELD = 8;

/** A secret as it may come back to us: within JSON, an address, a form, markup, a credential or a dump. */
function spellingsOf(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const percent = encodeURIComponent(secret);
  const base64 = [0, 1, 2].map((offset) => base64Within(bytes, offset));
  const encoded = [
    JSON.stringify(secret).slice(1, -1),
    percent,
    percent.replace(/%../g, (code) => code.toLowerCase()),
    new URLSearchParams([["", secret]]).toString().slice(1),
    secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
    [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  ];
  const forms = [secret, ...encoded.filter((form) => form.length >= SHORTEST_ENCODED)];
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST);
}

/**
 * What is always the same of the bytes' base64, wherever they begin in a longer text such as `Basic id:secret`: the
 * characters at both ends hold bits of their neighbours.
 */
function base64Within(bytes: Uint8Array, offset: number): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(offset), ...bytes)).replace(/=+$/, "");
  const end = (offset + bytes.length) % 3 === 0 ? text.length : -1;
  return text.slice(offset === 0 ? 0 : offset + 1, end);
}
