import assert from "node:assert/strict";
import { ANA, BEN, type Fixture, GROUP, openFixture, OSKAR } from "../approvals/fixture.ts";

const ROTATE = "/rotate externalid Acme Corp reason=leaked";
const DISABLE = "disableAmazonEC2Integration";

interface Row {
  readonly what: string;
  readonly happens: (fixture: Fixture) => Promise<unknown>;
  /** What is heard of all that is sent, in its order. */
  readonly heard: readonly RegExp[];
}

const ROWS: readonly Row[] = [
  { what: "an answer to a read", happens: (fixture) => fixture.say(BEN, "/status bitdefender"), heard: [] },
  { what: "an answer in private", happens: (fixture) => fixture.say(BEN, "/ping", { chat: BEN }), heard: [] },
  { what: "a file and its text", happens: (fixture) => fixture.say(BEN, "/list apono"), heard: [] },
  { what: "a refusal", happens: (fixture) => fixture.say(BEN, "/nonsense"), heard: [] },
  { what: "a freeze", happens: (fixture) => fixture.say(BEN, "/freeze ec2 for=1h month end"), heard: [] },
  {
    what: "a card, and that it was applied",
    happens: (fixture) => fixture.carryOut(ROTATE),
    heard: [/external ID .*\?/],
  },
  {
    what: "an outcome that nobody knows",
    async happens(fixture) {
      fixture.gravityzone.faults.next(DISABLE, { cut: true });
      await fixture.carryOut("/disable ec2 Globex reason=off-boarding");
    },
    heard: [/Globex\?/, /Unknown: /],
  },
  {
    what: "a question which company is meant",
    happens: (fixture) => fixture.say(ANA, "/disable ec2 Acme reason=off-boarding"),
    heard: [/fits 3 companies/],
  },
  {
    what: "a question whether it is still wanted",
    happens: (fixture) => fixture.say(ANA, ROTATE, { date: Math.floor(fixture.clock.now() / 1000) - 125 }),
    heard: [/Is this still wanted/],
  },
  {
    what: "a report of a strange group",
    async happens(fixture) {
      fixture.telegram.addBot(-2001, OSKAR);
      await fixture.rest();
    },
    heard: [/not on the allow-list/],
  },
];

for (const { what, happens, heard } of ROWS) {
  Deno.test(`A sound is made only for those who must act: ${what}`, async () => {
    const chats = [
      { id: GROUP, title: "On-call", members: [ANA, BEN] },
      { id: -2001, title: "Strangers", members: [OSKAR] },
    ];
    await using fixture = await openFixture({ telegram: { chats } });
    await happens(fixture);
    const sent = fixture.telegram.calls().filter(({ method }) => method.startsWith("send"));
    const loud = sent.filter(({ parameters }) => parameters["disable_notification"] !== true)
      .map(({ parameters }) => JSON.stringify(parameters["rich_message"]));
    assert.ok(sent.length > 0);
    assert.equal(loud.length, heard.length, loud.join("\n"));
    heard.forEach((pattern, index) => assert.match(loud[index] ?? "", pattern));
  });
}
