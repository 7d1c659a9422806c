import assert from "node:assert/strict";
import { createOpsRamp, type OpsRampOptions } from "./opsramp.ts";

const CUSTOM = "INTG-58431d1c-1bdc-4a68-a49f-34435ead1d14";
const SERVICE_DESK = "INTG-9c584c86-4ba9-4006-9ee2-c41a07b7c761";

interface Sent {
  readonly path?: string;
  readonly method?: "GET" | "POST";
  readonly contentType?: string | null;
  readonly body?: unknown;
  readonly vendor?: OpsRampOptions;
}

/** One call with a token that is good, as a client of the page would make it unless said otherwise. */
async function send(sent: Sent): Promise<{ status: number; body: string }> {
  const { path = `/${SERVICE_DESK}`, method = "POST", contentType = "application/json", body } = sent;
  const vendor = createOpsRamp(sent.vendor);
  const granted = await vendor.fetch(
    new Request("http://ops.test/auth/oauth/token", {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: "key",
        client_secret: "secret",
      }),
    }),
  );
  const { access_token } = await granted.json();
  const before = JSON.stringify(vendor.installations);
  const answer = await vendor.fetch(
    new Request(`http://ops.test/api/v2/tenants/client_8/integrations/installed${path}`, {
      method,
      headers: {
        authorization: `Bearer ${access_token}`,
        ...(contentType !== null && { "content-type": contentType }),
      },
      ...(body !== undefined && { body: new TextEncoder().encode(JSON.stringify(body)) }),
    }),
  );
  if (answer.status >= 400) {
    assert.equal(JSON.stringify(vendor.installations), before, "a refusal changed it");
  }
  return { status: answer.status, body: await answer.text() };
}

const REST = { type: "REST_API", baseURI: "https://desk.example.com", authType: "NONE" };
const JWT = { ...REST, authType: "JWT", tokenURL: "https://desk.example.com/login" };
const OAUTH2 = {
  ...REST,
  authType: "OAUTH2",
  grantType: "CLIENT_CREDENTIALS",
  apiKey: "k",
  apiSecret: "s",
  accessTokenURL: "https://desk.example.com/token",
};
const MAPPING = {
  name: "Status",
  thirdPartyAttrName: "stats",
  entityType: "INCIDENT",
  thirdPartyEntityType: "Ticket",
  attrValues: [{ attrValue: "Open", thirdPartyAttrValue: "new" }],
};

const notifier = (baseNotifier: object): Sent => ({ body: { outboundConfig: { baseNotifier } } });
const mapping = (changed: object): Sent => ({
  body: { inboundConfig: { mapAttributes: [{ ...MAPPING, ...changed }] } },
});

const refused: readonly (readonly [name: string, sent: Sent, status: number, words: RegExp])[] = [
  ["a notifier of an unknown type", notifier({ ...REST, type: "FOO" }), 400, /Invalid type FOO/],
  ["an unknown grant type", notifier({ ...OAUTH2, grantType: "FOO" }), 400, /Invalid grantType FOO/],
  ["JWT without an address for the token", notifier({ ...REST, authType: "JWT" }), 400, /tokenURL is mand/],
  ["headers as text", notifier({ ...JWT, tokenHeaders: "accept: x" }), 400, /tokenHeaders must be a list/],
  ["a header without a key", notifier({ ...JWT, resourceAuthHeaders: [{ value: "x" }] }), 400, /key and val/],
  ["a payload as text", notifier({ ...JWT, tokenPayload: "x" }), 400, /tokenPayload must be an object/],
  [
    "a custom integration's authentication without a role",
    { path: `/${CUSTOM}`, body: { inboundConfig: { authentication: { authType: "OAUTH2" } } } },
    400,
    /role is mandatory/,
  ],
  [
    "a mapping without pairs, where it wants some",
    { ...mapping({ attrValues: [] }), vendor: { wantsPairs: true } },
    400,
    /attrValues is mandatory/,
  ],
  [
    "a pair without our value",
    mapping({ attrValues: [{ thirdPartyAttrValue: "x" }] }),
    400,
    /attrValue is m/,
  ],
  ["a pair without theirs", mapping({ attrValues: [{ attrValue: "x" }] }), 400, /thirdPartyAttrValue is m/],
  ["a list for a body", { body: [] }, 400, /must be an object/],
  ["a number for a body", { body: 7 }, 400, /must be an object/],
  ["no body", {}, 400, /must be an object/],
  ["text", { contentType: "text/plain", body: { displayName: "x" } }, 415, /Content-Type/],
  ["a read that does not say JSON", { method: "GET", contentType: null }, 415, /Content-Type/],
  ["a switch that does not say JSON", { path: `/${CUSTOM}/disable`, contentType: null }, 415, /Content-Type/],
  ["page nought", { method: "GET", path: "/search?pageNo=0" }, 400, /pageNo/],
  ["a page too large", { method: "GET", path: "/search?pageSize=5000" }, 400, /pageSize/],
];

for (const [name, sent, status, words] of refused) {
  Deno.test(`the emulated OpsRamp refuses ${name}`, async () => {
    const answer = await send(sent);
    assert.equal(answer.status, status, answer.body);
    assert.match(answer.body, words);
  });
}

const taken: readonly (readonly [name: string, sent: Sent])[] = [
  ["each kind of notifier", notifier(OAUTH2)],
  ["JWT with all that the page names", notifier({ ...JWT, tokenHeaders: [{ key: "accept", value: "x" }] })],
  ["another integration's authentication without a role", {
    body: { inboundConfig: { authentication: { authType: "WEBHOOK" } } },
  }],
  ["a mapping", mapping({})],
  ["a mapping without pairs", mapping({ attrValues: [] })],
  ["a switch without a body", { path: `/${CUSTOM}/disable` }],
  ["the smallest page", { method: "GET", path: "/search?pageNo=1&pageSize=1" }],
];

for (const [name, sent] of taken) {
  Deno.test(`the emulated OpsRamp takes ${name}`, async () => {
    const answer = await send(sent);
    assert.equal(answer.status, 200, answer.body);
  });
}
