/**
 * `shown` is set by HaloPSA itself and only read; `secret` is only written. The id of a client, a token or a key is a
 * `text`: HaloPSA returns it to everyone who may read, and it opens nothing without its secret. `any` marks a field whose type the vendor's page
 * and its servers tell differently: it is taken as typed.
 */
export type FieldKind = typeof KINDS[number] | "address";

const KINDS = ["text", "integer", "flag", "time", "rows", "any", "secret", "shown"] as const;

/**
 * What a product calls the parts of its sync state. Several spellings of one property are in the order of how
 * well they are proven; the one that an answer carries is the one that counts.
 */
export type SyncNames = Readonly<
  Record<"enabled" | "lastSync" | "lastError" | "tokenExpiry" | "authorized", readonly string[]>
>;

/** One product behind HaloPSA: facts only, the code is shared. */
export interface Product {
  /** What people type, e.g. "ncentral", and the other names they type for it. */
  readonly target: string;
  readonly aliases: readonly string[];
  /** As people say it, e.g. "N-central". */
  readonly label: string;
  /** The resource that keeps the configurations, e.g. "NCentralDetails". */
  readonly details: string;
  /** The resource that serves live data, e.g. "Sophos"; null when there is none. */
  readonly live: string | null;
  /** Whether list and get take `includedetails`. */
  readonly includeDetails: boolean;
  readonly sync: SyncNames;
  /** Other properties that go by more than one name. */
  readonly spellings: readonly (readonly string[])[];
  /** Every property that may be shown or sent. */
  readonly fields: ReadonlyMap<string, FieldKind>;
}

/** A row as it is written: names of fields by kind, separated by white space. What is left out is as most are. */
interface ProductRow
  extends
    Pick<Product, "target" | "label" | "details">,
    Partial<Pick<Product, "aliases" | "live" | "includeDetails" | "spellings">> {
  readonly sync?: Partial<SyncNames>;
  readonly fields: Partial<Readonly<Record<typeof KINDS[number], string>>>;
}

/** What most products call the parts of their sync state. */
const INTEGRATOR: SyncNames = {
  enabled: ["enableintegrator"],
  lastSync: ["lastsyncdate"],
  lastError: ["lastsyncerror"],
  tokenExpiry: [],
  authorized: [],
};

/** Completes a row: the sync properties and the ones that every product has need not be listed again. */
export function product(row: ProductRow): Product {
  const sync = { ...INTEGRATOR, ...row.sync };
  const fields = new Map<string, FieldKind>([["id", "shown"]]);
  const add = (kind: FieldKind, names: readonly string[]) => names.forEach((name) => fields.set(name, kind));
  for (const kind of KINDS) add(kind, (row.fields[kind] ?? "").split(/\s+/).filter(Boolean));
  add("address", ADDRESSES.filter((name) => fields.has(name)));
  add("flag", sync.enabled);
  add("shown", [...sync.lastSync, ...sync.lastError, ...sync.authorized, "_warning"]);
  add("time", sync.tokenExpiry);
  return { aliases: [], live: null, includeDetails: false, spellings: [], ...row, sync, fields };
}

/** Texts that say where a product is; a row need not tell them from others. */
const ADDRESSES = ["url", "server_url"];

/**
 * The name by which `record` carries a property that goes by several, or `name` itself. What the vendor
 * returned is what it understands.
 */
export function spelled(
  row: Product,
  name: string,
  record: Readonly<Record<string, unknown>>,
): string {
  return spellingsOf(row, name).find((spelling) => spelling in record) ?? name;
}

/** Every name of the property that `name` is one name of. */
export function spellingsOf(row: Product, name: string): readonly string[] {
  return [...Object.values(row.sync), ...row.spellings].find((names) => names.includes(name)) ?? [name];
}

/** What people call an integration: PRTG, SentinelOne and Datto RMM have no name, their address stands for it. */
export function integrationName(record: Readonly<Record<string, unknown>>): string {
  for (const field of ["name", "url", "server_url"]) {
    const value = record[field];
    if (typeof value === "string" && value.trim() !== "") return value;
  }
  return typeof record.id === "number" ? `#${record.id}` : "without a name";
}

/**
 * How many characters HaloPSA keeps of a text, by the sizes of its database's columns; what is not here has no size
 * that is known. More is refused by its database in no words that help.
 */
const COLUMNS: Readonly<Record<string, number>> = {
  name: 250,
  url: 1_000,
  server_url: 1_000,
  username: 1_000,
  token_id: 250,
  webhook_ticket_summary: 4_000,
};

/** The newest tables have sizes of their own. */
const OWN_COLUMNS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ArmisDetails: { url: 250 },
  KaseyaVSAXDetails: { url: 250 },
  SentinelOneDetails: { url: 500 },
  SophosDetails: { name: 1_000, client_id: 250 },
};

/** How many characters of a text field HaloPSA keeps; `Infinity` where no limit is known. */
export function longest({ details }: Product, field: string): number {
  return OWN_COLUMNS[details]?.[field] ?? COLUMNS[field] ?? Infinity;
}
