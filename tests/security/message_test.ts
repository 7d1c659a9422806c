import assert from "node:assert/strict";
import { ANA, BEN, GROUP, openFixture } from "../approvals/fixture.ts";
import { eventually } from "../eventually.ts";
import { ENABLE_BY_KEYS, enter, linkOf, SECRET, statusOf } from "../approvals/secret_page.ts";
import { TELL_ALL } from "./all_reads.ts";

for (const legacy of [false, true]) {
  const server = legacy ? "a server without rich messages" : "a server with rich messages";
  Deno.test(`no message lets Telegram fetch a link or make one of a vendor's words, on ${server}`, async () => {
    await using fixture = await openFixture({ telegram: { legacy } });
    for (const command of TELL_ALL) await fixture.say(BEN, command);
    await fixture.say(ANA, "/start", { chat: ANA });
    await fixture.say(ANA, ENABLE_BY_KEYS);
    assert.equal(await statusOf(enter(linkOf(fixture, ANA), { secret: SECRET })), 200);
    await fixture.rest();
    const shown = fixture.telegram.calls().filter(({ method }) =>
      /^(send|edit).*(Message|Text)$/.test(method)
    );
    assert.ok(shown.length > TELL_ALL.length);
    for (const { method, parameters } of shown) {
      const rich = parameters["rich_message"] as { skip_entity_detection?: boolean } | undefined;
      const preview = parameters["link_preview_options"] as { is_disabled?: boolean } | undefined;
      assert.ok(
        rich ? rich.skip_entity_detection : preview?.is_disabled,
        `${method} ${JSON.stringify(parameters)}`,
      );
    }
  });
}

Deno.test("what one person alone may see can be neither forwarded nor saved", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/start", { chat: ANA });
  await fixture.say(ANA, ENABLE_BY_KEYS);
  const link = fixture.telegram.answers(ANA).find((message) => JSON.stringify(message).includes("/secret/"));
  assert.equal(link?.has_protected_content, true);
});

Deno.test("/doctor names every right too many, and a group that anyone can look into", async () => {
  await using fixture = await openFixture({
    telegram: {
      chats: [
        {
          id: GROUP,
          title: "On-call",
          members: [ANA, BEN],
          bot: { status: "administrator", rights: ["can_delete_messages", "can_restrict_members"] },
        },
        { id: -1002, title: "Public", type: "supergroup", username: "oncall", members: [ANA, BEN] },
      ],
    },
    environment: { ADMIN_CHATS: `${GROUP},-1002` },
  });
  await fixture.say(BEN, "/doctor");
  const report = fixture.groupAnswers().at(-1) ?? "";
  assert.match(report, /Group -1001 +I have more rights than I need. Take away: restrict members/);
  assert.match(
    report,
    /Group -1002 +It is public: anyone may read along and press buttons\. Make it private/,
  );
});

Deno.test("a decision goes out before the answers that wait for the same chat", async () => {
  await using fixture = await openFixture();
  const { card } = await fixture.ask("/disable ec2 Acme Corp reason=off-boarding");
  const due = async () =>
    (await fixture.store.db.selectFrom("messages").select("key").where("state", "=", "due").execute()).map((
      { key },
    ) => key);
  fixture.telegram.faults.push({ chat: GROUP, method: "sendRichMessage", retryAfter: 30 });
  for (let asked = 0; asked < 12; asked++) fixture.telegram.say(BEN, GROUP, "/ping");
  await eventually(async () => (await due()).length === 12, "twelve answers to wait");
  const before = fixture.telegram.calls().length;
  await fixture.telegram.press(BEN, card, "Approve");
  await eventually(async () => (await due()).some((key) => key.startsWith("outcome:")), "the outcome");
  const spoken = () =>
    fixture.telegram.calls().slice(before).filter(({ method }) => method !== "answerCallbackQuery");
  assert.deepEqual(spoken(), [], "nothing is sent past the 429");
  await fixture.pass(31_000);
  const [first, second, ...rest] = spoken();
  assert.deepEqual([first?.method, first?.parameters["message_id"]], ["editMessageText", card.message_id]);
  assert.match(JSON.stringify(second?.parameters), /accepted/, "the outcome is news");
  assert.equal(rest.length, 12);
});
