import assert from "node:assert/strict";
// @ts-types="@types/pg"
import pg from "pg";
import { pass, settled } from "../bot/conversation.ts";
import { openSleepers } from "../bot/sleepers.ts";
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
/** More than a moment's trouble takes. */
const LONG_TRIES = 6;

/** Registers a test with a bot whose way to Postgres can be cut. */
function testWithFaultySocket(
  name: string,
  options: StageOptions,
  test: (stage: Stage, faultySocket: FaultySocket, url: string) => Promise<void>,
): void {
  testOnPostgres(name, async (url) => {
    await using faultySocket = createFaultySocket(url);
    await using stage = await openStage({
      ...options,
      environment: { DATABASE_URL: faultySocket.url },
    });
    await test(stage, faultySocket, url);
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
  "settleMessage that Postgres misses for longer than any lease is made up for, and nothing is sent twice",
  {},
  async (stage, faultySocket) => {
    const { telegram } = stage;
    await missSettling(stage, faultySocket);
    pass(stage, TAKEOVER_MS);
    faultySocket.plugIn();
    await letRetry(stage, "message_not_noted", () => isNoted(stage), "the note");
    await settled(stage);
    assert.equal(sent(stage), 1);
    assert.equal(telegram.answers(GROUP).length, 1);
  },
);

testWithFaultySocket(
  "settleMessage that comes after somebody has taken the message over has it taken back",
  {},
  async (stage, faultySocket, url) => {
    const { telegram } = stage;
    await missSettling(stage, faultySocket);
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    await other.query(
      "update messages set claimed_by = 'somebody else', claimed_until = 9007199254740991 where state = 'due'",
    );
    await other.end();
    faultySocket.plugIn();
    const isGone = () => telegram.answers(GROUP).length === 0;
    await letRetry(stage, "message_not_noted", isGone, "the message to be taken back");
    assert.equal(sent(stage), 1);
  },
);

testWithFaultySocket(
  "noteProgress that Postgres misses is made up for before the file follows, and nothing is sent twice",
  {},
  async (stage, faultySocket) => {
    await missSettling(stage, faultySocket, { command: "/audit export" });
    pass(stage, TAKEOVER_MS);
    faultySocket.plugIn();
    await letRetry(stage, "message_not_noted", () => isNoted(stage), "the files");
    await settled(stage);
    assert.equal(sent(stage), 1);
  },
);

testOnPostgres("workFor ends while Postgres is away, whatever Telegram has taken", async (url) => {
  await using faultySocket = createFaultySocket(url);
  await using sleepers = await openSleepers(faultySocket.url);
  const { stage, one, send } = sleepers;
  const end = new AbortController();
  let worked = Promise.resolve();
  await missSettling(stage, faultySocket, {
    async begin() {
      await send(one);
      worked = one.workFor(end.signal);
    },
  });
  end.abort();
  await worked;
  assert.ok(logged(stage, "messages_not_finished"));
  faultySocket.plugIn();
});

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

/** Has Telegram take an answer, and Postgres miss it for longer than a moment. */
async function missSettling(
  stage: Stage,
  faultySocket: FaultySocket,
  { command = "/ping", begin = () => Promise.resolve() }: {
    readonly command?: string;
    readonly begin?: () => Promise<void>;
  } = {},
): Promise<void> {
  const { telegram } = stage;
  const held = Promise.withResolvers<void>();
  telegram.faults.push({ method: "sendRichMessage", chat: GROUP, hold: held.promise });
  telegram.say(BEN, GROUP, command);
  await begin();
  await eventually(async () => await sending(stage), "the answer to be under way");
  faultySocket.pull();
  held.resolve();
  await telegram.until(() => sent(stage) === 1, "Telegram to take it");
  const isLong = () =>
    times(stage, "message_not_noted") > LONG_TRIES || logged(stage, "messages_not_finished");
  await letRetry(stage, "message_not_noted", isLong, "it to be tried again and again");
  assert.ok(!logged(stage, "messages_not_finished"), "a process that lives goes on trying");
}

/** A connection that was cut says so when it is used next. */
async function isNoted(stage: Stage): Promise<boolean> {
  return !await sending(stage).catch(() => true);
}

function sent({ telegram }: Stage): number {
  return telegram.calls().filter(({ method }) => method === "sendRichMessage").length;
}

function times({ log }: Stage, event: string): number {
  return log.lines.filter((line) => line.event === event).length;
}

/** Lets the pause after each vain attempt pass, until it is given up. */
async function whileRetried(stage: Stage, attempt: string, givenUp: string): Promise<void> {
  await letRetry(stage, attempt, () => logged(stage, givenUp), givenUp);
}

/** Lets the pause after each vain attempt pass, until something has happened. */
async function letRetry(
  stage: Stage,
  attempt: string,
  happened: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  let retries = 0;
  await eventually(() => {
    const missed = times(stage, attempt);
    for (; retries < missed; retries++) stage.clock.advance(LONGEST_RETRY_MS);
    return happened();
  }, what);
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
