import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import { databaseUrl } from "../../bot/settings.ts";
import { openAsItIs } from "../../bot/store/database.ts";
import { migrations } from "../../bot/store/migrations.ts";
import type { Database } from "../../bot/store/schema.ts";
import { lasting, testWith, testWithEmpty } from "../approvals/database.ts";
import { openFixture } from "../approvals/fixture.ts";
import { eventually } from "../eventually.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";

/**
 * While a new version is put in the place of an old one, both work on one database: the new one has migrated it, the
 * old one goes on. So a migration only adds, and what is added asks nothing of who does not know it.
 */

for (const kind of lasting) {
  testWithEmpty(kind, "what the version before writes fits the schema after each migration", async (url) => {
    await using created = await opened(url);
    let before: readonly Column[] = [];
    for (const [name, { up }] of Object.entries(migrations)) {
      await up(created.db);
      const after = await columnsOf(created.db);
      assert.deepEqual(demands(before, after), [], name);
      before = after;
    }
  });

  testWith(kind, "a bot goes on while the version after it adds to every table", async (url) => {
    await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
    const waiting = await fixture.ask(
      "/enable ec2 Acme Labs role=arn:aws:iam::999888777666:role/gravityzone",
    );
    await addToEveryTable(url);
    await fixture.press(BEN, waiting.card, "Approve");
    const asked = await fixture.carryOut("/disable ec2 Acme Corp reason=off-boarding");
    assert.deepEqual(
      [await fixture.state(waiting.code), await fixture.state(asked.code)],
      ["applied", "accepted"],
    );
    for (const text of ["/freeze ec2 for=1h x", "/status", "/audit verify", "/recent", "/board"]) {
      await fixture.say(ANA, text);
    }
    assert.match(fixture.telegram.transcript(GROUP), /intact/);
    assert.doesNotMatch(fixture.telegram.transcript(GROUP), /went wrong/);
  });
}

Deno.test("demands finds what an older version would trip over", () => {
  const column = (name: string, more: Partial<Column> = {}): Column => ({
    table: "t",
    name,
    type: "text",
    isOptional: false,
    ...more,
  });
  const before = [column("a"), column("b"), column("c")];
  const after = [
    column("b", { type: "bigint" }),
    column("c"),
    column("new"),
    column("fine", { isOptional: true }),
    column("x", { table: "another" }),
  ];
  assert.deepEqual(demands(before, after), ["t.a is gone", "t.b is bigint now", "t.new has to be given"]);
});

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  /** Whoever writes a row may leave it out. */
  readonly isOptional: boolean;
}

async function columnsOf(db: Database): Promise<readonly Column[]> {
  return (await db.introspection.getTables()).flatMap(({ name: table, columns }) =>
    columns.map(({ name, dataType, isNullable, hasDefaultValue, isAutoIncrementing }) => ({
      table,
      name,
      // To SQLite they are one.
      type: dataType.toLowerCase().replace("bigint", "integer"),
      isOptional: isNullable || hasDefaultValue || isAutoIncrementing,
    }))
  );
}

/** What keeps whoever knows the columns `before` from working with those `after`. */
function demands(before: readonly Column[], after: readonly Column[]): string[] {
  const place = ({ table, name }: Column) => `${table}.${name}`;
  const found = new Map(after.map((column) => [place(column), column]));
  const known = new Set(before.map(place));
  const tables = new Set(before.map(({ table }) => table));
  const lost = before.flatMap((column) => {
    const now = found.get(place(column));
    if (!now) return [`${place(column)} is gone`];
    if (now.type !== column.type) return [`${place(column)} is ${now.type} now`];
    return column.isOptional && !now.isOptional ? [`${place(column)} has to be given`] : [];
  });
  const wanted = after
    .filter((column) => tables.has(column.table) && !known.has(place(column)) && !column.isOptional)
    .map((column) => `${place(column)} has to be given`);
  return [...lost, ...wanted];
}

/** As the version after this one might. */
async function addToEveryTable(url: string): Promise<void> {
  await using later = await opened(url);
  const tables = await later.db.introspection.getTables();
  const statements = [
    ...tables.flatMap(({ name }) => [
      `alter table ${name} add column later_word text`,
      `alter table ${name} add column later_count bigint not null default 0`,
    ]),
    "create table later (id bigint primary key)",
    "insert into kysely_migration (name, timestamp) values ('9999_later', '2030')",
  ];
  const config = databaseUrl.parse(url);
  if (config.kind === "sqlite") return await inOneTurn(config.path, statements);
  for (const statement of statements) await sql.raw(statement).execute(later.db);
}

/** SQLite waits for another writer without letting go of the thread: for one of this process it would wait in vain. */
async function inOneTurn(path: string, statements: readonly string[]): Promise<void> {
  using database = new DatabaseSync(path, { timeout: 0 });
  await eventually(() => {
    try {
      database.exec("begin immediate");
    } catch (error) {
      if (String(error).includes("locked")) return false;
      throw error;
    }
    database.exec([...statements, "commit"].join(";"));
    return true;
  }, "the bot to let go of its file");
}

/** The database as it is, with nothing made in it. */
async function opened(url: string): Promise<AsyncDisposable & { readonly db: Database }> {
  const config = databaseUrl.parse(url);
  if (config.kind === "sqlite") await Deno.writeTextFile(config.path, "", { append: true });
  const db = await openAsItIs(config);
  return { db, [Symbol.asyncDispose]: () => db.destroy() };
}
