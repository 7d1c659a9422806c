import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
// @ts-types="@types/pg"
import pg from "pg";
import { postgres, testOn } from "../changes/database.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { buttonsOf, render } from "../sandbox/telegram.ts";
import { leastPermissions, openSurroundings, run, start } from "./process.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

testOn(
  postgres,
  "the bot runs on Postgres with a role that may neither change the audit nor the schema",
  async () => {
    await using place = await openPlace();
    assert.match((await migrate(place.owner)).output, /^up to date: /);
    await query(place.owner, place.grants);
    await decideOneChange(place.app);
    await query(place.app, "insert into memory (key, value, updated_at) values ('x', 'y', 0)");
    for (const statement of FORBIDDEN) {
      await assert.rejects(query(place.app, statement), /permission denied|must be owner/, statement);
    }
    for (const statement of ["update audit set event = ''", "delete from audit", "truncate audit"]) {
      await assert.rejects(query(place.owner, statement), /permission denied/, `the owner: ${statement}`);
    }
  },
);

testOn(postgres, "the bot with the least rights says so when the owner has not migrated yet", async () => {
  await using place = await openPlace();
  const { code, output } = await migrate(place.app);
  assert.equal(code, 1);
  assert.match(output, /permission denied for schema public/);
});

const FORBIDDEN = [
  "update audit set event = 'another'",
  "delete from audit",
  "truncate audit",
  "drop table audit",
  "alter table audit add column more text",
  "alter table audit owner to current_user",
  "create table more (x int)",
  "delete from kysely_migration",
];

interface Place extends AsyncDisposable {
  readonly owner: string;
  readonly app: string;
  readonly grants: string;
}

/** A database with the two roles of OPERATIONS.md, under names of its own. */
async function openPlace(): Promise<Place> {
  const database = await postgres.open();
  const suffix = randomBytes(4).toString("hex");
  const [owner, app] = [`countersign_owner_${suffix}`, `countersign_app_${suffix}`];
  const name = new URL(database.url).pathname.slice(1);
  await query(database.url, `create role ${owner} login; create role ${app} login`);
  await query(database.url, `alter database ${name} owner to ${owner}`);
  const grants = await Deno.readTextFile(`${ROOT}deploy/postgres_grants.sql`);
  return {
    owner: as(database.url, owner),
    app: as(database.url, app),
    grants: grants.replaceAll("countersign_app", app),
    async [Symbol.asyncDispose]() {
      const server = new URL(database.url);
      server.pathname = "/postgres";
      await database[Symbol.asyncDispose]();
      await query(server.href, `drop role ${owner}; drop role ${app}`);
    },
  };
}

function as(url: string, role: string): string {
  const changed = new URL(url);
  changed.username = role;
  return changed.href;
}

async function query(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function migrate(url: string) {
  return run({
    command: Deno.execPath(),
    args: ["task", "-q", "migrate"],
    cwd: ROOT,
    environment: { TELEGRAM_BOT_TOKEN: "7:abc", ADMIN_CHATS: "-1", DATABASE_URL: url },
  });
}

/** From the request to the outcome, and the audit of it. */
async function decideOneChange(url: string): Promise<void> {
  await using surroundings = openSurroundings({ environment: { DATABASE_URL: url } });
  const { telegram, environment } = surroundings;
  await using bot = start({
    command: Deno.execPath(),
    args: ["run", "-q", "--frozen", ...leastPermissions(environment), "bot/main.ts"],
    cwd: ROOT,
    environment,
  });
  await bot.says('"started"');
  const shown = (words: RegExp) =>
    telegram.until(() => telegram.answers(GROUP).find((answer) => words.test(render(answer))), String(words));
  telegram.say(ANA, GROUP, "/disable ec2 Globex reason=off-boarding");
  const card = await telegram.until(
    () =>
      telegram.answers(GROUP).find((answer) => buttonsOf(answer).some((button) => button.text === "Approve")),
    "a card",
  );
  await telegram.press(BEN, card, "Approve");
  await shown(/Accepted/);
  telegram.say(BEN, GROUP, "/audit verify");
  await shown(/intact/);
  assert.equal((await bot.terminate()).code, 0);
  assert.doesNotMatch(bot.output(), /"ERROR"/);
}
