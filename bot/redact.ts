import { soughtSecrets, withoutSought } from "../clients/secrets.ts";

const REDACTED = "[redacted]";

/**
 * Knows our own secrets by value and takes them out of whatever leaves the process; what a vendor's record may hold
 * is hidden by its name, in handlers/mask.ts. What it does is handed around as functions, so each keeps its `this`.
 */
export class Redactor {
  /** How many hold each form. */
  private readonly holders = new Map<string, number>();
  private sought = soughtSecrets([]);

  constructor(secrets: readonly string[]) {
    for (const secret of secrets) this.count(formsOf(secret), 1);
  }

  readonly text = (value: string): string => withoutSought(value, this.sought, REDACTED);

  /** The same for every string inside data of no particular shape; a reply has a shape and goes through `redactReply`. */
  readonly deep = <T>(value: T): T => mapStrings(value, this.text) as T;

  /**
   * A secret that is in memory only for a while. Returns what forgets it again. Anyone may enter one, so a short one
   * is not looked for: it would take its letters out of everybody's words.
   */
  readonly hold = (secret: string): () => void => {
    const forms = secret.length < SHORTEST_HELD ? [] : formsOf(secret);
    this.count(forms, 1);
    return () => this.count(forms, -1);
  };

  private count(forms: readonly string[], by: 1 | -1): void {
    for (const form of forms) {
      const holders = (this.holders.get(form) ?? 0) + by;
      if (holders > 0) this.holders.set(form, holders);
      else this.holders.delete(form);
    }
    this.sought = soughtSecrets(this.holders.keys());
  }
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

/** A secret as it may come back to us, but for escapes: as it is, within a credential, in a dump. */
function formsOf(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const base64 = [0, 1, 2].map((offset) => base64Within(bytes, offset));
  const encoded = [
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
