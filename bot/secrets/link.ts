import { createHash, randomBytes } from "node:crypto";

/** How long a page may be opened. */
export const LINK_MS = 10 * 60_000;

/** The address of a page for one person, and what the store knows of it. */
export function newLink(pageUrl: string): { readonly url: string; readonly tokenHash: string } {
  const token = randomBytes(32).toString("base64url");
  return { url: `${pageUrl}/secret/${token}`, tokenHash: hashOf(token) };
}

/** The store knows only this: whoever reads it cannot open the page. */
export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
