/** Knows our own secrets by value and takes them out of whatever leaves the process. */
export interface Redactor {
  text(value: string): string;
  /** The same for every string inside a JSON-like value. */
  deep<T>(value: T): T;
  /** A secret that is in memory only for a while. Returns what forgets it again. */
  hold(secret: string): () => void;
}

const COVER = "[redacted]";

export function createRedactor(secrets: readonly string[]): Redactor {
  const known = new Map<string, number>();
  const spellings = (
    secret: string,
  ) => [secret, encodeURIComponent(secret), btoaOf(secret), btoaOf(`${secret}:`)];
  const hold = (secret: string) => {
    const forms = [...new Set(spellings(secret))].filter((form) => form.length >= 4);
    for (const form of forms) known.set(form, (known.get(form) ?? 0) + 1);
    return () => {
      for (const form of forms) {
        const left = (known.get(form) ?? 1) - 1;
        if (left > 0) known.set(form, left);
        else known.delete(form);
      }
    };
  };
  for (const secret of secrets) hold(secret);

  const text = (value: string) => {
    let clean = value;
    for (const form of known.keys()) if (clean.includes(form)) clean = clean.replaceAll(form, COVER);
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

function btoaOf(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
