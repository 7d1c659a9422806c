import assert from "node:assert/strict";
import { BEN, openDesk, textOf } from "../changes/desk.ts";

Deno.test("a press under the card of a change leaves the card as it is, whatever it reads", async () => {
  await using desk = await openDesk();
  const { card, code } = await desk.ask("/disable ec2 Acme Corp reason=off-boarding");
  const before = textOf(card);
  for (const data of ["c:/ping", "c:/pending", `c:/change ${code}`, "c:/status", "c:/audit"]) {
    const answers = desk.news().length;
    await desk.press(BEN, card, data, { forged: true });
    assert.equal(textOf(card), before, data);
    assert.equal(desk.news().length, answers + 1, `${data} is answered in a message of its own`);
  }
  await desk.press(BEN, card, "Approve");
  assert.equal(await desk.state(code), "accepted");
});
