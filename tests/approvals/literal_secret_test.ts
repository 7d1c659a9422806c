import assert from "node:assert/strict";
import { ANA, BEN, cardOf, type Fixture, GROUP, openFixture, OSKAR, textOf } from "./fixture.ts";
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
    await using fixture = await openFixture();
    await fixture.say(ANA, text);
    assert(!fixture.telegram.messages(GROUP).some((message) => JSON.stringify(message).includes(LITERAL)));
    const told = fixture.ephemeralAnswers(ANA).at(-1) ?? "";
    assert.match(told, /That message held a secret\./);
    assert.match(told, /I deleted it and used nothing of it\..*replace it where it comes from.*secret=\?/is);
    assert.deepEqual(await fixture.changes(), []);
    assert.deepEqual(fixture.gravityzone.calls, []);
    assert.deepEqual((await fixture.audit()).map((row) => [row.reason_code, row.person_id]), [[
      "literal_secret",
      ANA,
    ]]);
    await nowhere(fixture);
  });
}

/** What was meant to be a secret, and how it has to be typed; undefined where the command asks for none. */
const MEANT: readonly [text: string, asked?: string][] = [
  [`/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secert=${LITERAL}`, "secret"],
  [`/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE sceret=${LITERAL}`, "secret"],
  [`/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secret:${LITERAL}`, "secret"],
  [`/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secret: "${LITERAL}"`, "secret"],
  [`/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secret ${LITERAL}`, "secret"],
  [`/enable ec2 Globex secret ${LITERAL} key=AKIAIOSFODNN7EXAMPLE`, "secret"],
  [`/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE --secret ${LITERAL}`, "secret"],
  [`/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE —secret hunter2`, "secret"],
  [`/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE --secret=${LITERAL}`, "secret"],
  [`/notifier opsramp Service Desk uri=https://desk.example/in auth=JWT pasword=${LITERAL}`, "password"],
  ...["", "plan ", "policy ", "alias desk ", "every 08:00 "].map((before): [string, string] => [
    `/${before}notifier opsramp Service Desk uri=https://desk.example/in auth=JWT apiKae=${LITERAL}`,
    "apiKey",
  ]),
  [`/update sophos 1 integration_kye=${LITERAL}`],
  [`/update sophos 1 new_integration_kye=${LITERAL}`, "new_integration_key"],
  [`/notifier opsramp Service Desk uri=https://user:${LITERAL}@desk.example/in auth=NONE`],
  [`/notifier opsramp Service Desk uri=https://${LITERAL}@desk.example/in auth=NONE`],
  [`/update apono Orders DB config.header="Bearer ${LITERAL}"`],
];

for (const [text, asked] of MEANT) {
  Deno.test(`what was meant to be a secret is deleted and in no suggestion: ${text.replace(LITERAL, "…")}`, async () => {
    await using fixture = await openFixture();
    await fixture.say(ANA, text);
    assert(!fixture.telegram.messages(GROUP).some((message) => JSON.stringify(message).includes(LITERAL)));
    const told = fixture.ephemeralAnswers(ANA).at(-1) ?? "";
    assert.match(told, /That message held a secret\..*I deleted it and used nothing of it\./is);
    assert.match(
      told,
      asked ? new RegExp(`send the command with\\s+${asked}=\\?`) : /send the command again without it/,
    );
    assert.deepEqual(await fixture.changes(), []);
    await nowhere(fixture);
  });
}

/** Names that hold a secret's name, and words about secrets. */
const NO_SECRETS = [
  "/tag apono 4244-00 owner=ben -token -secret",
  "/enable ec2 Secret Corp role=arn:aws:iam::111222345123:role/test",
  "/show apono Token Vault2",
  "/status ec2 Password Managers Ltd",
  '/disable ec2 Acme Corp reason="the token of Ben expires 2026-12-01: see INC-4711"',
  '/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Open="In Progress" Taken=Assigned',
];

for (const text of NO_SECRETS) {
  Deno.test(`a word like that of a secret is none: ${text}`, async () => {
    await using fixture = await openFixture();
    await fixture.say(ANA, text);
    const told = [...fixture.ephemeralAnswers(ANA), ...fixture.groupAnswers()].join("\n");
    assert(told !== "" && !told.includes("held a secret"), told);
  });
}

Deno.test("a misspelt secret in a document is deleted, and so is the password of an address in one", async () => {
  for (
    const content of [
      { baseURI: "https://desk.example/in", authType: "JWT", pasword: LITERAL },
      { baseURI: `https://user:${LITERAL}@desk.example/in`, authType: "NONE" },
    ]
  ) {
    await using fixture = await openFixture();
    await fixture.say(ANA, "/notifier opsramp Service Desk", { document: { name: "n.json", content } });
    assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /That message held a secret\..*I deleted it/s);
    assert(!fixture.telegram.messages(GROUP).some(({ document }) => document?.file_name === "n.json"));
    await nowhere(fixture);
  }
});

Deno.test("a secret typed where the bot may not delete: the person is told to delete it", async () => {
  await using fixture = await openFixture({
    telegram: { chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN], bot: { status: "member" } }] },
  });
  await fixture.say(ANA, TYPED);
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /I may not delete messages here: delete it yourself now\. Nothing of it was used\./,
  );
  await nowhere(fixture);
});

Deno.test("a secret in a document is deleted, not used, and to be replaced", async () => {
  await using fixture = await openFixture();
  const content = {
    type: "mysql",
    name: "Ledger",
    secret_store_config: { apono: { parameters: { password: LITERAL } } },
  };
  await fixture.say(ANA, "/create apono", { document: { name: "ledger.json", content } });
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /That message held a secret\..*I deleted it/s);
  assert.equal(
    fixture.telegram.messages(GROUP).some(({ document }) => document?.file_name === "ledger.json"),
    false,
  );
  assert.deepEqual(fixture.apono.calls, []);
  await nowhere(fixture);
});

/** Messages that are no command of someone who may give one, and hold a secret all the same. */
const OTHERS: readonly [what: string, say: (fixture: Fixture) => void][] = [
  ["a stranger's command", (fixture) => void fixture.telegram.say(OSKAR, OSKAR, TYPED)],
  [
    "a forwarded command",
    (fixture) => void fixture.telegram.say(ANA, GROUP, TYPED, { forwardOrigin: { type: "hidden_user" } }),
  ],
  ["talk", (fixture) => void fixture.telegram.say(ANA, ANA, `the password = ${LITERAL} works`)],
  [
    "an edited message",
    (fixture) => void fixture.telegram.edit(fixture.telegram.say(ANA, GROUP, "/ping"), TYPED),
  ],
  [
    "a message that someone replies to",
    (fixture) => {
      const replyTo = fixture.telegram.say(BEN, GROUP, `The new pasword: ${LITERAL}`);
      fixture.telegram.say(ANA, GROUP, "/ping", { replyTo });
    },
  ],
  [
    "a message of an anonymous admin",
    (fixture) => void fixture.telegram.say(ANA, GROUP, TYPED, { anonymousAdmin: true }),
  ],
];

for (const [what, say] of OTHERS) {
  Deno.test(`a secret in ${what} does not stay in the inbox`, async () => {
    await using fixture = await openFixture();
    say(fixture);
    await fixture.rest();
    await nowhere(fixture);
  });
}

Deno.test("secret=?: several secrets of one request are entered together", async () => {
  await using fixture = await openFixture();
  await fixture.say(
    ANA,
    "/create apono type=mysql name=Ledger config.hostname=l.example.com config.port=3306 secret.apono.username=? secret.apono.password=?",
  );
  const link = linkOf(fixture, ANA);
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
  await fixture.rest();
  const [change] = await fixture.changes();
  assert(change);
  const { card } = await cardOf(fixture, change.code);
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(change.code), "applied", textOf(card));
  const bodies = fixture.apono.calls.filter(({ operation }) => operation === "v4.create").map(({ body }) =>
    JSON.stringify(body)
  );
  assert.equal(bodies.length, 1);
  assert(bodies[0]?.includes("ledger-bot-9") && bodies[0].includes(JSON.stringify(SECRET)));
  const written = await everythingWritten(fixture);
  assert(!written.includes("ledger-bot-9") && !written.includes("wJalrXUtnFEMI"));
});

async function nowhere(fixture: Fixture): Promise<void> {
  assert(!(await everythingWritten(fixture)).includes(LITERAL));
}
