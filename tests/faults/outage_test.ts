import assert from "node:assert/strict";
// @ts-types="@types/pg"
import pg from "pg";
import { pass, settled } from "../bot/conversation.ts";
import { eventually } from "../eventually.ts";
import { testOnPostgres } from "../approvals/database.ts";
import { ANA, BEN, GROUP, openStage, type Stage, type StageOptions } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import { createFaultySocket, type FaultySocket } from "./faulty_socket.ts";
import { ENABLE, ENABLE_METHOD, logged, proveSteps, sending, writes } from "./evidence.ts";

const LISTING = "getCompanyDetailsByAWSAccountId";
/** Longer than any lease. */
const TAKEOVER_MS = 15_000;
/** Between two attempts to write an outcome down, or that a message was taken. */
const LONGEST_RETRY_MS = 4_000;

/** Registers a test with a bot whose way to Postgres can be cut. */
function testWithFaultySocket(
  name: string,
  options: StageOptions,
  test: (stage: Stage, faultySocket: FaultySocket) => Promise<void>,
): void {
  testOnPostgres(name, async (url) => {
    await using faultySocket = createFaultySocket(url);
    await using stage = await openStage({
      ...options,
      environment: { DATABASE_URL: faultySocket.url },
    });
    await test(stage, faultySocket);
  });
}

testWithFaultySocket(
  "POST /telegram answers 503 while Postgres is away, and all is handled once it is back",
  {
    telegram: { delivery: "manual" },
  },
  async (stage, faultySocket) => {
    const { telegram } = stage;
    telegram.say(BEN, GROUP, "/ping");
    await telegram.deliver();
    await settled(stage);
    faultySocket.pull();
    const statuses = await Promise.all(
      Array.from({ length: 5 }, (_, index) => post(stage, 900_000_001 + index)),
    );
    assert.deepEqual(statuses, [503, 503, 503, 503, 503]);
    const said = [GROUP, ANA, BEN].map((chat) => telegram.say(chat === ANA ? ANA : BEN, chat, "/ping"));
    await telegram.deliver();
    assert.equal(telegram.pending().length, said.length, "Telegram keeps what was not taken");
    assert.deepEqual([await look(stage, "/healthz"), await look(stage, "/readyz")], [200, 503]);
    faultySocket.plugIn();
    await eventually(async () => {
      await telegram.deliver();
      return telegram.pending().length === 0;
    }, "Telegram to be rid of its updates");
    await settled(stage);
    assert.deepEqual([GROUP, ANA, BEN].map((chat) => telegram.answers(chat).length), [2, 1, 1]);
    // What /readyz has found out holds for everyone who asks within the next second.
    await eventually(async () => await look(stage, "/readyz") === 200, "the bot to be ready");
  },
);

for (const call of ["getCompanyDetails", LISTING]) {
  testWithFaultySocket(
    `sendOnce writes nothing while Postgres is away, cut at ${call}, and once when it is back`,
    {},
    async (stage, faultySocket) => {
      await cutAt(stage, faultySocket, call);
      assert.deepEqual(writes(stage), [], "no audit row, no write");
      await bringBack(stage, faultySocket);
      await proveSteps(stage, ["asked", "approve", "claim", "take_over", "send", "apply"]);
    },
  );
}

testWithFaultySocket(
  "finish reads back what Postgres missed, and writes nothing again",
  {},
  async (stage, faultySocket) => {
    await cutAt(stage, faultySocket, ENABLE_METHOD);
    assert.equal(writes(stage).length, 1);
    await bringBack(stage, faultySocket);
    await proveSteps(stage, ["asked", "approve", "claim", "send", "take_over", "apply"]);
  },
);

testWithFaultySocket(
  "settleMessage that Postgres missed costs a second message, and nothing else",
  {},
  async (stage, faultySocket) => {
    const { telegram } = stage;
    const held = Promise.withResolvers<void>();
    telegram.faults.push({ method: "sendRichMessage", chat: GROUP, hold: held.promise });
    telegram.say(BEN, GROUP, "/ping");
    await eventually(async () => await sending(stage), "the answer to be under way");
    faultySocket.pull();
    held.resolve();
    await telegram.until(() => telegram.answers(GROUP).length === 1, "Telegram to take it");
    await whileRetried(stage, "message_not_noted", "messages_not_finished");
    faultySocket.plugIn();
    pass(stage, TAKEOVER_MS);
    await settled(stage);
    assert.equal(telegram.answers(GROUP).length, 2, "nobody could know that it was taken");
  },
);

testOnPostgres(
  "a command whose connection is cut while it reads is handled again, and nobody hears of a bug",
  async (url) => {
    await using faultySocket = createFaultySocket(url);
    await using stage = await openStage({ environment: { DATABASE_URL: faultySocket.url } });
    const { telegram } = stage;
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    await other.query("begin; lock table audit");
    telegram.say(BEN, GROUP, "/audit 5");
    await eventually(async () => {
      const { rowCount } = await other.query(
        "select from pg_locks where not granted and relation = 'audit'::regclass",
      );
      return rowCount === 1;
    }, "the command to read");
    faultySocket.pull();
    faultySocket.plugIn();
    await other.end();
    pass(stage, TAKEOVER_MS);
    await telegram.until(() => telegram.seen(BEN, GROUP).length > 0, "an answer");
    assert.doesNotMatch(telegram.transcript(GROUP, BEN), /went wrong/);
  },
);

/** An approved change runs into this while GravityZone thinks about its next call of `method`. */
async function cutAt(stage: Stage, faultySocket: FaultySocket, method: string): Promise<void> {
  const { telegram, gravityzone } = stage;
  telegram.say(ANA, GROUP, ENABLE);
  const card = await telegram.until(() => telegram.last(GROUP), "the card");
  const thinking = Promise.withResolvers<void>();
  const asked = () => gravityzone.calls.filter((call) => call.method === method).length;
  const before = asked();
  gravityzone.faults.next(method, { after: thinking.promise });
  await telegram.press(BEN, card, "Approve");
  await eventually(() => asked() > before, "GravityZone to be asked");
  await settled(stage);
  faultySocket.pull();
  thinking.resolve();
  await whileRetried(stage, "outcome_not_recorded", "changes_not_finished");
}

/** Lets the pause after each vain attempt pass, until it is given up. */
async function whileRetried(stage: Stage, attempt: string, givenUp: string): Promise<void> {
  const { log, clock } = stage;
  let retries = 0;
  await eventually(() => {
    const missed = log.lines.filter(({ event }) => event === attempt).length;
    for (; retries < missed; retries++) clock.advance(LONGEST_RETRY_MS);
    return logged(stage, givenUp);
  }, givenUp);
}

async function bringBack(stage: Stage, faultySocket: FaultySocket): Promise<void> {
  const { telegram } = stage;
  faultySocket.plugIn();
  pass(stage, TAKEOVER_MS);
  await telegram.until(() => telegram.answers(GROUP).some((shown) => render(shown).includes("Applied")));
  assert.equal(writes(stage).length, 1);
}

async function look(stage: Stage, path: string): Promise<number> {
  const response = await fetch(`${stage.url}${path}`);
  await response.body?.cancel();
  return response.status;
}

async function post(stage: Stage, update_id: number): Promise<number> {
  const response = await fetch(`${stage.url}/telegram`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-telegram-bot-api-secret-token": String(stage.environment["TELEGRAM_WEBHOOK_SECRET"]),
    },
    body: JSON.stringify({ update_id }),
  });
  await response.body?.cancel();
  return response.status;
}
