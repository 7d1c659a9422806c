import assert from "node:assert/strict";
import { ANA, BEN, openFixture } from "../approvals/fixture.ts";
import type { Stored } from "../sandbox/halo/world.ts";

interface Own {
  readonly target: string;
  readonly details: string;
  /** As HaloPSA returns it, with what this bot knows nothing of. */
  readonly record: Stored;
  readonly changed: Readonly<Record<string, unknown>>;
}

const OWN: readonly Own[] = [
  {
    target: "dynatrace",
    details: "DynatraceDetails",
    record: {
      id: 9,
      name: "Plant",
      url: "https://plant.example",
      enableintegrator: true,
      lastsyncdate: "2026-01-01T02:00:00.123",
      lastsyncerror: null,
      webhook_iterations: 10_000,
      webhook_salt: "c2FsdA",
      new_integration_key: null,
      new_webhook_password: "",
      ticket_type_name: "Alert",
      sitemappings: [{ id: 3, halo_name: "Lisbon", new_subscription_key: null }],
      _warning: null,
    },
    changed: { ticket_type: 4 },
  },
  {
    target: "tenable",
    details: "TenableDetails",
    record: {
      id: 3,
      name: "VM",
      key: "ak-51",
      enableintegrator: true,
      exports: [{ id: 1, export_id: "e-1", export_progress: "FINISHED", exportdata: [] }],
      brand_new_field: { of: ["a later", "release"] },
    },
    changed: { dont_move_site: true },
  },
  {
    target: "manageengine",
    details: "ManageEngineDetails",
    record: {
      id: 2,
      name: "SDP",
      _code: null,
      _otp: null,
      _disconnect: false,
      tokenexpiry: "2027-01-31T09:00:00.5",
    },
    changed: { name: "SDP Cloud" },
  },
];

for (const { target, details, record, changed } of OWN) {
  Deno.test(`/update ${target} takes HaloPSA's own record with one changed field`, async () => {
    await using fixture = await openFixture();
    fixture.halo.records[details] = [{ ...record }];
    // A sync may go by between the look and the change.
    const content = JSON.stringify({ ...record, lastsyncdate: "2025-12-31T02:00:00", ...changed });
    const document = { name: "record.json", content };
    const { code, card } = await fixture.ask(`/update ${target}`, { document });
    await fixture.press(BEN, card, "Approve");
    assert.equal(await fixture.state(code), "applied");
    const { body } = fixture.halo.calls.findLast(({ method, path }) =>
      method === "POST" && path.includes(details)
    )!;
    assert.deepEqual(body, [{ id: record.id, ...changed }]);
  });

  Deno.test(`/update ${target} says that a field nobody here knows cannot be changed`, async () => {
    await using fixture = await openFixture();
    fixture.halo.records[details] = [{ ...record, brand_new_field: 1 }];
    const document = { name: "record.json", content: JSON.stringify({ ...record, brand_new_field: 2 }) };
    await fixture.say(ANA, `/update ${target}`, { document });
    assert.match(
      fixture.ephemeralAnswers(ANA).at(-1) ?? "",
      /brand_new_field cannot be changed here\. Leave it as HaloPSA shows it, or leave it out\./,
    );
  });
}

Deno.test("/update armis takes HaloPSA's own record with its numbers as texts", async () => {
  await using fixture = await openFixture();
  const record = {
    id: "4",
    name: "Plant",
    enableintegrator: "true",
    default_devicesite: "7",
    lastsyncdate: "2026-01-01T02:00:00",
  };
  Object.assign(fixture.halo.records, { ArmisDetails: [{ ...record, id: 4 }] });
  const document = { name: "record.json", content: JSON.stringify({ ...record, default_devicesite: "8" }) };
  const { code, card } = await fixture.ask("/update armis", { document });
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "applied");
  const { body } = fixture.halo.calls.findLast(({ method }) => method === "POST")!;
  assert.deepEqual(body, [{ id: 4, default_devicesite: 8 }]);
});

Deno.test("a typed list whose number would be rounded is refused, and in a document its place is told", async () => {
  await using fixture = await openFixture();
  const list = '[{"third_party_id":9007199254740993}]';
  const [product] = fixture.halo.records["NCentralDetails"] ?? [];
  const update = `/update ncentral id=${product?.["id"]}`;
  await fixture.say(ANA, `${update} client_links=${list}`);
  const typed = fixture.ephemeralAnswers(ANA).at(-1) ?? "";
  assert.match(typed, /client_links takes a list: send it as a JSON document, in brackets/);
  await fixture.say(ANA, update, { document: { name: "links.json", content: `{"client_links":${list}}` } });
  const sent = fixture.ephemeralAnswers(ANA).at(-1) ?? "";
  assert.match(sent, /a number at line 1, column 36 that is too large/);
  assert.deepEqual(
    fixture.halo.calls.filter(({ method, path }) => method === "POST" && path !== "/auth/token"),
    [],
  );
});
