import assert from "node:assert/strict";
import { testOnEach } from "../changes/database.ts";
import { ANA, BEN, type Desk, GROUP, openDesk, OSKAR } from "../changes/desk.ts";

const CHANNEL = -100777;

testOnEach(
  "who merely reads a channel among ADMIN_CHATS may do nothing in private",
  async (url) => {
    await using desk = await openDeskWithChannel(url);
    const { code } = await desk.ask("/disable ec2 Acme Corp reason=off-boarding");
    for (
      const text of ["/audit 50", `/approve ${code}`, "/rotate externalid Acme Corp reason=x", "/status"]
    ) {
      await desk.say(OSKAR, text, { chat: OSKAR });
      assert.equal((await desk.audit()).at(-1)?.reason_code, "unknown_person", text);
    }
    assert.deepEqual(desk.letters(OSKAR), []);
    assert.equal(await desk.state(code), "pending");
    await desk.say(BEN, `/approve ${code}`, { chat: BEN });
    assert.equal(await desk.state(code), "accepted");
  },
);

Deno.test("while Telegram does not say what a chat is, its members count for nothing", async () => {
  await using desk = await openDeskWithChannel();
  const { code } = await desk.ask("/disable ec2 Acme Corp reason=off-boarding");
  desk.telegram.faults.push({ method: "getChat", chat: CHANNEL, status: 502, times: 100 });
  await desk.say(OSKAR, `/approve ${code}`, { chat: OSKAR });
  assert.equal(await desk.state(code), "pending");
});

Deno.test("/doctor says that a channel has no place among ADMIN_CHATS", async () => {
  await using desk = await openDeskWithChannel();
  await desk.say(BEN, "/doctor");
  assert.match(desk.news().at(-1) ?? "", /Group -100777 +It is a channel: nobody can ask or approve there/);
});

async function openDeskWithChannel(url = "sqlite::memory:"): Promise<Desk> {
  return await openDesk({
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
