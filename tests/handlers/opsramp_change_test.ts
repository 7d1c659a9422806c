import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json } from "../../handlers/operation.ts";
import { BadInput } from "../../handlers/operation.ts";
import { CUSTOM, SERVICE_DESK, SMAX, STAGING, VCENTER } from "../clients/opsramp_desk.ts";
import type { Installation } from "../sandbox/opsramp.ts";
import samples from "../sandbox/opsramp/page_samples.json" with { type: "json" };
import { changesOf, openRig, type Planned, type Rig, textOf, understand } from "./opsramp_rig.ts";

const CUSTOMER = "ROLE-4718b729-50cc-6634-42c4-ecd09558389d";
const ADMINISTRATOR = "ROLE-4d64a7ca-20ca-7c7c-e439-3977aa9c87a4";

function stored(at: Rig, id: string): Installation {
  const found = at.desk.emulator.installations.find((one) => one.id === id);
  assert.ok(found);
  return found;
}

/** Undoes what was done, as the bot does, and says whether the state is what the undo expects. */
async function undone(at: Rig, { undo }: Planned, after: Json | undefined): Promise<string> {
  assert.ok(undo.possible);
  const operation = understand(`/${undo.verb} ${undo.target} x reason=undo`).operation;
  assert.ok(operation.risk !== "read");
  const plan = await operation.plan(at.context, undo.input);
  assert.ok(!("nothing" in plan));
  assert.deepEqual(plan.before, after, "the state read back is not what the undo starts from");
  const receipt = await operation.apply(at.context, plan, {});
  return (await operation.verify(at.context, plan, receipt)).state;
}

Deno.test("/enable opsramp enables, reads back and can be undone", async () => {
  await using at = openRig();
  const change = await at.plan("/enable opsramp AWS staging");
  assert.equal(change.operation.risk, "write");
  assert.equal(textOf(change.card.title), "Enable AWS staging in OpsRamp");
  assert.deepEqual(changesOf(change.card), ["Status: disabled → enabled"]);
  assert.deepEqual(change.plan.target, { key: `opsramp:${STAGING}`, id: STAGING, name: "AWS staging" });
  const { verdict } = await change.run();
  assert.equal(verdict.state, "applied");
  assert.equal(textOf(verdict.evidence), "AWS staging is read back as enabled");
  assert.equal(at.desk.written()?.path.endsWith(`/installed/${STAGING}/enable`), true);
  assert.equal(await undone(at, change, verdict.after), "applied");
  assert.equal(stored(at, STAGING).status, "disabled");
});

Deno.test("/disable opsramp is a danger, says what breaks and can be undone", async () => {
  await using at = openRig();
  const change = await at.plan('/disable opsramp Service Desk reason="moving"');
  assert.equal(change.operation.risk, "danger");
  assert.deepEqual(change.card.breaks.map(textOf), [
    "OpsRamp neither takes from nor sends to Service Desk until it is enabled.",
  ]);
  const { verdict } = await change.run();
  assert.equal(verdict.state, "applied");
  assert.equal(await undone(at, change, verdict.after), "applied");
  assert.equal(stored(at, SERVICE_DESK).status, "enabled");
});

Deno.test("/enable opsramp says that it is enabled already, whatever the letter case", async () => {
  await using at = openRig({ installations: [{ id: "INTG-1", displayName: "One", status: "ENABLED" }] });
  assert.equal(await at.nothing("/enable opsramp INTG-1"), "One is enabled already");
});

Deno.test("/disable opsramp cannot prove itself on an SDK app, and offers no way back", async () => {
  await using at = openRig();
  const change = await at.plan(`/disable opsramp ${VCENTER} reason=x`);
  assert.equal(change.undo.possible, false);
  assert.equal((await change.run()).verdict.state, "applied");
  stored(at, VCENTER).status = "Installed";
  at.desk.emulator.fail("disable", { kind: "status", status: 200 });
  assert.equal((await change.run()).verdict.state, "accepted");
  at.desk.emulator.fail("disable", { kind: "status", status: 500 });
  assert.equal((await change.run()).verdict.state, "unknown");
});

Deno.test("/disable opsramp reads back after a timeout: applied when it arrived, not applied when it did not", async () => {
  await using at = openRig({}, { timeoutMs: 300 });
  const change = await at.plan("/disable opsramp Service Desk reason=x");
  at.desk.emulator.fail("disable", { kind: "hang" });
  const lost = await change.run();
  assert.deepEqual([lost.failure?.kind, lost.verdict.state], ["timed_out", "not applied"]);
  at.desk.emulator.fail("disable", { kind: "apply-then-hang" });
  const late = await change.run();
  assert.deepEqual([late.receipt, late.verdict.state], [undefined, "applied"]);
});

Deno.test("/update opsramp renames, sends the name alone and can be undone", async () => {
  await using at = openRig();
  const change = await at.plan('/update opsramp Service Desk name="Service Desk EU"');
  assert.equal(textOf(change.card.title), "Change the name of Service Desk in OpsRamp");
  assert.equal(textOf(change.card.done), "the name of Service Desk is changed in OpsRamp");
  assert.deepEqual(changesOf(change.card), ["Name: Service Desk → Service Desk EU"]);
  const { verdict, receipt } = await change.run();
  assert.deepEqual(at.desk.written()?.body, { displayName: "Service Desk EU" });
  assert.equal(verdict.state, "applied");
  assert.equal(receipt?.personal, undefined);
  assert.ok(change.undo.possible);
  assert.equal(textOf(change.undo.how), "back to the name Service Desk");
  assert.equal(await undone(at, change, verdict.after), "applied");
  assert.equal(stored(at, SERVICE_DESK).displayName, "Service Desk");
});

Deno.test("/update opsramp says that the name and the authentication are so already", async () => {
  await using at = openRig();
  assert.equal(
    await at.nothing("/update opsramp Service Desk name='Service Desk' auth=webhook"),
    "Nothing to change in Service Desk: it is called Service Desk; inbound authentication is WEBHOOK",
  );
});

Deno.test("/update opsramp auth=WEBHOOK gives the new token to the requester alone", async () => {
  await using at = openRig();
  const change = await at.plan("/update opsramp Custom Integration auth=WEBHOOK");
  assert.deepEqual(changesOf(change.card), ["Inbound authentication: OAUTH2 → WEBHOOK"]);
  assert.deepEqual(change.card.breaks.map(textOf), [
    "What sends to Custom Integration with its present OAUTH2 credential is refused from then on.",
  ]);
  const { verdict, receipt } = await change.run();
  assert.deepEqual(at.desk.written()?.body, {
    inboundConfig: { authentication: { authType: "WEBHOOK", role: { uniqueId: ADMINISTRATOR } } },
  }, "a custom integration needs its role sent along");
  const token = stored(at, CUSTOM).inboundConfig?.authentication?.token;
  assert.ok(token);
  assert.deepEqual(receipt?.personal?.[0], { label: "Inbound token", value: token });
  assert.deepEqual(receipt?.personal?.map(({ label }) => label), ["Inbound token", "Webhook URL"]);
  assert.equal(receipt?.data, undefined);
  assert.equal(verdict.state, "applied");
  const shown = JSON.stringify([verdict, change.plan, change.card, change.undo]);
  assert.ok(!shown.includes(token) && !shown.includes("vtoken"));
  assert.ok(!change.undo.possible);
  assert.match(textOf(change.undo.why), /present credential is lost/);
});

Deno.test("/update opsramp role= changes the role alone and can be undone", async () => {
  await using at = openRig();
  const change = await at.plan(`/update opsramp ${CUSTOM} role=${CUSTOMER}`);
  assert.deepEqual(changesOf(change.card), [`Role: Client Administrator ${ADMINISTRATOR} → ${CUSTOMER}`]);
  const { verdict } = await change.run();
  assert.equal(verdict.state, "applied");
  assert.equal(await undone(at, change, verdict.after), "applied");
  assert.equal(stored(at, CUSTOM).inboundConfig?.authentication?.role?.uniqueId, ADMINISTRATOR);
});

Deno.test("/update opsramp role= never changes a way to authenticate that it cannot name", async () => {
  const inboundConfig = { authentication: { authType: "BASIC" } };
  await using at = openRig({ installations: [{ id: "INTG-1", inboundConfig }] });
  const refusal = new BadInput("Say how it authenticates as well: auth=WEBHOOK or auth=OAUTH2.");
  await assert.rejects(at.plan(`/update opsramp INTG-1 role=${CUSTOMER}`), refusal);
});

Deno.test("/update opsramp does not offer to take away a role that was not there", async () => {
  await using at = openRig();
  const { undo } = await at.plan(`/update opsramp ${SERVICE_DESK} role=${CUSTOMER}`);
  assert.ok(!undo.possible);
  assert.equal(textOf(undo.why), "it has no role now, and an update cannot remove one");
});

Deno.test.each([
  ["/update opsramp Service Desk", "Say what to change: type an option, or send a document."],
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
  await using at = openRig();
  await assert.rejects(at.plan(line), new BadInput(sentence));
  assert.equal(at.desk.written(), undefined);
});

Deno.test("/map opsramp sends only the missing pairs and says that the vendor only adds", async () => {
  await using at = openRig();
  const change = await at.plan(
    '/map opsramp "Service Desk" out INCIDENT Status Ticket.stats Ok=good Open="In Progress" Closed=Completed',
  );
  assert.deepEqual(changesOf(change.card), [
    "Outbound INCIDENT Status Open: not mapped → In Progress",
    "Outbound INCIDENT Status Closed: not mapped → Completed",
  ]);
  assert.deepEqual((change.card.warnings ?? []).map(textOf), [
    "OpsRamp adds these pairs to what is there; an update replaces and removes none.",
  ]);
  const { verdict } = await change.run();
  assert.deepEqual(at.desk.written()?.body, {
    outboundConfig: {
      mapAttributes: [{
        name: "Status",
        entityType: "INCIDENT",
        thirdPartyEntityType: "Ticket",
        thirdPartyAttrName: "stats",
        attrValues: [
          { attrValue: "Open", thirdPartyAttrValue: "In Progress" },
          { attrValue: "Closed", thirdPartyAttrValue: "Completed" },
        ],
      }],
    },
  });
  assert.deepEqual(change.card.sends, at.desk.written()?.body);
  assert.equal(verdict.state, "applied");
  assert.ok(!change.undo.possible);
  assert.equal(textOf(change.undo.why), "OpsRamp only adds mappings, an update never takes one away");
});

Deno.test("/map opsramp says that every pair is there, and what an update would not rename", async () => {
  await using at = openRig();
  assert.equal(
    await at.nothing('/map opsramp "Service Desk" out INCIDENT status ticket.STATS Ok=good'),
    "Nothing to change in Service Desk: every pair is mapped",
  );
  assert.equal(
    await at.nothing('/map opsramp "Service Desk" out INCIDENT Status Case.state Ok=good'),
    "Nothing to change in Service Desk: every pair is mapped; Outbound INCIDENT Status stays mapped to " +
      "Ticket.stats, not Case.state: an update does not rename it",
  );
});

Deno.test("/map opsramp shows a conflicting pair before it is approved", async () => {
  await using at = openRig();
  const { card } = await at.plan(
    '/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Ok=fine Warning=bad',
  );
  assert.deepEqual(changesOf(card), [
    "Inbound INCIDENT Status Ok: good → good, fine",
    "Inbound INCIDENT Status Warning: not mapped → bad",
  ]);
  assert.deepEqual((card.warnings ?? []).map(textOf).slice(0, 2), [
    "Conflict in Inbound INCIDENT Status: Ok is already mapped to good; with fine added, which one OpsRamp uses is not documented",
    "Conflict in Inbound INCIDENT Status: bad is already mapped to Critical; with Warning added, which one OpsRamp uses is not documented",
  ]);
});

Deno.test("/map opsramp warns of a value that differs from a stored one in letter case only", async () => {
  await using at = openRig();
  const { card } = await at.plan('/map opsramp "Service Desk" in INCIDENT Status Ticket.stats ok=better');
  assert.deepEqual(
    (card.warnings ?? []).map(textOf)[0],
    "Inbound INCIDENT Status already has Ok, which differs in letter case only",
  );
});

Deno.test("/map opsramp goes by what is stored at the moment of approval", async () => {
  await using at = openRig();
  const { plan, operation } = await at.plan(
    '/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Open=new',
  );
  stored(at, SERVICE_DESK).inboundConfig?.mapAttributes?.[0]?.attrValues.push({
    attrValue: "Open",
    thirdPartyAttrValue: "other",
  });
  assert.notDeepEqual(await operation.plan(at.context, plan.input), plan);
});

Deno.test("/map opsramp plans the same when the vendor answers in another order and with repeats", async () => {
  await using at = openRig();
  const { plan, operation } = await at.plan(
    '/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Open=new',
  );
  const values = stored(at, SERVICE_DESK).inboundConfig?.mapAttributes?.[0]?.attrValues;
  values?.push(...values.toReversed());
  values?.reverse();
  assert.deepEqual(await operation.plan(at.context, plan.input), plan);
});

Deno.test("/map opsramp takes the page's sample for both directions, in either spelling", async () => {
  for (const respell of [(text: string) => text, (text: string) => text.replaceAll("thirdParty", "tenant")]) {
    await using at = openRig();
    const { inboundConfig } = samples[2]!.request;
    const mapAttributes = JSON.parse(respell(JSON.stringify(inboundConfig?.mapAttributes)));
    const change = await at.plan("/map opsramp Service Desk", { inboundConfig: { mapAttributes } });
    const { verdict } = await change.run();
    assert.equal(verdict.state, "applied");
    const sent = JSON.stringify(at.desk.written()?.body);
    assert.ok(sent.includes("thirdPartyAttrValue") && !sent.includes("tenant"));
  }
});

Deno.test("/map opsramp refuses a document with more than mappings", async () => {
  await using at = openRig();
  await assert.rejects(
    at.plan("/map opsramp Service Desk", JSON.parse(JSON.stringify(samples[2]!.request))),
    new BadInput("/map does not take authentication. Send it with /update opsramp."),
  );
});

Deno.test("/map opsramp never sends a pair that is stored, whatever is stored and asked for", async () => {
  const word = fc.constantFrom("Open", "Closed", "open", "In Progress", "x");
  const pairs = fc.array(fc.record({ attrValue: word, thirdPartyAttrValue: word }), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(pairs, pairs, async (before, wanted) => {
      const entry = {
        name: "Status",
        entityType: "INCIDENT",
        thirdPartyAttrName: "stats",
        thirdPartyEntityType: "Ticket",
      };
      const mapping = { ...entry, attrName: "incident.status.name", attrValues: before };
      await using at = openRig({
        installations: [{ id: "INTG-1", inboundConfig: { mapAttributes: [mapping] } }],
      });
      const { operation, input } = understand("/map opsramp INTG-1", {
        inboundConfig: {
          mapAttributes: [{ ...entry, attrValues: wanted }, { ...entry, attrValues: wanted }],
        },
      });
      assert.ok(operation.risk !== "read");
      const plan = await operation.plan(at.context, input);
      const key = (pair: { attrValue: string; thirdPartyAttrValue: string }) =>
        `${pair.attrValue}=${pair.thirdPartyAttrValue}`;
      const missing = new Set(wanted.map(key)).difference(new Set(before.map(key)));
      if ("nothing" in plan) return assert.equal(missing.size, 0);
      const count = before.length;
      const verdict = await operation.verify(at.context, plan, await operation.apply(at.context, plan, {}));
      assert.equal(verdict.state, "applied");
      const now = stored(at, "INTG-1").inboundConfig?.mapAttributes?.[0]?.attrValues.map(key) ?? [];
      assert.equal(now.length - count, missing.size);
      assert.deepEqual(new Set(now), new Set([...before, ...wanted].map(key)));
    }),
    { numRuns: 40 },
  );
});

Deno.test("/map opsramp sends the write once and reads back after a 500 that came too late", async () => {
  await using at = openRig();
  const change = await at.plan('/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Open=new');
  at.desk.emulator.fail("update", { kind: "apply-then-500" });
  const { failure, verdict } = await change.run();
  assert.deepEqual([failure?.failure.ambiguous, verdict.state], [true, "applied"]);
  assert.equal(at.desk.asked().filter((operation) => operation === "update").length, 1);
});

Deno.test("/map opsramp says so when only a part is there", async () => {
  await using at = openRig();
  const change = await at.plan(
    '/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Open=new Closed=done',
  );
  at.desk.emulator.fail("update", { kind: "status", status: 500 });
  stored(at, SERVICE_DESK).inboundConfig?.mapAttributes?.[0]?.attrValues.push({
    attrValue: "Open",
    thirdPartyAttrValue: "new",
  });
  const { verdict } = await change.run();
  assert.equal(verdict.state, "unknown");
  assert.equal(
    textOf(verdict.evidence),
    "Only a part is there: INCIDENT Status Open as new; not INCIDENT Status Closed as done",
  );
});

Deno.test("/notifier opsramp uri= keeps the rest, sends a whole notifier and can be undone", async () => {
  await using at = openRig();
  const change = await at.plan("/notifier opsramp Service Desk uri=https://new.example/api");
  assert.deepEqual(changesOf(change.card), [
    "Notifies: https://desk.acme.example/api → https://new.example/api",
  ]);
  assert.deepEqual(change.card.breaks.map(textOf), [
    "OpsRamp stops notifying https://desk.acme.example/api.",
  ]);
  const { verdict } = await change.run();
  assert.deepEqual(at.desk.written()?.body, {
    outboundConfig: {
      baseNotifier: { type: "REST_API", authType: "NONE", baseURI: "https://new.example/api" },
    },
  });
  assert.equal(verdict.state, "applied");
  assert.equal(await undone(at, change, verdict.after), "applied");
  assert.equal(
    stored(at, SERVICE_DESK).outboundConfig?.baseNotifier?.baseURI,
    "https://desk.acme.example/api",
  );
});

Deno.test("/notifier opsramp says that it is set up like that", async () => {
  await using at = openRig();
  assert.equal(
    await at.nothing("/notifier opsramp Service Desk uri=https://desk.acme.example/api auth=NONE"),
    "Nothing to change in Service Desk: the notifier is set up like that",
  );
});

const OAUTH =
  "/notifier opsramp Service Desk uri=www.example.com auth=OAUTH2 grantType=PASSWORD userName=bot " +
  "accessTokenURL=www.token.com/cred password=? apiKey=? apiSecret=?";
const SECRETS = { password: "pk-s3cret", apiKey: "key-s3cret", apiSecret: "api-s3cret" };

Deno.test("/notifier opsramp auth=OAUTH2 puts the secrets in at the last moment and shows none", async () => {
  await using at = openRig();
  const change = await at.plan(OAUTH);
  assert.deepEqual(change.asked, ["password", "apiKey", "apiSecret"]);
  assert.deepEqual(changesOf(change.card).slice(-3), [
    "password: cannot be read → new value, entered privately",
    "apiKey: cannot be read → new value, entered privately",
    "apiSecret: cannot be read → new value, entered privately",
  ]);
  const { verdict, receipt } = await change.run(SECRETS);
  assert.deepEqual(at.desk.written()?.body, {
    outboundConfig: {
      baseNotifier: {
        type: "REST_API",
        baseURI: "www.example.com",
        authType: "OAUTH2",
        grantType: "PASSWORD",
        userName: "bot",
        accessTokenURL: "www.token.com/cred",
        ...SECRETS,
      },
    },
  });
  assert.equal(verdict.state, "applied");
  assert.match(textOf(verdict.evidence), /Not readable: password, apiKey, apiSecret$/);
  const seen = JSON.stringify([verdict, receipt, change.plan, change.card, change.undo]);
  assert.ok(!seen.includes("s3cret"), seen);
});

Deno.test("/notifier opsramp accepts what cannot be read back, and knows nothing without an answer", async () => {
  await using at = openRig({}, { timeoutMs: 300 });
  await (await at.plan(OAUTH)).run(SECRETS);
  const again = await at.plan(OAUTH);
  assert.equal((await again.run(SECRETS)).verdict.state, "accepted");
  assert.deepEqual([again.undo.possible], [false]);
  at.desk.emulator.fail("update", { kind: "hang" });
  assert.equal((await again.run(SECRETS)).verdict.state, "unknown");
});

Deno.test("/notifier opsramp refuses to run without a secret that was asked for", async () => {
  await using at = openRig();
  const change = await at.plan(OAUTH);
  await assert.rejects(
    change.run({ password: "x", apiKey: "y" }),
    new BadInput("apiSecret was not entered."),
  );
  assert.equal(at.desk.written(), undefined);
});

/** The page's JWT sample with every secret asked for. */
function jwtDocument(): { [key: string]: Json } {
  const notifier = structuredClone(samples[5]!.request.outboundConfig!.baseNotifier) as Record<string, Json>;
  const ask = (headers: Json | undefined): Json =>
    (headers as { key: string }[]).map(({ key }) => ({ key, value: "?" }));
  return {
    ...notifier,
    password: "?",
    tokenHeaders: ask(notifier.tokenHeaders),
    resourceAuthHeaders: ask(notifier.resourceAuthHeaders),
  };
}

const JWT_SECRETS = {
  "tokenHeaders.0.value": "Basic s3cret",
  "tokenHeaders.1.value": "application/json",
  "tokenHeaders.2.value": "application/json",
  "resourceAuthHeaders.0.value": "$jwtToken",
};

Deno.test("/notifier opsramp takes the page's JWT sample as a document, bare or as a whole body", async () => {
  const whole = { outboundConfig: { baseNotifier: jwtDocument() } };
  for (const [document, prefix] of [[jwtDocument(), ""], [whole, "outboundConfig.baseNotifier."]] as const) {
    await using at = openRig();
    const change = await at.plan(`/notifier opsramp ${SMAX}`, document);
    const secrets = Object.fromEntries(
      Object.entries({ password: "Test", ...JWT_SECRETS }).map(([name, value]) => [prefix + name, value]),
    );
    assert.deepEqual(change.asked.toSorted(), Object.keys(secrets).sort());
    const { verdict } = await change.run(secrets);
    assert.equal(verdict.state, "applied");
    const sent = at.desk.written()?.body as { outboundConfig: { baseNotifier: Json } };
    const page = samples[5]!.request.outboundConfig!.baseNotifier as Record<string, Json>;
    assert.deepEqual(sent.outboundConfig.baseNotifier, {
      ...page,
      tokenHeaders: [
        { key: "Authorization", value: "Basic s3cret" },
        ...(page.tokenHeaders as Json[]).slice(1),
      ],
    });
    assert.ok(!JSON.stringify([verdict, change.plan, change.card]).includes("s3cret"));
  }
});

Deno.test("/notifier opsramp combines a document with a secret asked for in the line", async () => {
  await using at = openRig();
  const change = await at.plan(`/notifier opsramp ${SMAX} password=? tokenHeaders.Authorization=?`, {
    authType: "JWT",
    baseURI: "https://smax.example",
    tokenURL: "https://smax.example/login",
    userName: "test",
  });
  assert.deepEqual(change.asked, ["password", "tokenHeaders.Authorization"]);
  await change.run({ password: "Test", "tokenHeaders.Authorization": "Basic s3cret" });
  const sent = at.desk.written()?.body as { outboundConfig: { baseNotifier: Record<string, Json> } };
  assert.deepEqual(sent.outboundConfig.baseNotifier.tokenHeaders, [{
    key: "Authorization",
    value: "Basic s3cret",
  }]);
  assert.equal(sent.outboundConfig.baseNotifier.password, "Test");
});

Deno.test("/notifier opsramp takes a JWT notifier typed in the line", async () => {
  await using at = openRig();
  const change = await at.plan(
    `/notifier opsramp ${SMAX} uri=https://smax.example auth=jwt tokenURL=https://smax.example/login ` +
      "tokensPath=jwtToken:rest_access.access_key tokenHeaders.accept=application/json " +
      "tokenHeaders.Authorization=? resourceAuthHeaders.accept=$jwtToken",
  );
  await change.run({ "tokenHeaders.Authorization": "Basic s3cret" });
  const sent = at.desk.written()?.body as { outboundConfig: { baseNotifier: Record<string, Json> } };
  assert.deepEqual(sent.outboundConfig.baseNotifier, {
    type: "REST_API",
    baseURI: "https://smax.example",
    authType: "JWT",
    tokenURL: "https://smax.example/login",
    tokensPath: [{ key: "jwtToken", value: "rest_access.access_key" }],
    tokenHeaders: [{ key: "accept", value: "application/json" }, {
      key: "Authorization",
      value: "Basic s3cret",
    }],
    resourceAuthHeaders: [{ key: "accept", value: "$jwtToken" }],
  });
});

Deno.test("/notifier opsramp refuses a secret that is written out, without repeating it", async () => {
  await using at = openRig();
  const operation = understand("/notifier opsramp x").operation;
  assert.ok(operation.risk !== "read");
  const document = { ...jwtDocument(), password: "hunter2hunter2" };
  await assert.rejects(operation.plan(at.context, { id: SMAX, document }), (error) => {
    assert.ok(error instanceof BadInput);
    assert.equal(
      error.message,
      'password is a secret: write "?" for it, and it is asked for on a private page.',
    );
    return true;
  });
});

Deno.test.each([
  ["password", true],
  ["apiSecret", true],
  ["APIKEY", true],
  ["outboundConfig.baseNotifier.apiSecret", true],
  ["outboundConfig.notifier.password", true],
  ["tokenHeaders.Authorization", true],
  ["tokenHeaders.0.value", true],
  ["outboundConfig.baseNotifier.tokenHeaders[0].value", true],
  ["resourceAuthHeaders.0.value", true],
  ["tokenPayload.Password", true],
  ["inboundConfig.authentication.token", true],
  ["tokenHeaders.accept", false],
  ["tokenHeaders.0.key", false],
  ["tokensPath.0.value", false],
  ["tokensPath.jwtToken", false],
  ["tokenPayload.rest", false],
  ["tokenURL", false],
  ["accessTokenURL", false],
  ["userName", false],
  ["uri", false],
  ["name", false],
])("/notifier opsramp secret(%s) is %s", (field, expected) => {
  const { operation } = understand("/notifier opsramp x");
  assert.ok(operation.risk !== "read");
  assert.equal(operation.secret(String(field)), expected);
});

for (const [at, id] of [[0, CUSTOM], [1, SERVICE_DESK], [3, SERVICE_DESK], [4, SERVICE_DESK]] as const) {
  const { title, request } = samples[at]!;
  Deno.test(`/update opsramp takes the page's sample for ${title} as a document`, async () => {
    await using rig = openRig();
    const document = withoutSecrets(request);
    const change = await rig.plan(`/update opsramp ${id}`, document);
    const { verdict } = await change.run(
      Object.fromEntries(change.asked.map((name) => [name, `${name.split(".").at(-1)}-value`])),
    );
    assert.equal(verdict.state, "applied");
    const sent = JSON.stringify(rig.desk.written()?.body);
    assert.ok(!sent.includes('"?"') && !sent.includes("accessTokenURI"));
    const repeats = (stored(rig, id).outboundConfig?.mapAttributes ?? []).flatMap(({ attrValues }) =>
      attrValues
    );
    assert.equal(
      repeats.length,
      new Set(repeats.map((pair) => JSON.stringify(pair))).size,
      "a pair is stored twice",
    );
  });
}

function withoutSecrets(request: unknown): Json {
  return JSON.parse(
    JSON.stringify(request, (key, value) => ["password", "apiKey", "apiSecret"].includes(key) ? "?" : value),
  );
}

Deno.test("/update opsramp combines a document with options and with a secret asked for in the line", async () => {
  await using at = openRig();
  const change = await at.plan(`/update opsramp ${SERVICE_DESK} name=Desk password=? apiKey=? apiSecret=?`, {
    outboundConfig: {
      notifier: {
        type: "REST_API",
        baseURI: "www.google.com",
        authType: "OAUTH2",
        grantType: "PASSWORD",
        userName: "testUser",
        accessTokenURI: "www.token.com/cred",
      },
    },
  });
  assert.equal(textOf(change.card.title), "Change the name and the notifier of Service Desk in OpsRamp");
  const { verdict } = await change.run(SECRETS);
  assert.equal(verdict.state, "applied");
  assert.deepEqual(Object.keys(at.desk.written()?.body as object), ["displayName", "outboundConfig"]);
  assert.ok(change.undo.possible);
  assert.equal(
    textOf(change.undo.how),
    "back to the name Service Desk and the notifier https://desk.acme.example/api without authentication",
  );
  assert.equal(await undone(at, change, verdict.after), "applied");
  assert.equal(stored(at, SERVICE_DESK).displayName, "Service Desk");
});

Deno.test("/update opsramp reports what the vendor refused, and reads back that nothing changed", async () => {
  await using at = openRig();
  const change = await at.plan(`/update opsramp ${CUSTOM} role=ROLE-unknown`);
  const { failure, verdict } = await change.run();
  assert.deepEqual([failure?.kind, failure?.failure.ambiguous], ["rejected", false]);
  assert.equal(failure?.failure.detail, "role: No role found with UUID : ROLE-unknown");
  assert.equal(verdict.state, "not applied");
});

Deno.test("/update opsramp is not applied when the vendor says yes and keeps the old name", async () => {
  await using at = openRig();
  const change = await at.plan(`/update opsramp ${CUSTOM} name=New`);
  at.desk.emulator.fail("update", { kind: "status", status: 200, body: { id: CUSTOM, displayName: "New" } });
  const { verdict } = await change.run();
  assert.equal(verdict.state, "not applied");
  assert.equal(textOf(verdict.evidence), "Read back unchanged: name");
});

Deno.test("every OpsRamp command's example is understood", async () => {
  const { opsramp } = await import("../../handlers/opsramp.ts");
  for (const { example } of opsramp.operations) {
    understand(example.startsWith("/disable") ? `${example} reason=x` : example);
  }
});
