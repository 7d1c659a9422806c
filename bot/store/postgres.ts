import { type CompiledQuery, type DatabaseConnection, type Dialect, PostgresDialect, sql } from "kysely";
// @ts-types="@types/pg"
import pg from "pg";
import type { Clock } from "../../clients/clock.ts";
import type { DatabaseConfig } from "../settings.ts";
import type { Database } from "./schema.ts";
import { StoreUnavailable } from "./errors.ts";

const RECONNECT_MS = 1000;

type Server = Extract<DatabaseConfig, { kind: "postgres" }>;

const MOST_CONNECTIONS = 12;

/**
 * A server, connected to when the first query comes. In a file of its own because loading `pg` takes a good part of a
 * start that does not need it.
 */
export class Postgres {
  private readonly config: pg.PoolConfig;

  /** A connection that only listens is asked after `timeoutMs` whether it still does. */
  constructor(private readonly server: Server, private readonly timeoutMs: number) {
    this.config = {
      connectionString: server.url,
      connectionTimeoutMillis: timeoutMs,
      keepAlive: true,
      max: server.connections ?? MOST_CONNECTIONS,
    };
  }

  /**
   * A pool of its own, in which nobody holds a connection for longer than this. What fails because the server is away,
   * or let go of it, fails as `StoreUnavailable`: the same may do later.
   */
  dialect(timeoutMs: number): Dialect {
    const pool = poolOf(this.config, timeoutMs);
    const connect = () =>
      pool.connect().catch((error) => {
        throw new StoreUnavailable(error);
      });
    return new PostgresDialect({
      pool: { options: pool.options, connect, end: () => pool.end() },
      onCreateConnection: sayWhy,
    });
  }

  /** To be measured before it is asked for. */
  timeBy(db: Database, clock: Clock): ServerTime {
    return new ServerTime(db, clock);
  }

  /** Undefined where the server passes no notifications on. */
  listen(channel: string, hear: (payload: string) => void): Listener | undefined {
    if (this.server.listens === false) return undefined;
    return new Listener(this.config, channel, this.timeoutMs, hear);
  }
}

function poolOf(config: pg.PoolConfig, timeoutMs: number): pg.Pool {
  // Our integers fit in 2^53; as strings they would compare wrongly.
  pg.types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool(config);
  // A connection that the server cut must not end the process, idle or in use: the next query reports it.
  pool.on("error", () => {});
  pool.on("connect", (client) => {
    client.on("error", () => {});
    limitOnServer(client, timeoutMs);
  });
  const timers = new WeakMap<pg.PoolClient, ReturnType<typeof setTimeout>>();
  pool.on("acquire", (client) => void timers.set(client, setTimeout(() => cut(client), timeoutMs)));
  pool.on("release", (_error, client) => clearTimeout(timers.get(client)));
  return pool;
}

function sayWhy(connection: DatabaseConnection): Promise<void> {
  const execute = connection.executeQuery.bind(connection);
  connection.executeQuery = <R>(query: CompiledQuery) =>
    execute<R>(query).catch((error) => {
      throw isLetGo(error) ? new StoreUnavailable(error) : error;
    });
  return Promise.resolve();
}

/** Whether it failed because the server is away or we waited too long for others. */
function isLetGo(error: unknown): boolean {
  const { code = "", message = "" } = error as { readonly code?: unknown; readonly message?: string };
  // A class of SQLSTATE, or what the socket says, such as ECONNRESET.
  return /^(08|40|53|55P03|57|25P03|E)/.test(String(code)) ||
    /^(Client has encountered|Connection terminated|Postgres did not answer)/.test(message);
}

/**
 * What we give up does not go on in the server and hold its locks. As parameters of the connection these would be
 * refused by poolers such as PgBouncer.
 */
function limitOnServer(client: pg.ClientBase, ms: number): void {
  client.query(`set statement_timeout = ${ms}; set idle_in_transaction_session_timeout = ${ms}`)
    .catch(() => {});
}

/**
 * The network can take everything and say nothing. pg's own `query_timeout` would leave such a connection in the
 * pool, with an answer still to come; without it, whatever was asked on it fails and the pool makes a new one.
 */
function cut(client: pg.Client): void {
  client.connection.stream.destroy(new Error("Postgres did not answer in time"));
}

/** Keeps one connection listening; when it breaks or falls silent, it is made again after a while. */
export class Listener {
  private closed = false;
  private client: pg.Client | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private connecting: Promise<void>;

  constructor(
    private readonly config: pg.ClientConfig,
    private readonly channel: string,
    private readonly timeoutMs: number,
    private readonly hear: (payload: string) => void,
  ) {
    this.connecting = this.connect();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    await this.connecting;
    const ended = this.client?.end();
    // A silent server would never agree to the end.
    this.client?.connection.stream.destroy();
    await ended;
  }

  private async connect(): Promise<void> {
    const client = new pg.Client(this.config);
    client.on("error", () => this.connectAgain(client));
    client.on("end", () => this.connectAgain(client));
    client.on("notification", ({ payload }) => this.hear(payload ?? ""));
    this.client = client;
    try {
      await client.connect();
      keepAsking(client, this.timeoutMs);
      await client.query(`listen ${this.channel}`);
    } catch {
      this.connectAgain(client);
    }
  }

  private connectAgain(broken: pg.Client): void {
    if (this.closed || this.client !== broken) return;
    this.client = undefined;
    this.retry = setTimeout(() => this.connecting = this.connect(), RECONNECT_MS);
  }
}

/** Who only listens does not notice that nobody is there any more. */
function keepAsking(client: pg.Client, everyMs: number): void {
  let answered = true;
  const asking = setInterval(() => {
    if (!answered) return cut(client);
    answered = false;
    client.query("select 1").then(() => answered = true, () => {});
  }, everyMs);
  client.on("end", () => clearInterval(asking));
}

const MOST_LOOKS = 5;
/** An answer that comes so soon tells the time well enough. */
const SOON_MS = 2;
/** Two clocks that nobody touches drift apart by less; where somebody sets one, measuring does no harm. */
const SLEPT_MS = 1_000;

/** The time of a database's server, which goes on by our monotonic clock from one measurement to the next. */
export class ServerTime {
  /** At the zero of our monotonic clock: the server's time and the calendar's, epoch ms. */
  private zero: number;
  private date: number;

  constructor(private readonly db: Database, private readonly clock: Clock) {
    this.zero = this.date = this.dateAtZero();
  }

  /** Epoch ms. */
  now(): number {
    return Math.round(this.zero + this.clock.monotonic());
  }

  /** Whether the machine has slept, and our monotonic clock with it, so that only the calendar has gone on. */
  mayBeWrong(): boolean {
    return Math.abs(this.dateAtZero() - this.date) > SLEPT_MS;
  }

  /**
   * Of several looks the fastest counts: one that had to wait for a connection says little, and replicas that disagree
   * by it would mix up the order of messages.
   */
  async measure(): Promise<void> {
    const { db, clock } = this;
    const date = this.dateAtZero();
    let [zero, fastestMs] = [date, Infinity];
    for (let look = 0; look < MOST_LOOKS && fastestMs > SOON_MS; look++) {
      const asked = clock.monotonic();
      const answer = await sql<{ now: number }>`
        select (extract(epoch from clock_timestamp()) * 1000)::bigint as now`.execute(db);
      const answered = clock.monotonic();
      if (answered - asked >= fastestMs) continue;
      fastestMs = answered - asked;
      zero = Number(answer.rows[0]?.now) - (asked + answered) / 2;
    }
    [this.zero, this.date] = [zero, date];
  }

  private dateAtZero(): number {
    return this.clock.now() - this.clock.monotonic();
  }
}
