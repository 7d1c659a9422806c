import { existsSync } from "node:fs";
import { type Dialect, Kysely, sql, type Transaction } from "kysely";
import { Migrator } from "kysely/migration";
import type { Clock } from "../../clients/clock.ts";
import type { DatabaseConfig } from "../setting.ts";
import { StoreAway } from "./away.ts";
import { migrations } from "./migrations.ts";
import type { Postgres } from "./postgres.ts";
import type { Database, Queryable, Schema } from "./schema.ts";
import { exclusively, sqliteDialect, withoutSync } from "./sqlite.ts";
import { StoreUnusable, unusable } from "./unusable.ts";
import { createWakeUp, type WakeUp } from "./wake_up.ts";
import { createWriteProbe, type WriteProbe } from "./write_probe.ts";

/** Everything the bot remembers. One schema and one set of queries over two databases. */
export interface Store {
  readonly db: Database;
  readonly kind: DatabaseConfig["kind"];
  /** The store's clock, so that replicas with different clocks agree. Epoch ms. */
  now(): number;
  transaction<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T>;
  /**
   * For writes that only say who is at work, such as claims: they need not be on the disk before the work begins.
   * A power cut may take them back, and gives the work back with them.
   */
  provisionally<T>(work: (db: Queryable) => Promise<T>): Promise<T>;
  /** Tells this and every other replica that there is work of a kind. */
  readonly wakeUp: WakeUp;
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
 * within `patienceMs` counts as away. Throws `StoreUnusable`.
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
    throw unusable(config, error);
  }
}

/** The database as it is, for who only looks at it. Throws `StoreUnusable`, also when there is none. */
export async function openAsItIs(config: DatabaseConfig): Promise<Database> {
  if (config.kind === "sqlite" && !existsSync(config.path)) {
    throw new StoreUnusable(`There is no database at ${config.path}: check DATABASE_URL.`);
  }
  try {
    const { dialect } = await connectorOf(config, PATIENCE_MS);
    return new Kysely<Schema>({ dialect });
  } catch (error) {
    throw unusable(config, error);
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
  const wakeUp = createWakeUp(db, postgres);
  return {
    db,
    kind,
    now: () => clock.now() + offset,
    transaction: (work) => inTransaction(db, work),
    provisionally: (work) => kind === "sqlite" ? withoutSync(db, work) : work(db),
    wakeUp,
    check,
    async close() {
      await wakeUp.close();
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
    throw worked ? new StoreAway(error) : error;
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
  return new StoreUnusable(
    `A newer version has migrated this database (${
      unknown[1]
    }): start that version, or restore a back-up from before.`,
    { cause: error },
  );
}
