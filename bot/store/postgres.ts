import { type Dialect, PostgresDialect, sql } from "kysely";
// @ts-types="@types/pg"
import pg from "pg";
import type { Database } from "./schema.ts";

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

export type Work = "inbox" | "messages" | "changes";

/** A hint that there is work. It may be lost: whoever waits also looks on a timer. */
export interface Notifier {
  /** Wakes this process at once. */
  local(work: Work): void;
  /** Wakes the other replicas too. */
  everyone(work: Work): void;
  listen(work: Work, wake: () => void): void;
  close(): Promise<void>;
}

const CHANNEL = "countersign";

/** In one process a function call; between replicas LISTEN and NOTIFY. */
export function createNotifier(db: Database, postgres?: Postgres): Notifier {
  const listeners = new Map<Work, (() => void)[]>();
  const local = (work: Work) => listeners.get(work)?.forEach((wake) => wake());
  // While the connection is broken, the timers of the waiting loops carry on.
  const remote = postgres?.listen(CHANNEL, (work) => local(work as Work));
  const sending = new Set<Promise<unknown>>();
  return {
    local,
    everyone(work) {
      local(work);
      if (!remote) return;
      const sent = sql`select pg_notify(${CHANNEL}, ${work})`.execute(db).catch(() => {})
        .finally(() => sending.delete(sent));
      sending.add(sent);
    },
    listen: (work, wake) => void listeners.set(work, [...(listeners.get(work) ?? []), wake]),
    async close() {
      await Promise.all(sending);
      await remote?.close();
    },
  };
}
