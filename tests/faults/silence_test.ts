import assert from "node:assert/strict";
// @ts-types="@types/pg"
import pg from "pg";
import { systemClock } from "../../clients/clock.ts";
import { databaseUrl } from "../../bot/settings.ts";
import { openStore } from "../../bot/store/database.ts";
import { pass, settled } from "../bot/conversation.ts";
import { eventually } from "../eventually.ts";
import { testOnPostgres } from "../approvals/database.ts";
import { watched } from "../crash/moment.ts";
import { ANA, BEN, GROUP, openStage, type Stage } from "../sandbox/stage.ts";
import { render, type TelegramOptions } from "../sandbox/telegram.ts";
import { createFaultySocket, type FaultySocket } from "./faulty_socket.ts";
import { ENABLE, logged, proveSteps, sending, writes } from "./evidence.ts";

/** Long enough for a slow machine where Postgres answers, and short enough to wait for where it does not. */
const TIMEOUT_MS = 3_000;
/** Longer than any lease. */
const TAKEOVER_MS = 15_000;
/** Between two attempts to note that a message was taken. */
const LONGEST_RETRY_MS = 4_000;

interface Situation {
  readonly delivery?: TelegramOptions["delivery"];
  /** What happens when the transaction that appends this event to the audit is about to be committed, once. */
  readonly before?: readonly [event: string, strike: (faultySocket: FaultySocket) => void];
}

/** Registers a test with a bot whose Postgres can fall silent; `url` leads past the faultySocket. */
function testWithFaultySocket(
  name: string,
  { delivery = "automatic", before: [event, strike] = ["", () => {}] }: Situation,
  test: (stage: Stage, faultySocket: FaultySocket, url: string) => Promise<void>,
): void {
  testOnPostgres(name, async (url) => {
    await using faultySocket = createFaultySocket(url);
    let struck = false;
    const watch = (what: string, when: string) => {
      if (struck || when !== "before" || what !== `audit ${event}`) return;
      struck = true;
      strike(faultySocket);
    };
    await using stage = await openStage({
      telegram: { delivery },
      environment: { DATABASE_URL: faultySocket.url },
      openStore: async (config, clock, options) =>
        watched(await openStore(config, clock, { ...options, timeoutMs: TIMEOUT_MS }), watch),
    });
    await test(stage, faultySocket, url);
  });
}

testWithFaultySocket(
  "POST /telegram answers 503 in time while Postgres is silent, and what is sent again counts once",
  { delivery: "manual" },
  async (stage, faultySocket) => {
    const { telegram } = stage;
    telegram.say(BEN, GROUP, "/ping");
    await delivered(stage);
    faultySocket.silence();
    telegram.say(BEN, GROUP, "/ping");
    const silentSince = Date.now();
    await telegram.deliver();
    assert.equal(telegram.pending().length, 1, "Telegram keeps what was not taken");
    assert.equal(await readiness(stage), 503);
    assert.ok(Date.now() - silentSince < 10 * TIMEOUT_MS, "nobody waits for Postgres for long");
    faultySocket.plugIn();
    await delivered(stage);
    assert.equal(telegram.answers(GROUP).length, 2);
    assert.equal(await readiness(stage), 200);
  },
);

testWithFaultySocket(
  "POST /telegram is served by new connections when the old ones stay dead",
  { delivery: "manual" },
  async (stage, faultySocket) => {
    const { telegram } = stage;
    telegram.say(BEN, GROUP, "/ping");
    await delivered(stage);
    faultySocket.silence();
    faultySocket.plugIn("new");
    telegram.say(BEN, GROUP, "/ping");
    await delivered(stage);
    assert.equal(telegram.answers(GROUP).length, 2);
  },
);

testWithFaultySocket(
  "sendOnce writes nothing when Postgres marks the write as sent and does not get to say so",
  { before: ["send", (faultySocket) => faultySocket.silence("answers")] },
  async (stage, faultySocket, url) => {
    await approve(stage);
    await eventually(() => logged(stage, "changes_not_finished"), "the executor to give up");
    assert.deepEqual(await isMarked(url), true);
    assert.deepEqual(writes(stage), []);
    faultySocket.plugIn();
    pass(stage, TAKEOVER_MS);
    await outcome(stage, "Not applied");
    assert.deepEqual(writes(stage), []);
    await proveSteps(stage, ["asked", "approve", "claim", "send", "take_over", "fail"]);
  },
);

testWithFaultySocket(
  "sendOnce writes once when the mark that it is sent gets through to Postgres no more",
  { before: ["send", (faultySocket) => faultySocket.silence()] },
  async (stage, faultySocket, url) => {
    await approve(stage);
    await eventually(() => logged(stage, "changes_not_finished"), "the executor to give up");
    assert.deepEqual(writes(stage), []);
    await eventually(
      () => isForgotten(url),
      "Postgres to give up the transaction, lest its commit comes late",
    );
    assert.equal(await isMarked(url), false);
    faultySocket.plugIn();
    pass(stage, TAKEOVER_MS);
    await outcome(stage, "Applied");
    assert.equal(writes(stage).length, 1);
    await proveSteps(stage, ["asked", "approve", "claim", "take_over", "send", "apply"]);
  },
);

testWithFaultySocket(
  "approve: who decided is never told that nothing was changed, only because Postgres did not get to say so",
  { before: ["approve", (faultySocket) => faultySocket.silence({ answersTo: `insert into "audit"` })] },
  async (stage) => {
    const { telegram } = stage;
    await approve(stage);
    await eventually(() => logged(stage, "update_not_finished"), "the press to be put off");
    pass(stage, TAKEOVER_MS);
    await outcome(stage, "Applied");
    await settled(stage);
    const told = telegram.calls().map(({ parameters }) => JSON.stringify(parameters)).join("\n");
    assert.match(told, /You approved it/);
    assert.doesNotMatch(told, /went wrong/);
    assert.equal(writes(stage).length, 1);
  },
);

testWithFaultySocket(
  "settleMessage takes nothing back when Postgres noted a message and did not get to say so",
  {},
  async (stage, faultySocket) => {
    const { telegram, clock } = stage;
    const held = Promise.withResolvers<void>();
    telegram.faults.push({ method: "sendRichMessage", chat: GROUP, hold: held.promise });
    telegram.say(BEN, GROUP, "/ping");
    await eventually(() => sending(stage), "the answer to be under way");
    faultySocket.silence("answers");
    held.resolve();
    await eventually(() => logged(stage, "message_not_noted"), "the answer of Postgres to be missed");
    faultySocket.plugIn();
    clock.advance(LONGEST_RETRY_MS);
    await settled(stage);
    assert.equal(telegram.answers(GROUP).length, 1);
  },
);

testOnPostgres("WakeUp is heard again after the connection that listens has fallen silent", async (url) => {
  await using faultySocket = createFaultySocket(url);
  const store = await openStore(databaseUrl.parse(faultySocket.url), systemClock, { timeoutMs: TIMEOUT_MS });
  let heard = 0;
  store.notifier.listen("changes", { look: () => void heard++, reserve: () => undefined });
  const isHeard = async () => {
    const before = heard;
    await ask(url, "select pg_notify('countersign', 'changes')");
    return heard > before;
  };
  await eventually(isHeard, "the first word");
  faultySocket.silence();
  faultySocket.plugIn("new");
  await eventually(isHeard, "a word after the silence");
  await store.close();
});

testOnPostgres("openStore waits longer for another replica's migration than for an answer", async (url) => {
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  // What is up to date is not migrated.
  await other.query("drop schema public cascade; create schema public");
  // The lock that Kysely takes to migrate alone.
  await other.query("select pg_advisory_lock(3853314791062309107)");
  const opening = openStore(databaseUrl.parse(url), systemClock, { timeoutMs: TIMEOUT_MS });
  const waiting =
    `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
    and clock_timestamp() - query_start > interval '${2 * TIMEOUT_MS} ms'`;
  await eventually(async () => (await ask(url, waiting)).length === 1, "it to wait that long");
  await other.end();
  await (await opening).close();
});

async function delivered(stage: Stage): Promise<void> {
  const { telegram } = stage;
  await eventually(async () => {
    await telegram.deliver();
    return telegram.pending().length === 0;
  }, "Telegram to be rid of its updates");
  await settled(stage);
}

/** Ana asks and Ben approves; nobody waits for what becomes of it. */
async function approve({ telegram }: Stage): Promise<void> {
  telegram.say(ANA, GROUP, ENABLE);
  const card = await telegram.until(() => telegram.last(GROUP), "the card");
  telegram.pressAndGo(BEN, card, "Approve");
}

async function outcome(stage: Stage, word: string): Promise<void> {
  const { telegram } = stage;
  await eventually(
    () => telegram.answers(GROUP).some((shown) => render(shown).includes(`${word}:`)),
    `the card to say "${word}"`,
  );
}

async function isMarked(url: string): Promise<boolean> {
  const [change] = await ask(url, "select sent_at is not null as marked from changes");
  return change?.["marked"] === true;
}

/** Nobody holds a transaction open any more. */
async function isForgotten(url: string): Promise<boolean> {
  const open = "state like 'idle in transaction%' and datname = current_database()";
  return (await ask(url, `select pid from pg_stat_activity where ${open}`)).length === 0;
}

async function ask(url: string, query: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(query)).rows;
  } finally {
    await client.end();
  }
}

async function readiness({ url }: Stage): Promise<number> {
  const response = await fetch(`${url}/readyz`);
  await response.body?.cancel();
  return response.status;
}
