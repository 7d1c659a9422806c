import type { Json } from "../../clients/json.ts";
import type { Product, SyncNames } from "../../clients/halo/product.ts";
import { type HaloIntegration, haloTime } from "../../clients/halo/record.ts";

import { HIDDEN_MARK } from "../../clients/secrets.ts";
import { isAddress } from "../address.ts";
import { shownAddress } from "../mask.ts";
import type { Inline, Line } from "../reply.ts";
import type { Standing } from "../resource.ts";
import type { Ailing, End, Remedy } from "../sight.ts";

/** What the sync of an integration can be, worst first. */
const STATES = {
  "failing": { is: "problem", watched: "down" },
  "token expired": { is: "problem", watched: "down" },
  "not authorized": { is: "problem", watched: "down" },
  "never synced": { is: "problem" },
  // It still syncs, and what ends is told beforehand.
  "token ends soon": { is: "problem", watched: "fine" },
  "not shown": { is: "unknown" },
  "on, no sync shown": { is: "unknown" },
  "syncing": { is: "fine" },
  "off": { is: "off" },
} as const satisfies Readonly<Record<string, Omit<Standing, "word">>>;

type SyncState = keyof typeof STATES;

const SOON_MS = 7 * 24 * 3_600_000;

/** How one integration stands, whatever its product calls the parts of that. */
export function syncStanding(product: Product, record: HaloIntegration, now: number): Standing {
  const word = syncState(product, record, now);
  return { word, ...STATES[word], rank: Object.keys(STATES).indexOf(word) };
}

function syncState(product: Product, record: HaloIntegration, now: number): SyncState {
  const enabled = partOf(product, record, "enabled");
  const isFailing = errorOf(product, record) !== undefined;
  if (enabled === undefined || enabled === null) return isFailing ? "failing" : "not shown";
  if (enabled === false) return "off";
  const tokenExpiry = timeOf(partOf(product, record, "tokenExpiry"));
  if (tokenExpiry !== null && tokenExpiry <= now) return "token expired";
  if (partOf(product, record, "authorized") === false) return "not authorized";
  if (isFailing) return "failing";
  const lastSync = partOf(product, record, "lastSync");
  if (lastSync === undefined) return "on, no sync shown";
  if (timeOf(lastSync) === null) return "never synced";
  return tokenExpiry !== null && tokenExpiry - now < SOON_MS ? "token ends soon" : "syncing";
}

/** What a reader wants to know beside the state. */
export function reasonOf(product: Product, record: HaloIntegration, { word }: Standing): readonly Inline[] {
  const error = errorOf(product, record);
  if (error !== undefined) return [{ data: error, max: 160 }];
  const tokenExpiry = timeOf(partOf(product, record, "tokenExpiry"));
  if (tokenExpiry !== null && (word === "token expired" || word === "token ends soon")) {
    return [word === "token expired" ? "ended " : "ends ", { time: tokenExpiry, as: "relative" }];
  }
  return lastSyncOf(product, record);
}

/** When its token ends, where HaloPSA says so. */
export function endsOf(product: Product, record: HaloIntegration): readonly End[] {
  const at = timeOf(partOf(product, record, "tokenExpiry"));
  return at === null || partOf(product, record, "enabled") === false ? [] : [{ what: "token", at }];
}

/** What HaloPSA passes on of a vendor that does not take what it was given. */
const SPEAKS_OF_CREDENTIALS = /\btokens?\b|unauthori[sz]ed|\b40[13]\b|credential|password|api key/i;

/** What may help one that does not sync: a new credential, the one it speaks of if it names one, or none of its errors until someone has time. */
export function syncRemedies({ target, fields }: Product, { id, word, words }: Ailing): readonly Remedy[] {
  if (id === null) return [];
  const credentials = [...fields].filter(([, kind]) => kind === "secret").map(([name]) => name);
  const lost = word.startsWith("token ") || word === "not authorized" ||
    SPEAKS_OF_CREDENTIALS.test(words ?? "");
  const said = words?.toLowerCase() ?? "";
  const isNamed = (name: string) => said.includes(name.replace(/^new_/, "").replaceAll("_", " "));
  const credential = lost
    ? credentials.find(isNamed) ?? credentials.find((name) => /token/.test(name)) ?? credentials[0]
    : undefined;
  return [
    ...(credential === undefined
      ? []
      : [{ label: "A new one", command: `/update ${target} ${id} ${credential}=?`, typed: true } as const]),
    { label: "Turn its sync off", command: `/disable ${target} ${id}` },
  ];
}

export function lastSyncOf(product: Product, record: HaloIntegration): readonly Inline[] {
  const at = timeOf(partOf(product, record, "lastSync"));
  return at === null ? ["no sync seen"] : ["synced ", { time: at, as: "relative" }];
}

export function errorOf(product: Product, record: HaloIntegration): string | undefined {
  const error = partOf(product, record, "lastError");
  return typeof error === "string" && error.trim() !== "" ? error : undefined;
}

function partOf(product: Product, record: HaloIntegration, part: keyof SyncNames): Json | undefined {
  const name = product.sync[part].find((spelling) => spelling in record);
  return name === undefined ? undefined : record[name];
}

/** As HaloPSA writes it; a day alone may be part of a name. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:/;

/** In epoch ms; a year up to 1900 means "never". */
function timeOf(value: unknown): number | null {
  const time = typeof value === "string" ? haloTime(value) : null;
  return time === null || time < "1901" ? null : Date.parse(`${time}Z`);
}

/** A value as a fact: times as times. Lists are only counted. */
export function valueLine(value: Json | undefined): Line {
  if (value === null || value === undefined || value === "") return "empty";
  const at = MOMENT.test(String(value)) ? timeOf(value) : null;
  if (at !== null) return { time: at };
  if (value === HIDDEN_MARK) return HIDDEN_MARK;
  if (Array.isArray(value)) return value.length === 1 ? "1 entry" : `${value.length} entries`;
  if (typeof value === "string") return { data: isAddress(value) ? shownAddress(value) : value, max: 160 };
  return { code: typeof value === "object" ? JSON.stringify(value) : String(value) };
}
