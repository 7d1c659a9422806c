import { z } from "zod";
import { type FieldKind, longest, type Product } from "../../clients/halo/product.ts";
import { haloTime, secretLooking } from "../../clients/halo/record.ts";
import { isJsonObject, type Json } from "../../clients/json.ts";
import { ENTER_MARK, HIDDEN_MARK } from "../../clients/secrets.ts";
import { BadInput } from "../operation.ts";

/**
 * The value as it is sent. `current` is what HaloPSA returned for the field. Throws `BadInput`, which never
 * repeats the value.
 */
export function checked(product: Product, name: string, value: Json, current: Json | undefined): Json {
  const kind = product.fields.get(name) ?? "any";
  if (value === null) return null;
  if (value === ENTER_MARK) throw new BadInput(`${name} is not secret: type its value, as in ${name}=…`);
  refuseNestedSecrets(name, value);
  if (JSON.stringify(value).includes(HIDDEN_MARK)) {
    throw new BadInput(`${name} holds ${HIDDEN_MARK}, which only stands for a hidden value. Leave it out.`);
  }
  if (value === current) return value;
  const fit = FITS[kind]?.(value, current);
  if (fit === undefined) throw new BadInput(`${name} takes ${EXPECTED[kind]}.`);
  if (typeof fit === "string") refuseLong(product, name, fit);
  return fit;
}

/** Why a value that HaloPSA returned could not be sent back. */
export function objectionTo(product: Product, name: string, value: Json): string | undefined {
  try {
    checked(product, name, value, undefined);
    return undefined;
  } catch (error) {
    if (error instanceof BadInput) return error.message.replace(/\.$/, "");
    throw error;
  }
}

function refuseLong(product: Product, name: string, text: string): void {
  const most = longest(product, name);
  const { length } = text;
  if (length > most) throw new BadInput(`${name} takes ${most} characters at most; this has ${length}.`);
}

/** A secret within a list is asked for like any other: "?" in its place. */
function refuseNestedSecrets(name: string, value: Json): void {
  if (Array.isArray(value)) return value.forEach((item) => refuseNestedSecrets(name, item));
  if (!isJsonObject(value)) return;
  for (const [inner, content] of Object.entries(value)) {
    if (secretLooking(inner) && typeof content === "string" && content !== ENTER_MARK && content !== "") {
      throw new BadInput(
        `${name} holds a secret, ${inner}. Write "?" in its place and enter it on the page you get.`,
      );
    }
    refuseNestedSecrets(name, content);
  }
}

/** HaloPSA's integers, ids among them, have 32 bits. */
export function isInt32(value: Json): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= -INT32 && value < INT32;
}

const INT32 = 2 ** 31;
const FLAGS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  false: false,
  no: false,
  off: false,
};

type Fit = (value: Json, current: Json | undefined) => Json | undefined;

const FITS: Partial<Readonly<Record<FieldKind, Fit>>> = {
  text: (value) => typeof value === "string" ? value : undefined,
  address: (value) => typeof value === "string" && (value === "" || isAddress(value)) ? value : undefined,
  integer(value) {
    const number = typeof value === "string" && /^[+-]?\d{1,10}$/.test(value) ? Number(value) : value;
    return isInt32(number) ? number : undefined;
  },
  flag: (value) => typeof value === "boolean" ? value : FLAGS[String(value).toLowerCase()],
  time: (value) => typeof value === "string" ? haloTime(value) ?? undefined : undefined,
  any(value, current) {
    const typed = typeof value === "string" ? asTyped(value, current) : value;
    return typeof typed === "number" && !isInt32(typed) ? undefined : typed;
  },
  rows(value) {
    const rows = typeof value === "string" ? parsed(value) : value;
    return Array.isArray(rows) ? rows : undefined;
  },
};

const EXPECTED: Partial<Readonly<Record<FieldKind, string>>> = {
  text: "a text",
  address: "an address that begins with https:// or http://, without a user or a password",
  any: `a text, a list or a whole number up to ${INT32 - 1}`,
  integer: "a whole number, such as 12",
  flag: "true or false",
  time: "a date, or a date and time in UTC, such as 2026-01-31T09:00:00",
  rows: "a list: send it as a JSON document, in brackets",
};

function isAddress(text: string): boolean {
  const url = /^https?:\/\/\S+$/i.test(text) ? URL.parse(text) : null;
  return url !== null && url.username === "" && url.password === "";
}

/** The vendor's page and its servers disagree on the type: what is there now decides, else the look of it. */
function asTyped(value: string, current: Json | undefined): Json {
  if (typeof current === "string") return value;
  if (typeof current === "number" || /^-?\d{1,9}$/.test(value)) {
    return /^-?\d+$/.test(value) ? Number(value) : value;
  }
  return /^[[{]/.test(value) ? parsed(value) ?? value : value;
}

function parsed(text: string): Json | undefined {
  try {
    return z.json().parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
