import assert from "node:assert/strict";
import { BEN, company, openFixture, textOf } from "../approvals/fixture.ts";

const changes: readonly (readonly [what: string, fields: object, says: RegExp])[] = [
  ["suspended", { isSuspended: true }, /suspended was no, is now yes/],
  [
    "moved under another parent",
    { parentId: company.acmeCorp },
    /parent company was 52f0c1a0e6a0b4f6c9d0e2b7, is now 55115935b1a43dcc4a7b23c6/,
  ],
];

for (const [what, fields, says] of changes) {
  Deno.test(`a change of EC2 is not run once its company was ${what}`, async () => {
    await using fixture = await openFixture();
    const { code, card } = await fixture.ask("/disable ec2 Globex reason=off-boarding");
    Object.assign(fixture.gravityzone.world.companies.get(company.globex) ?? {}, fields);
    await fixture.press(BEN, card, "Approve");
    assert.equal(await fixture.state(code), "superseded");
    assert.match(textOf(card), says);
    assert.deepEqual(fixture.writes(), []);
  });
}
