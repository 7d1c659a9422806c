import assert from "node:assert/strict";
import { parse } from "../../bot/parser/parse.ts";
import { opsramp } from "../../handlers/opsramp.ts";
import { SERVICE_DESK, SMAX } from "../clients/opsramp_fixture.ts";
import type { Installation } from "../sandbox/opsramp.ts";
import { changesOf, openHandlerFixture, rowsOf, textOf } from "./opsramp_fixture.ts";

/** What is shown is whole where it can be, and fits a screen where it is long. */

Deno.test("/show opsramp shows which app it is by its id, and OpsRamp's own name of an attribute", async () => {
  await using at = openHandlerFixture();
  const rows = rowsOf((await at.read(`/show opsramp ${SERVICE_DESK}`)).blocks);
  assert.ok(rows.includes("App | Service Desk CASERVICEDESK"), rows.join("\n"));
  assert.ok(rows.includes("OpsRamp attribute incident.status.name"), rows.join("\n"));
});

Deno.test("/show opsramp finds an id in whatever letter case it is typed", async () => {
  await using at = openHandlerFixture();
  for (const id of [SERVICE_DESK.toLowerCase(), SERVICE_DESK.toUpperCase()]) {
    assert.equal(textOf((await at.read(`/show opsramp ${id}`)).title), "Service Desk is enabled");
  }
});

Deno.test("/update opsramp says which values were read back", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan('/update opsramp Service Desk name="Service Desk EU"');
  const { verdict } = await change.run();
  assert.equal(textOf(verdict.evidence), "Read back from Service Desk: name “Service Desk EU”");
});

Deno.test("/notifier opsramp says all that was sent and cannot be read back", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(
    `/notifier opsramp ${SMAX} uri=https://smax.example?key=k-7Yq auth=JWT type=REST_API ` +
      "tokenURL=https://smax.example/login tokensPath=jwtToken:a.b tokenHeaders.accept=application/json",
  );
  const { verdict } = await change.run();
  assert.equal(
    textOf(verdict.evidence),
    "Read back from SMAX tickets: notifier baseURI “https://smax.example/?key=••••••”, " +
      "notifier authType “JWT”. Not readable: type, tokenURL, tokenHeaders, tokensPath",
  );
});

Deno.test("/update opsramp auth= speaks of no credential where there is none", async () => {
  const installations: Installation[] = [{ id: "INTG-1", displayName: "Bare" }];
  await using at = openHandlerFixture({ installations });
  const { undo } = await at.plan("/update opsramp Bare auth=WEBHOOK");
  assert.ok(!undo.possible);
  assert.equal(textOf(undo.why), "it has no inbound authentication now, and an update cannot remove one");
});

Deno.test("/update opsramp names mappings as the reason where several are against a way back", async () => {
  const installations: Installation[] = [{ id: "INTG-1", displayName: "Bare" }];
  await using at = openHandlerFixture({ installations });
  const { undo } = await at.plan("/update opsramp Bare auth=WEBHOOK", {
    inboundConfig: {
      mapAttributes: [{
        entityType: "INCIDENT",
        name: "Status",
        thirdPartyEntityType: "Ticket",
        thirdPartyAttrName: "state",
        attrValues: [{ attrValue: "Open", thirdPartyAttrValue: "open" }],
      }],
    },
  });
  assert.ok(!undo.possible);
  assert.equal(textOf(undo.why), "OpsRamp only adds mappings; an update cannot remove one");
});

Deno.test("/status opsramp keeps what is folded short, and says where the rest is", async () => {
  const installations = Array.from({ length: 400 }, (_, at): Installation => ({
    id: `INTG-${at}`,
    displayName: `n${String(at).padStart(3, "0")}`,
    status: at < 40 ? "Error" : at < 100 ? "disabled" : "enabled",
  }));
  await using at = openHandlerFixture({ installations });
  const rows = rowsOf((await at.read("/status opsramp")).blocks);
  assert.equal(
    rows.filter((row) => row.includes("| error |")).length,
    40,
    "problems are all there, in pages",
  );
  assert.equal(rows.filter((row) => row.includes("| disabled |")).length, 30);
  assert.equal(rows.filter((row) => row.includes("| enabled |")).length, 30);
  assert.ok(rows.includes("and 30 more: /list opsramp") && rows.includes("and 270 more: /list opsramp"));
});

Deno.test("/map opsramp keeps a card with many pairs to one screen, and folds them", async () => {
  await using at = openHandlerFixture();
  const pairs = Array.from({ length: 400 }, (_, at) => `v${at}=w${at}`).join(" ");
  const change = await at.plan(`/map opsramp ${SERVICE_DESK} in INCIDENT Status Ticket.stats ${pairs}`);
  assert.deepEqual(changesOf(change.card), [
    "Inbound INCIDENT Status: Ticket.stats, 2 values mapped → Ticket.stats, 402 values mapped",
  ]);
  const folded = rowsOf(change.card.details);
  assert.equal(folded.length, 401);
  assert.equal(folded[1], "Inbound INCIDENT Status v0 | not mapped | w0");
  const { verdict } = await change.run();
  assert.equal(verdict.state, "applied");
  assert.match(textOf(verdict.evidence), /, INCIDENT Status v7=w7 and 392 more$/);
});

Deno.test("/map opsramp shows a few pairs one by one, and folds nothing", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(`/map opsramp ${SERVICE_DESK} in INCIDENT Status Ticket.stats a=b c=d`);
  assert.equal(change.card.rows.length, 3);
  assert.equal(change.card.details, undefined);
});

function kindOf(typed: string): string {
  const line =
    `/notifier opsramp SMAX uri=https://a.example auth=JWT tokenURL=https://a.example/login ${typed}`;
  return parse(line, { commands: opsramp.operations, aliases: {}, botName: "bot" }).kind;
}

Deno.test.each([
  ['resourceAuthHeaders.Authorization="Bearer $jwtToken"', "command"],
  ["resourceAuthHeaders.Authorization=$jwtToken", "command"],
  ['resourceAuthHeaders.Authorization="Bearer eyJhbGciOi.abc"', "literal_secret"],
  ['resourceAuthHeaders.Authorization="Bearer $jwtToken eyJhbGciOi"', "literal_secret"],
  ["password=$jwtToken", "literal_secret"],
])("/notifier opsramp with %s is a %s", (typed, kind) => {
  assert.equal(kindOf(typed), kind);
});

Deno.test("/notifier opsramp sends the name of a token as it stands", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(
    `/notifier opsramp ${SMAX} uri=https://a.example auth=JWT tokenURL=https://a.example/login ` +
      'resourceAuthHeaders.Authorization="Bearer $jwtToken"',
  );
  assert.deepEqual(change.asked, []);
  await change.run();
  assert.ok(JSON.stringify(at.fixture.written()?.body).includes("Bearer $jwtToken"));
});

Deno.test("/notifier opsramp takes the name of a token where tokens are sent, and nowhere else", async () => {
  await using at = openHandlerFixture();
  const typed = `/notifier opsramp ${SMAX} uri=https://a.example auth=JWT tokenURL=https://a.example/login`;
  await assert.rejects(
    at.plan(`${typed} tokenHeaders.Authorization=$jwtToken`),
    /tokenHeaders\.0\.value is a secret: write "\?" for it/,
  );
});
