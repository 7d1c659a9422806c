import { type CompiledQuery, type DatabaseConnection, type Dialect, PostgresDialect } from "kysely";
// @ts-types="@types/pg"
import pg from "pg";
import type { DatabaseConfig } from "../settings.ts";
import { StoreUnavailable } from "./unavailable.ts";

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
