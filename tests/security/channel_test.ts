import assert from "node:assert/strict";
import { testOnEach } from "../approvals/database.ts";
import { ANA, BEN, type Fixture, GROUP, openFixture, OSKAR } from "../approvals/fixture.ts";

const CHANNEL = -100777;

testOnEach(
  "who merely reads a channel among ADMIN_CHATS may do nothing in private",
  async (url) => {
    await using fixture = await openFixtureWithChannel(url);
    const { code } = await fixture.ask("/disable ec2 Acme Corp reason=off-boarding");
    for (
      const text of ["/audit 50", `/approve ${code}`, "/rotate externalid Acme Corp reason=x", "/status"]
    ) {
      await fixture.say(OSKAR, text, { chat: OSKAR });
      assert.equal((await fixture.audit()).at(-1)?.reason_code, "unknown_person", text);
    }
    assert.deepEqual(fixture.privateAnswers(OSKAR), []);
    assert.equal(await fixture.state(code), "pending");
    await fixture.say(BEN, `/approve ${code}`, { chat: BEN });
    assert.equal(await fixture.state(code), "accepted");
  },
);

Deno.test("while Telegram does not say what a chat is, its members count for nothing", async () => {
  await using fixture = await openFixtureWithChannel();
  const { code } = await fixture.ask("/disable ec2 Acme Corp reason=off-boarding");
  fixture.telegram.faults.push({ method: "getChat", chat: CHANNEL, status: 502, times: 100 });
  await fixture.say(OSKAR, `/approve ${code}`, { chat: OSKAR });
  assert.equal(await fixture.state(code), "pending");
});

Deno.test("/doctor says that a channel has no place among ADMIN_CHATS", async () => {
  await using fixture = await openFixtureWithChannel();
  await fixture.say(BEN, "/doctor");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /Group -100777 +It is a channel: nobody can ask or approve there/,
  );
});

async function openFixtureWithChannel(url = "sqlite::memory:"): Promise<Fixture> {
  return await openFixture({
    environment: {
      DATABASE_URL: url,
      ADMIN_CHATS: `${GROUP},${CHANNEL}`,
      OPERATORS: undefined,
      APPROVERS: undefined,
    },
    telegram: {
      chats: [
        { id: GROUP, title: "On-call", members: [ANA, BEN] },
        { id: CHANNEL, title: "News", type: "channel", members: [ANA, BEN, OSKAR] },
      ],
      persons: [
        { id: ANA, name: "Ana", started: true },
        { id: BEN, name: "Ben", started: true },
        { id: OSKAR, name: "Oskar", started: true },
      ],
    },
  });
}
