import assert from "node:assert/strict";
import { ANA, BEN, openDesk, textOf } from "./desk.ts";
import { CARA, THREE } from "./path.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";

Deno.test("a request that nobody else may approve: its card and the refusal say so", async () => {
  await using desk = await openDesk({ environment: { APPROVERS: String(ANA) } });
  const { card, code } = await desk.ask(DISABLE);
  assert.match(
    textOf(card),
    /^Needs +one approver other than Ana, but APPROVERS lists nobody else · until /m,
  );
  await desk.say(ANA, `/approve ${code}`);
  assert.match(
    desk.whispers(ANA).at(-1) ?? "",
    new RegExp(`^APPROVERS lists nobody else\\. To take it back: /withdraw ${code}$`, "m"),
  );
});

Deno.test("a request that nobody else may approve: who asked in private is told at once", async () => {
  await using desk = await openDesk({ environment: { APPROVERS: String(ANA) } });
  const { code } = await desk.ask(DISABLE, { chat: ANA });
  const told = desk.letters(ANA).at(-1) ?? "";
  assert.match(told, new RegExp(`^⏳ Sent to the group for approval: ${code}`));
  assert.match(told, /^But nobody can approve it: APPROVERS lists nobody but you\.$/m);
  const { code: other } = await desk.ask(DISABLE, { by: BEN, chat: BEN });
  assert.match(desk.letters(BEN).at(-1) ?? "", new RegExp(`for approval: ${other}\\n/withdraw`));
});

Deno.test("a card: where no name of an approver is known, it says how many there are", async () => {
  await using desk = await openDesk({
    ...THREE,
    environment: { OPERATORS: `${ANA}`, APPROVERS: `${ANA},${BEN},${CARA}` },
  });
  const { card, code } = await desk.ask(DISABLE);
  assert.match(textOf(card), /^Needs +one approver other than Ana: 2 listed in APPROVERS · until /m);
  await desk.say(ANA, `/approve ${code}`);
  assert.match(desk.whispers(ANA).at(-1) ?? "", /Who can: 2 listed in APPROVERS\. To take it back/);
});

Deno.test("a card: where no list says who approves, it names nobody", async () => {
  await using desk = await openDesk({ environment: { APPROVERS: undefined } });
  const { card } = await desk.ask(DISABLE);
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
    await using desk = await openDesk({ environment: { OPERATORS: operators, APPROVERS: approvers } });
    await desk.say(BEN, "/doctor");
    const line = desk.news().at(-1)?.split("\n").find((one) => one.includes("Approvals")) ?? "";
    assert.ok(line.includes(mark), line);
    assert.match(line, says);
  });
}
