import assert from "node:assert/strict";
import { ClientError } from "../../clients/errors.ts";
import { PRODUCTS } from "../../clients/halo/products.ts";
import { BadInput, ChoiceNeeded } from "../../handlers/operation.ts";
import { openFixture } from "../clients/halo_fixture.ts";
import { read, refusal } from "./halo_carry.ts";

Deno.test("/status halo counts who syncs and puts problems first", async () => {
  await using fixture = openFixture();
  const reply = await read(fixture, "status", "halo");
  assert.equal(reply.mark, "attention");
  assert.equal(reply.title, "HaloPSA: 2 of 10 need attention · 3 not set up");
  const [problems] = reply.blocks ?? [];
  assert.ok(problems?.kind === "list");
  assert.deepEqual(problems.items[0], [
    { bold: { data: "N-central US", item: "ncentral:2" } },
    " · N-central: failing · ",
    { data: "The remote server returned an error: (401) Unauthorized.", max: 160 },
  ]);
  assert.match(JSON.stringify(problems.items[1]), /sentinelone.* · SentinelOne: token expired · ","ended "/);
  assert.match(JSON.stringify(reply.blocks), /Not set up: Dynatrace, Snipe-IT, ManageEngine/);
});

Deno.test("/status halo shows the others when one product cannot be read", async () => {
  await using fixture = openFixture();
  fixture.emulator.fail("GET SophosDetails", { kind: "status", status: 403 });
  fixture.emulator.fail("GET DynatraceDetails", { kind: "status", status: 404 });
  const reply = await read(fixture, "status", "halo");
  assert.equal(reply.title, "HaloPSA: 2 of 9 need attention · 1 not read · 3 not set up");
  assert.match(
    JSON.stringify(reply.blocks),
    /"Sophos"\},": not read · ","HaloPSA does not let our application read it"/,
  );
});

Deno.test("/status halo fails as a whole when nothing can be read", async () => {
  await using fixture = openFixture({}, { clientSecret: "wrong" });
  const error = await refusal(read(fixture, "status", "halo"));
  assert.ok(error instanceof ClientError && error.kind === "credentials_refused");
});

Deno.test("/status <product> counts by state and shows the last sync and error", async () => {
  await using fixture = openFixture();
  const reply = await read(fixture, "status", "ncentral");
  assert.equal(reply.title, "N-central: 1 of 2 needs attention");
  const text = JSON.stringify(reply.blocks);
  assert.match(text, /\["failing","1"\],\["syncing","1"\]/);
  assert.match(text, /401\) Unauthorized/);
  const yesterday = fixture.clock.now() - 26 * 3_600_000;
  assert.ok(text.includes(`{"time":${yesterday},"as":"relative"}`), text);
});

Deno.test("/status <product> says that a product is not set up", async () => {
  await using fixture = openFixture();
  const reply = await read(fixture, "status", "dynatrace");
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
    await using fixture = openFixture({
      records: { [details]: [{ id: 1, url: "https://x.example", ...record }] },
    });
    const text = JSON.stringify((await read(fixture, "status", target)).blocks);
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
    await using fixture = openFixture({
      records: { ManageEngineDetails: [{ id: 1, name: "SDP", ...record }] },
    });
    const [table] = (await read(fixture, "list", "manageengine")).blocks ?? [];
    assert.ok(table?.kind === "table");
    assert.equal(table.rows[0]?.[2], state);
  });
}

Deno.test("/show <product> <id> says first how the sync stands, and why", async () => {
  await using fixture = openFixture();
  const reply = await read(fixture, "show", "ncentral", { id: "us" });
  assert.deepEqual([reply.mark, reply.title, reply.blocks?.[0]], [
    "attention",
    [{ data: "N-central US", item: "ncentral:2" }, ": failing"],
    {
      kind: "text",
      text: [{ data: "The remote server returned an error: (401) Unauthorized.", max: 160 }],
    },
  ]);
});

for (
  const [record, mark] of [
    [{ enableintegrator: true, lastsyncdate: "2026-01-01T02:00:00" }, "fine"],
    [{ enableintegrator: false, lastsyncerror: "old" }, "absent"],
    [{}, "unknown"],
  ] as const
) {
  Deno.test(`/show armis marks ${JSON.stringify(record)} as ${mark}`, async () => {
    await using fixture = openFixture({ records: { ArmisDetails: [{ id: 1, name: "Plant", ...record }] } });
    assert.equal((await read(fixture, "show", "armis", { id: "1" })).mark, mark);
  });
}

Deno.test("/show <product> <id> takes a name, part of it, or an address", async () => {
  await using fixture = openFixture();
  assert.match(
    JSON.stringify((await read(fixture, "show", "ncentral", { id: "n-CENTRAL eu" })).title),
    /N-central EU/,
  );
  assert.match(JSON.stringify((await read(fixture, "show", "ncentral", { id: "us" })).title), /N-central US/);
  const prtg = await read(fixture, "show", "prtg", { id: "https://prtg.northwind.example" });
  assert.match(JSON.stringify(prtg.title), /"PRTG"," ",\{"data":"https:/);
});

Deno.test("/show <product> <id> asks which one when several fit", async () => {
  await using fixture = openFixture();
  const error = await refusal(read(fixture, "show", "ncentral", { id: "n-central" }));
  assert.ok(error instanceof ChoiceNeeded);
  assert.deepEqual(error.options.map(({ id }) => id), ["1", "2"]);
});

Deno.test("/show <product> <id> never takes digits for a part of a name", async () => {
  await using fixture = openFixture({
    records: { ArmisDetails: [{ id: 4, name: "Armis 365" }, { id: 5, name: "365" }] },
  });
  const error = await refusal(read(fixture, "show", "armis", { id: "36" }));
  assert.ok(error instanceof BadInput);
  assert.equal(error.message, 'No Armis integration fits "36". Type /list armis to see what there is.');
  assert.match(JSON.stringify((await read(fixture, "show", "armis", { id: "365" })).title), /"365"/);
});

Deno.test("/show <product> <id> does not ask HaloPSA for an id larger than any of its own", async () => {
  await using fixture = openFixture({ records: { ArmisDetails: [{ id: 4, name: "9999999999" }] } });
  assert.match(
    JSON.stringify((await read(fixture, "show", "armis", { id: "9999999999" })).title),
    /9999999999/,
  );
  assert.deepEqual(fixture.asked(), ["GET /api/ArmisDetails", "GET /api/ArmisDetails/4"]);
});

Deno.test("/export tenable status says that none was started", async () => {
  await using fixture = openFixture();
  assert.equal((await read(fixture, "export", "tenable status")).title, "No Tenable export was started");
});

for (
  const [status, kind] of [[401, "credentials_refused"], [403, "rights_refused"], [
    429,
    "rate_limited",
  ]] as const
) {
  Deno.test(`/show <product> <id> passes on a ${status} as ${kind}`, async () => {
    await using fixture = openFixture();
    fixture.emulator.fail("GET ArmisDetails/{id}", { kind: "status", status }, 10);
    const error = await refusal(read(fixture, "show", "armis", { id: "4" }));
    assert.ok(error instanceof ClientError && error.kind === kind);
  });
}
