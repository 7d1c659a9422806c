import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
// @ts-types="@types/pg"
import pg from "pg";
import { postgres, SERVER, testOn } from "../approvals/database.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { buttonsOf, render } from "../sandbox/telegram.ts";
import { leastPermissions, openSurroundings, run, start } from "./process.ts";

const onPostgres = { ...postgres, ...await psqlMissing() };
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

testOn(
  onPostgres,
  "the bot runs on Postgres with a role that may neither change the audit nor the schema",
  async () => {
    await using place = await openPlace();
    assert.match((await migrate(place.owner)).output, /^up to date: /);
    await place.grant();
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

testOn(onPostgres, "the bot with the least rights says so when the owner has not migrated yet", async () => {
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
  /** Runs what the owner has to run after each migration. */
  grant(): Promise<void>;
}

/** What compose.yaml and docs/operations.md make of a server, under names of its own. */
async function openPlace(): Promise<Place> {
  const suffix = randomBytes(4).toString("hex");
  const [owner, app, database] = [
    `countersign_owner_${suffix}`,
    `countersign_app_${suffix}`,
    `countersign_${suffix}`,
  ];
  const passwords = { OWNER_PASSWORD: `'${owner}`, APP_PASSWORD: `'${app}` };
  const named = (script: string) => script.replaceAll(/(?<=countersign(_owner|_app)?)\b/g, `_${suffix}`);
  const as = (role: string) =>
    Object.assign(new URL(SERVER), { username: role, password: `'${role}`, pathname: database }).href;
  await psql(SERVER, named(await Deno.readTextFile(`${ROOT}deploy/postgres_roles.sql`)), passwords);
  const grants = named(await Deno.readTextFile(`${ROOT}deploy/postgres_grants.sql`));
  return {
    owner: as(owner),
    app: as(app),
    grant: () => psql(as(owner), grants),
    async [Symbol.asyncDispose]() {
      await query(SERVER, `drop database ${database} with (force)`);
      await query(SERVER, `drop role ${owner}; drop role ${app}`);
    },
  };
}

async function psql(url: string, script: string, environment: Record<string, string> = {}): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".sql" });
  try {
    await Deno.writeTextFile(file, script);
    const args = ["--set=ON_ERROR_STOP=1", `--file=${file}`, url];
    const { code, output } = await run({ command: "psql", args, cwd: ROOT, environment });
    assert.equal(code, 0, output);
  } finally {
    await Deno.remove(file);
  }
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
  await shown(/ accepted: /);
  telegram.say(BEN, GROUP, "/audit verify");
  await shown(/intact/);
  assert.equal((await bot.terminate()).code, 0);
  assert.doesNotMatch(bot.output(), /"ERROR"/);
}

async function psqlMissing(): Promise<{ missing?: string }> {
  if (postgres.missing !== undefined) return {};
  const asked = new Deno.Command("psql", { args: ["--version"], stdout: "null", stderr: "null" });
  const found = await asked.output().then(({ success }) => success, () => false);
  return found ? {} : { missing: "psql is missing" };
}
