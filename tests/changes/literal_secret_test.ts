import assert from "node:assert/strict";
import { ANA, BEN, cardOf, type Desk, GROUP, openDesk, OSKAR, textOf } from "./desk.ts";
import { enter, everythingWritten, linkOf, SECRET, statusOf } from "./secret_page.ts";

const LITERAL = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";
const TYPED = `/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secret=${LITERAL}`;

for (
  const text of [
    TYPED,
    `/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secret="${LITERAL}"`,
    `/enabel ec2 Globex Secret = ${LITERAL}`,
  ]
) {
  Deno.test(`a secret typed in the chat is deleted, not used, and to be replaced: ${text.replace(LITERAL, "…")}`, async () => {
    await using desk = await openDesk();
    await desk.say(ANA, text);
    assert(!desk.telegram.messages(GROUP).some((message) => JSON.stringify(message).includes(LITERAL)));
    const told = desk.whispers(ANA).at(-1) ?? "";
    assert.match(told, /That message held a secret\./);
    assert.match(told, /I deleted it and used nothing of it\..*replace it where it comes from.*secret=\?/is);
    assert.deepEqual(await desk.changes(), []);
    assert.deepEqual(desk.gravityzone.calls, []);
    assert.deepEqual((await desk.audit()).map((row) => [row.reason_code, row.person_id]), [[
      "literal_secret",
      ANA,
    ]]);
    await nowhere(desk);
  });
}

Deno.test("a secret typed where the bot may not delete: the person is told to delete it", async () => {
  await using desk = await openDesk({
    telegram: { chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN], bot: { status: "member" } }] },
  });
  await desk.say(ANA, TYPED);
  assert.match(
    desk.whispers(ANA).at(-1) ?? "",
    /I may not delete messages here: delete it yourself now\. Nothing of it was used\./,
  );
  await nowhere(desk);
});

Deno.test("a secret in a document is deleted, not used, and to be replaced", async () => {
  await using desk = await openDesk();
  const content = {
    type: "mysql",
    name: "Ledger",
    secret_store_config: { apono: { parameters: { password: LITERAL } } },
  };
  await desk.say(ANA, "/create apono", { document: { name: "ledger.json", content } });
  assert.match(desk.whispers(ANA).at(-1) ?? "", /That message held a secret\..*I deleted it/s);
  assert.equal(
    desk.telegram.messages(GROUP).some(({ document }) => document?.file_name === "ledger.json"),
    false,
  );
  assert.deepEqual(desk.apono.calls, []);
  await nowhere(desk);
});

/** Messages that are no command of someone who may give one, and hold a secret all the same. */
const OTHERS: readonly [what: string, say: (desk: Desk) => void][] = [
  ["a stranger's command", (desk) => void desk.telegram.say(OSKAR, OSKAR, TYPED)],
  [
    "a forwarded command",
    (desk) => void desk.telegram.say(ANA, GROUP, TYPED, { forwardOrigin: { type: "hidden_user" } }),
  ],
  ["talk", (desk) => void desk.telegram.say(ANA, ANA, `the password = ${LITERAL} works`)],
  ["an edited message", (desk) => void desk.telegram.edit(desk.telegram.say(ANA, GROUP, "/ping"), TYPED)],
  [
    "a message of an anonymous admin",
    (desk) => void desk.telegram.say(ANA, GROUP, TYPED, { anonymousAdmin: true }),
  ],
];

for (const [what, say] of OTHERS) {
  Deno.test(`a secret in ${what} does not stay in the inbox`, async () => {
    await using desk = await openDesk();
    say(desk);
    await desk.rest();
    await nowhere(desk);
  });
}

Deno.test("secret=?: several secrets of one request are entered together", async () => {
  await using desk = await openDesk();
  await desk.say(
    ANA,
    "/create apono type=mysql name=Ledger config.hostname=l.example.com config.port=3306 secret.apono.username=? secret.apono.password=?",
  );
  const link = linkOf(desk, ANA);
  const page = await (await fetch(link)).text();
  for (const field of ["secret.apono.username", "secret.apono.password"]) {
    assert(page.includes(`name="${field}"`));
  }
  const half = await enter(link, { "secret.apono.username": "ledger-bot" });
  assert.equal(half.status, 400);
  assert.match(await half.text(), /secret\.apono\.password is empty/);
  assert.equal(
    await statusOf(enter(link, { "secret.apono.username": "ledger-bot-9", "secret.apono.password": SECRET })),
    200,
  );
  await desk.rest();
  const [change] = await desk.changes();
  assert(change);
  const { card } = await cardOf(desk, change.code);
  await desk.press(BEN, card, "Approve");
  assert.equal(await desk.state(change.code), "applied", textOf(card));
  const bodies = desk.apono.calls.filter(({ operation }) => operation === "v4.create").map(({ body }) =>
    JSON.stringify(body)
  );
  assert.equal(bodies.length, 1);
  assert(bodies[0]?.includes("ledger-bot-9") && bodies[0].includes(JSON.stringify(SECRET)));
  const written = await everythingWritten(desk);
  assert(!written.includes("ledger-bot-9") && !written.includes("wJalrXUtnFEMI"));
});

async function nowhere(desk: Desk): Promise<void> {
  assert(!(await everythingWritten(desk)).includes(LITERAL));
}
