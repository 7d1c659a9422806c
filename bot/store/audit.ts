import { type RawBuilder, sql, type SqlBool } from "kysely";
import { createHash } from "node:crypto";
import { setImmediate as breathe } from "node:timers/promises";
import { csvRow } from "../../handlers/format.ts";
import type { Store } from "./database.ts";
import type { AuditTable, Queryable } from "./schema.ts";

/** What is known of one event; the row adds its place in the chain. */
export type AuditEntry = Partial<Omit<AuditTable, "seq" | "at" | "prev" | "hash">> & {
  readonly event: string;
};

export const GENESIS = "0".repeat(64);

/** What a row says, in the order that its hash covers. */
export const CONTENT = [
  "seq",
  "at",
  "event",
  "reason_code",
  "code",
  "person_id",
  "person_name",
  "chat_id",
  "operation",
  "target",
  "company",
  "state",
  "detail",
  "trace",
] as const satisfies readonly (keyof AuditTable)[];

/** Any number that only we use: Postgres holds other appenders back until this transaction ends. */
const CHAIN_LOCK = 7_205_759;

/**
 * Appends to the chain, inside the transaction that does what is recorded: no row, no deed. It comes last in its
 * transaction, so that everyone takes locks in the same order.
 */
export async function appendAudit(
  store: Store,
  transaction: Queryable,
  entries: readonly AuditEntry[],
): Promise<void> {
  if (store.kind === "postgres") await sql`select pg_advisory_xact_lock(${CHAIN_LOCK})`.execute(transaction);
  const end = await endOfChain(transaction);
  let seq = end?.seq ?? 0;
  let prev = end?.hash ?? GENESIS;
  const rows: AuditTable[] = [];
  for (const entry of entries) {
    const row = { ...EMPTY, ...storable(entry, store.redact), seq: ++seq, at: store.now(), prev, hash: "" };
    row.hash = sealOf(row);
    prev = row.hash;
    rows.push(row);
  }
  await transaction.insertInto("audit").values(rows).execute();
  const head = { name: HEAD, seq, hash: prev };
  await transaction.insertInto("chain_head").values(head)
    .onConflict((conflict) => conflict.column("name").doUpdateSet(head)).execute();
}

/** The name of the one row that remembers how far the chain goes, so that rows cut off its end are missed too. */
const HEAD = "audit";

/** Goes on after rows that someone cut off, so that the gap stays to be seen. */
async function endOfChain(db: Queryable): Promise<Link | undefined> {
  return await db.selectFrom(
    db.selectFrom("audit").select(["seq", "hash"]).orderBy("seq", "desc").limit(1).as("last"),
  )
    .select(["last.seq", "last.hash"])
    .unionAll(db.selectFrom("chain_head").select(["seq", "hash"]))
    .orderBy("seq", "desc").limit(1).executeTakeFirst();
}

async function headOf(db: Queryable): Promise<Link> {
  const head = await db.selectFrom("chain_head").select(["seq", "hash"]).executeTakeFirst();
  return head ?? { seq: 0, hash: GENESIS };
}

/** What people and vendors worded; the rest is ours, and a secret that reads like it must not rewrite it. */
const WORDED: ReadonlySet<string> = new Set(["detail", "target", "person_name", "company"]);

/** A text that the database would store otherwise than it was hashed would look like a forgery ever after. */
function storable(entry: AuditEntry, redact = (text: string) => text): AuditEntry {
  const clean = (column: string, value: unknown) => {
    if (typeof value !== "string") return value;
    const redacted = WORDED.has(column) ? redactWords(value, redact) : value;
    return redacted.toWellFormed().replaceAll("\0", "\ufffd");
  };
  return Object.fromEntries(
    Object.entries(entry).map(([column, value]) => [column, clean(column, value)]),
  ) as AuditEntry;
}

/** In a detail that is JSON only the strings are words. */
function redactWords(text: string, redact: (text: string) => string): string {
  if (!/^[[{"]/.test(text) || redact(text) === text) return redact(text);
  try {
    return JSON.stringify(JSON.parse(text, (_, value) => typeof value === "string" ? redact(value) : value));
  } catch {
    return redact(text);
  }
}

export type AuditProof = { readonly intact: true; readonly rows: number } | {
  readonly intact: false;
  /** The first row that is not what was written, or before which one is missing. */
  readonly row: number;
  readonly why: string;
};

/** The same words as `/audit verify`, with the reason. */
export function verdictOf(proof: AuditProof): string {
  return proof.intact ? `intact (${proof.rows} rows)` : `broken at row ${proof.row}: ${proof.why}`;
}

const PAGE = 2000;
/** After so many rows the others get a turn: SQLite answers without giving them one. */
const BREATH = 200;

/** Walks the whole chain; finds a row that was changed, removed, moved or slipped in. */
export async function verifyAudit(db: Queryable): Promise<AuditProof> {
  // Read before the walk, because rows may be appended during it.
  const known = await headOf(db);
  let last = { seq: 0, hash: GENESIS };
  for await (const row of auditRows(db, {})) {
    if (row.seq % BREATH === 0) await breathe();
    const fault = faultOf(row, last, known);
    if (fault) return { intact: false, ...fault };
    last = row;
  }
  if (last.seq < known.seq) return { intact: false, ...missing(last.seq + 1) };
  const { seq } = await headOf(db);
  if (last.seq > seq) return { intact: false, row: seq + 1, why: "it was not written by the bot" };
  return { intact: true, rows: last.seq };
}

type Link = Pick<AuditTable, "seq" | "hash">;

function faultOf(row: AuditTable, last: Link, known: Link): { row: number; why: string } | undefined {
  if (row.seq !== last.seq + 1) return missing(last.seq + 1);
  if (row.prev !== last.hash) return { row: row.seq, why: "it does not follow the row before" };
  const changed = sealOf(row) !== row.hash || (row.seq === known.seq && row.hash !== known.hash);
  return changed ? { row: row.seq, why: "its content was changed" } : undefined;
}

function missing(row: number): { row: number; why: string } {
  return { row, why: `row ${row} is missing` };
}

/** The rows about one change that say how it came about, as far as the bot has written them itself. */
export async function decisionRows(db: Queryable, code: string): Promise<AuditTable[]> {
  const rows = await db.selectFrom("audit").selectAll()
    .where("code", "=", code).where("event", "in", [
      "asked",
      "approve",
      "vote",
      "take_back",
      "emergency",
      "return_planned",
    ])
    .orderBy("seq")
    .execute();
  return rows.filter((row) => sealOf(row) === row.hash);
}

/** Whose rows, since when (epoch ms), up to which row, without those of which reason; a person by id or by name. */
export type AuditFilter =
  & {
    readonly since?: number | undefined;
    readonly until?: number | undefined;
    readonly without?: string | undefined;
  }
  & {
    readonly [column in "company" | "person" | "code"]?: string | undefined;
  };

/** The rows in order, a page at a time, so that a million of them fit into memory. */
export async function* auditRows(db: Queryable, filter: AuditFilter): AsyncGenerator<AuditTable> {
  let after = 0;
  while (true) {
    const rows = await filtered(db, filter).where("seq", ">", after).orderBy("seq").limit(PAGE).execute();
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.seq;
  }
}

/** The newest rows, newest first. */
export async function latestAudit(db: Queryable, filter: AuditFilter, count: number): Promise<AuditTable[]> {
  return await filtered(db, filter).orderBy("seq", "desc").limit(count).execute();
}

/** How many rows fit, and the newest of them. */
export async function countAudit(
  db: Queryable,
  filter: AuditFilter,
): Promise<{ rows: number; last: number }> {
  const { rows, last } = await filtered(db, filter).clearSelect()
    .select((is) => [is.fn.countAll<number>().as("rows"), is.fn.max<number | null>("seq").as("last")])
    .executeTakeFirstOrThrow();
  return { rows: Number(rows), last: last ?? 0 };
}

function filtered(db: Queryable, { code, person, since, until, company, without }: AuditFilter) {
  let query = db.selectFrom("audit").selectAll();
  if (until !== undefined) query = query.where("seq", "<=", until);
  if (code) query = query.where("code", "=", code.toUpperCase());
  if (person && /^\d{1,15}$/.test(person)) query = query.where("person_id", "=", Number(person));
  else if (person) query = query.where(contains("person_name", person));
  if (since !== undefined) query = query.where("at", ">=", since);
  if (without !== undefined) {
    query = query.where((is) => is.or([is("reason_code", "is", null), is("reason_code", "<>", without)]));
  }
  if (company) {
    const name = company.toLowerCase();
    query = query.where((is) => is.or([is("company", "=", name), contains("target", name)]));
  }
  return query;
}

/** Whatever the case; `%` and `_` are letters like any other. */
function contains(column: "person_name" | "target", text: string): RawBuilder<SqlBool> {
  const pattern = `%${text.toLowerCase().replace(/[\\%_]/g, "\\$&")}%`;
  return sql<SqlBool>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`;
}

/** What a row is sealed with: its content and the row before. */
export function sealOf(row: AuditTable): string {
  const content = CONTENT.map((column) => row[column]);
  return createHash("sha256").update(row.prev).update(JSON.stringify(content)).digest("hex");
}

const EMPTY = Object.fromEntries(CONTENT.map((column) => [column, null])) as Record<
  Exclude<typeof CONTENT[number], "seq" | "at" | "event">,
  null
>;

const COLUMNS = [...CONTENT, "prev", "hash"] as const;

const CHUNK = 64 * 1024;

/** One JSON object a line, in chunks: a million rows never stand in memory together. */
export function jsonLines(rows: AsyncIterable<AuditTable>): AsyncGenerator<Uint8Array> {
  return chunks(
    "",
    rows,
    (row) => JSON.stringify(Object.fromEntries(COLUMNS.map((column) => [column, row[column]]))),
  );
}

/** CSV by RFC 4180; a cell that a spreadsheet would run as a formula is made text. */
export function csvLines(rows: AsyncIterable<AuditTable>): AsyncGenerator<Uint8Array> {
  return chunks(
    `${COLUMNS.join(",")}\n`,
    rows,
    (row) => csvRow(COLUMNS.map((column) => row[column])),
  );
}

async function* chunks(
  head: string,
  rows: AsyncIterable<AuditTable>,
  print: (row: AuditTable) => string,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = head;
  for await (const row of rows) {
    text += `${print(row)}\n`;
    if (text.length < CHUNK) continue;
    yield encoder.encode(text);
    text = "";
  }
  yield encoder.encode(text);
}
