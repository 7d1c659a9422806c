import { randomBytes } from "node:crypto";
// @ts-types="@types/pg"
import pg from "pg";
import { databaseUrl } from "../../bot/settings.ts";
import { openStore, type Store } from "../../bot/store/database.ts";
import { systemClock } from "../../clients/clock.ts";
import { HANG_MS } from "../eventually.ts";

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
  /** One that the bot can use at once; whether it has been migrated already is its own business. */
  open(): Promise<Database>;
  /** One in which nothing is. */
  openEmpty(): Promise<Database>;
}

/** The same store, some of it done differently. */
export function storeWith<Changes extends Partial<Store>>(store: Store, changes: Changes): Store & Changes {
  return Object.assign(Object.create(store), changes);
}

const SUPERUSER = "postgres";
export const SERVER = `postgres://${SUPERUSER}@127.0.0.1:5432/postgres`;

const sqlite: DatabaseKind = {
  name: "SQLite",
  open: openMemory,
  openEmpty: openMemory,
};

export const postgres: DatabaseKind = {
  name: "Postgres",
  open: () => openPostgres(SUPERUSER, Deno.env.get(TEMPLATE)),
  openEmpty: () => openPostgres(SUPERUSER),
  ...await postgresMissing(),
};

/** SQLite in memory, and Postgres where a server answers. */
export const databases: readonly DatabaseKind[] = [sqlite, postgres];

/** Databases that outlive a process: an SQLite file, and Postgres where a server answers. */
export const lasting: readonly DatabaseKind[] = [
  { name: "SQLite", open: openFile, openEmpty: openFile },
  postgres,
];

/** Registers a test for one kind of database; its name says why when it cannot run here. */
export function testOn({ name, missing }: DatabaseKind, sentence: string, fn: () => Promise<void>): void {
  const why = missing === undefined ? "" : `: skipped, ${missing}`;
  Deno.test({ name: `${sentence} (${name})${why}`, ignore: missing !== undefined, fn });
}

/** The same with a database of its own. */
export function testWith(
  kind: DatabaseKind,
  sentence: string,
  test: (url: string) => Promise<void>,
): void {
  testOn(kind, sentence, async () => {
    await using database = await kind.open();
    await test(database.url);
  });
}

/** The same with a database in which nothing is. */
export function testWithEmpty(
  kind: DatabaseKind,
  sentence: string,
  test: (url: string) => Promise<void>,
): void {
  testOn(kind, sentence, async () => {
    await using database = await kind.openEmpty();
    await test(database.url);
  });
}

/** One test on each kind of database. */
export function testOnEach(sentence: string, test: (url: string) => Promise<void>): void {
  for (const kind of databases) testWith(kind, sentence, test);
}

export function testOnPostgres(sentence: string, test: (url: string) => Promise<void>): void {
  testWith(postgres, sentence, test);
}

/** Looks into a database that a bot in another process works on. */
export async function inStore<T>(url: string, look: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(databaseUrl.parse(url), systemClock);
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}

/** As if the time that a dead process's work is left alone had passed. */
export async function endLeases(url: string): Promise<void> {
  await inStore(url, async ({ db }) => {
    for (const table of ["inbox", "messages", "changes"] as const) {
      await db.updateTable(table).set({ claimed_until: 0 }).execute();
    }
  });
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

/** A Postgres database that belongs to a role without any special rights, as a deployment's should. */
export async function openOwned(): Promise<Database> {
  const role = `countersign_${randomBytes(6).toString("hex")}`;
  await onServer(`create role ${role} login`);
  const database = await openPostgres(role);
  return {
    url: database.url,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await onServer(`drop role ${role}`);
    },
  };
}

/**
 * A migrated database that the others are copied from, so that not every test migrates its own. `name` goes into the
 * environment variable `TEMPLATE` of who shall copy it.
 */
export async function openTemplate(): Promise<Database & { readonly name: string }> {
  const database = await openPostgres(SUPERUSER);
  const store = await openStore(databaseUrl.parse(database.url), systemClock);
  await store.close();
  return { ...database, name: new URL(database.url).pathname.slice(1) };
}

/** Names the database that `openTemplate` made, where there is one. */
export const TEMPLATE = "TEST_DATABASE_TEMPLATE";

async function openPostgres(owner: string, template = "template1"): Promise<Database> {
  const name = `countersign_${randomBytes(6).toString("hex")}`;
  // Only the bot is killed here, never Postgres: nothing is lost by not waiting for the disk.
  await onServer(
    `create database ${name} owner ${owner} template ${template}`,
    `alter database ${name} set synchronous_commit = off`,
  );
  const url = new URL(SERVER);
  url.username = owner;
  url.pathname = `/${name}`;
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => onServer(`drop database if exists ${name} with (force)`),
  };
}

async function onServer(...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: SERVER, connectionTimeoutMillis: HANG_MS });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
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

function openMemory(): Promise<Database> {
  return Promise.resolve({ url: "sqlite::memory:", [Symbol.asyncDispose]: () => Promise.resolve() });
}
