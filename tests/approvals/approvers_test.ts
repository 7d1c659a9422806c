import assert from "node:assert/strict";
import { ANA, BEN, openFixture, textOf } from "./fixture.ts";
import { CARA, THREE } from "./decision_path.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";

Deno.test("a request that nobody else may approve: its card and the refusal say so", async () => {
  await using fixture = await openFixture({ environment: { APPROVERS: String(ANA) } });
  const { card, code } = await fixture.ask(DISABLE);
  assert.match(
    textOf(card),
    /^Needs +one approver other than Ana, but APPROVERS lists nobody else · until /m,
  );
  await fixture.say(ANA, `/approve ${code}`);
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    new RegExp(`^APPROVERS lists nobody else\\. To take it back: /withdraw ${code}$`, "m"),
  );
});

Deno.test("a request that nobody else may approve: who asked in private is told at once", async () => {
  await using fixture = await openFixture({ environment: { APPROVERS: String(ANA) } });
  const { code } = await fixture.ask(DISABLE, { chat: ANA });
  const told = fixture.privateAnswers(ANA).at(-1) ?? "";
  assert.match(told, new RegExp(`^⏳ Sent to the group for approval: ${code}`));
  assert.match(told, /^But nobody can approve it: APPROVERS lists nobody but you\.$/m);
  const { code: other } = await fixture.ask(DISABLE, { by: BEN, chat: BEN });
  assert.match(fixture.privateAnswers(BEN).at(-1) ?? "", new RegExp(`for approval: ${other}\\n/withdraw`));
});

Deno.test("a card: whom the bot has not met yet is named as Telegram names them", async () => {
  await using fixture = await openFixture({
    ...THREE,
    environment: { OPERATORS: `${ANA}`, APPROVERS: `${ANA},${BEN},${CARA}` },
  });
  const { card, code } = await fixture.ask(DISABLE);
  assert.match(textOf(card), /^Needs +one approver other than Ana: Ben, Cara · until /m);
  await fixture.say(ANA, `/approve ${code}`);
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /Who can: Ben, Cara\. To take it back/);
});

Deno.test("a card: an approver whom Telegram does not know goes by the end of the id", async () => {
  await using fixture = await openFixture({
    environment: { OPERATORS: `${ANA}`, APPROVERS: `${ANA},${BEN},987654321` },
  });
  const { card } = await fixture.ask(DISABLE);
  assert.match(textOf(card), /^Needs +one approver other than Ana: Ben, …4321 · until /m);
});

Deno.test("a card: where no list says who approves, it names nobody", async () => {
  await using fixture = await openFixture({ environment: { APPROVERS: undefined } });
  const { card } = await fixture.ask(DISABLE);
  assert.match(textOf(card), /^Needs +one approver other than Ana · until /m);
});

const LISTS = [
  [undefined, undefined, "🟢", /by any other member of the admin chats/],
  [`${ANA}`, undefined, "🟢", /by any other member of the admin chats/],
  [`${ANA},${BEN}`, `${ANA},${BEN}`, "🟢", /by any other of the 2 in APPROVERS/],
  [`${ANA}`, `${BEN}`, "🟢", /by the one in APPROVERS/],
  [`${ANA},${BEN}`, `${BEN}`, "🟡", /nobody can approve what that person asks for/],
  [undefined, `${BEN}`, "🟡", /APPROVERS lists one person only/],
] as const;

for (const [operators, approvers, mark, says] of LISTS) {
  Deno.test(`/doctor: OPERATORS ${operators} with APPROVERS ${approvers} is ${mark}`, async () => {
    await using fixture = await openFixture({ environment: { OPERATORS: operators, APPROVERS: approvers } });
    await fixture.say(BEN, "/doctor");
    const line = fixture.groupAnswers().at(-1)?.split("\n").find((one) => one.includes("Approvals")) ?? "";
    assert.ok(line.includes(mark), line);
    assert.match(line, says);
  });
}
