import assert from "node:assert/strict";
import { rulesOf } from "../../bot/access/policy_check.ts";
import { vendors } from "../../handlers/registry.ts";
import { textAt } from "../house/imports.ts";
import { openWithPolicy } from "../approvals/policy_file.ts";
import { textOf } from "../approvals/fixture.ts";

const EXAMPLES = [...textAt("docs/policy.md").matchAll(/```toml\n(.*?)```/gs)].map(([, text = ""]) => text);
const GROUND = {
  vendors,
  botId: 1,
  zone: "UTC",
  approvalTtlMs: 900_000,
};

/** What a card of each example says that `/disable ec2` needs when Ana asks; the page says the same. */
const NEEDS = [
  "one approver other than Ana",
  "0 of 1: one of Ben, Chidi (rule “second person”)",
  "0 of 2: 2 of Ben, Chidi (rule “danger”)",
  "0 of 2: one of Ben, Chidi and one of Chidi, Dora (rule “danger”)",
];

for (const [index, example] of EXAMPLES.entries()) {
  Deno.test(`docs/policy.md: example ${index + 1} can be used, and its card says what it needs`, async () => {
    assert.ok(rulesOf(example, "policy.toml", GROUND).allows.length > 0);
    await using fixture = await openWithPolicy(example);
    const { card } = await fixture.ask("/disable ec2 Acme Corp reason=off-boarding");
    const needs = NEEDS[index] ?? "";
    assert.match(textOf(card), new RegExp(`Needs +${RegExp.escape(needs)}`));
    assert.ok(textAt("docs/policy.md").includes(`\`${needs}\``), `${needs} is on the page`);
  });
}

Deno.test("docs/policy.md has four examples, from none to a strict one", () => {
  assert.equal(EXAMPLES.length, NEEDS.length);
});
