import { type Json, mapLeaves } from "../clients/json.ts";
import { BadInput } from "./operation.ts";
import type { Line } from "./reply.ts";

/** An address in its parts; together they are the address again. */
interface Address {
  /** Of a few that are stacked all: `jdbc:postgresql://`. Empty where there is none. */
  readonly scheme: string;
  /** User and password; "" without. */
  readonly user: string;
  /** With its port. */
  readonly host: string;
  readonly path: string;
  /** From the first "?" or "#" on. */
  readonly query: string;
  /** What is written is not what programs make of it: a backslash, blanks, invisible characters. */
  readonly isAmbiguous: boolean;
}

/** What a person gave as an address: how it is stored and sent, or what is wrong with it, to follow its name. */
export type GivenAddress = { readonly href: string } | { readonly objection: string };

const STACKED = String.raw`((?:[a-z][a-z\d+.-]*:)*?)`;
const SCHEME = String.raw`[a-z][a-z\d+.-]*:\/\/`;
const WITH_SCHEME = new RegExp(`^${STACKED}(${SCHEME}.*)$`, "is");
/** Words after it make it a text; what only looks like nothing does not. */
const ADDRESS = new RegExp(String.raw`^\s*${STACKED}${SCHEME}[^ ]+ *$`, "i");
/** A password may hold what should have been escaped in it; a port is none. */
const CREDENTIALS = /^(?:[^/?#@]*@|[^/?#:@]*:(?!\d+(?:[/?#]|$))[^@]*@)/;
const AMBIGUOUS = /[\\\s\p{C}\p{DI}\u2800\u3164]/u;

/** Whether a text is an address; one without a scheme looks like any other text. */
export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/** An address as programs read it, which is not always how it looks. */
export function readAddress(text: string): Address {
  const isAmbiguous = AMBIGUOUS.test(text);
  const { stacked, url, isBare } = parsed(text.trim());
  if (!url) return readByHand(text, isAmbiguous);
  const { protocol, username, password, host, pathname, search, hash } = url;
  return {
    scheme: isBare ? "" : `${stacked}${protocol}//`,
    user: username + password,
    host,
    path: pathname,
    query: search + hash,
    isAmbiguous,
  };
}

/** For what `URL` does not read, such as `mongodb://one:27017,two:27017/db`. */
function readByHand(text: string, isAmbiguous: boolean): Address {
  const [, stacked = "", rest = text] = WITH_SCHEME.exec(text) ?? [];
  const [own = ""] = new RegExp(`^${SCHEME}`, "i").exec(rest) ?? [];
  const after = rest.slice(own.length);
  const [user = ""] = CREDENTIALS.exec(after) ?? [];
  const [, host = "", path = "", query = ""] = /^([^/;?#]*)([^?#]*)(.*)$/s.exec(after.slice(user.length)) ??
    [];
  return { scheme: stacked + own, user, host, path, query, isAmbiguous };
}

function parsed(text: string): { stacked: string; url: URL | null; isBare: boolean } {
  const [, stacked = "", rest] = WITH_SCHEME.exec(text) ?? [];
  return { stacked, url: URL.parse(rest ?? `https://${text}`), isBare: rest === undefined };
}

/**
 * The address that a person gave, in the one spelling that everybody reads alike: what is shown, approved, stored and
 * sent is this. It is the `href` of `URL`, but for the slash of an empty path: vendors append paths of their own.
 */
export function givenAddress(text: string): GivenAddress {
  const objection = hiddenHost(text);
  if (objection !== undefined) return { objection };
  const { stacked, url, isBare } = parsed(text);
  const { scheme } = readAddress(text);
  if (!url) return /^(?:https?:\/\/)?$/i.test(scheme) ? { objection: "is no address" } : { href: text };
  if (isBare && /^https?:/i.test(text)) return { objection: "lacks the two slashes of https://" };
  const href = url.pathname + url.search + url.hash === "/" && !text.endsWith("/")
    ? url.href.slice(0, -1)
    : url.href;
  return { href: isBare ? href.slice("https://".length) : stacked + href };
}

/** By what a text may name another host to programs than to people, to follow its name; undefined for nothing. */
function hiddenHost(text: string): string | undefined {
  if (text.includes("\\")) return "has a backslash, which can hide the real host";
  if (AMBIGUOUS.test(text)) return "has a blank or an invisible character";
  return readAddress(text).user === "" ? undefined : "has a user or a password before its host";
}

/** A field of such a name holds a host, alone or with its port. */
const HOST = /host|endpoint/i;

/**
 * What a person gave, each address in it in that spelling; `field` says what a place in it is called, and whether it is
 * an address however it looks. Throws `BadInput` for what is none.
 */
export function withAddresses<T>(value: T, field: (path: string) => { name: string; always?: boolean }): T {
  return mapLeaves(value, (leaf, path) => {
    const { name, always = false } = field(path);
    if (typeof leaf !== "string") return leaf;
    if (!always && !isAddress(leaf)) {
      const objection = HOST.test(name) ? hiddenHost(leaf) : undefined;
      if (objection === undefined) return leaf;
      throw new BadInput(`${name} ${objection}. Type it like desk.example.com.`);
    }
    const given = givenAddress(leaf);
    if ("href" in given) return given.href;
    throw new BadInput(`${name} ${given.objection}. Type it like https://desk.example.com/in.`);
  });
}

/** Whether a value that was read could be given back: an address may hold what nobody may type. */
export function canBeGiven(value: Json): boolean {
  return typeof value !== "string" || !isAddress(value) || "href" in givenAddress(value);
}

/** Whether two values are the same, an address in whatever spelling: a vendor may keep its own. */
export function isSameAddress(one: unknown, other: unknown): boolean {
  if (one === other || typeof one !== "string" || typeof other !== "string") return one === other;
  if (!isAddress(one) || !isAddress(other)) return false;
  const [first, second] = [givenAddress(one), givenAddress(other)];
  return "href" in first && "href" in second && first.href === second.href;
}

/** What approvers should know of a new address before it is used; `before` is null where there is none. */
export function addressWarnings(name: string, before: string | null, after: string): readonly Line[] {
  if (!isAddress(after)) return [`${name} has no https:// before it, so it may be reached unencrypted.`];
  const [old, now] = [before ?? "", after].map((address) => readAddress(address).scheme.replace("://", ""));
  if (now === "https" || now === old) return [];
  const how = old === "https" ? `goes from https to ${now}` : `is ${now}, not https`;
  return [`${name} ${how}: what is sent there may be read on the way.`];
}
