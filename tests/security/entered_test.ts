import assert from "node:assert/strict";
import { testOnEach } from "../approvals/database.ts";
import {
  ANA,
  type Asked,
  BEN,
  cardOf,
  type Fixture,
  GROUP,
  openFixture,
  textOf,
} from "../approvals/fixture.ts";
import { enter, linkOf, statusOf } from "../approvals/secret_page.ts";
import { buttonsOf } from "../sandbox/telegram.ts";

/** Words of ours, some of them long enough to be taken for a secret: all may be typed on the page. */
const WORDS = ["approve", "text", "rejected", "externalid", "status apono"];

for (const word of WORDS) {
  testOnEach(`“${word}” entered as a secret changes no button and no audit row of others`, async (url) => {
    await using writing = await writeWith(word, url);
    const { fixture } = writing;
    const { code, card } = await askMeanwhile(fixture, "/rotate externalid Acme Corp reason=leaked");
    const { handle } = await fixture.change(code);
    const buttons = buttonsOf(card).map(({ callback_data }) => callback_data);
    assert.deepEqual(buttons, [`a:${handle}`, `r:${handle}`]);
    fixture.telegram.say(BEN, GROUP, `/reject ${code} enough`);
    fixture.telegram.say(BEN, GROUP, "/status apono");
    await fixture.rest({ running: true });
    const status = fixture.telegram.answers(GROUP).at(-1);
    assert(status);
    assert.notEqual((await fixture.telegram.press(BEN, status, "Refresh")).show_alert, true);
    await fixture.rest({ running: true });
    assert.deepEqual(
      (await fixture.audit(code)).map((row) => [row.event, row.code, row.operation, row.state]),
      [["asked", code, "rotate externalid", "pending"], ["reject", code, "rotate externalid", "rejected"]],
    );
    assert.deepEqual(fixture.log.lines.filter(({ level }) => level === "error"), []);
  });
}

testOnEach("a secret that was entered is covered in what others are told while it is in use", async (url) => {
  const secret = "hunter2\\hunter2";
  await using writing = await writeWith(secret, url);
  const { fixture } = writing;
  const { code, card } = await askMeanwhile(
    fixture,
    `/rotate externalid Acme Corp reason="it is ${secret} now"`,
  );
  assert.match(textOf(card), /“it is \[redacted\] now”/);
  const [asked] = await fixture.audit(code);
  assert.equal(JSON.parse(asked?.detail ?? "").reason, "it is [redacted] now");
});

/** A fixture whose vendor has been sent this secret, and does not answer before the end. */
async function writeWith(
  secret: string,
  url: string,
): Promise<AsyncDisposable & { readonly fixture: Fixture }> {
  const sent = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const fixture = await openFixture({
    environment: { DATABASE_URL: url },
    async onTheWay(_vendor, request, passOn) {
      if ((await request.clone().text()).includes(`"configureAmazonEC2Integration"`)) {
        sent.resolve();
        await answered.promise;
      }
      return await passOn();
    },
  });
  await fixture.say(ANA, "/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secret=?");
  assert.equal(await statusOf(enter(linkOf(fixture, ANA), { secret })), 200);
  await fixture.rest();
  const [change] = await fixture.changes();
  assert(change);
  await fixture.telegram.press(BEN, (await cardOf(fixture, change.code)).card, "Approve");
  await sent.promise;
  return {
    fixture,
    async [Symbol.asyncDispose]() {
      answered.resolve();
      await fixture.rest();
      await fixture[Symbol.asyncDispose]();
    },
  };
}

async function askMeanwhile(fixture: Fixture, text: string): Promise<Asked> {
  fixture.telegram.say(ANA, GROUP, text);
  await fixture.rest({ running: true });
  const change = (await fixture.changes()).find(({ state }) => state === "pending");
  assert(change, fixture.telegram.transcript(GROUP));
  return await cardOf(fixture, change.code);
}
