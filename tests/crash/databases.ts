// @ts-types="@types/pg"
import pg from "pg";

const POSTGRES = "postgres://postgres@127.0.0.1:5432";

/** A database that exists for one test. */
export interface Throwaway extends AsyncDisposable {
  /** For `DATABASE_URL`. */
  readonly url: string;
}

export interface DatabaseKind {
  readonly name: "SQLite" | "Postgres";
  /** Why tests of this kind cannot run here. */
  readonly missing?: string;
  open(): Promise<Throwaway>;
}

const sqlite: DatabaseKind = {
  name: "SQLite",
  async open() {
    const folder = await Deno.makeTempDir({ prefix: "countersign_" });
    return {
      url: `sqlite:${folder}/bot.db`,
      [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
    };
  },
};

export const postgres: DatabaseKind = {
  name: "Postgres",
  ...(await answers() ? {} : { missing: "Postgres does not answer on 127.0.0.1:5432" }),
  async open() {
    const name = `countersign_${crypto.randomUUID().replaceAll("-", "")}`;
    await administer(`create database ${name}`);
    return {
      url: `${POSTGRES}/${name}`,
      [Symbol.asyncDispose]: () => administer(`drop database ${name} with (force)`),
    };
  },
};

/** Both databases the bot runs on. */
export const databases: readonly DatabaseKind[] = [sqlite, postgres];

/** Registers a test for one kind of database; its name says why when it cannot run here. */
export function testOn(kind: DatabaseKind, name: string, fn: () => Promise<void>): void {
  const { missing } = kind;
  Deno.test({
    name: `${name}, on ${kind.name}${missing ? ` (skipped: ${missing})` : ""}`,
    ignore: missing !== undefined,
    fn,
  });
}

async function answers(): Promise<boolean> {
  try {
    await administer("select 1");
    return true;
  } catch {
    return false;
  }
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${POSTGRES}/postgres`, connectionTimeoutMillis: 2000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
