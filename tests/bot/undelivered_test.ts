/** What becomes of what its group does not take. */
import assert from "node:assert/strict";
import { testOnEach } from "../approvals/database.ts";
import { ANA, BEN, cardOf, type Fixture, GROUP, openFixture } from "../approvals/fixture.ts";
import { restarted } from "../approvals/another_bot.ts";
import { eventually } from "../eventually.ts";
import { render } from "../sandbox/telegram.ts";

const MOVED_TO = -1_001_000_001_001;
const SENDING = ["sendRichMessage", "sendMessage", "editMessageText"];

/** The bot may read there and not write, as an administrator can set it. */
function shutMouth({ telegram }: Fixture, chat: number, times = 20): void {
  const description = "Bad Request: not enough rights to send text messages to the chat";
  telegram.faults.push(...SENDING.map((method) => ({ method, chat, status: 400, description, times })));
}

testOnEach("a read that is asked where the bot may not write is answered in private", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  shutMouth(fixture, GROUP);
  await fixture.say(ANA, "/status bitdefender");
  await fixture.say(BEN, "/nothing like that");
  assert.deepEqual(fixture.groupAnswers(), []);
  const [status] = fixture.privateAnswers(ANA);
  assert.match(status ?? "", /^🟡 GravityZone: 2 of 14 need action/);
  assert.match(status ?? "", /\nYou asked in the group, where I cannot write\. \/doctor shows/);
  assert.match(status ?? "", /\[ Refresh \]/);
  assert.match(fixture.privateAnswers(BEN).at(-1) ?? "", /where I cannot write/);
  assert.equal(fixture.privateAnswers(ANA).length, 1);
});

Deno.test("an answer in private takes the place of what said in private that work goes on", async () => {
  await using fixture = await openFixture();
  const { telegram, gravityzone, clock } = fixture;
  shutMouth(fixture, GROUP);
  telegram.faults.push({ method: "setMessageReaction", status: 400, description: "REACTION_INVALID" });
  const held = Promise.withResolvers<void>();
  gravityzone.faults.next("getConfiguredIntegrations", { after: held.promise });
  telegram.say(ANA, GROUP, "/status bitdefender");
  await eventually(() => gravityzone.calls.length > 0, "the question to the vendor");
  clock.advance(1_600);
  await telegram.until(() => telegram.answers(ANA).length > 0, "word in private");
  held.resolve();
  await fixture.rest();
  assert.equal(fixture.privateAnswers(ANA).length, 1);
  assert.match(fixture.privateAnswers(ANA)[0] ?? "", /^🟡 GravityZone: 2 of 14/);
});

Deno.test("of an answer that is brought in private only the buttons that read come along", async () => {
  await using fixture = await openFixture();
  shutMouth(fixture, GROUP);
  await fixture.say(ANA, "/list apono");
  const answer = fixture.privateAnswers(ANA).at(-1) ?? "";
  assert.match(answer, /^ℹ️ \d+ Apono integrations[\s\S]*where I cannot write/);
  assert.doesNotMatch(answer, /Next ›/);
});

Deno.test("an answer that nobody can be brought is in the audit and the log, and the bot goes on", async () => {
  await using fixture = await openFixture();
  shutMouth(fixture, GROUP, 2);
  shutMouth(fixture, ANA, 2);
  await fixture.say(ANA, "/ping");
  const [row] = await fixture.audit();
  assert.deepEqual([row?.event, row?.person_id], ["answer_not_delivered", ANA]);
  assert.match(row?.detail ?? "", /not enough rights/);
  assert.equal(fixture.log.lines.filter(({ event }) => event === "answer_not_delivered").length, 1);
  fixture.telegram.faults.clear();
  await fixture.say(ANA, "/ping");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /pong/);
  assert.equal((await fixture.audit()).length, 1);
});

testOnEach("what waits for a group that moved goes to its new id, whose id is told", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  const { telegram } = fixture;
  const { code } = await fixture.ask("/disable ec2 Globex reason=off-boarding");
  // The bot hears of it by being refused: the messages that announce it are lost.
  telegram.migrate(GROUP, ANA);
  await fixture.rest();
  await fixture.say(BEN, `/reject ${code} not now`, { chat: BEN });
  const there = telegram.answers(MOVED_TO).map(render);
  assert.ok(
    there.some((text) => text.startsWith("⛔ Rejected") || /rejected/i.test(text)),
    there.join("\n\n"),
  );
  assert.equal((await cardOf(fixture, code)).card.chat.id, MOVED_TO);
  const reports = [MOVED_TO, ANA, BEN].map((chat) =>
    telegram.answers(chat).map(render).filter((text) => text.includes("put the new id into ADMIN_CHATS"))
  );
  assert.deepEqual(reports.map(({ length }) => length), [1, 1, 1]);
  assert.match(reports[0]?.[0] ?? "", new RegExp(`It was ${GROUP}, it is now ${MOVED_TO}`));
  const events = (await fixture.audit()).map(({ event }) => event);
  assert.equal(events.filter((event) => event === "chat_migrated").length, 1);
});

Deno.test("a press in a group that moved is answered, decides nothing and says what to do", async () => {
  await using fixture = await openFixture();
  const { code, card } = await fixture.ask("/disable ec2 Globex reason=off-boarding");
  fixture.telegram.migrate(GROUP, ANA);
  await fixture.rest();
  const [message] = fixture.telegram.messages(MOVED_TO);
  assert(message);
  const { handle } = await fixture.change(code);
  const { text } = await fixture.press(BEN, message, `approve:${handle}`, { forged: true });
  assert.match(
    text ?? "",
    /^⛔ This group has a new id[^]*put -1001000001001 into ADMIN_CHATS and restart it/,
  );
  assert.equal(await fixture.state(code), "pending", render(card));
});

Deno.test("a group that moved unheard is told of by the refusal of its old id", async () => {
  await using fixture = await openFixture({ telegram: { delivery: "manual" } });
  const { telegram } = fixture;
  telegram.say(BEN, GROUP, "/ping");
  const known = telegram.pending().length;
  telegram.migrate(GROUP, ANA);
  assert.equal(telegram.pending().length, known + 2);
  const [ping] = telegram.updates().slice(-3);
  const answer = await fetch(`${fixture.url}/telegram`, {
    method: "POST",
    headers: { "x-telegram-bot-api-secret-token": fixture.environment["TELEGRAM_WEBHOOK_SECRET"] ?? "" },
    body: JSON.stringify(ping),
  });
  await answer.body?.cancel();
  await telegram.until(() => telegram.answers(MOVED_TO).length === 2, "what the new group is told");
  const there = telegram.answers(MOVED_TO).map(render);
  assert.ok(there.some((text) => text.includes("pong")));
  assert.ok(there.some((text) => text.includes(`it is now ${MOVED_TO}`)));
  assert.match(telegram.answers(ANA).map(render).join("\n"), /put the new id into ADMIN_CHATS/);
});

Deno.test("a group that moved is followed without a word once its new id is in ADMIN_CHATS", async () => {
  await using first = await openFixture({ environment: { DATABASE_URL: await temporary() } });
  const { code } = await first.ask("/disable ec2 Globex reason=off-boarding");
  first.telegram.migrate(GROUP, ANA);
  await first.rest();
  await using fixture = await restarted(first, { ADMIN_CHATS: String(MOVED_TO) });
  const told = fixture.telegram.answers(ANA).length;
  await fixture.say(ANA, `/withdraw ${code}`, { chat: MOVED_TO });
  const { card } = await cardOf(fixture, code);
  assert.equal(card.chat.id, MOVED_TO);
  assert.match(render(card), /Disable the EC2 integration of Globex/);
  assert.equal(fixture.telegram.answers(ANA).length, told);
});

async function temporary(): Promise<string> {
  return `sqlite:${await Deno.makeTempDir()}/bot.db`;
}
