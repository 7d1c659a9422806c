import { type Dialect, PostgresDialect } from "kysely";
// @ts-types="@types/pg"
import pg from "pg";

/** Postgres, in a file of its own because loading `pg` takes a good part of a start that does not need it. */
export interface Postgres {
  readonly dialect: Dialect;
  /** Keeps one connection listening; when it breaks, it is made again after a while. */
  listen(channel: string, hear: (payload: string) => void): { close(): Promise<void> };
}

const RECONNECT_MS = 1000;
const OPTIONS = { connectionTimeoutMillis: 5000, keepAlive: true } as const;

/** Connects when the first query comes. */
export function createPostgres(url: string): Postgres {
  return {
    dialect: new PostgresDialect({ pool: createPool(url) }),
    listen: (channel, hear) => listen(url, channel, hear),
  };
}

function createPool(url: string): pg.Pool {
  // Our integers fit in 2^53; as strings they would compare wrongly.
  pg.types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({ connectionString: url, max: 12, ...OPTIONS });
  // A connection that the server cut must not end the process, idle or in use: the next query reports it.
  pool.on("error", () => {});
  pool.on("connect", (client) => void client.on("error", () => {}));
  return pool;
}

function listen(
  url: string,
  channel: string,
  hear: (payload: string) => void,
): { close(): Promise<void> } {
  let closed = false;
  let client: pg.Client | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let connecting: Promise<void> = connect();

  async function connect(): Promise<void> {
    const attempt = new pg.Client({ connectionString: url, ...OPTIONS });
    attempt.on("error", () => again(attempt));
    attempt.on("end", () => again(attempt));
    attempt.on("notification", ({ payload }) => hear(payload ?? ""));
    client = attempt;
    try {
      await attempt.connect();
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
      await client?.end().catch(() => {});
    },
  };
}
