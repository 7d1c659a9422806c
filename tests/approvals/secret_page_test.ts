import assert from "node:assert/strict";
import { readConfig } from "../../bot/config.ts";
import { SecretEntry } from "../../bot/secrets/entry.ts";
import { Vault } from "../../bot/vault.ts";
import { ANA, type Fixture, openFixture } from "./fixture.ts";
import { ENABLE_BY_KEYS, enter, linkOf, nowhere, SECRET, statusOf } from "./secret_page.ts";
import { createStillClock } from "../sandbox/stage.ts";

Deno.test("the secret page: looked at any number of times it takes nothing; posted once it is gone for good", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, ENABLE_BY_KEYS);
  const link = linkOf(fixture, ANA);
  for (let look = 0; look < 3; look++) assert.equal(await statusOf(fetch(link)), 200);
  assert.equal(await statusOf(fetch(link, { method: "HEAD" })), 200);
  assert.equal(await statusOf(enter(link, { secret: SECRET })), 200);
  assert.equal(await statusOf(enter(link, { secret: "another" })), 410);
  assert.equal(await statusOf(fetch(link)), 410);
  await fixture.pass(3_600_000);
  assert.equal(await statusOf(fetch(link)), 410);
  assert.equal((await fixture.changes()).length, 1);
  await nowhere(fixture, "another value");
});

Deno.test("the secret page: of two posts at the same time one counts", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, ENABLE_BY_KEYS);
  const link = linkOf(fixture, ANA);
  const statuses = await Promise.all(
    [1, 2, 3, 4].map((n) => statusOf(enter(link, { secret: `value ${n}` }))),
  );
  assert.deepEqual(statuses.sort(), [200, 410, 410, 410]);
  await fixture.rest();
  assert.equal((await fixture.changes()).length, 1);
});

/** What stands behind Ana's link, as of now: what is done with it later may be too late. */
async function opened(fixture: Fixture): Promise<(secret: string) => Promise<boolean>> {
  const { store, log, environment } = fixture;
  const config = readConfig(environment);
  const secretEntry = new SecretEntry({ store, log, config, vault: await Vault.fromKey(config.secretKey!) });
  const page = await secretEntry.find(linkOf(fixture, ANA).split("/").at(-1)!);
  assert(page);
  return (secret: string) => secretEntry.enter(page, { secret });
}

Deno.test("the secret page: of two who found it open at the same moment one enters something", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, ENABLE_BY_KEYS);
  const sent = await opened(fixture);
  assert.deepEqual([await sent(SECRET), await sent("another value")], [true, false]);
  await fixture.rest();
  assert.equal((await fixture.changes()).length, 1);
});

Deno.test("the secret page: whose time ends while it is sent takes nothing", async () => {
  await using fixture = await openFixture({ clock: createStillClock() });
  await fixture.say(ANA, ENABLE_BY_KEYS);
  const sent = await opened(fixture);
  await fixture.pass(10 * 60_000);
  assert.equal(await sent(SECRET), false);
  await nowhere(fixture, SECRET);
});

Deno.test("the secret page: after ten minutes it is gone, and the request with it", async () => {
  await using fixture = await openFixture({ clock: createStillClock() });
  await fixture.say(ANA, ENABLE_BY_KEYS);
  const link = linkOf(fixture, ANA);
  await fixture.pass(10 * 60_000 - 1);
  assert.equal(await statusOf(fetch(link)), 200);
  await fixture.pass(1);
  assert.equal(await statusOf(fetch(link)), 410);
  assert.equal(await statusOf(enter(link, { secret: SECRET })), 410);
  await fixture.rest();
  assert.deepEqual(await fixture.changes(), []);
  await nowhere(fixture, SECRET);
});

Deno.test("the secret page: an empty or missing field is asked for again and nothing is taken", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, ENABLE_BY_KEYS);
  const link = linkOf(fixture, ANA);
  for (const values of [{ secret: "" }, { secret: "   " }, { other: "x" }] as Record<string, string>[]) {
    const answer = await enter(link, values);
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /secret is empty/);
  }
  const json = fetch(link, {
    method: "POST",
    body: JSON.stringify({ secret: SECRET }),
    headers: { "content-type": "application/json" },
  });
  assert.equal(await statusOf(json), 400);
  assert.equal(await statusOf(enter(link, { secret: "x".repeat(70_000) })), 413);
  assert.equal(await statusOf(enter(link, { secret: SECRET })), 200);
});

Deno.test("the secret page: nothing may keep it, frame it, run on it or learn where it is", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, ENABLE_BY_KEYS);
  const used = linkOf(fixture, ANA);
  const answers = [
    await fetch(used),
    await enter(used, { secret: "" }),
    await enter(used, { secret: SECRET }),
    await fetch(used),
  ];
  assert.deepEqual(answers.map(({ status }) => status), [200, 400, 200, 410]);
  for (const answer of answers) {
    const page = await answer.text();
    const csp = answer.headers.get("content-security-policy") ?? "";
    assert.match(csp, /default-src 'none'/);
    assert.match(csp, /frame-ancestors 'none'/);
    assert.match(csp, /form-action 'self'/);
    assert.doesNotMatch(csp, /unsafe|script-src/);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(answer.headers.get("referrer-policy"), "no-referrer");
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.equal(answer.headers.get("set-cookie"), null);
    assert.match(answer.headers.get("content-type") ?? "", /^text\/html; charset=utf-8$/i);
    assert.doesNotMatch(page, /<script|<img|<link|https?:\/\//);
    assert(!page.includes("wJalrXUtnFEMI"));
  }
});

Deno.test("the secret page: a token that is none is not found, and one that was never given is gone", async () => {
  await using fixture = await openFixture();
  assert.equal(await statusOf(fetch(`${fixture.url}/secret/short`)), 404);
  assert.equal(await statusOf(fetch(`${fixture.url}/secret/`)), 404);
  assert.equal(await statusOf(fetch(`${fixture.url}/secret/${"A".repeat(43)}`)), 410);
  assert.equal(await statusOf(enter(`${fixture.url}/secret/${"A".repeat(43)}`, { secret: SECRET })), 410);
  assert.equal(await statusOf(fetch(`${fixture.url}/secret/${"A".repeat(43)}`, { method: "DELETE" })), 404);
});

Deno.test("the secret page: says what the secret is for and until when, so that two open ones differ", async () => {
  await using fixture = await openFixture();
  const pages: string[] = [];
  for (const company of ["Globex", "Initech"]) {
    await fixture.say(ANA, `/enable ec2 ${company} key=AKIAIOSFODNN7EXAMPLE secret=?`);
    const link = linkOf(fixture, ANA);
    pages.push(await (await fetch(link)).text(), await (await enter(link, { secret: "" })).text());
  }
  const facts = pages.map((page) => /<dl>.*<\/dl>/s.exec(page)?.[0].replace(/<[^>]*>|\s+/g, " ").trim());
  for (const [index, fact] of facts.entries()) {
    const company = index < 2 ? "Globex" : "Initech";
    assert.match(
      fact ?? "",
      new RegExp(`^For +Enable .*${company}.* Until +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC$`),
    );
  }
});
