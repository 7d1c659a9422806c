import { randomBytes } from "node:crypto";
// @ts-types="@types/pg"
import pg from "pg";

/** A database of one's own for one test. */
export interface Database extends AsyncDisposable {
  /** For `DATABASE_URL`. */
  readonly url: string;
}

/** A kind of database the bot can use, and whether there is one here to test with. */
export interface DatabaseKind {
  readonly name: "SQLite" | "Postgres";
  /** Why tests on it cannot run. */
  readonly missing?: string;
  open(): Promise<Database>;
}

const SERVER = "postgres://postgres@127.0.0.1:5432/postgres";

/** SQLite in memory, and Postgres where a server answers. */
export const databases: readonly DatabaseKind[] = [
  { name: "SQLite", open: () => Promise.resolve({ url: "sqlite::memory:", [Symbol.asyncDispose]: nothing }) },
  { name: "Postgres", open: openPostgres, ...await postgresMissing() },
];

/** One test on each kind of database; where there is none it is skipped and says why. */
export function testOnEach(name: string, test: (url: string) => Promise<void>): void {
  for (const kind of databases) {
    const why = kind.missing === undefined ? "" : `: skipped, ${kind.missing}`;
    Deno.test({
      name: `${name} (${kind.name})${why}`,
      ignore: kind.missing !== undefined,
      async fn() {
        await using database = await kind.open();
        await test(database.url);
      },
    });
  }
}

/** An SQLite file, for tests in which one process ends and the next one begins. */
export async function openFile(): Promise<Database & { readonly path: string }> {
  const folder = await Deno.makeTempDir({ prefix: "countersign-" });
  const path = `${folder}/bot.db`;
  return {
    path,
    url: `sqlite:${path}`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function openPostgres(): Promise<Database> {
  const name = `countersign_${randomBytes(6).toString("hex")}`;
  await onServer(`create database ${name}`);
  const url = new URL(SERVER);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => onServer(`drop database if exists ${name} with (force)`),
  };
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: SERVER, connectionTimeoutMillis: 2000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function postgresMissing(): Promise<{ missing?: string }> {
  try {
    await onServer("select 1");
    return {};
  } catch {
    return { missing: `no Postgres answers at ${new URL(SERVER).host}` };
  }
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
