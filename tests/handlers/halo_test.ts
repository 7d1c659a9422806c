import assert from "node:assert/strict";
import fc from "fast-check";
import { ClientError } from "../../clients/errors.ts";
import { product } from "../../clients/halo/product.ts";
import { PRODUCTS } from "../../clients/halo/products.ts";
import { halo, haloWith } from "../../handlers/halo.ts";
import { BadInput, ChoiceNeeded, type JsonObject } from "../../handlers/operation.ts";
import { openDesk } from "../clients/halo_desk.ts";
import { schema } from "../sandbox/halo.ts";
import { carry, changeOf, contextOf, read, refusal } from "./halo_carry.ts";

Deno.test("halo offers the fixed commands for every product", () => {
  const verbs = ["status", "list", "show", "create", "update", "delete", "enable", "disable"];
  for (const { target } of PRODUCTS) {
    const offered = halo.operations.filter((operation) => operation.target === target);
    assert.deepEqual(
      new Set(offered.map(({ verb }) => verb).filter((verb) => verb !== "live")),
      new Set(verbs),
    );
  }
  const live = halo.operations.filter(({ verb }) => verb === "live").map(({ target }) => target);
  assert.deepEqual(live, ["kaseya", "sentinelone", "sophos", "armis", "tenable", "manageengine"]);
});

Deno.test("halo rates deletions as danger and all other changes as write", () => {
  const danger = halo.operations.filter(({ risk }) => risk === "danger");
  assert.deepEqual(
    danger.map(({ verb, target }) => `${verb} ${target}`).toSorted(),
    [...PRODUCTS.map(({ target }) => `delete ${target}`), "webhook kaseya delete"].toSorted(),
  );
});

Deno.test("halo knows every target and its other names", () => {
  assert.deepEqual(Object.keys(halo.targets), ["halo", ...PRODUCTS.map(({ target }) => target)]);
  assert.deepEqual(halo.targets.sentinelone, ["s1"]);
});

Deno.test("/status halo counts who syncs and puts problems first", async () => {
  await using desk = openDesk();
  const reply = await read(desk, "status", "halo");
  assert.equal(reply.mark, "attention");
  assert.equal(reply.title, "HaloPSA: 8 of 10 syncing · 3 not set up");
  const [problems] = reply.blocks ?? [];
  assert.ok(problems?.kind === "table");
  assert.deepEqual(problems.rows.map((row) => row.slice(0, 3)), [
    ["N-central", { data: "N-central US" }, "failing"],
    ["SentinelOne", { data: "https://euce1-104.sentinelone.example" }, "token expired"],
  ]);
  assert.match(JSON.stringify(problems.rows[0]), /401\) Unauthorized/);
  assert.match(JSON.stringify(reply.blocks), /Not set up: Dynatrace, Snipe-IT, ManageEngine/);
});

Deno.test("/status halo asks the twelve side by side, once each", async () => {
  await using desk = openDesk();
  await read(desk, "status", "halo");
  assert.equal(desk.asked().length, 12);
  assert.equal(new Set(desk.asked()).size, 12);
});

Deno.test("/status halo shows the others when one product cannot be read", async () => {
  await using desk = openDesk();
  desk.emulator.fail("GET SophosDetails", { kind: "status", status: 403 });
  desk.emulator.fail("GET DynatraceDetails", { kind: "status", status: 404 });
  const reply = await read(desk, "status", "halo");
  assert.equal(reply.title, "HaloPSA: 7 of 9 syncing · 1 not read · 3 not set up");
  assert.match(
    JSON.stringify(reply.blocks),
    /"Sophos","not read","HaloPSA does not let our application read it"/,
  );
});

Deno.test("/status halo fails as a whole when nothing can be read", async () => {
  await using desk = openDesk({}, { clientSecret: "wrong" });
  const error = await refusal(read(desk, "status", "halo"));
  assert.ok(error instanceof ClientError && error.kind === "credentials_refused");
});

Deno.test("/status <product> counts by state and shows the last sync and error", async () => {
  await using desk = openDesk();
  const reply = await read(desk, "status", "ncentral");
  assert.equal(reply.title, "N-central: 1 of 2 need attention");
  const text = JSON.stringify(reply.blocks);
  assert.match(text, /\["failing","1"\],\["syncing","1"\]/);
  assert.match(text, /401\) Unauthorized/);
  const yesterday = desk.clock.now() - 26 * 3_600_000;
  assert.ok(text.includes(`{"time":${yesterday},"as":"relative"}`), text);
});

Deno.test("/status <product> says that a product is not set up", async () => {
  await using desk = openDesk();
  const reply = await read(desk, "status", "dynatrace");
  assert.deepEqual([reply.mark, reply.title], ["absent", "Dynatrace is not set up in HaloPSA"]);
});

const SPELLINGS: readonly (readonly [target: string, record: Record<string, unknown>])[] = [
  ["datto", { halo_integrator: true, last_sync: "2026-01-01T02:00:00", last_error: "boom" }],
  ["datto", { enableintegrator: true, lastsyncdate: "2026-01-01T02:00:00", lastsyncerror: "boom" }],
  ["sentinelone", { integrator_enabled: true, last_sync: "2026-01-01T02:00:00", last_sync_error: "boom" }],
  ["sophos", {
    halointegrator: true,
    halointegrator_lastsync: "2026-01-01T02:00:00",
    halointegrator_lasterror: "boom",
  }],
  ["prtg", {
    halointegratorenabled: true,
    halointegratorlastsync: "2026-01-01T02:00:00",
    halointegratorlasterror: "boom",
  }],
  ["tenable", { enableintegrator: true, lastsyncdate: "2026-01-01T02:00:00", lastsyncerror: "boom" }],
];

for (const [target, record] of SPELLINGS) {
  Deno.test(`/status ${target} reads ${Object.keys(record).join(", ")}`, async () => {
    const details = PRODUCTS.find((row) => row.target === target)?.details ?? "";
    await using desk = openDesk({ records: { [details]: [{ id: 1, url: "https://x.example", ...record }] } });
    const text = JSON.stringify((await read(desk, "status", target)).blocks);
    assert.match(text, /\["failing","1"\]/);
    assert.match(text, /boom/);
    assert.ok(text.includes(String(Date.UTC(2026, 0, 1, 2))), text);
  });
}

const STATES: readonly (readonly [record: Record<string, unknown>, state: string])[] = [
  [{ enableintegrator: false, lastsyncerror: "old" }, "off"],
  [{ enableintegrator: true, lastsyncdate: "1900-01-01T00:00:00", lastsyncerror: "" }, "never synced"],
  [{ enableintegrator: true, lastsyncdate: null }, "never synced"],
  [{ enableintegrator: true, lastsyncdate: "2026-01-01T02:00:00", isauthorized: false }, "not authorized"],
  [
    { enableintegrator: true, lastsyncdate: "2026-01-01T02:00:00", tokenexpiry: "2026-01-03T00:00:00" },
    "token ends soon",
  ],
  [
    { enableintegrator: true, lastsyncdate: "2026-01-01T02:00:00", tokenexpiry: "2025-12-31T00:00:00" },
    "token expired",
  ],
  [
    { enableintegrator: true, lastsyncdate: "2026-01-01T02:00:00", tokenexpiry: "1900-01-01T00:00:00" },
    "syncing",
  ],
  [{}, "not shown"],
];

for (const [record, state] of STATES) {
  Deno.test(`/list manageengine calls ${JSON.stringify(record)} "${state}"`, async () => {
    await using desk = openDesk({ records: { ManageEngineDetails: [{ id: 1, name: "SDP", ...record }] } });
    const [table] = (await read(desk, "list", "manageengine")).blocks ?? [];
    assert.ok(table?.kind === "table");
    assert.equal(table.rows[0]?.[2], state);
  });
}

Deno.test("/list <product> names every integration with its id", async () => {
  await using desk = openDesk();
  const reply = await read(desk, "list", "ncentral");
  assert.equal(reply.title, "2 N-central integrations in HaloPSA");
  assert.match(JSON.stringify(reply.blocks), /\{"data":"N-central US"\},\{"code":"2"\},"failing"/);
});

Deno.test("/show <product> <id> shows all fields and masks secrets", async () => {
  await using desk = openDesk();
  const reply = await read(desk, "show", "snow", { id: "5" });
  const text = JSON.stringify(reply);
  assert.match(text, /\["password","••••••"\]/);
  assert.match(text, /\["username",\{"data":"svc-halo","max":160\}\]/);
  assert.match(text, /Northwind/);
  assert.ok(!text.includes(btoa("clear-text-of-snow")));
  assert.match(JSON.stringify(reply.footer), /new_integration_key/);
});

Deno.test("/show <product> <id> takes a name, part of it, or an address", async () => {
  await using desk = openDesk();
  assert.match(
    JSON.stringify((await read(desk, "show", "ncentral", { id: "n-CENTRAL eu" })).title),
    /N-central EU/,
  );
  assert.match(JSON.stringify((await read(desk, "show", "ncentral", { id: "us" })).title), /N-central US/);
  const prtg = await read(desk, "show", "prtg", { id: "https://prtg.northwind.example" });
  assert.match(JSON.stringify(prtg.title), /"PRTG"," integration "/);
});

Deno.test("/show <product> <id> asks which one when several fit", async () => {
  await using desk = openDesk();
  const error = await refusal(read(desk, "show", "ncentral", { id: "n-central" }));
  assert.ok(error instanceof ChoiceNeeded);
  assert.deepEqual(error.options.map(({ id }) => id), ["1", "2"]);
});

Deno.test("/show <product> <id> never takes digits for a part of a name", async () => {
  await using desk = openDesk({
    records: { ArmisDetails: [{ id: 4, name: "Armis 365" }, { id: 5, name: "365" }] },
  });
  const error = await refusal(read(desk, "show", "armis", { id: "36" }));
  assert.ok(error instanceof BadInput);
  assert.equal(error.message, 'No Armis integration fits "36". Type /list armis to see what there is.');
  assert.match(JSON.stringify((await read(desk, "show", "armis", { id: "365" })).title), /"365"/);
});

for (const target of ["kaseya", "sentinelone", "sophos", "armis", "tenable", "manageengine"]) {
  Deno.test(`/live ${target} gives a summary and the JSON as a file, secrets masked`, async () => {
    await using desk = openDesk();
    const reply = await read(desk, "live", target);
    assert.equal(reply.file?.name, `${target}-live.json`);
    assert.ok(JSON.parse(reply.file.content));
    assert.ok(!/s1-token|sophos-token|tenable-token|manage-token/.test(JSON.stringify(reply)));
    assert.equal(reply.blocks?.[0]?.kind, "facts");
  });
}

Deno.test("/export tenable status shows how far the export is", async () => {
  await using desk = openDesk();
  assert.equal((await read(desk, "export", "tenable status")).title, "No Tenable export was started");
  await desk.client.startExport(10, desk.call);
  const reply = await read(desk, "export", "tenable status");
  assert.deepEqual([reply.mark, reply.title], ["working", "Tenable export: running"]);
  assert.match(JSON.stringify(reply.blocks), /QUEUED/);
});

for (const row of PRODUCTS) {
  const flag = row.sync.enabled[0] ?? "";
  for (const [verb, on] of [["enable", true], ["disable", false]] as const) {
    Deno.test(`/${verb} ${row.target} sends the id and ${flag}, nothing else`, async () => {
      const record = { id: 7, url: "https://x.example", server_url: "https://x.example", [flag]: !on };
      await using desk = openDesk({ records: { [row.details]: [record] } });
      const { verdict, sent, undone } = await carry(desk, verb, row.target, { id: "7" });
      assert.deepEqual(sent, [["POST", `/api/${row.details}`, [{ id: 7, [flag]: on }]]]);
      assert.equal(verdict.state, "applied");
      assert.deepEqual(undone, { verb: on ? "disable" : "enable", target: row.target, input: { id: "7" } });
    });
  }
}

Deno.test("/disable datto sends the flag under the name that HaloPSA returned", async () => {
  const record = { id: 1, url: "https://x.example", enableintegrator: true };
  await using desk = openDesk({ records: { DattoRmmDetails: [record] } });
  const { sent } = await carry(desk, "disable", "datto", { id: "1" });
  assert.deepEqual(sent[0]?.[2], [{ id: 1, enableintegrator: false }]);
});

Deno.test("/disable <product> says so when it is off already", async () => {
  await using desk = openDesk({
    records: { ArmisDetails: [{ id: 4, name: "Armis", enableintegrator: false }] },
  });
  const plan = await changeOf("disable", "armis").plan(contextOf(desk), { id: "4" });
  assert.ok("nothing" in plan);
  assert.match(JSON.stringify(plan.nothing), /already off/);
});

Deno.test("/disable <product> is accepted, not applied, when HaloPSA does not return the flag", async () => {
  await using desk = openDesk({
    records: { ArmisDetails: [{ id: 4, name: "Armis" }] },
    shape: { saved: "empty" },
  });
  const operation = changeOf("disable", "armis");
  const context = contextOf(desk);
  const plan = await operation.plan(context, { id: "4" });
  assert.ok("target" in plan);
  assert.equal((await operation.verify(context, plan, {})).state, "accepted");
  assert.equal((await operation.verify(context, plan, undefined)).state, "unknown");
});

for (const row of PRODUCTS) {
  const secret = [...row.fields].find(([field, kind]) =>
    kind === "secret" && field.startsWith("new_")
  )?.[0] ?? "";
  const label = row.fields.has("url") ? "url" : "name";

  Deno.test(`/create, /update and /delete ${row.target} send, read back and name their way back`, async () => {
    await using desk = openDesk({ records: {} });
    const created = await carry(
      desk,
      "create",
      row.target,
      { fields: { [label]: "https://one.example", [secret]: "?" } },
      { [secret]: "s3cret-value" },
    );
    assert.deepEqual(created.sent, [
      ["POST", `/api/${row.details}`, [{ [label]: "https://one.example", [secret]: "s3cret-value" }]],
    ]);
    assert.equal(created.verdict.state, "applied");
    assert.deepEqual(created.undone, {
      verb: "delete",
      target: row.target,
      input: { id: "https://one.example" },
    });

    const updated = await carry(desk, "update", row.target, {
      id: "1",
      fields: { [label]: "https://two.example" },
    });
    assert.deepEqual(updated.sent[0]?.[2], [{ id: 1, [label]: "https://two.example" }]);
    assert.equal(updated.verdict.state, "applied");
    assert.deepEqual(updated.undone, {
      verb: "update",
      target: row.target,
      input: { id: "1", document: { [label]: "https://one.example" } },
    });

    const deleted = await carry(desk, "delete", row.target, { id: "1" });
    assert.deepEqual(deleted.sent.map(([method, path]) => `${method} ${path}`), [
      `DELETE /api/${row.details}/1`,
    ]);
    assert.equal(deleted.verdict.state, "applied");
    assert.equal(deleted.undone, undefined);
    assert.match(JSON.stringify(deleted.undo), new RegExp(secret));
  });
}

Deno.test("/create <product> finds the new integration when the answer held no id", async () => {
  await using desk = openDesk({ shape: { savedStatus: 204 } });
  const { verdict } = await carry(desk, "create", "sophos", { fields: { name: "Sophos EU" } });
  assert.equal(verdict.state, "applied");
  assert.match(JSON.stringify(verdict.evidence), /"code":"2"/);
});

Deno.test("/create <product> after a lost answer is found by reading back", async () => {
  await using desk = openDesk({}, { timeoutMs: 150 });
  const operation = changeOf("create", "sophos");
  const context = contextOf(desk);
  for (const [fault, state] of [["hang", "not applied"], ["apply-then-hang", "applied"]] as const) {
    const plan = await operation.plan(context, { fields: { name: `Sophos ${fault}` } });
    assert.ok("target" in plan);
    desk.emulator.fail("POST SophosDetails", { kind: fault });
    const error = await refusal(operation.apply(context, plan, {}));
    assert.ok(error instanceof ClientError && error.failure.ambiguous);
    assert.equal((await operation.verify(context, plan, undefined)).state, state);
  }
});

Deno.test("/create <product> warns about a look-alike and then has no way back by name", async () => {
  await using desk = openDesk();
  const operation = changeOf("create", "sophos");
  const plan = await operation.plan(contextOf(desk), { fields: { name: "sophos central" } });
  assert.ok("target" in plan);
  assert.match(JSON.stringify(operation.render(plan).warnings), /already has 1 of this name: id 1/);
  assert.equal(operation.undo(plan).possible, false);
});

Deno.test("/create <product> takes the vendor's own body, alone or in an array, with secrets as =?", async () => {
  await using desk = openDesk();
  const body = {
    name: "Tenable EU",
    url: "https://eu.example",
    default_devicesite: 3,
    enableintegrator: true,
  };
  for (const [document, id] of [[body, 1], [[{ ...body, name: "Tenable US" }], 2]] as const) {
    const { sent } = await carry(
      desk,
      "create",
      "tenable",
      { document, fields: { new_integration_key: "?" } },
      { new_integration_key: "k" },
    );
    const expected = { ...(Array.isArray(document) ? document[0] : document), new_integration_key: "k" };
    assert.deepEqual(sent[0]?.[2], [expected]);
    assert.equal(desk.emulator.records.TenableDetails?.length, id + 1);
  }
});

Deno.test("/update <product> sends only what differs and leaves the rest alone", async () => {
  await using desk = openDesk();
  const { sent, plan } = await carry(desk, "update", "ncentral", {
    id: "N-central EU",
    fields: { toplevel: "1", syncentities: "7", ignore_probes: "yes", NAME: "N-central Europe" },
  });
  assert.deepEqual(sent[0]?.[2], [{ id: 1, syncentities: 7, ignore_probes: true, name: "N-central Europe" }]);
  assert.equal(plan.target.key, "ncentral:1");
  assert.deepEqual(plan.before, {
    id: 1,
    name: "N-central EU",
    fields: { name: "N-central EU", syncentities: 3 },
  });
});

Deno.test("/update <product> takes lists from a document and the id from within it", async () => {
  await using desk = openDesk();
  const links = [{ halo_id: 4, third_party_id: "NW2" }];
  const { sent, verdict } = await carry(desk, "update", "snow", {
    document: [{ id: 5, client_links: links }],
  });
  assert.deepEqual(sent[0]?.[2], [{ id: 5, client_links: links }]);
  assert.equal(verdict.state, "applied");
});

Deno.test("/update <product> says so when there is nothing to change", async () => {
  await using desk = openDesk();
  const plan = await changeOf("update", "prtg").plan(contextOf(desk), {
    id: "1",
    fields: { username: "halo", new_method: "true" },
  });
  assert.ok("nothing" in plan);
});

Deno.test("/update <product> of a secret alone is accepted and cannot be undone", async () => {
  await using desk = openDesk();
  const { verdict, undo, card, sent } = await carry(
    desk,
    "update",
    "ncentral",
    { id: "1", fields: { new_password: "?" } },
    { new_password: "s3cret-value" },
  );
  assert.deepEqual(sent[0]?.[2], [{ id: 1, new_password: "s3cret-value" }]);
  assert.equal(verdict.state, "accepted");
  assert.deepEqual(undo, { possible: false, why: "No: the old new_password cannot be read from HaloPSA." });
  assert.deepEqual(card.sends, [{ id: 1 }]);
});

Deno.test("/update snow sends the password under the name that HaloPSA returned", async () => {
  const record = { id: 1, name: "Snow", sdpassword: "enc" };
  const older = schema({
    int: "",
    str: "name sdpassword",
    bool: "enableintegrator",
    dt: "lastsyncdate",
    error: "lastsyncerror",
    array: "",
    secret: "new_integration_key",
  });
  await using desk = openDesk({ records: { SnowDetails: [record] }, schemas: { SnowDetails: older } });
  const { sent } = await carry(
    desk,
    "update",
    "snow",
    { id: "1", fields: { password: "?" } },
    { password: "s3cret-value" },
  );
  assert.deepEqual(sent[0]?.[2], [{ id: 1, sdpassword: "s3cret-value" }]);
});

Deno.test("/update <product> is not applied when HaloPSA kept the old value", async () => {
  await using desk = openDesk();
  const operation = changeOf("update", "armis");
  const context = contextOf(desk);
  const plan = await operation.plan(context, { id: "4", fields: { name: "Armis 2" } });
  assert.ok("target" in plan);
  const verdict = await operation.verify(context, plan, {});
  assert.equal(verdict.state, "not applied");
  assert.match(JSON.stringify(verdict.evidence), /name/);
});

Deno.test("/delete <product> is made against its settings, not against its sync", async () => {
  await using desk = openDesk();
  const operation = changeOf("delete", "armis");
  const plan = await operation.plan(contextOf(desk), { id: "4" });
  desk.emulator.records.ArmisDetails![0]!.lastsyncdate = "2026-01-01T02:59:00";
  assert.deepEqual(await operation.plan(contextOf(desk), { id: "4" }), plan);
  desk.emulator.records.ArmisDetails![0]!.url = "https://other.example";
  assert.notDeepEqual(await operation.plan(contextOf(desk), { id: "4" }), plan);
});

Deno.test("/delete <product> of what is gone says what there is", async () => {
  await using desk = openDesk();
  const error = await refusal(changeOf("delete", "armis").plan(contextOf(desk), { id: "99" }));
  assert.ok(error instanceof BadInput);
});

Deno.test("/webhook kaseya create and delete are each other's way back", async () => {
  await using desk = openDesk();
  const created = await carry(desk, "webhook", "kaseya create", { id: "VSA X" });
  assert.deepEqual(created.sent.map(([method, path]) => `${method} ${path}`), [
    "POST /api/KaseyaVSAX/CreateWebhook/2",
  ]);
  assert.equal(created.verdict.state, "applied");
  const again = await changeOf("webhook", "kaseya create").plan(contextOf(desk), { id: "2" });
  assert.match(JSON.stringify(again), /already has webhook 4711/);
  const deleted = await carry(desk, "webhook", "kaseya delete", { id: "2" });
  assert.deepEqual(deleted.sent.map(([method, path]) => `${method} ${path}`), [
    "DELETE /api/KaseyaVSAX/DeleteWebhook/2",
  ]);
  assert.equal(deleted.verdict.state, "applied");
  assert.match(JSON.stringify(deleted.card.breaks), /no longer become tickets/);
});

Deno.test("/export tenable start and cancel follow the one export there is", async () => {
  await using desk = openDesk();
  const none = await changeOf("export", "tenable cancel").plan(contextOf(desk), {});
  assert.match(JSON.stringify(none), /No Tenable export is running/);
  const started = await carry(desk, "export", "tenable start", { chunk: "50" });
  assert.deepEqual(started.sent, [["POST", "/api/Tenable/Export", { chunk_size: 50 }]]);
  assert.equal(started.verdict.state, "applied");
  assert.deepEqual(started.undone, { verb: "export", target: "tenable cancel", input: {} });
  const again = await changeOf("export", "tenable start").plan(contextOf(desk), {});
  assert.match(JSON.stringify(again), /already running/);
  const cancelled = await carry(desk, "export", "tenable cancel", {});
  assert.equal(cancelled.verdict.state, "applied");
  assert.equal(cancelled.undo.possible, false);
});

Deno.test("/export tenable start refuses a chunk that is no number", () => {
  const { input } = changeOf("export", "tenable start");
  for (const chunk of ["many", "0", "1.5"]) {
    assert.match(input.safeParse({ chunk }).error?.issues[0]?.message ?? "", /chunk takes a whole number/);
  }
});

const REFUSED: readonly (readonly [verb: string, target: string, input: JsonObject, says: RegExp])[] = [
  ["create", "tenable", { fields: { nmae: "x" } }, /Tenable has no field "nmae"\. Did you mean name\?/],
  ["update", "ncentral", { id: "1", fields: { password: "?" } }, /Did you mean new_password\?/],
  ["update", "ncentral", { id: "1", fields: { toplevel: "many" } }, /toplevel takes a whole number/],
  ["update", "ncentral", { id: "1", fields: { toplevel: "99999999999" } }, /toplevel takes a whole number/],
  [
    "update",
    "ncentral",
    { id: "1", fields: { ignore_probes: "maybe" } },
    /ignore_probes takes true or false/,
  ],
  ["update", "ncentral", { id: "1", fields: { client_links: "x" } }, /client_links takes a list/],
  ["update", "ncentral", { id: "1", document: { name: 5 } }, /name takes a text/],
  ["update", "sentinelone", { id: "1", fields: { token_expiry: "soon" } }, /token_expiry takes a date/],
  ["update", "ncentral", { id: "1", fields: { lastsyncdate: "2026-01-01" } }, /set by HaloPSA itself/],
  ["update", "ncentral", { id: "1", fields: { name: "?" } }, /name is not secret/],
  ["update", "ncentral", { id: "1" }, /Say what to change/],
  ["update", "ncentral", { fields: { name: "x" } }, /Say which one/],
  ["update", "ncentral", { id: "2", document: { id: 1, name: "x" } }, /The document is for id 1/],
  ["update", "ncentral", { id: "1", document: [{ name: "a" }, { name: "b" }] }, /several integrations/],
  ["update", "snow", { id: "5", document: { username: "••••••" } }, /only stands for a hidden value/],
  ["create", "tenable", { document: { id: 3, name: "x" } }, /\/update tenable 3/],
  ["create", "tenable", { fields: { new_integration_key: "?" } }, /Say at least what it is/],
];

for (const [verb, target, input, says] of REFUSED) {
  Deno.test(`/${verb} ${target} refuses ${JSON.stringify(input)}`, async () => {
    await using desk = openDesk();
    const error = await refusal(changeOf(verb, target).plan(contextOf(desk), input));
    assert.ok(error instanceof BadInput, String(error));
    assert.match(error.message, says);
    assert.deepEqual(desk.asked().filter((line) => !line.startsWith("GET")), []);
  });
}

Deno.test("/update <product> never repeats a value that was typed where a secret belongs", async () => {
  await using desk = openDesk();
  const context = contextOf(desk);
  const secret = fc.stringMatching(/^[A-Za-z0-9]{12,30}$/);
  const field = fc.constantFrom(
    "new_password",
    "new_pasword",
    "new_client_secret",
    "toplevel",
    "ignore_probes",
  );
  await fc.assert(
    fc.asyncProperty(field, secret, async (name, value) => {
      const error = await refusal(
        changeOf("update", "ncentral").plan(context, { id: "1", fields: { [name]: value } }),
      );
      assert.ok(error instanceof BadInput);
      assert.ok(!`${error.message} ${error.suggestions}`.includes(value));
    }),
    { numRuns: 30 },
  );
});

Deno.test("/update <product> asks for a secret within a list by its path", async () => {
  await using desk = openDesk();
  const operation = changeOf("update", "snow");
  const link = { third_party_id: "NW", new_subscription_key: "?" };
  const path = "client_links.0.new_subscription_key";
  assert.equal(operation.secret(path), true);
  const literal = { id: "5", document: { client_links: [{ ...link, new_subscription_key: "abcdef" }] } };
  assert.match(String(await refusal(operation.plan(contextOf(desk), literal))), /holds a secret/);
  const plan = await operation.plan(contextOf(desk), { id: "5", document: { client_links: [link] } });
  assert.ok("target" in plan);
  await operation.apply(contextOf(desk), plan, { [path]: "entered" });
  assert.deepEqual(desk.emulator.calls.at(-1)?.body, [
    { id: 5, client_links: [{ third_party_id: "NW", new_subscription_key: "entered" }] },
  ]);
});

Deno.test("halo takes every write-only and stored password for secret, and a flag that only sounds so not", () => {
  for (const row of PRODUCTS) {
    const operation = changeOf("update", row.target);
    for (const [field, kind] of row.fields) {
      if (kind === "secret" || kind === "flag") {
        assert.equal(operation.secret(field), kind === "secret", field);
      }
    }
  }
  const snow = changeOf("update", "snow");
  for (
    const field of ["password", "SDPASSWORD", "new_integration_key", "0.new_integration_key", "new_typo"]
  ) {
    assert.equal(snow.secret(field), true, field);
  }
  assert.equal(changeOf("update", "prtg").secret("new_method"), false);
  assert.equal(snow.secret("name"), false);
});

for (
  const [status, kind] of [[401, "credentials_refused"], [403, "rights_refused"], [
    429,
    "rate_limited",
  ]] as const
) {
  Deno.test(`/show <product> <id> passes on a ${status} as ${kind}`, async () => {
    await using desk = openDesk();
    desk.emulator.fail("GET ArmisDetails/{id}", { kind: "status", status }, 10);
    const error = await refusal(read(desk, "show", "armis", { id: "4" }));
    assert.ok(error instanceof ClientError && error.kind === kind);
  });
}

Deno.test("halo.health says in one line how the products stand", async () => {
  await using desk = openDesk();
  const health = await halo.health(contextOf(desk));
  assert.deepEqual([health.mark, health.summary], ["attention", "8 of 10 syncing · 3 not set up"]);
  assert.deepEqual(health.problems[0]?.slice(0, 3), [{ data: "N-central US" }, "failing", "N-central"]);
});

Deno.test("halo.probe proves the credentials with one call", async () => {
  await using desk = openDesk();
  assert.equal(await halo.probe(desk.client, desk.call), "accepted; Datto RMM can be read (1 set up)");
  assert.equal(desk.asked().length, 1);
});

Deno.test("haloWith one more row has a thirteenth product with all its commands", async () => {
  const lantern = product({
    target: "lantern",
    aliases: ["lt"],
    label: "Lantern",
    details: "LanternDetails",
    live: null,
    includeDetails: false,
    sync: { enabled: ["glow"], lastSync: ["glowed"], lastError: ["dimmed"], tokenExpiry: [], authorized: [] },
    spellings: [],
    fields: { text: "name", integer: "wicks" },
  });
  const vendor = haloWith([...PRODUCTS, lantern]);
  const schemas = {
    LanternDetails: schema({
      str: "name",
      int: "wicks",
      bool: "glow",
      dt: "glowed",
      error: "dimmed",
      array: "",
      secret: "",
    }),
  };
  await using desk = openDesk({ schemas });
  assert.deepEqual(vendor.targets.lantern, ["lt"]);
  const created = await carry(
    desk,
    "create",
    "lantern",
    { fields: { name: "Harbour", wicks: "3", glow: "on" } },
    {},
    vendor,
  );
  assert.deepEqual(created.sent[0]?.[2], [{ name: "Harbour", wicks: 3, glow: true }]);
  const disabled = await carry(desk, "disable", "lantern", { id: "Harbour" }, {}, vendor);
  assert.deepEqual(disabled.sent[0]?.[2], [{ id: 1, glow: false }]);
  assert.equal((await read(desk, "status", "lantern", {}, vendor)).title, "Lantern: 0 of 1 syncing");
  const deleted = await carry(desk, "delete", "lantern", { id: "1" }, {}, vendor);
  assert.deepEqual(deleted.undone?.input, { document: { name: "Harbour", wicks: 3, glow: false } });
});
