import { DatabaseSync } from "node:sqlite";
// @ts-types="@types/pg"
import pg from "pg";
import { postgres as postgresServer } from "../approvals/database.ts";

/** A database of the bench's own, gone afterwards. */
export interface BenchStore extends AsyncDisposable {
  /** For `DATABASE_URL`. */
  readonly url: string;
  /** Runs one statement that both kinds of database understand. */
  run(statement: string): Promise<void>;
  /** The one figure that a statement answers. */
  figure(statement: string): Promise<number>;
  /** Does at once what the database would do in the background after much was written. */
  settle(): Promise<void>;
}

export interface StoreKind {
  readonly name: "SQLite" | "Postgres";
  /** Why there is none. */
  readonly missing?: string;
  /** `folder` is where a database that is a file goes. */
  open(folder: string): Promise<BenchStore>;
}

export const sqlite: StoreKind = {
  name: "SQLite",
  open: (folder) => Promise.resolve(openSqlite(folder)),
};

export const postgres: StoreKind = { ...postgresServer, open: openPostgres };

export const storeKinds: readonly StoreKind[] = [sqlite, postgres];

function openSqlite(folder: string): BenchStore {
  const path = `${folder}/${crypto.randomUUID()}.db`;
  const open = () => new DatabaseSync(path, { timeout: 5_000 });
  const run = (statement: string) => {
    using database = open();
    database.exec(statement);
    return Promise.resolve();
  };
  return {
    url: `sqlite:${path}`,
    run,
    figure(statement) {
      using database = open();
      return Promise.resolve(Number(Object.values(database.prepare(statement).get() ?? {})[0]));
    },
    settle: () => run("pragma wal_checkpoint(truncate)"),
    async [Symbol.asyncDispose]() {
      for (const suffix of ["", "-wal", "-shm", ".lock"]) await Deno.remove(path + suffix).catch(() => {});
    },
  };
}

async function openPostgres(): Promise<BenchStore> {
  const database = await postgresServer.open();
  const ask = async (statement: string) => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      return await client.query<Record<string, unknown>>(statement);
    } finally {
      await client.end();
    }
  };
  return {
    url: database.url,
    async run(statement) {
      await ask(statement);
    },
    async settle() {
      await ask("vacuum analyze");
      await ask("checkpoint");
    },
    figure: async (statement) => Number(Object.values((await ask(statement)).rows[0] ?? {})[0]),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
