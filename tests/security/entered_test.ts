import assert from "node:assert/strict";
import { testOnEach } from "../changes/database.ts";
import { ANA, type Asked, BEN, cardOf, type Desk, GROUP, openDesk, textOf } from "../changes/desk.ts";
import { enter, linkOf, statusOf } from "../changes/secret_page.ts";
import { buttonsOf } from "../sandbox/telegram.ts";

/** Words of ours, some of them long enough to be taken for a secret: all may be typed on the page. */
const WORDS = ["approve", "text", "rejected", "externalid", "status apono"];

for (const word of WORDS) {
  testOnEach(`“${word}” entered as a secret changes no button and no audit row of others`, async (url) => {
    await using writing = await writeWith(word, url);
    const { desk } = writing;
    const { code, card } = await askMeanwhile(desk, "/rotate externalid Acme Corp reason=leaked");
    const { handle } = await desk.change(code);
    const buttons = buttonsOf(card).map(({ callback_data }) => callback_data);
    assert.deepEqual(buttons, [`a:${handle}`, `r:${handle}`]);
    desk.telegram.say(BEN, GROUP, `/reject ${code} enough`);
    desk.telegram.say(BEN, GROUP, "/status apono");
    await desk.rest({ running: true });
    const status = desk.telegram.answers(GROUP).at(-1);
    assert(status);
    assert.notEqual((await desk.telegram.press(BEN, status, "Refresh")).show_alert, true);
    await desk.rest({ running: true });
    assert.deepEqual(
      (await desk.audit(code)).map((row) => [row.event, row.code, row.operation, row.state]),
      [["asked", code, "rotate externalid", "pending"], ["reject", code, "rotate externalid", "rejected"]],
    );
    assert.deepEqual(desk.log.lines.filter(({ level }) => level === "error"), []);
  });
}

testOnEach("a secret that was entered is covered in what others are told while it is in use", async (url) => {
  const secret = "hunter2\\hunter2";
  await using writing = await writeWith(secret, url);
  const { desk } = writing;
  const { code, card } = await askMeanwhile(
    desk,
    `/rotate externalid Acme Corp reason="it is ${secret} now"`,
  );
  assert.match(textOf(card), /“it is \[redacted\] now”/);
  const [asked] = await desk.audit(code);
  assert.equal(JSON.parse(asked?.detail ?? "").reason, "it is [redacted] now");
});

/** A desk whose vendor has been sent this secret, and does not answer before the end. */
async function writeWith(secret: string, url: string): Promise<AsyncDisposable & { readonly desk: Desk }> {
  const sent = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const desk = await openDesk({
    environment: { DATABASE_URL: url },
    async onTheWay(_vendor, request, passOn) {
      if ((await request.clone().text()).includes(`"configureAmazonEC2Integration"`)) {
        sent.resolve();
        await answered.promise;
      }
      return await passOn();
    },
  });
  await desk.say(ANA, "/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secret=?");
  assert.equal(await statusOf(enter(linkOf(desk, ANA), { secret })), 200);
  await desk.rest();
  const [change] = await desk.changes();
  assert(change);
  await desk.telegram.press(BEN, (await cardOf(desk, change.code)).card, "Approve");
  await sent.promise;
  return {
    desk,
    async [Symbol.asyncDispose]() {
      answered.resolve();
      await desk.rest();
      await desk[Symbol.asyncDispose]();
    },
  };
}

async function askMeanwhile(desk: Desk, text: string): Promise<Asked> {
  desk.telegram.say(ANA, GROUP, text);
  await desk.rest({ running: true });
  const change = (await desk.changes()).find(({ state }) => state === "pending");
  assert(change, desk.telegram.transcript(GROUP));
  return await cardOf(desk, change.code);
}
