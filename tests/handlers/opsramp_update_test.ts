import assert from "node:assert/strict";
import { BadInput } from "../../handlers/operation.ts";
import { CUSTOM, SERVICE_DESK } from "../clients/opsramp_fixture.ts";
import { changesOf, openHandlerFixture, stored, textOf, undone } from "./opsramp_fixture.ts";

const CUSTOMER = "ROLE-4718b729-50cc-6634-42c4-ecd09558389d";
const DATADOG = "INTG-b7c8f0de-2a6e-4f55-8f0b-6c2c4bb9a0d7";
const ADMINISTRATOR = "ROLE-4d64a7ca-20ca-7c7c-e439-3977aa9c87a4";

Deno.test("/update opsramp says that the name and the authentication are so already", async () => {
  await using at = openHandlerFixture();
  assert.equal(
    await at.nothing("/update opsramp Service Desk name='Service Desk' auth=webhook"),
    "Nothing to change in Service Desk: it is called Service Desk; inbound authentication is WEBHOOK",
  );
});

Deno.test("/update opsramp hands over only what is new with the change, whatever else the vendor answers", async () => {
  await using at = openHandlerFixture();
  const old = stored(at, DATADOG).inboundConfig?.authentication;
  const change = await at.plan(`/update opsramp ${DATADOG} auth=OAUTH2`);
  at.fixture.emulator.fail("update", {
    kind: "status",
    status: 200,
    body: {
      id: DATADOG,
      inboundConfig: {
        authentication: {
          ...old,
          authType: "OAUTH2",
          apiKeyPairs: [{ key: "new-key", secret: "new-secret" }],
        },
      },
    },
  });
  const { receipt } = await change.run();
  assert.deepEqual(receipt?.personal, [
    { label: "API key", value: "new-key" },
    { label: "API secret", value: "new-secret" },
  ]);
});

Deno.test.each([
  [`/update opsramp ${DATADOG} auth=OAUTH2`, {}],
  [`/update opsramp ${DATADOG} auth=OAUTH2`, { webhookUrl: "https://api.opsramp.example/?vtoken=unseen" }],
  [`/update opsramp ${CUSTOM} auth=WEBHOOK`, {}],
  [`/update opsramp ${DATADOG} role=${CUSTOMER}`, { token: "another" }],
])("%s hands nothing over when the vendor answers what was there, and %o", async (line, said) => {
  await using at = openHandlerFixture();
  const id = line.includes(CUSTOM) ? CUSTOM : DATADOG;
  const authentication = { ...stored(at, id).inboundConfig?.authentication, ...said };
  const change = await at.plan(line);
  const body = { id, inboundConfig: { authentication } };
  at.fixture.emulator.fail("update", { kind: "status", status: 200, body });
  const { receipt } = await change.run();
  assert.deepEqual(receipt, {});
});

Deno.test("/update opsramp auth= sends nothing when what is there cannot be read first", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(`/update opsramp ${CUSTOM} auth=WEBHOOK`);
  at.fixture.emulator.fail("get", { kind: "status", status: 400 });
  const { failure } = await change.run();
  assert.equal(failure?.failure.ambiguous, false);
  assert.equal(at.fixture.written(), undefined);
});

Deno.test("/update opsramp role= changes the role alone and can be undone", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(`/update opsramp ${CUSTOM} role=${CUSTOMER}`);
  assert.deepEqual(changesOf(change.card), [`Role: Client Administrator ${ADMINISTRATOR} → ${CUSTOMER}`]);
  const { verdict } = await change.run();
  assert.equal(verdict.state, "applied");
  assert.equal(await undone(at, change, verdict.after), "applied");
  assert.equal(stored(at, CUSTOM).inboundConfig?.authentication?.role?.uniqueId, ADMINISTRATOR);
});

Deno.test("/update opsramp role= never changes a way to authenticate that it cannot name", async () => {
  const inboundConfig = { authentication: { authType: "BASIC" } };
  await using at = openHandlerFixture({ installations: [{ id: "INTG-1", inboundConfig }] });
  const refusal = new BadInput("Say how it authenticates as well: auth=WEBHOOK or auth=OAUTH2.");
  await assert.rejects(at.plan(`/update opsramp INTG-1 role=${CUSTOMER}`), refusal);
});

Deno.test("/update opsramp does not offer to take away a role that was not there", async () => {
  await using at = openHandlerFixture();
  const { undo } = await at.plan(`/update opsramp ${SERVICE_DESK} role=${CUSTOMER}`);
  assert.ok(!undo.possible);
  assert.equal(textOf(undo.why), "it has no role now, and an update cannot remove one");
});

Deno.test.each([
  ["/update opsramp Service Desk", "Type what to change as an option, or send a document."],
  [
    "/update opsramp Service Desk role=Customer",
    'role= takes the unique ID of an OpsRamp role, such as ROLE-4718b729-…, not "Customer".',
  ],
  [
    `/update opsramp Core switches SNMP role=${CUSTOMER}`,
    "Say how it authenticates as well: auth=WEBHOOK or auth=OAUTH2.",
  ],
  [
    "/update opsramp Service Desk password=?",
    "password= belongs to a notifier: use /notifier opsramp instead.",
  ],
  [
    "/notifier opsramp Service Desk",
    "Say what to set: uri= and auth=NONE, OAUTH2 or JWT, or send a document.",
  ],
  [
    "/notifier opsramp Custom Integration uri=https://x.example",
    "Say how the notifier authenticates: auth=NONE, auth=OAUTH2 or auth=JWT.",
  ],
  [
    "/notifier opsramp Custom Integration auth=NONE",
    "A notifier with NONE authentication needs uri= as well.",
  ],
  [
    "/notifier opsramp Service Desk auth=OAUTH2 grantType=PASSWORD",
    "A notifier with OAUTH2 authentication needs accessTokenURL= apiKey=? apiSecret=? userName= password=? as well.",
  ],
  ["/notifier opsramp Service Desk auth=JWT", "A notifier with JWT authentication needs tokenURL= as well."],
  ["/notifier opsramp Service Desk type=SOAP_API auth=JWT", "A SOAP_API notifier supports only auth=NONE."],
  [
    "/notifier opsramp Service Desk auth=NONE apiKey=?",
    "apiKey belongs to auth=OAUTH2; this notifier has auth=NONE.",
  ],
  [
    "/notifier opsramp Service Desk auth=JWT tokenURL=x tokensPath=y",
    '"y" does not say where the token is: type tokensPath=jwtToken:path.in.the.answer.',
  ],
  [
    '/map opsramp "Service Desk" in INCIDENT Status Ticket Open=x',
    '"Ticket" needs a dot between the third party\'s entity and its attribute: Ticket.stats.',
  ],
])("%s is refused: %s", async (line, sentence) => {
  await using at = openHandlerFixture();
  await assert.rejects(at.plan(line), new BadInput(sentence));
  assert.equal(at.fixture.written(), undefined);
});

Deno.test("/update opsramp combines a document with options and with a secret asked for in the line", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(`/update opsramp ${SERVICE_DESK} name=Desk password=? apiKey=? apiSecret=?`, {
    outboundConfig: {
      notifier: {
        baseURI: "www.google.com",
        authType: "OAUTH2",
        grantType: "PASSWORD",
        userName: "testUser",
        accessTokenURI: "www.token.com/cred",
      },
    },
  });
  assert.equal(textOf(change.card.title), "Change the name and the notifier of Service Desk in OpsRamp");
  const { verdict } = await change.run({ password: "pk", apiKey: "key", apiSecret: "api" });
  assert.equal(verdict.state, "applied");
  assert.deepEqual(Object.keys(at.fixture.written()?.body as object), ["displayName", "outboundConfig"]);
  assert.ok(change.undo.possible);
  assert.equal(
    textOf(change.undo.how),
    "back to the name Service Desk and the notifier https://desk.acme.example/api as REST_API without authentication",
  );
  assert.equal(await undone(at, change, verdict.after), "applied");
  assert.equal(stored(at, SERVICE_DESK).displayName, "Service Desk");
});

Deno.test("/update opsramp reports what the vendor refused, and reads back that nothing changed", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(`/update opsramp ${CUSTOM} role=ROLE-unknown`);
  const { failure, verdict } = await change.run();
  assert.deepEqual([failure?.kind, failure?.failure.ambiguous], ["rejected", false]);
  assert.equal(failure?.failure.detail, "role: No role found with UUID : ROLE-unknown");
  assert.equal(verdict.state, "not applied");
});

Deno.test("/update opsramp is not applied when the vendor says yes and keeps the old name", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(`/update opsramp ${CUSTOM} name=New`);
  at.fixture.emulator.fail("update", {
    kind: "status",
    status: 200,
    body: { id: CUSTOM, displayName: "New" },
  });
  const { verdict } = await change.run();
  assert.equal(verdict.state, "not applied");
  assert.equal(textOf(verdict.evidence), "Read back: name unchanged.");
});

Deno.test("/update opsramp reads back by itself, never from an answer that somebody else began to wait for", async () => {
  await using at = openHandlerFixture();
  const { operation, plan } = await at.plan(`/update opsramp ${CUSTOM} name=New`);
  const gets = () => at.fixture.asked().filter((asked) => asked === "get").length;
  const before = gets();
  await Promise.all([
    at.fixture.client.getInstalled(CUSTOM, at.fixture.call),
    operation.verify(at.context, plan, undefined),
  ]);
  assert.equal(gets() - before, 2);
});
