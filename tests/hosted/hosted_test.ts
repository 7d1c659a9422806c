import assert from "node:assert/strict";
import { sql } from "kysely";
// @ts-types="@types/pg"
import pg from "pg";
import { databaseUrl } from "../../bot/settings.ts";
import { takeLease } from "../../bot/queue/timetable.ts";
import { predeploy } from "../../bot/ops/predeploy.ts";
import { openAsItIs, openStore } from "../../bot/store/database.ts";
import {
  inStore,
  openOwned,
  postgres,
  SERVER,
  testOn,
  testWith,
  testWithEmpty,
} from "../approvals/database.ts";
import { openFixture, textOf } from "../approvals/fixture.ts";
import { freePort } from "../free_port.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import { MINUTE_MS, openPlatform, type Platform } from "./platform.ts";
import { DISABLE } from "./scenarios.ts";
import { openTime } from "./time.ts";

/** A platform on which the bot has been deployed. */
async function openDeployed(
  url: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Platform> {
  const platform = openPlatform({ environment: { DATABASE_URL: url, ...environment } });
  assert.equal(await platform.tick(), true, platform.output());
  return platform;
}

testWith(
  postgres,
  "hosted: the bot is introduced once for each revision, over all processes",
  async (url) => {
    await using platform = await openDeployed(url);
    const { telegram } = platform;
    const introduced = () => telegram.calls("setWebhook").map(({ parameters }) => parameters["url"]);
    assert.deepEqual(introduced(), [`${platform.url}/telegram`]);
    await platform.end();
    telegram.say(BEN, GROUP, "/ping");
    await telegram.until(() => telegram.last(GROUP), "the answer");
    assert.equal(platform.starts, 2);
    assert.equal(introduced().length, 1);
    await platform.deploy("second");
    assert.equal(await platform.tick(), true);
    assert.equal(introduced().length, 2);
  },
);

testWith(
  postgres,
  "hosted: an earlier revision that is deployed again is introduced again, and heard",
  async (url) => {
    await using platform = await openDeployed(url);
    const { telegram } = platform;
    await platform.deploy("second", { TELEGRAM_WEBHOOK_SECRET: "another-secret-of-the-second-revision" });
    assert.equal(await platform.tick(), true);
    await platform.deploy("first");
    assert.equal(await platform.tick(), true);
    assert.equal(telegram.calls("setWebhook").length, 3);
    telegram.say(BEN, GROUP, "/ping");
    await telegram.until(() => telegram.last(GROUP), "the answer");
  },
);

testWith(
  postgres,
  "hosted: what one process began to introduce and did not finish, another one does",
  async (url) => {
    await using time = await openTime(url);
    await inStore(url, async (store) => {
      assert.equal(await takeLease(store, "introduce", "a process that is no more", MINUTE_MS), true);
    });
    await using platform = openPlatform({ environment: { DATABASE_URL: url }, time, manner: "freeze" });
    const { telegram } = platform;
    const counts: number[] = [];
    for (let minute = 0; minute < 3; minute++) {
      assert.equal(await platform.tick(), true, platform.output());
      counts.push(telegram.calls("setWebhook").length);
      await time.pass(MINUTE_MS);
    }
    const [first, second = 0, third] = counts;
    assert.equal(first, 0);
    // It may also have been missed by who looks whether it is still there.
    assert(second > 0);
    assert.equal(third, second);
    assert.equal(platform.starts, 1);
  },
);

testWith(
  postgres,
  "hosted: a webhook that somebody took away is set again by the next tick, whichever process that is",
  async (url) => {
    await using platform = await openDeployed(url);
    const { telegram } = platform;
    const answer = await telegram.app.request(`/bot${telegram.token}/deleteWebhook`, { method: "POST" });
    assert.equal(answer.status, 200);
    await platform.end();
    assert.equal(await platform.tick(), true, platform.output());
    assert.equal(telegram.calls("setWebhook").length, 2);
    assert.equal(await platform.tick(), true);
    assert.equal(telegram.calls("setWebhook").length, 2);
  },
);

testWith(
  postgres,
  "hosted: the wait that Telegram asks for before it takes a menu keeps nothing else waiting",
  async (url) => {
    await using platform = openPlatform({ environment: { DATABASE_URL: url } });
    const { telegram } = platform;
    telegram.faults.push({ method: "setMyCommands", retryAfter: 300, times: 100 });
    const ticked = platform.tick();
    await telegram.until(() => telegram.calls("setWebhook").length > 0, "the webhook");
    telegram.say(BEN, GROUP, "/ping");
    await telegram.until(() => telegram.last(GROUP), "the answer");
    assert.equal(await ticked, true, platform.output());
  },
);

const REFUSED_WITHOUT_TOKEN = ["getMe", "setWebhook", "setMyCommands", "setMyDefaultAdministratorRights"];

for (
  const [trouble, methods, status, words] of [
    ["refuses the webhook", ["setWebhook"], 400, /Telegram refused the webhook/],
    ["does not take the token", REFUSED_WITHOUT_TOKEN, 401, /no longer takes the bot's token/],
  ] as const
) {
  testWith(postgres, `hosted: a tick in which Telegram ${trouble} fails, and says why`, async (url) => {
    await using platform = openPlatform({ environment: { DATABASE_URL: url } });
    platform.telegram.faults.push(
      ...methods.map((method) => ({ method, status, description: "Refused", times: 100 })),
    );
    assert.equal(await platform.tick(), false);
    assert.match(platform.output(), words);
  });
}

testOn(postgres, "hosted: a tick whose database is gone fails, and says where to look", async () => {
  await using database = await openOwned();
  await using platform = await openDeployed(database.url);
  const { username } = new URL(database.url);
  await onServer(`alter role ${username} nologin`);
  await onServer(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${username}'`);
  assert.equal(await platform.tick(), false);
  assert.match(platform.output(), /What is due could not be done: the application's log says why\./);
});

async function onServer(statement: string): Promise<void> {
  const server = new pg.Client({ connectionString: SERVER });
  await server.connect();
  await server.query(statement);
  await server.end();
}

testWith(
  postgres,
  "hosted: simulated time that passes here and there at once passes as a whole",
  async (url) => {
    await using time = await openTime(url);
    await Promise.all(Array.from({ length: 20 }, () => time.pass(1)));
    const { rows } = await inStore(
      url,
      ({ db }) => sql<{ ahead_ms: number }>`select ahead_ms from simulated_time`.execute(db),
    );
    assert.deepEqual(rows, [{ ahead_ms: 20 }]);
  },
);

testWith(postgres, "hosted: SIGINT ends an idle process well before it would be killed", async (url) => {
  await using platform = await openDeployed(url);
  const ended = await platform.end("SIGINT");
  assert.deepEqual([ended?.code, ended?.signal], [0, null]);
  assert.match(platform.output(), /"message":"stopped"/);
});

Deno.test("hosted: a preview, and a bot without a Postgres, listen, say why they do not work, and leave Telegram alone", async () => {
  for (
    const [environment, reason] of [
      [{ DENO_TIMELINE: "preview/abc", DATABASE_URL: "postgres://x@127.0.0.1:1/x" }, /timeline preview\/abc/],
      [{ DATABASE_URL: "sqlite:./bot.db" }, /names no Postgres/],
      [{ DATABASE_URL: "postgres://x@127.0.0.1:1/x" }, /the application's log says why/],
    ] as const
  ) {
    await using platform = openPlatform({ environment });
    const answer = await fetch(`${platform.url}/telegram`, { method: "POST", body: "{}" });
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), reason);
    assert.deepEqual(platform.telegram.calls(), []);
  }
});

testWithEmpty(
  postgres,
  "hosted: a deployment brings an empty database up to date, and leaves that of a preview alone",
  async (url) => {
    for (const address of [{}, { DATABASE_URL: "" }, { DATABASE_URL: "sqlite:./bot.db" }]) {
      const refused = await predeploy({ DENO_TIMELINE: "production", ...address });
      assert.match(refused.says, /names no Postgres/);
      assert.equal(refused.code, 1);
    }
    const misspelt = await predeploy({ DATABASE_URL: url, PGSSLMODE: "verify_full" });
    assert.deepEqual([misspelt.code, /PGSSLMODE must be one of disable, /.test(misspelt.says)], [1, true]);
    const unreadable = await predeploy({ DATABASE_URL: "postgres://bot:rose#garden@db.example/bot" });
    assert.match(unreadable.says, /^DATABASE_URL cannot be read .* write # as %23/);
    const given = { DATABASE_URL: ` ${url}`, PGSSLMODE: "disable" };
    const preview = await predeploy({ DENO_TIMELINE: "preview/abc", ...given });
    assert.match(preview.says, /nothing to do.* preview\/abc/);
    const database = databaseUrl.parse(url);
    const tables = async () => await (await openAsItIs(database)).introspection.getTables();
    assert.deepEqual(await tables(), []);
    assert.match((await predeploy(given)).says, /up to date: \d/);
    assert.ok((await tables()).length > 5);
    assert.match((await predeploy({ DENO_TIMELINE: "production", ...given })).says, /up to date: \d/);
  },
);

Deno.test("hosted: a deployment whose database is away fails with one sentence, without its password", async () => {
  const port = freePort();
  const { says, code } = await predeploy({
    DATABASE_URL: `postgres://bot:rose-garden@127.0.0.1:${port}/bot`,
    PGSSLMODE: "disable",
  });
  assert.equal(code, 1);
  assert.match(says, /^The database 127\.0\.0\.1:\d+\/bot cannot be used \(.*\): check DATABASE_URL.*\.$/);
  assert.doesNotMatch(says, /rose-garden/);
});

testWith(
  postgres,
  "hosted: an earlier version is deployed again on the schema that a later one has left",
  async (url) => {
    await inStore(
      url,
      ({ db }) =>
        sql`insert into kysely_migration (name, timestamp) values ('9999_later', '2030')`.execute(db),
    );
    const environment = { DENO_TIMELINE: "production", DATABASE_URL: url, PGSSLMODE: "disable" };
    assert.match((await predeploy(environment)).says, /up to date/);
    await using platform = await openDeployed(url);
    platform.telegram.say(BEN, GROUP, "/ping");
    await platform.telegram.until(() => platform.telegram.last(GROUP), "the answer");
  },
);

testWith(
  postgres,
  "hosted: one connection to the database is enough for a change from request to undo",
  async (url) => {
    const opened: typeof openStore = (config, clock, options) =>
      openStore(
        config.kind === "postgres" ? { ...config, connections: 1, listens: false } : config,
        clock,
        options,
      );
    await using fixture = await openFixture({ environment: { DATABASE_URL: url }, openStore: opened });
    const { card } = await fixture.carryOut("/disable sophos 1 reason=x");
    assert.match(textOf(card), /Applied/);
    await fixture.press(ANA, card, "Undo");
    await fixture.say(BEN, "/audit 5");
    await fixture.say(BEN, "/status");
    assert.match(fixture.groupAnswers().at(-1) ?? "", /vendors/);
  },
);

testOn(postgres, "hosted: a server that lets in two connections of the bot's role is enough", async () => {
  await using database = await openOwned();
  await predeploy({ DENO_TIMELINE: "production", DATABASE_URL: database.url, PGSSLMODE: "disable" });
  await onServer(`alter role ${new URL(database.url).username} connection limit 2`);
  await using platform = await openDeployed(database.url);
  const { telegram } = platform;
  telegram.say(ANA, GROUP, DISABLE);
  const card = await telegram.until(() => telegram.last(GROUP), "the card");
  await telegram.press(BEN, card, "Approve");
  await Promise.all([ANA, BEN].map(async (person) => {
    for (const text of ["/status", "/pending", "/audit 5"]) telegram.say(person, person, text);
    await telegram.until(() => telegram.answers(person).length >= 3, "the answers");
  }));
  await telegram.until(() => /accepted/i.test(render(card)), "the outcome");
  assert.doesNotMatch(platform.output(), /too many connections|"level":"ERROR"/);
});
