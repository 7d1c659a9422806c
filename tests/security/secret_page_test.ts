import assert from "node:assert/strict";
import { ANA, openFixture } from "../approvals/fixture.ts";
import { enter, linkOf, SECRET, statusOf } from "../approvals/secret_page.ts";

const NO_FORMS: readonly [what: string, type: string | null, body: string, status: number][] = [
  ["JSON", "application/json", '{"secret":"hunter2hunter2"}', 400],
  ["parts without a boundary", "multipart/form-data", "--x\r\n", 400],
  ["parts that never end", "multipart/form-data; boundary=x", "--x\r\nhunter2hunter2", 400],
  ["no type", "", "secret=hunter2hunter2", 400],
  ["more than 64 KiB", "application/x-www-form-urlencoded", `secret=${"x".repeat(65_536)}`, 413],
];

Deno.test("the secret page: what is no form is refused, and the link stays good", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/start", { chat: ANA });
  await fixture.say(ANA, "/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secret=?");
  const link = linkOf(fixture, ANA);
  for (const [what, type, body, status] of NO_FORMS) {
    const headers = type === null ? {} : { "content-type": type };
    const answer = await fetch(link, { method: "POST", headers, body: new TextEncoder().encode(body) });
    assert.equal(answer.status, status, what);
    assert.match(answer.headers.get("content-security-policy") ?? "", /default-src 'none'/, what);
    const text = await answer.text();
    assert.match(text, /Nothing was stored/, what);
    assert.doesNotMatch(text, /hunter2/, what);
  }
  assert.equal(await statusOf(enter(link, { secret: SECRET })), 200);
});
