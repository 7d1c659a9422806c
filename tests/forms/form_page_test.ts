import assert from "node:assert/strict";
import { ANA, BEN, GROUP, openFixture } from "../approvals/fixture.ts";
import { nowhere, statusOf } from "../approvals/secret_page.ts";
import { createStillClock } from "../sandbox/stage.ts";
import { fillIn, formFor, formLinkOf, lookAt, offerTo, POSTGRES, send } from "./filling.ts";

const CREATE = "/create apono type=postgresql name=Orders";

Deno.test("a form: looked at any number of times it takes nothing; sent once it is gone for good", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, CREATE);
  for (let look = 0; look < 3; look++) assert.equal((await lookAt(link)).status, 200);
  assert.equal(await statusOf(fetch(link, { method: "HEAD" })), 200);
  assert.deepEqual(await fixture.changes(), []);
  assert.equal((await fillIn(link, POSTGRES)).status, 200);
  assert.equal(await statusOf(send(link, POSTGRES)), 410);
  assert.equal(await statusOf(fetch(link)), 410);
  await fixture.pass(3_600_000);
  assert.equal(await statusOf(fetch(link)), 410);
  assert.equal((await fixture.changes()).length, 1);
});

Deno.test("a form: of several sent at the same time one counts", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, CREATE);
  const statuses = await Promise.all(
    ["a", "b", "c", "d"].map((name) => statusOf(send(link, { ...POSTGRES, name }))),
  );
  assert.deepEqual(statuses.sort(), [200, 410, 410, 410]);
  await fixture.rest();
  assert.equal((await fixture.changes()).length, 1);
});

Deno.test("a form: after ten minutes it is gone, and nothing was asked for", async () => {
  await using fixture = await openFixture({ clock: createStillClock() });
  const link = await formFor(fixture, ANA, CREATE);
  await fixture.pass(10 * 60_000 - 1);
  assert.equal((await lookAt(link)).status, 200);
  await fixture.pass(1);
  assert.equal((await lookAt(link)).status, 410);
  assert.equal(await statusOf(send(link, POSTGRES)), 410);
  await fixture.rest();
  assert.deepEqual(await fixture.changes(), []);
});

Deno.test("a form: mistakes stand beside their fields, nothing typed is lost but secrets, and the link stays good", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, CREATE);
  const page = await fillIn(link, {
    ...POSTGRES,
    "config.hostname": "",
    "config.sslmode": "sometimes",
    "config.dbname": 'a"<b>&c',
    "secret.1.value": "hunter2hunter2",
    "secret.2.key": "token",
  });
  assert.equal(page.status, 400);
  assert.deepEqual(Object.keys(page.mistakes).sort(), [
    "config.hostname",
    "config.sslmode",
    "secret.2.value",
  ]);
  assert.match(page.mistakes["config.sslmode"] ?? "", /^Choose one of these: disable/);
  const { "config.dbname": dbname, name, "secret.0.key": key, "secret.1.value": secret } = page.values;
  assert.deepEqual({ dbname, name, key, secret }, {
    dbname: 'a"<b>&c',
    name: "Orders",
    key: "username",
    secret: "",
  });
  assert(!page.html.includes("hunter2"));
  const mended = { ...POSTGRES, "config.sslmode": "require", "secret.2.key": "" };
  assert.equal((await fillIn(link, mended)).status, 200);
  await fixture.rest();
  assert.equal((await fixture.changes()).length, 1);
  await nowhere(fixture, "hunter2hunter2");
});

Deno.test("a form: nothing may keep it, frame it, run on it or learn where it is", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, CREATE);
  const answers = [
    await fetch(link),
    await send(link, { name: "" }),
    await send(link, POSTGRES),
    await fetch(link),
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
  }
});

Deno.test("a form: what is no form or too long is refused, and the link stays good", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, CREATE);
  const json = fetch(link, {
    method: "POST",
    body: JSON.stringify(POSTGRES),
    headers: { "content-type": "application/json" },
  });
  assert.equal(await statusOf(json), 400);
  assert.equal(await statusOf(send(link, { ...POSTGRES, access_details: "x".repeat(1_100_000) })), 413);
  assert.equal(await statusOf(send(link, POSTGRES)), 200);
});

Deno.test("a form: what is too long for a field is said there, and kept with all the rest", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, CREATE);
  const long = "long ".repeat(200_000);
  const page = await fillIn(link, { ...POSTGRES, "config.dbname": long });
  assert.equal(page.status, 400);
  assert.equal(page.mistakes["config.dbname"], "At most 10000 characters; these are 999999.");
  assert.equal(page.values["config.dbname"], long.trim());
  assert.equal(page.values["config.hostname"], "db.example.com");
});

Deno.test("a form: what no field asks for, or what came twice, is said and used for nothing", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, CREATE);
  for (
    const [more, said] of [
      [[["config.nonsense", "1"], ["__proto__", "2"]], /has no field for config\.nonsense and __proto__\./],
      [[["secret.200.key", "k"]], /has no field for secret\.200\.key\./],
      [[["name", "Other"]], /came twice/],
    ] as const
  ) {
    const body = new URLSearchParams([
      ...Object.entries(POSTGRES),
      ...more.map(([name, text]) => [name, text]),
    ]);
    const answer = await fetch(link, { method: "POST", body });
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), said);
  }
  await fixture.rest();
  assert.deepEqual(await fixture.changes(), []);
});

Deno.test("a form: whoever looks again finds what they sent with mistakes, secrets excepted", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, CREATE);
  const wrong = await fillIn(link, {
    ...POSTGRES,
    "config.dbname": "password=correct-horse-9Zt",
    "config.sslmode": "sometimes",
    "secret.1.value": "hunter2hunter2",
  });
  const listed = [...wrong.html.matchAll(/<li><a href="#([^"]+)"/g)].map(([, id]) => id);
  assert.deepEqual(listed, ["f-config_2e_dbname", "f-config_2e_sslmode"]);
  const { values, html } = await lookAt(link);
  assert.equal(values["config.hostname"], "db.example.com");
  assert.equal(values["secret.0.key"], "username");
  assert.doesNotMatch(html, /hunter2|correct-horse|apono-user/);
});

Deno.test("a form: a page that another window has turned over is the one that was sent", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, "/create apono name=Payments");
  const { values: first } = await lookAt(link);
  const { values: postgres } = await fillIn(link, { type: "postgresql" });
  // The way back in the browser, and another choice there.
  const github = await sentAs(link, { ...first, type: "github" });
  assert.match(github, /config\.organization/);
  const back = await sentAs(link, { ...postgres, ...POSTGRES });
  assert.match(back, /Another page was opened from this link in between/);
  assert.match(back, /name="config\.hostname"[^>]*value="db\.example\.com"/);
  await fillIn(link, { do: "back" });
  assert.match(await sentAs(link, { ...postgres, ...POSTGRES }), /value="db\.example\.com"/);
  assert.match(await sentAs(link, { ...postgres, ...POSTGRES }), /Received/);
  await fixture.rest();
  assert.equal((await fixture.changes()).length, 1);
});

async function sentAs(link: string, values: Readonly<Record<string, string>>): Promise<string> {
  return await (await send(link, values)).text();
}

Deno.test("a form: what comes too late is shown once more, to be copied, secrets excepted", async () => {
  await using fixture = await openFixture({ clock: createStillClock() });
  const link = await formFor(fixture, ANA, CREATE);
  await fixture.pass(10 * 60_000);
  const late = await send(link, { ...POSTGRES, "config.dbname": 'a"<b>' });
  assert.equal(late.status, 410);
  const page = await late.text();
  assert.match(page, /<dt>config\.hostname<\/dt>\s*<dd>\s*<code>db\.example\.com<\/code>/);
  assert.match(page, /<code>a&quot;&lt;b&gt;<\/code>/);
  assert.doesNotMatch(page, /correct-horse|apono-user/);
  assert.doesNotMatch(await sentAs(link.replace(/.{43}$/, "A".repeat(43)), POSTGRES), /db\.example\.com/);
});

Deno.test("a form: a token that is none is not found, and one that was never given is gone", async () => {
  await using fixture = await openFixture();
  assert.equal(await statusOf(fetch(`${fixture.url}/form/short`)), 404);
  assert.equal(await statusOf(fetch(`${fixture.url}/form/${"A".repeat(43)}`)), 410);
  assert.equal(await statusOf(send(`${fixture.url}/form/${"A".repeat(43)}`, POSTGRES)), 410);
  const link = await formFor(fixture, ANA, CREATE);
  assert.equal(await statusOf(fetch(link.replace("/form/", "/secret/"))), 410);
  assert.equal(await statusOf(fetch(link, { method: "DELETE" })), 404);
});

Deno.test("a form: only who asked gets the link, and nobody else's press brings one", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, CREATE);
  const token = link.split("/").at(-1) ?? "";
  await nowhere(fixture, "no such text");
  assert(!fixture.groupAnswers().some((text) => text.includes(token)));
  assert(
    !JSON.stringify(await fixture.store.db.selectFrom("messages").selectAll().execute()).includes(token),
  );
  await fixture.press(BEN, offerTo(fixture, ANA), "Fill in a form").catch(() => {});
  assert.throws(() => formLinkOf(fixture, BEN));
});

Deno.test("a form: without PUBLIC_URL or SECRET_KEY none is offered, and the answer says what to set", async () => {
  for (
    const [environment, missing, polling] of [
      [{ SECRET_KEY: undefined }, "SECRET_KEY", false],
      [{}, "PUBLIC_URL", true],
      [{ SECRET_KEY: undefined }, "PUBLIC_URL and SECRET_KEY", true],
    ] as const
  ) {
    await using fixture = await openFixture({ environment, polling });
    await fixture.say(ANA, "/create apono");
    const [answer = ""] = fixture.ephemeralAnswers(ANA);
    assert.match(answer, new RegExp(`There is no form for it: the bot has no ${missing}\\.`));
    assert.doesNotMatch(answer, /Fill in a form/);
  }
});

Deno.test("a form: who may not ask for changes any more is refused in the chat", async () => {
  await using fixture = await openFixture({ environment: { OPERATORS: undefined, APPROVERS: undefined } });
  const link = await formFor(fixture, ANA, CREATE);
  fixture.telegram.leave(ANA, GROUP);
  assert.equal((await fillIn(link, POSTGRES)).status, 200);
  await fixture.rest();
  assert.deepEqual(await fixture.changes(), []);
});
