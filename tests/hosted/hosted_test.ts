import assert from "node:assert/strict";
import { databaseUrl } from "../../bot/settings.ts";
import type { ChangesTable } from "../../bot/store/schema.ts";
import { predeploy } from "../../bot/ops/predeploy.ts";
import { openAsItIs, openStore } from "../../bot/store/database.ts";
import { endLeases, inStore, postgres, testWith, testWithEmpty } from "../approvals/database.ts";
import { ENABLE_BY_KEYS, SECRET } from "../approvals/secret_page.ts";
import { eventually } from "../eventually.ts";
import { createChance, freshSeed } from "../faults/chance.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import { openFixture, textOf } from "../approvals/fixture.ts";
import { openPlatform, type Platform, type PlatformOptions } from "./platform.ts";

const DISABLE = "/disable ec2 Globex reason=leaving";
const DISABLED = "disableAmazonEC2Integration";

async function theChange(url: string): Promise<Pick<ChangesTable, "code" | "state">> {
  return await inStore(
    url,
    ({ db }) => db.selectFrom("changes").select(["code", "state"]).executeTakeFirstOrThrow(),
  );
}

/** Resolves once the chat has so many answers, with what they say. */
async function answers({ telegram }: Platform, chat: number, count: number): Promise<string[]> {
  await telegram.until(() => telegram.answers(chat).length >= count, `${count} answers`);
  return telegram.answers(chat).map(render);
}

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
  "hosted: introduced once for each revision, the bot answers cold and warm",
  async (url) => {
    await using platform = await openDeployed(url);
    const { telegram } = platform;
    const introduced = () => telegram.calls("setWebhook").map(({ parameters }) => parameters["url"]);
    assert.deepEqual(introduced(), [`${platform.url}/telegram`]);
    await platform.end();
    telegram.say(BEN, GROUP, "/status bitdefender");
    assert.match((await answers(platform, GROUP, 1)).at(-1)!, /2 of 14 need action/);
    telegram.say(BEN, GROUP, "/ping");
    assert.match((await answers(platform, GROUP, 2)).at(-1)!, /pong/);
    assert.equal(platform.starts, 2);
    assert.equal(introduced().length, 1);
    await platform.deploy("second");
    assert.equal(await platform.tick(), true);
    assert.equal(introduced().length, 2);
  },
);

testWith(
  postgres,
  "hosted: a change is approved and run by processes that did not exist when it was asked for",
  async (url) => {
    await using platform = await openDeployed(url);
    const { telegram, gravityzone } = platform;
    telegram.say(ANA, GROUP, DISABLE);
    await answers(platform, GROUP, 1);
    await platform.end();
    await telegram.press(BEN, telegram.last(GROUP)!, "Approve");
    await platform.end();
    await endLeases(url);
    await platform.tick();
    await eventually(async () => (await theChange(url)).state === "accepted", "the change to be carried out");
    assert.equal(gravityzone.calls.filter(({ method }) => method === DISABLED).length, 1);
  },
);

testWith(postgres, "hosted: a request that nobody decides expires with no request at all", async (url) => {
  await using platform = await openDeployed(url, { APPROVAL_TTL: "1s" });
  platform.telegram.say(ANA, GROUP, DISABLE);
  await answers(platform, GROUP, 1);
  const expired = async () => {
    await platform.end();
    await platform.tick();
    return (await theChange(url)).state === "expired";
  };
  await eventually(expired, "the ticks to end it");
  // What the ended process was just about to send, the next one does.
  await endLeases(url);
  await platform.tick();
  await platform.telegram.until(() =>
    platform.telegram.answers(GROUP).some((card) => /Expired/.test(render(card)))
  );
});

testWith(postgres, "hosted: what stays unknown is found out by the clock alone", async (url) => {
  await using platform = await openDeployed(url);
  const { telegram, gravityzone } = platform;
  let dark = false;
  gravityzone.faults.always("getCompanyDetailsByAWSAccountId", () => dark ? { status: 503 } : undefined);
  gravityzone.faults.always("configureAmazonEC2IntegrationUsingCrossAccountRole", () => {
    dark = true;
    return { status: 500 };
  });
  const state = async () => (await theChange(url)).state;
  telegram.say(ANA, GROUP, "/enable ec2 Acme Labs role=arn:aws:iam::999888777666:role/night");
  await answers(platform, GROUP, 1);
  telegram.pressAndGo(BEN, telegram.last(GROUP)!, "Approve");
  await eventually(async () => await state() === "unknown", "the outcome that is not known");
  await platform.end();
  dark = false;
  await inStore(
    url,
    ({ db }) => db.updateTable("changes").set({ next_check_at: 0, claimed_until: 0 }).execute(),
  );
  await platform.tick();
  await eventually(async () => await state() === "not applied", "the look that finds out");
});

testWith(
  postgres,
  "hosted: a secret is entered over several processes, and its link is in no trace",
  async (url) => {
    await using platform = await openDeployed(url);
    const { telegram, gravityzone } = platform;
    telegram.say(ANA, GROUP, ENABLE_BY_KEYS);
    const link = await telegram.until(() => linkFor(platform));
    const { origin, pathname, hash } = new URL(link);
    assert.equal(`${origin}${pathname}`, `${platform.url}/secret`);
    const token = hash.slice(1);
    const door = await fetch(link);
    assert.match(door.headers.get("content-security-policy") ?? "", /script-src 'sha256-/);
    assert.match(await door.text(), /location\.hash/);
    await platform.end();
    const opened = await post(link, { token, step: "open" });
    assert.match(opened, /type="password" name="secret"/);
    await platform.end();
    assert.match(await post(link, { token, step: "send", secret: SECRET }), /stored encrypted/);
    assert.match(await post(link, { token, step: "open" }), /no longer works/);
    // Of what the process that was killed held when it ended, the clock's next ticks see to it.
    await eventually(
      async () => await platform.tick() && telegram.last(GROUP)?.reply_markup !== undefined,
      "the card",
    );
    await telegram.press(BEN, telegram.last(GROUP)!, "Approve");
    await eventually(
      () => gravityzone.calls.some(({ params }) => JSON.stringify(params).includes("wJalr")),
      "the secret to arrive",
    );
    await platform.end("SIGINT");
    assert.ok(platform.traced().includes("/secret"), "the page's visits are traced");
    assert.ok(!platform.traced().includes(token), "the token is not");
  },
);

function linkFor({ telegram }: Platform): string | undefined {
  const told = [...telegram.answers(ANA), ...telegram.ephemerals(ANA, GROUP)].map(render).join("\n");
  return /http:\S+\/secret#[\w-]+/.exec(told)?.[0];
}

async function post(link: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const response = await fetch(link, { method: "POST", body: new URLSearchParams(fields) });
  return await response.text();
}

const seed = freshSeed();

testWith(
  postgres,
  `hosted: of 40 messages under random ends of the process none is lost, seed ${seed}`,
  async (url) => {
    await using platform = await openDeployed(url);
    const { telegram } = platform;
    const chance = createChance(seed, "ends");
    for (let at = 0; at < 40; at++) {
      telegram.say(at % 2 ? ANA : BEN, at % 2 ? ANA : BEN, `/ping`);
      if (chance.happens(0.2)) await platform.end();
    }
    await eventually(async () => {
      await endLeases(url);
      await platform.tick();
      return telegram.pending().length === 0 &&
        telegram.answers(ANA).length + telegram.answers(BEN).length >= 40;
    }, "every answer");
    const kept = await inStore(url, ({ db }) => db.selectFrom("inbox").select("state").execute());
    assert.deepEqual(new Set(kept.map(({ state }) => state)), new Set(["done"]));
  },
);

testWith(postgres, "hosted: SIGINT ends an idle process well before it would be killed", async (url) => {
  await using platform = await openDeployed(url);
  const ended = await platform.end("SIGINT");
  assert.deepEqual([ended?.code, ended?.signal], [0, null]);
  assert.match(platform.output(), /"message":"stopped"/);
});

/** What the collector has been sent when a command with a document has been handled and the process has ended. */
async function tracesOf(
  url: string,
  options: Partial<PlatformOptions> = {},
): Promise<{ readonly leaks: number; readonly spans: number }> {
  const { environment, ...others } = options;
  await using platform = openPlatform({ environment: { DATABASE_URL: url, ...environment }, ...others });
  const { telegram } = platform;
  assert.equal(await platform.tick(), true, platform.output());
  telegram.say(ANA, GROUP, "/update sophos 1", { document: { name: "change.json", content: "{}" } });
  await telegram.until(() => telegram.ephemerals(ANA, GROUP).length > 0, "the answer");
  assert.equal(telegram.calls("getFile").length, 1);
  await platform.end("SIGINT");
  const [, secret = ""] = telegram.token.split(":");
  const traced = platform.traced();
  return { leaks: traced.split(secret).length - 1, spans: traced.split("http.request.method").length - 1 };
}

testWith(postgres, "hosted: neither calls nor downloads leave the bot's token in a trace", async (url) => {
  const { leaks, spans } = await tracesOf(url);
  assert.equal(leaks, 0);
  assert.ok(spans > 0, "traces are collected");
});

for (const road of ["calls", "downloads"]) {
  testWith(postgres, `hosted: ${road} by Deno's own fetch would leave the token in traces`, async (url) => {
    const { leaks } = await tracesOf(url, {
      entrypoint: "tests/hosted/plain_fetch.ts",
      environment: { PLAIN: road },
    });
    assert.ok(leaks > 0);
  });
}

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
    const preview = await predeploy({
      DENO_TIMELINE: "preview/abc",
      DATABASE_URL: url,
      PGSSLMODE: "disable",
    });
    assert.match(preview, /nothing to do/);
    const database = databaseUrl.parse(url);
    const tables = async () => await (await openAsItIs(database)).introspection.getTables();
    assert.deepEqual(await tables(), []);
    assert.match(
      await predeploy({ DENO_TIMELINE: "production", DATABASE_URL: url, PGSSLMODE: "disable" }),
      /up to date: \d/,
    );
    assert.ok((await tables()).length > 5);
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
