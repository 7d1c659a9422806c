import assert from "node:assert/strict";
import type { Json } from "../../clients/json.ts";
import { BadInput } from "../../handlers/operation.ts";
import { SERVICE_DESK, SMAX } from "../clients/opsramp_fixture.ts";
import {
  changesOf,
  type HandlerFixture,
  openHandlerFixture,
  type Planned,
  stored,
  textOf,
  undone,
} from "./opsramp_fixture.ts";

/** What a notifier has and nobody can read must not be lost, or changed, without a word. */

function typeSent(at: HandlerFixture): unknown {
  const { outboundConfig } = at.fixture.written()?.body as {
    outboundConfig: { baseNotifier: { type: Json } };
  };
  return outboundConfig.baseNotifier.type;
}

function warningsOf({ card }: Planned): string {
  return (card.warnings ?? []).map(textOf).join("\n");
}

Deno.test("/notifier opsramp type= shows that the type changes, and offers no way back to one unknown", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan("/notifier opsramp Service Desk type=SOAP_API");
  assert.deepEqual(changesOf(change.card), ["Notifier type: cannot be read → SOAP_API"]);
  assert.equal(warningsOf(change), "");
  assert.ok(!change.undo.possible);
  assert.equal(textOf(change.undo.why), "the present type of the notifier cannot be read");
  const { verdict } = await change.run();
  assert.equal(typeSent(at), "SOAP_API");
  assert.equal(verdict.state, "accepted");
});

Deno.test("/notifier opsramp without type= warns which type is sent, and its way back says so too", async () => {
  await using at = openHandlerFixture();
  stored(at, SERVICE_DESK).outboundConfig!.baseNotifier!.type = "SOAP_API";
  const change = await at.plan("/notifier opsramp Service Desk uri=https://new.example/api");
  assert.equal(
    warningsOf(change),
    "Whether the notifier is REST_API or SOAP_API now cannot be read; it is sent as REST_API unless type= says otherwise.",
  );
  assert.ok(change.undo.possible);
  assert.equal(
    textOf(change.undo.how),
    "back to the notifier https://desk.acme.example/api as REST_API without authentication",
  );
  const { verdict } = await change.run();
  assert.equal(typeSent(at), "REST_API");
  assert.equal(await undone(at, change, verdict.after), "applied");
});

Deno.test("/notifier opsramp knows the type of a notifier whose authentication only one type has", async () => {
  await using at = openHandlerFixture();
  stored(at, SMAX).outboundConfig = { baseNotifier: { baseURI: "https://smax.example", authType: "BASIC" } };
  const document = { authType: "BASIC", userName: "bot", password: "?" };
  const change = await at.plan(`/notifier opsramp ${SMAX}`, document);
  assert.equal(warningsOf(change), "");
  const same = await at.plan(`/notifier opsramp ${SMAX} type=REST_API`, document);
  assert.deepEqual(changesOf(same.card), changesOf(change.card));
});

Deno.test("/notifier opsramp type= of a notifier that is new shows what it becomes", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(`/notifier opsramp ${SMAX} uri=https://smax.example auth=NONE type=SOAP_API`);
  assert.ok(changesOf(change.card).includes("Notifier type: not set → SOAP_API"));
  const plainly = await at.plan(`/notifier opsramp ${SMAX} uri=https://smax.example auth=NONE`);
  assert.equal(warningsOf(plainly), "");
});

Deno.test("/notifier opsramp warns what a small change to a JWT notifier loses", async () => {
  await using at = openHandlerFixture();
  stored(at, SMAX).outboundConfig = {
    baseNotifier: { type: "REST_API", baseURI: "https://smax.example", authType: "JWT", userName: "test" },
  };
  const change = await at.plan(
    `/notifier opsramp ${SMAX} uri=https://new.example tokenURL=https://new.example/login password=?`,
  );
  assert.equal(
    warningsOf(change),
    "OpsRamp replaces the whole notifier and does not show these. Without a new value they are lost: " +
      "tokenPayload, tokenHeaders, tokensPath, resourceAuthHeaders.",
  );
});

Deno.test.each([
  ["/notifier opsramp Service Desk uri=https://desk.acme.example/api?key=••••••", "baseURI"],
  ["/notifier opsramp Service Desk auth=BASIC userName=hidden", "userName"],
  ["/update opsramp Service Desk name=••••••", "displayName"],
])("%s is refused, for %s only stands for a value", async (line, field) => {
  await using at = openHandlerFixture();
  await assert.rejects(at.plan(line.replace("auth=BASIC ", "")), refusal(field));
});

Deno.test.each([
  ["baseURI", { outboundConfig: { baseNotifier: { baseURI: "?", authType: "NONE" } } }],
  ["tokenURL", { outboundConfig: { baseNotifier: { tokenURL: "cannot be read" } } }],
  ["tokensPath.0.value", {
    outboundConfig: { baseNotifier: { tokensPath: [{ key: "jwt", value: "hidden" }] } },
  }],
  ["displayName", { displayName: "set, hidden" }],
  ["role.uniqueId", { inboundConfig: { authentication: { role: "••••••" } } }],
  ["mapAttributes.0.attrValues.0.thirdPartyAttrValue", {
    inboundConfig: {
      mapAttributes: [{
        name: "Status",
        entityType: "INCIDENT",
        thirdPartyEntityType: "Ticket",
        thirdPartyAttrName: "stats",
        attrValues: [{ attrValue: "Open", thirdPartyAttrValue: "?" }],
      }],
    },
  }],
])("/update opsramp refuses a document whose %s only stands for a value", async (field, document) => {
  await using at = openHandlerFixture();
  await assert.rejects(at.plan("/update opsramp Service Desk", document as Json), refusal(field));
});

function refusal(field: string) {
  return (error: unknown) => {
    assert.ok(error instanceof BadInput, String(error));
    assert.match(error.message, / only stands for a value that is not shown\. Type the value itself\.$/);
    assert.ok(error.message.startsWith(field) || error.message.includes(`.${field} `), error.message);
    return true;
  };
}

Deno.test("/map opsramp maps to a third party's own word hidden", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan('/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Closed=hidden');
  assert.equal((await change.run()).verdict.state, "applied");
});
