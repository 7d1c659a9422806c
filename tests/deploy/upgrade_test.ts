import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
// @ts-types="@types/pg"
import pg from "pg";
import { systemClock } from "../../clients/clock.ts";
import { readConfig } from "../../bot/config.ts";
import { verifyAudit } from "../../bot/store/audit.ts";
import { claimUpdates } from "../../bot/queue/inbox.ts";
import { migrations } from "../../bot/store/migrations.ts";
import { openStore, type Store } from "../../bot/store/database.ts";
import { lasting, testWithEmpty } from "../approvals/database.ts";
import { ANA, BEN, GROUP, openStage } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";

/**
 * `first_release/` is what a bot with the first migration alone left behind: a change that was applied, one that was
 * rejected, one that was pending, a secret that was asked for, a freeze. It is never made anew.
 */

for (const kind of lasting) {
  const test = (sentence: string, fn: (url: string) => Promise<void>) =>
    testWithEmpty(kind, sentence, async (url) => {
      await restore(url);
      await fn(url);
    });

  test("openStore brings the first release's database to the schema that a new one has", async (url) => {
    await using upgraded = await opened(url);
    assert.deepEqual(await appliedMigrations(upgraded), Object.keys(migrations));
    await using other = await kind.openEmpty();
    await using fresh = await opened(other.url);
    assert.deepEqual(await schemaOf(upgraded), await schemaOf(fresh));
  });

  test("openStore keeps what the first release wrote, and the audit stays intact", async (url) => {
    await using store = await opened(url);
    const states = await store.db.selectFrom("changes").select("state").orderBy("created_at").execute();
    assert.deepEqual(states.map((row) => row.state), ["applied", "rejected", "pending"]);
    assert.deepEqual(await verifyAudit(store.db), { intact: true, rows: 10 });
  });

  test("openStore keeps the updates that the first release had not handled", async (url) => {
    const columns = "lane, body, received_at, state, claimed_by, claimed_until, attempts, finished_at";
    await execute(
      url,
      `insert into inbox (update_id, ${columns}) values (7, 'a', 'words', 1, 'new', 'b', 2, 3, null)`,
    );
    await using store = await opened(url);
    const [row] = await claimUpdates({ store, holder: "me" }, 1) ?? [];
    assert.deepEqual([row?.update_id, row?.lane, row?.body, row?.attempts], [7, "a", "words", 4]);
  });

  test("openStore takes back a migration that fails half-way, and makes it the next time", async (url) => {
    await execute(url, "drop index changes_open");
    await assert.rejects(openStore(readDatabase(url), systemClock), /changes_open/);
    await execute(url, "create index changes_open on changes (state, created_at)");
    await using store = await opened(url);
    assert.deepEqual(await appliedMigrations(store), Object.keys(migrations));
  });

  test("openStore lets what was switched before be taken back", async (url) => {
    await using store = await opened(url);
    const changes = store.db.updateTable("changes").where("state", "=", "applied");
    const migrated = async (before: object) => {
      await changes.set({ verb: "disable", after_state: JSON.stringify(before) }).execute();
      await migrations["0006_switched_states"]!.up(store.db);
      const row = await store.db.selectFrom("changes").select("after_state").where("state", "=", "applied")
        .executeTakeFirstOrThrow();
      return JSON.parse(row.after_state ?? "");
    };
    const off = { on: false, word: "disabled", field: "Status" };
    assert.deepEqual(await migrated({ status: "disabled" }), off);
    assert.deepEqual(await migrated(off), off);
    assert.deepEqual(
      await migrated({ id: 7, name: "EU", flag: "integrator_enabled", enabled: false }),
      { on: false, word: "off", field: "integrator_enabled" },
    );
    assert.deepEqual(await migrated({ account: "1" }), { account: "1" });
  });

  test("Countersign goes on where the first release ended", async (url) => {
    // This Telegram numbers its updates from the beginning again, which the real one never does.
    await execute(url, "update inbox set update_id = update_id + 1000000");
    await using stage = await openStage({ environment: { DATABASE_URL: url } });
    const { telegram } = stage;
    const answered = (words: RegExp) =>
      telegram.until(() => telegram.answers(GROUP).some((one) => words.test(render(one))), String(words));
    const rows = await stage.bot.store.db.selectFrom("changes").select("code").where("state", "=", "applied")
      .execute();
    telegram.say(BEN, GROUP, `/change ${rows[0]?.code}`);
    await answered(/Acme Labs/);
    telegram.say(BEN, GROUP, "/unfreeze opsramp");
    await answered(/allowed again/);
    telegram.say(BEN, GROUP, "/audit verify");
    await answered(/intact/);
    const [waiting] = await stage.bot.store.db.selectFrom("changes").select("code")
      .where("requester_id", "=", BEN).execute();
    telegram.say(ANA, GROUP, `/approve ${waiting?.code}`);
    await answered(/Expired: /);
  });

  test("openStore says what to do when a newer version has migrated the database", async (url) => {
    await (await openStore(readDatabase(url), systemClock)).close();
    await execute(url, "insert into kysely_migration (name, timestamp) values ('9999_future', '2030')");
    await assert.rejects(
      openStore(readDatabase(url), systemClock),
      /A newer version has migrated this database \(9999_future\)/,
    );
  });
}

async function restore(url: string): Promise<void> {
  const name = url.startsWith("sqlite:") ? "sqlite" : "postgres";
  const dump = new URL(`first_release/${name}.sql`, import.meta.url);
  await execute(url, await Deno.readTextFile(dump));
}

async function execute(url: string, statements: string): Promise<void> {
  if (url.startsWith("sqlite:")) {
    using database = new DatabaseSync(url.slice("sqlite:".length));
    database.exec(statements);
    return;
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statements).finally(() => client.end());
}

function readDatabase(url: string) {
  return readConfig({ TELEGRAM_BOT_TOKEN: "7:abc", ADMIN_CHATS: "-1", DATABASE_URL: url }).database;
}

async function opened(url: string): Promise<Store & AsyncDisposable> {
  const store = await openStore(readDatabase(url), systemClock);
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() });
}

async function appliedMigrations({ db }: Store): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map((row) => row.name);
}

/** Tables, columns and indexes, as the database itself tells them. */
async function schemaOf({ db, kind }: Store): Promise<unknown> {
  const tables = await db.introspection.getTables();
  const columns = tables.map(({ name, columns }) => ({
    name,
    columns: columns.map(({ name, dataType, isNullable, hasDefaultValue }) => ({
      name,
      dataType,
      isNullable,
      hasDefaultValue,
    })).sort((one, other) => one.name.localeCompare(other.name)),
  }));
  const { rows: indexes } = kind === "sqlite"
    ? await sql`select name, sql from sqlite_master where type = 'index' order by name`.execute(db)
    : await sql`select indexname as name, indexdef from pg_indexes where schemaname = 'public' order by 1`
      .execute(db);
  return { columns: columns.sort((one, other) => one.name.localeCompare(other.name)), indexes };
}
