import assert from "node:assert/strict";
import { vendors } from "../../handlers/registry.ts";
import { ANA, type Fixture, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import type { Message } from "../sandbox/telegram.ts";

function said({ telegram }: Fixture): Message {
  const last = telegram.answers(ANA).at(-1);
  assert.ok(last, "nothing was said");
  return last;
}

async function ask(fixture: Fixture, words: string, replyTo?: Message): Promise<string> {
  const place = { chat: ANA, ...(replyTo && { replyTo: replyTo.message_id }) };
  await fixture.say(ANA, words, place);
  return textOf(said(fixture));
}

Deno.test("words behind /list narrow it down by name, type and state, and with none that fits offer what is near", async () => {
  await using fixture = await openFixture();
  for (
    const [typed, seen] of [
      ["/list apono postgres", /6 Apono integrations that fit "postgres"[^]*Orders DB · postgresql/],
      [
        "/list apono postgres error",
        /1 Apono integration that fits "postgres error"[^]*PostgreSQL Analytics/,
      ],
      ["/list ncentral FAILING", /1 N-central integration that fits "FAILING"[^]*N-central US/],
      ["/list opsramp aws", /2 OpsRamp integrations that fit "aws"/],
      ["/list opsramp aws name=prod", /1 OpsRamp integration that fits "aws" with "prod" in the name/],
      ["/list connectors edge", /1 Apono connector that fits "edge"/],
      ["/permissions PostgreSQL Production part=read only", /2 permissions that fit "read only"/],
      ["/resources PostgreSQL Production part=orders", /2 resources that fit "orders"/],
    ] as const
  ) {
    assert.match(await ask(fixture, typed), seen);
  }
  assert.match(await ask(fixture, "/list apono postgrse"), /No Apono integration fits "postgrse"/);
  await fixture.press(ANA, said(fixture), "PostgreSQL Staging");
  assert.match(textOf(said(fixture)), /1 Apono integration that fits "PostgreSQL Staging"/);
  assert.match(
    await ask(fixture, "/list prtg qqqq"),
    /No PRTG integration fits "qqqq"[^]*All of them: \/list prtg/,
  );
});

Deno.test("words in reply to a list narrow it down, and in a group talk about it does not", async () => {
  await using fixture = await openFixture();
  await ask(fixture, "/list apono");
  assert.match(await ask(fixture, "mysql", said(fixture)), /4 Apono integrations that fit "mysql"/);
  await ask(fixture, "/status opsramp");
  assert.match(await ask(fixture, "aws", said(fixture)), /2 OpsRamp integrations that fit "aws"/);
  await ask(fixture, "/resources PostgreSQL Production");
  assert.match(await ask(fixture, "audit", said(fixture)), /2 resources that fit "audit"/);
  await fixture.say(ANA, "/list apono");
  const list = fixture.telegram.last(GROUP);
  assert.ok(list);
  const before = fixture.groupAnswers().length;
  await fixture.say(ANA, "thanks, I am looking", { replyTo: list.message_id });
  assert.equal(fixture.groupAnswers().length, before);
  await fixture.say(ANA, "github", { replyTo: list.message_id });
  assert.match(fixture.groupAnswers().at(-1) ?? "", /2 Apono integrations that fit "github"/);
});

Deno.test("every list can be narrowed down", () => {
  const lists = vendors.flatMap(({ operations }) => operations.filter(({ verb }) => verb === "list"));
  assert.ok(lists.length > 10);
  for (const { target, input } of lists) assert.ok("words" in input.shape, `/list ${target}`);
});
