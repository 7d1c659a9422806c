import { randomInt } from "node:crypto";

/** No letter or digit that another one looks like when read aloud or on a small screen. */
const ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const LENGTH = 5;

/** A change's short name, such as K7Q2X. It names a change; it gives no right to it. */
export function newCode(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}
