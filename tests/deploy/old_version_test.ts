import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { migrations } from "../../bot/store/migrations.ts";
import type { Schema } from "../../bot/store/schema.ts";
import { sqliteDialect } from "../../bot/store/sqlite.ts";
import { openFile } from "../approvals/database.ts";
import { openFixture } from "../approvals/fixture.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";

/**
 * While a new version is put in the place of an old one, both work on one database: the new one has migrated it, the
 * old one goes on. So a migration only adds, and what is added asks nothing of who does not know it.
 */

Deno.test("what the version before writes fits the schema after each migration", async () => {
  const db = new Kysely<Schema>({ dialect: sqliteDialect(":memory:") });
  let before: readonly Column[] = [];
  for (const [name, { up }] of Object.entries(migrations)) {
    await up(db);
    const after = await columnsOf(db);
    assert.deepEqual(demands(before, after), [], name);
    before = after;
  }
  await db.destroy();
});

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

Deno.test("a bot goes on while the version after it adds to every table", async () => {
  await using database = await openFile();
  await using fixture = await openFixture({ environment: { DATABASE_URL: database.url } });
  const waiting = await fixture.ask("/enable ec2 Acme Labs role=arn:aws:iam::999888777666:role/gravityzone");
  addToEveryTable(database.url.slice("sqlite:".length));
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

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  /** Whoever writes a row may leave it out. */
  readonly isOptional: boolean;
}

async function columnsOf(db: Kysely<Schema>): Promise<readonly Column[]> {
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
function addToEveryTable(path: string): void {
  using database = new DatabaseSync(path, { timeout: 5_000 });
  const tables = database.prepare("select name from sqlite_master where type = 'table'").all()
    .map(({ name }) => String(name)).filter((name) => !/^(sqlite|kysely)_/.test(name));
  for (const table of tables) {
    database.exec(`alter table "${table}" add column later_word text`);
    database.exec(`alter table "${table}" add column later_count bigint not null default 0`);
  }
  database.exec("create table later (id bigint primary key)");
  database.exec("insert into kysely_migration (name, timestamp) values ('9999_later', '2030')");
}
