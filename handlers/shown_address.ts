import { REST_NOT_SHOWN } from "./placeholder.ts";

/** Where an address leads. Its query is often a key, and it may carry a user and a password: these are left out. */
export function shownAddress(url: string): string {
  const bare = url.replace(CREDENTIALS, "$1").replace(/[?#].*$/s, "");
  return bare === url ? url : `${bare} ${REST_NOT_SHOWN}`;
}

/** Whether a text is an address; one without a scheme looks like any other text. */
export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/** `jdbc:postgresql://` is one, too. */
const SCHEME = String.raw`(?:[a-z][a-z\d+.-]*:)+\/\/`;
const ADDRESS = new RegExp(String.raw`^\s*${SCHEME}\S+\s*$`, "i");
/** A password may hold what should have been escaped in it; a port is none. */
const CREDENTIALS = new RegExp(
  String.raw`^(\s*${SCHEME})(?:[^/?#@]*@|[^/?#:@]*:(?!\d+(?:[/?#]|$))[^@]*@)|^[^/?#@]*@`,
  "i",
);
