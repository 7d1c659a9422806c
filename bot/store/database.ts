import { type Dialect, Kysely, type RawBuilder, sql, type Transaction } from "kysely";
import { Migrator } from "kysely/migration";
import { existsSync } from "node:fs";
import type { Clock } from "../../clients/clock.ts";
import type { DatabaseConfig } from "../settings.ts";
import { migrations } from "./migrations.ts";
import { createNotifier, type Notifier, type Postgres } from "./postgres.ts";
import type { Database, Schema } from "./schema.ts";
import { createWriteProbe, exclusively, sqliteDialect, type WriteProbe } from "./sqlite.ts";

/** Everything the bot remembers. One schema and one set of queries over two databases. */
export interface Store {
  readonly db: Database;
  readonly kind: DatabaseConfig["kind"];
  /** The store's clock, so that replicas with different clocks agree. Epoch ms. */
  now(): number;
  transaction<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T>;
  /** Tells this and every other replica that there is work of a kind. */
  readonly notifier: Notifier;
  /** Takes our own secrets out of what is written for good. */
  readonly cover?: (text: string) => string;
  /** Throws when the database does not answer or, an SQLite file, cannot be written. Also measures its clock. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Less than any lease: what takes longer is given up before someone else takes it over. */
const PATIENCE_MS = 5_000;
/** A migration may rewrite a large table, or wait for another replica that does. */
const MIGRATION_PATIENCE_MS = 10 * 60_000;

/**
 * Opens the database and brings its schema up to date. A server that does not let go of a query or a transaction
 * within `patienceMs` counts as away. Throws `StoreOpenError`.
 */
export async function openStore(
  config: DatabaseConfig,
  clock: Clock,
  patienceMs = PATIENCE_MS,
): Promise<Store> {
  try {
    const connector = await connectorOf(config, patienceMs);
    return await storeOn(connector, config.kind, clock);
  } catch (error) {
    throw storeOpenError(config, error);
  }
}

/** The database as it is, for who only looks at it. Throws `StoreOpenError`, also when there is none. */
export async function openAsItIs(config: DatabaseConfig): Promise<Database> {
  if (config.kind === "sqlite" && !existsSync(config.path)) {
    throw new StoreOpenError(`There is no database at ${config.path}: check DATABASE_URL.`);
  }
  try {
    const { dialect } = await connectorOf(config, PATIENCE_MS);
    return new Kysely<Schema>({ dialect });
  } catch (error) {
    throw storeOpenError(config, error);
  }
}

async function storeOn(
  { dialect, postgres, bringUpToDate, openProbe }: Connector,
  kind: DatabaseConfig["kind"],
  clock: Clock,
): Promise<Store> {
  const db = new Kysely<Schema>({ dialect });
  let probe: WriteProbe | undefined;
  let offset = 0;

  const close = async () => {
    probe?.close();
    await db.destroy();
  };
  const check = async () => {
    if (kind === "postgres") offset = await offsetOf(db, clock);
    else if (probe) await probe.check();
    else await sql`select 1`.execute(db);
  };

  try {
    await bringUpToDate(db);
    probe = openProbe?.();
    await check();
  } catch (error) {
    await close();
    throw error;
  }
  const notifier = createNotifier(db, postgres);
  return {
    db,
    kind,
    now: () => clock.now() + offset,
    transaction: (work) => inTransaction(db, work),
    notifier,
    check,
    async close() {
      await notifier.close();
      await close();
    },
  };
}

/** How far the server's clock is ahead of ours, in ms. */
async function offsetOf(db: Database, clock: Clock): Promise<number> {
  const asked = clock.now();
  const answer = await sql<
    { now: number }
  >`select (extract(epoch from clock_timestamp()) * 1000)::bigint as now`
    .execute(db);
  return Number(answer.rows[0]?.now ?? asked) - Math.round((asked + clock.now()) / 2);
}

interface Connector {
  readonly dialect: Dialect;
  readonly postgres?: Postgres;
  bringUpToDate(db: Database): Promise<void>;
  /** Absent where an answer is proof enough that it can be written. */
  openProbe?(): WriteProbe;
}

async function connectorOf(config: DatabaseConfig, patienceMs: number): Promise<Connector> {
  if (config.kind === "sqlite") {
    const { path } = config;
    return {
      dialect: sqliteDialect(path),
      bringUpToDate: (db) => exclusively(path, () => migrate(db)),
      ...(path === ":memory:" ? {} : { openProbe: () => createWriteProbe(path) }),
    };
  }
  const { createPostgres } = await import("./postgres.ts");
  const postgres = createPostgres(config.url, patienceMs);
  return {
    dialect: postgres.dialect(patienceMs),
    postgres,
    bringUpToDate: () => migratePatiently(postgres),
  };
}

/** When only the commit failed, nobody knows whether it took effect: that is no answer of the database. */
async function inTransaction<T>(
  db: Database,
  work: (transaction: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  let worked = false;
  try {
    return await db.transaction().execute(async (transaction) => {
      const result = await work(transaction);
      worked = true;
      return result;
    });
  } catch (error) {
    throw worked ? new StoreUnavailable(error) : error;
  }
}

async function migratePatiently(postgres: Postgres): Promise<void> {
  const db = new Kysely<Schema>({ dialect: postgres.dialect(MIGRATION_PATIENCE_MS) });
  try {
    await migrate(db);
  } finally {
    await db.destroy();
  }
}

async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
  });
  const { error } = await migrator.migrateToLatest();
  if (error) throw inWords(error);
}

/** Migrations only go forward, so an older version has no way to use what a newer one has made. */
function inWords(error: unknown): unknown {
  const unknown = error instanceof Error &&
    /previously executed migration (\S+) is missing/.exec(error.message);
  if (!unknown) return error;
  return new StoreOpenError(
    `A newer version has migrated this database (${
      unknown[1]
    }): start that version, or restore a back-up from before.`,
    { cause: error },
  );
}

/** The database did not answer. What depends on it waits until it does; it is not decided without it. */
export class StoreUnavailable extends Error {
  constructor(cause: unknown) {
    super(`The database did not answer: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = "StoreUnavailable";
  }
}

/** The same query, failing as `StoreUnavailable`. */
export async function orUnavailable<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw new StoreUnavailable(error);
  }
}

/** Why the database cannot be used, as a sentence that says what to do. */
export class StoreOpenError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreOpenError";
  }
}

/** The same of whatever went wrong; nothing of the address is quoted but where it leads. */
export function storeOpenError(config: DatabaseConfig, error: unknown): StoreOpenError {
  if (error instanceof StoreOpenError) return error;
  const [place, advice] = config.kind === "sqlite"
    ? [config.path, "check the path in DATABASE_URL, and that this user may write the file and its folder"]
    : [serverOf(config.url), "check DATABASE_URL, that Postgres runs there, and what this user may do"];
  return new StoreOpenError(`The database ${place} cannot be used (${reasonOf(error)}): ${advice}.`, {
    cause: error,
  });
}

function serverOf(address: string): string {
  const url = URL.parse(address);
  return url ? `${url.host}${url.pathname}` : "of DATABASE_URL";
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) return "Deno was not permitted to open it";
  // A name with several addresses fails with one error for each and no words of its own.
  if (error instanceof AggregateError && error.message === "") return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

/**
 * A state as part of the statement. As a parameter it would keep SQLite from using an index of just the rows in
 * that state, and each look at what waits would walk all that ever was.
 */
export function literal<const State extends string>(state: State): RawBuilder<State> {
  return sql.lit(state);
}
