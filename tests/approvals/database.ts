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
  open: openMigrated,
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
 * environment variable `TEMPLATE` of who shall copy it; the copies go with it.
 */
export async function openTemplate(): Promise<Database & { readonly name: string }> {
  const { url } = await openPostgres(SUPERUSER);
  const store = await openStore(databaseUrl.parse(url), systemClock);
  await store.close();
  const name = new URL(url).pathname.slice(1);
  return { url, name, [Symbol.asyncDispose]: () => dropFamily(name) };
}

async function dropFamily(template: string): Promise<void> {
  await inDatabase(undefined, async (server) => {
    const { rows } = await server.query("select datname from pg_database where starts_with(datname, $1)", [
      template,
    ]);
    for (const { datname } of rows) await server.query(dropping(datname));
  });
}

/** Names the database that `openTemplate` made, where there is one. */
export const TEMPLATE = "TEST_DATABASE_TEMPLATE";

function openMigrated(): Promise<Database> {
  const template = Deno.env.get(TEMPLATE);
  return template === undefined ? openPostgres(SUPERUSER) : openPooled(template);
}

async function openPostgres(owner: string): Promise<Database> {
  const name = `countersign_${randomBytes(6).toString("hex")}`;
  await onServer(...creating(name, owner));
  return { url: urlOf(name, owner), [Symbol.asyncDispose]: () => onServer(dropping(name)) };
}

/**
 * A copy of the template that the tests use in turn: to create and drop one takes the server half a second, to empty
 * one a few milliseconds. An advisory lock says whose it is, so that a test that is killed gives it back too.
 */
async function openPooled(template: string): Promise<Database> {
  const server = await connected(SERVER);
  for (let number = 1;; number++) {
    const name = `${template}_${number}`;
    const { rows: [lock] } = await server.query(
      "select pg_try_advisory_lock(hashtextextended($1, 0)) as taken",
      [name],
    );
    if (!lock.taken) continue;
    await makeReady(server, name, template);
    return { url: urlOf(name, SUPERUSER), [Symbol.asyncDispose]: () => server.end() };
  }
}

/** Empties the copy; makes it anew when there is none, or a test has changed its schema. */
async function makeReady(server: pg.Client, name: string, template: string): Promise<void> {
  const { rows: [found] } = await server.query(
    "select shobj_description(oid, 'pg_database') as schema from pg_database where datname = $1",
    [name],
  );
  if (found) {
    await server.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
    if (await inDatabase(name, emptied) === found.schema) return;
  }
  for (const statement of [dropping(name), ...creating(name, SUPERUSER, template)]) {
    await server.query(statement);
  }
  const schema = await inDatabase(name, schemaIn);
  await server.query(`comment on database ${name} is '${schema}'`);
}

/** Takes all rows out but the migrations' own; resolves to the schema it then has. */
async function emptied(client: pg.Client): Promise<string> {
  const { rows } = await client.query(
    "select quote_ident(tablename) as name from pg_tables where schemaname = 'public' and tablename not like 'kysely%'",
  );
  await client.query(rows.map(({ name }) => `delete from ${name}`).join(";"));
  return await schemaIn(client);
}

/** The fingerprint of its columns, indexes, constraints, triggers and migrations. */
async function schemaIn(client: pg.Client): Promise<string> {
  const { rows: [{ schema }] } = await client.query(`
    select md5(string_agg(line, chr(10) order by line)) as schema from (
      select format('%s %s %s %s', c.relname, a.attname, a.atttypid::regtype, a.attnotnull) as line
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and a.attnum > 0
      union all select indexdef from pg_indexes where schemaname = 'public'
      union all select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint
        where connamespace = 'public'::regnamespace
      union all select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
      union all select name || timestamp from kysely_migration
    ) as lines`);
  return schema;
}

// Only the bot is killed here, never Postgres: nothing is lost by not waiting for the disk.
function creating(name: string, owner: string, template = "template1"): string[] {
  return [
    `create database ${name} owner ${owner} template ${template}`,
    `alter database ${name} set synchronous_commit = off`,
  ];
}

function dropping(name: string): string {
  return `drop database if exists ${name} with (force)`;
}

function urlOf(name: string, owner: string): string {
  const url = new URL(SERVER);
  url.username = owner;
  url.pathname = `/${name}`;
  return url.href;
}

async function onServer(...statements: readonly string[]): Promise<void> {
  await inDatabase(undefined, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}

async function inDatabase<T>(name: string | undefined, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connected(name === undefined ? SERVER : urlOf(name, SUPERUSER));
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: HANG_MS });
  await client.connect();
  return client;
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
