import {
  type Compilable,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type DialectAdapter,
  Kysely,
  PostgresAdapter,
  type QueryResult,
  type RawBuilder,
  sql,
  type SqlBool,
  type Transaction,
} from "kysely";
import type { Clock } from "../../clients/clock.ts";
import type { DatabaseConfig } from "../settings.ts";
import { migrations } from "./migrations.ts";
import type { GroupCommitDriver } from "./group_commit.ts";
import { NewerSchema, StoreOpenError, storeOpenError, StoreUnavailable } from "./errors.ts";
import type { Listener, Postgres, ServerTime } from "./postgres.ts";
import type { Database, InboxTable, MessagesTable, Queryable, Schema } from "./schema.ts";
import { exclusively, sqliteDialect, WriteProbe } from "./sqlite.ts";

/** Everything the bot remembers. One schema and one set of queries over two databases. */
export class Store {
  readonly kind: DatabaseConfig["kind"];
  /** Tells this and every other replica that there is work of a kind. */
  readonly notifier: Notifier;
  private readonly driver: GroupCommitDriver | undefined;
  private readonly probe: WriteProbe | undefined;
  /** What is to be woken once a transaction is committed. */
  private readonly woken = new WeakMap<Queryable, Set<Work>>();
  /** Undefined where our own clock is the one that counts. */
  private readonly time: ServerTime | undefined;

  /** `redact` takes our own secrets out of what is written for good. */
  constructor(
    readonly db: Database,
    connector: Connector,
    private readonly clock: Clock,
    readonly redact?: (text: string) => string,
  ) {
    this.kind = connector.kind;
    this.driver = connector.dialect.driver;
    if (this.driver) direct.set(db, this.driver);
    this.notifier = new Notifier(db, connector.postgres);
    this.probe = connector.openProbe?.();
    this.time = connector.postgres?.timeBy(db, clock);
  }

  /** The store's clock, so that replicas with different clocks agree, and none jumps with its own. Epoch ms. */
  now(): number {
    return (this.time ?? this.clock).now();
  }

  /**
   * What is decided here is decided by a clock that no sleep of the machine has put back. Throws `StoreUnavailable`
   * also when only the commit failed, since then nobody knows whether it took effect.
   */
  async transaction<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> {
    if (this.time?.mayBeWrong()) await this.check();
    const woken = new Set<Work>();
    let worked = false;
    try {
      const result = await this.db.transaction().execute(async (transaction) => {
        this.woken.set(transaction, woken);
        if (this.driver?.transaction) direct.set(transaction, this.driver.transaction);
        const result = await work(transaction);
        worked = true;
        return result;
      });
      for (const one of woken) this.notifier.everyone(one);
      return result;
    } catch (error) {
      throw worked && !(error instanceof StoreUnavailable) ? new StoreUnavailable(error) : error;
    }
  }

  /** Has whoever does such work, here or elsewhere, woken once what is written by way of `db` is committed. */
  wake(work: Work, db: Queryable): void {
    const woken = this.woken.get(db);
    if (woken) woken.add(work);
    else this.notifier.everyone(work);
  }

  /**
   * For who is about to write a row: on SQLite, where nobody else writes at the same time, it may be written as claimed.
   */
  reserve<Kind extends Work>(work: Kind, partition: string): Reservation<WorkRows[Kind]> | undefined {
    return this.kind === "sqlite" ? this.notifier.reserve(work, partition) : undefined;
  }

  /** Throws when the database does not answer or, an SQLite file, cannot be written. Also measures its clock. */
  async check(): Promise<void> {
    if (this.time) await this.time.measure();
    else if (this.probe) await this.probe.check();
    else await sql`select 1`.execute(this.db);
  }

  async close(): Promise<void> {
    await this.notifier.close();
    this.probe?.close();
    await this.db.destroy();
  }
}

/** Less than any lease: what takes longer is given up before someone else takes it over. */
const TIMEOUT_MS = 5_000;
/** A migration may rewrite a large table, or wait for another replica that does. */
const MIGRATION_TIMEOUT_MS = 10 * 60_000;

export interface StoreOptions {
  /** Takes our own secrets out of what is written for good. */
  readonly redact?: (text: string) => string;
  /** A server that does not let go of a query or a transaction within this time counts as away. */
  readonly timeoutMs?: number;
}

/** Opens the database and brings its schema up to date. Throws `StoreOpenError`. */
export async function openStore(
  config: DatabaseConfig,
  clock: Clock,
  { redact, timeoutMs = TIMEOUT_MS }: StoreOptions = {},
): Promise<Store> {
  try {
    const connector = await connectorOf(config, timeoutMs);
    const store = await upToDateStore(connector, clock, redact);
    try {
      await store.check();
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  } catch (error) {
    throw storeOpenError(config, error);
  }
}

/** The database as it is, for who only looks at it. Throws `StoreOpenError`, also when there is none. */
export async function openAsItIs(config: DatabaseConfig): Promise<Database> {
  if (config.kind === "sqlite" && !await Deno.stat(config.path).then(() => true, () => false)) {
    throw new StoreOpenError(`There is no database at ${config.path}: check DATABASE_URL.`);
  }
  try {
    const { dialect } = await connectorOf(config, TIMEOUT_MS);
    return new Kysely<Schema>({ dialect });
  } catch (error) {
    throw storeOpenError(config, error);
  }
}

async function upToDateStore(
  connector: Connector,
  clock: Clock,
  redact: StoreOptions["redact"],
): Promise<Store> {
  const db = new Kysely<Schema>({ dialect: connector.dialect });
  try {
    if (!await isUpToDate(db)) await connector.bringUpToDate(db);
    return new Store(db, connector, clock, redact);
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

interface Connector {
  readonly kind: DatabaseConfig["kind"];
  readonly dialect: Dialect & { readonly driver?: GroupCommitDriver };
  readonly postgres?: Postgres;
  bringUpToDate(db: Database): Promise<void>;
  /** Absent where an answer is proof enough that it can be written. */
  openProbe?(): WriteProbe;
}

async function connectorOf(config: DatabaseConfig, timeoutMs: number): Promise<Connector> {
  if (config.kind === "sqlite") {
    const { path } = config;
    return {
      kind: "sqlite",
      dialect: sqliteDialect(path),
      bringUpToDate: (db) => exclusively(path, () => migrate(db)),
      ...(path === ":memory:" ? {} : { openProbe: () => new WriteProbe(path) }),
    };
  }
  const { Postgres } = await import("./postgres.ts");
  const postgres = new Postgres(config, timeoutMs);
  return {
    kind: "postgres",
    dialect: postgres.dialect(timeoutMs),
    postgres,
    bringUpToDate: () => migrateOnServer(postgres, config.mayBeNewer ?? false),
  };
}

/** Most starts find nothing to migrate, and load nothing for it. */
async function isUpToDate(db: Database): Promise<boolean> {
  const [newest] = await db.withTables<{ kysely_migration: { name: string } }>()
    .selectFrom("kysely_migration").select("name").orderBy("name", "desc").limit(1).execute()
    .catch(() => []);
  return newest !== undefined && newest.name === Object.keys(migrations).at(-1);
}

async function migrateOnServer(postgres: Postgres, mayBeNewer: boolean): Promise<void> {
  const db = new Kysely<Schema>({ dialect: postgres.dialect(MIGRATION_TIMEOUT_MS) });
  try {
    await migrate(db);
  } catch (error) {
    if (!(mayBeNewer && error instanceof NewerSchema)) throw error;
  } finally {
    await db.destroy();
  }
}

async function migrate(db: Database): Promise<void> {
  const { Migrator } = await import("kysely/migration");
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
  return new NewerSchema(
    `A newer version has migrated this database (${
      unknown[1]
    }): start that version, or restore a back-up from before.`,
    { cause: error },
  );
}

/**
 * A state as part of the statement. As a parameter it would keep SQLite from using an index of just the rows in
 * that state, and each look at what waits would walk all that ever was.
 */
export function literal<const State extends string>(state: State): RawBuilder<State> {
  return sql.lit(state);
}

/** Stands for a value of a prepared statement until it is run. */
class Blank {
  constructor(readonly name: string) {}
}

/** A value of a prepared statement, by its name. */
export type Fill<Values> = <Name extends keyof Values & string>(name: Name) => RawBuilder<Values[Name]>;

/**
 * A statement that is built and compiled once for each kind of database, for those that every update runs: doing that
 * anew takes longer than SQLite does. Resolves to its rows.
 */
export function prepared<Values extends object, Row>(build: Build<Values, Row>): Prepared<Values, Row[]> {
  const run = compiledOnce(build);
  return (db, values) => run(db, values).then(({ rows }) => rows);
}

/** The same for one that only writes. Resolves to how many rows it changed, which costs less than to be told which. */
export function preparedWrite<Values extends object>(
  build: Build<Values, unknown>,
): Prepared<Values, number> {
  const run = compiledOnce(build);
  return (db, values) => run(db, values).then(({ numAffectedRows }) => Number(numAffectedRows));
}

/** Where compiled statements run without Kysely in between. Not what has a plugin, which is to see them. */
const direct = new WeakMap<Queryable, Pick<DatabaseConnection, "executeQuery">>();

type Build<Values, Row> = (db: Queryable, fill: Fill<Values>) => Compilable<Row> | RawBuilder<Row>;
type Prepared<Values, Result> = (db: Queryable, values: Values) => Promise<Result>;

function compiledOnce<Values extends object, Row>(
  build: Build<Values, Row>,
): Prepared<Values, QueryResult<Row>> {
  const compiled = new WeakMap<DialectAdapter, CompiledQuery<Row>>();
  return (db, values) => {
    const { adapter } = db.getExecutor();
    const known = compiled.get(adapter) ?? build(db, (name) => sql`${new Blank(name)}`).compile(db);
    compiled.set(adapter, known);
    const parameters = known.parameters.map((value) =>
      value instanceof Blank ? (values as Readonly<Record<string, unknown>>)[value.name] : value
    );
    return (direct.get(db) ?? db).executeQuery<Row>({ ...known, parameters });
  };
}

/** That a text is none of those in a list, a JSON array of them: however many, the statement stays the same. */
export function noneOf(
  db: Queryable,
  text: RawBuilder<string>,
  list: RawBuilder<string>,
): RawBuilder<SqlBool> {
  const elements = isPostgres(db)
    ? sql`json_array_elements_text(cast(${list} as json))`
    : sql`json_each(${list})`;
  return sql<SqlBool>`${text} not in (select value from ${elements})`;
}

/** Rows with a `value` each, of a JSON array. */
export function elementsOf(db: Queryable, list: RawBuilder<string>): RawBuilder<unknown> {
  return isPostgres(db) ? sql`json_array_elements(cast(${list} as json))` : sql`json_each(${list})`;
}

export function isPostgres(db: Queryable): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

/** What waits in the store for a worker, by kind. */
interface WorkRows {
  readonly inbox: InboxTable;
  readonly messages: MessagesTable;
  readonly changes: unknown;
}

export type Work = keyof WorkRows;

/**
 * Keeps a partition for a row that is being written: nothing else of it is begun here. Such a row is written as claimed,
 * which saves claiming it.
 */
export interface Reservation<Row> {
  /** For `claimed_by`. */
  readonly holder: string;
  /** Once the row is committed. */
  begin(row: Row): void;
  /** For what was not written, or has to wait. Changes nothing after `begin`. */
  cancel(): void;
}

/** Whoever does one kind of work in this process. */
export interface Consumer {
  /** There may be something to do. */
  look(): void;
  /** Undefined where there is no room, or other work of the partition is under way. */
  reserve(partition: string): Reservation<unknown> | undefined;
}

const CHANNEL = "countersign";

/**
 * Hints that there is work: in one process a function call, between replicas LISTEN and NOTIFY. A hint may be lost;
 * whoever waits also looks on a timer.
 */
export class Notifier {
  private readonly consumers = new Map<Work, Consumer>();
  private readonly sending = new Map<Work, Promise<void>>();
  /** Of which there is more since the notification under way was sent. */
  private readonly again = new Set<Work>();
  private readonly remote: Listener | undefined;
  /** Tells our own notifications from others'. */
  private readonly name = crypto.randomUUID();

  constructor(private readonly db: Database, postgres?: Postgres) {
    this.remote = postgres?.listen(CHANNEL, (payload) => {
      const [work, whose] = payload.split(" ");
      if (whose !== this.name) this.local(work as Work);
    });
  }

  /** Wakes this process at once. */
  local(work: Work): void {
    this.consumers.get(work)?.look();
  }

  /** Wakes the other replicas too. */
  everyone(work: Work): void {
    this.local(work);
    if (!this.remote) return;
    this.again.add(work);
    if (!this.sending.has(work)) this.sending.set(work, this.send(work));
  }

  private async send(work: Work): Promise<void> {
    while (this.again.delete(work)) {
      await sql`select pg_notify(${CHANNEL}, ${`${work} ${this.name}`})`.execute(this.db).catch(() => {});
    }
    this.sending.delete(work);
  }

  /** Where this process can begin at once with a row that is about to be written. */
  reserve<Kind extends Work>(work: Kind, partition: string): Reservation<WorkRows[Kind]> | undefined {
    return this.consumers.get(work)?.reserve(partition);
  }

  listen(work: Work, consumer: Consumer): void {
    this.consumers.set(work, consumer);
  }

  async close(): Promise<void> {
    await Promise.all(this.sending.values());
    await this.remote?.close();
  }
}
