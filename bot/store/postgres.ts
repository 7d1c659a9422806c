import { type Dialect, PostgresDialect } from "kysely";
// @ts-types="@types/pg"
import pg from "pg";

/** Postgres, in a file of its own because loading `pg` takes a good part of a start that does not need it. */
export interface Postgres {
  /** A pool of its own, in which nobody holds a connection for longer than this. */
  dialect(patienceMs: number): Dialect;
  /** Keeps one connection listening; when it breaks or falls silent, it is made again after a while. */
  listen(channel: string, hear: (payload: string) => void): { close(): Promise<void> };
}

const RECONNECT_MS = 1000;

/** Connects when the first query comes. A connection is asked after `patienceMs` whether it still listens. */
export function createPostgres(url: string, patienceMs: number): Postgres {
  const config = { connectionString: url, connectionTimeoutMillis: patienceMs, keepAlive: true };
  return {
    dialect: (patienceMs) => new PostgresDialect({ pool: createPool(config, patienceMs) }),
    listen: (channel, hear) => listen({ config, channel, patienceMs, hear }),
  };
}

function createPool(config: pg.ClientConfig, patienceMs: number): pg.Pool {
  // Our integers fit in 2^53; as strings they would compare wrongly.
  pg.types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({ ...config, max: 12 });
  // A connection that the server cut must not end the process, idle or in use: the next query reports it.
  pool.on("error", () => {});
  pool.on("connect", (client) => {
    client.on("error", () => {});
    limitOnServer(client, patienceMs);
  });
  const patience = new WeakMap<pg.PoolClient, ReturnType<typeof setTimeout>>();
  pool.on("acquire", (client) => void patience.set(client, setTimeout(() => cut(client), patienceMs)));
  pool.on("release", (_error, client) => clearTimeout(patience.get(client)));
  return pool;
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

interface Listening {
  readonly config: pg.ClientConfig;
  readonly channel: string;
  readonly patienceMs: number;
  readonly hear: (payload: string) => void;
}

function listen({ config, channel, patienceMs, hear }: Listening): { close(): Promise<void> } {
  let closed = false;
  let client: pg.Client | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let connecting: Promise<void> = connect();

  async function connect(): Promise<void> {
    const attempt = new pg.Client(config);
    attempt.on("error", () => again(attempt));
    attempt.on("end", () => again(attempt));
    attempt.on("notification", ({ payload }) => hear(payload ?? ""));
    client = attempt;
    try {
      await attempt.connect();
      keepAsking(attempt, patienceMs);
      await attempt.query(`listen ${channel}`);
    } catch {
      again(attempt);
    }
  }

  function again(broken: pg.Client): void {
    if (closed || client !== broken) return;
    client = undefined;
    retry = setTimeout(() => connecting = connect(), RECONNECT_MS);
  }

  return {
    async close() {
      closed = true;
      clearTimeout(retry);
      await connecting;
      const ended = client?.end();
      // A silent server would never agree to the end.
      client?.connection.stream.destroy();
      await ended;
    },
  };
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
