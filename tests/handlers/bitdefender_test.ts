import assert from "node:assert/strict";
import { bitdefender } from "../../handlers/bitdefender.ts";
import { BadInput } from "../../handlers/operation.ts";
import { company, generateIntegrations, ids, vmware } from "../sandbox/gravityzone/northwind.ts";
import { ec2Of } from "../sandbox/gravityzone/world.ts";
import { handlerFixture, NIGHT, plain, rowsOf } from "./bitdefender/fixture.ts";

const METHOD_NOT_FOUND = { error: { code: -32601, message: "Method not found" } };
const NOT_LICENSED = { error: { code: -32001, message: "Operation not allowed" } };

Deno.test("/status bitdefender says every documented status in words, and unknown ones as numbers", async () => {
  await using at = handlerFixture();
  const all = [0, 1, 2, 3, 4, 5, 6, 7, 9].map((status, index) =>
    vmware(index.toString(16).padStart(24, "6"), `v${status}`, status)
  );
  const odd = all.at(-1);
  if (odd) odd.type = 9;
  at.vendor.world.integrations.set(ids.northwind, all);
  const reply = await at.read("status", "bitdefender");
  const rows = rowsOf(reply.blocks).map((row) => row.replace(/ · v\d\.example.*$/, ""));
  assert.deepEqual(rows.slice(0, rows.indexOf("▸ settings and ids")), [
    "Error 1 · Action required 1 · License usage reached 1 · Not licensed 1 · Stopped 1 · Unknown (9) 1 · " +
    "Pending 1 · Available 1 · Active 1",
    "v6 | Error | VMware",
    "v3 | Action required | VMware",
    "v7 | License usage reached | VMware",
    "v0 | Not licensed | VMware",
    "v2 | Stopped | VMware",
    "v9 | Unknown (9) | Unknown (9)",
    "▸ 3 others",
    "v4 | Pending | VMware",
    "v1 | Available | VMware",
    "v5 | Active | VMware",
  ]);
});

Deno.test("/status bitdefender counts 10,000 integrations exactly and sends the full list as a file", async () => {
  await using at = handlerFixture();
  at.vendor.world.integrations.set(ids.northwind, generateIntegrations(10_000));
  const reply = await at.read("status", "bitdefender");
  assert.equal(plain(reply.title), "GravityZone: 200 of 10,000 need action");
  const rows = rowsOf(reply.blocks);
  assert.equal(
    rows[0],
    "Error 40 · Action required 40 · License usage reached 40 · Not licensed 40 · Stopped 40 · Active 9,800",
  );
  assert.equal(rows.length, 1 + 20 + 1);
  assert.equal(
    rows.at(-1),
    "The worst 20 of 200 are shown. All 10,000 are in the file, problems first. /show bitdefender <name> shows one.",
  );
  assert.equal(reply.file?.name, "bitdefender-integrations-2026-03-14.csv");
  const lines = reply.file?.content.trimEnd().split("\r\n") ?? [];
  assert.equal(lines.length, 10_001);
  assert.match(
    lines[1] ?? "",
    /^vcenter-00050,Error,VMware,vcenter-00050\.example,443,svc-gravityzone,VMs and Templates,true,true,5,3,virtualization,/,
  );
  assert.match(lines.at(-1) ?? "", /,Active,/);
});

Deno.test("/status bitdefender makes cells harmless that a spreadsheet would run", async () => {
  await using at = handlerFixture();
  const list = generateIntegrations(31);
  const first = list[0];
  if (first) first.name = '=HYPERLINK("http://x.test","a, b")';
  at.vendor.world.integrations.set(ids.northwind, list);
  const reply = await at.read("status", "bitdefender");
  assert.ok(reply.file?.content.includes(`"'=HYPERLINK(""http://x.test"",""a, b"")",Active`));
});

Deno.test("/status bitdefender says that nothing is configured, and that a list moved while it was read", async () => {
  await using at = handlerFixture();
  const none = await at.read("status", "bitdefender", { company: "Initech" });
  assert.deepEqual([none.mark, plain(none.title)], [
    "absent",
    "No integrations are configured in GravityZone · Initech",
  ]);
  at.vendor.world.integrations.set(ids.northwind, generateIntegrations(150));
  at.vendor.faults.always(
    "getConfiguredIntegrations",
    ({ params }) => params["page"] === 2 ? { error: { code: -32602, message: "Invalid params" } } : undefined,
  );
  const moved = await at.read("status", "bitdefender");
  assert.match(rowsOf(moved.blocks).join("\n"), /counts 150 and showed 100: the others are not known/);
});

Deno.test("/status bitdefender served again shows its age", async () => {
  await using at = handlerFixture({ cacheMs: 10_000 });
  await at.read("status", "bitdefender");
  at.clock.advance(8_000);
  const again = await at.read("status", "bitdefender");
  assert.equal(plain(again.footer ?? ""), "as of 2026-03-14T03:12:00.000Z · 8 s old");
  assert.equal(at.vendor.calls.length, 1);
});

Deno.test("/status bitdefender says what to type when no company fits", async () => {
  await using at = handlerFixture();
  for (const query of ["Umbrella", "f".repeat(24)]) {
    const error = await at.read("status", "bitdefender", { company: query }).catch((error: unknown) => error);
    assert.ok(error instanceof BadInput);
    assert.match(error.message, new RegExp(`^No company .*"${query}"\\. Type /find`));
  }
});

Deno.test("/status bitdefender resolves companies without the Companies area", async () => {
  await using at = handlerFixture();
  at.vendor.faults.always("findCompaniesByName", NOT_LICENSED);
  at.vendor.faults.always("getCompanyDetails", { status: 403 });
  const byName = await at.read("status", "bitdefender", { company: "globex" });
  const byId = await at.read("status", "bitdefender", { company: ids.globex });
  assert.deepEqual([plain(byName.title), plain(byId.title)], [
    "GravityZone: 1 of 1 active · Globex",
    "GravityZone: 1 of 1 active · Globex",
  ]);
});

Deno.test("/status bitdefender finds an exact name behind a hundred longer ones", async () => {
  await using at = handlerFixture();
  const companies = at.vendor.world.companies;
  for (let index = 0; index < 120; index++) {
    const id = index.toString(16).padStart(24, "b");
    companies.set(id, company(id, `The Zeta ${index}`));
  }
  const zeta = "c".repeat(24);
  companies.set(zeta, company(zeta, "Zeta"));
  const reply = await at.read("status", "bitdefender", { company: "zeta" });
  assert.match(plain(reply.title), / · Zeta$/);
});

Deno.test("/status ec2 shows the id, the hours and the last changes made here", async () => {
  const change = {
    code: "K7Q2X",
    title: "enable ec2",
    state: "applied",
    at: NIGHT - 86_400_000,
    requester: "Ana",
  };
  await using at = handlerFixture({ history: { [`ec2:${ids.acmeCorp}`]: [change] } });
  at.recall.set(`ec2:${ids.acmeCorp}:role`, "arn:aws:iam::111222345123:role/test");
  at.recall.set(`ec2:${ids.acmeCorp}:account`, "111222345123");
  const reply = await at.read("status", "ec2", { company: "Acme Corp" });
  assert.deepEqual([reply.mark, plain(reply.title)], [
    "fine",
    "EC2 of Acme Corp: active with AWS account 111222345123",
  ]);
  assert.deepEqual(rowsOf(reply.blocks), [
    ids.acmeCorp,
    "External ID | 5e93f474a30a2db85dd6046d6d5fg188",
    "Role | arn:aws:iam::111222345123:role/test",
    "AWS account | 111222345123 (listed)",
    "Hours this month | 168",
    "This is the newest external ID. GravityZone does not show which one an integration uses.",
    "medium | 157",
    "micro | 11",
    "Total | 168",
    "Last changes made here",
    "2026-03-13T03:12:00.000Z · enable ec2 · applied · Ana · K7Q2X",
  ]);
  assert.deepEqual(reply.buttons?.[0]?.[0]?.action, { copy: "5e93f474a30a2db85dd6046d6d5fg188" });
});

Deno.test("/status ec2 warns when the recorded account no longer lists the company", async () => {
  await using at = handlerFixture();
  at.recall.set(`ec2:${ids.acmeLabs}:role`, "arn:aws:iam::111222345123:role/labs");
  at.recall.set(`ec2:${ids.acmeLabs}:account`, "111222345123");
  const reply = await at.read("status", "ec2", { company: "Acme Labs" });
  assert.deepEqual([reply.mark, plain(reply.title)], [
    "attention",
    "EC2 of Acme Labs: no longer listed for AWS account 111222345123",
  ]);
  at.vendor.faults.always("getCompanyDetailsByAWSAccountId", METHOD_NOT_FOUND);
  const blind = await at.read("status", "ec2", { company: "Acme Labs" });
  assert.equal(blind.mark, "info");
});

Deno.test("/status ec2 of a company that has nothing says so", async () => {
  await using at = handlerFixture();
  const reply = await at.read("status", "ec2", { company: "Initech" });
  assert.deepEqual([reply.mark, plain(reply.title)], [
    "absent",
    "EC2 of Initech: not set up, no external ID",
  ]);
});

Deno.test("/status ec2 without a company is about the key's own, in one round trip", async () => {
  await using at = handlerFixture();
  assert.match(plain((await at.read("status", "ec2")).title), /^EC2 of Northwind MSP:/);
  assert.deepEqual(at.vendor.calls.map(({ method }) => method).sort(), [
    "getAmazonEC2ExternalIdForCrossAccountRole",
    "getCompanyDetails",
    "getHourlyUsageForAmazonEC2Instances",
  ]);
  assert.ok(at.vendor.calls.every(({ params }) => Object.keys(params).length === 0));
});

Deno.test("/usage ec2 without a month sends none and names the current one", async () => {
  await using at = handlerFixture();
  const reply = await at.read("usage", "ec2");
  assert.deepEqual([reply.mark, plain(reply.title)], ["absent", "0 EC2 hours in 03/2026 · Northwind MSP"]);
  const call = at.vendor.calls.find(({ method }) => method === "getHourlyUsageForAmazonEC2Instances");
  assert.deepEqual(call?.params, {});
});

Deno.test("/usage ec2 refuses what is no month before anything is asked", async () => {
  await using at = handlerFixture();
  for (const month of ["13/2026", "2026-03", "march", "03/26"]) {
    await assert.rejects(
      at.read("usage", "ec2", { month }),
      /Type it as mm\/yyyy, for example month=03\/2026/,
    );
  }
  assert.equal(at.vendor.calls.length, 0);
});

Deno.test("/usage ec2 refuses a month that has not begun", async () => {
  await using at = handlerFixture();
  await assert.rejects(
    at.read("usage", "ec2", { month: "4/2026" }),
    /"4\/2026" has not begun yet\. The latest is month=03\/2026\./,
  );
  assert.equal(at.vendor.calls.length, 0);
});

for (
  const [refused, says] of [
    [
      "getHourlyUsageForAmazonEC2Instances",
      /External ID \| 5e93.*\nHours this month \| our key may not read it/s,
    ],
    [
      "getAmazonEC2ExternalIdForCrossAccountRole",
      /External ID \| our key may not read it\nRole.*\nHours this month \| 168/,
    ],
  ] as const
) {
  Deno.test(`/status ec2 shows the half that the key may read without ${refused}`, async () => {
    await using at = handlerFixture();
    at.vendor.faults.always(refused, NOT_LICENSED);
    const reply = await at.read("status", "ec2", { company: "Acme Corp" });
    assert.match(rowsOf(reply.blocks).join("\n"), says);
    assert.notEqual(reply.mark, "fine");
  });
}

Deno.test("/status ec2 fails when the key may read neither half", async () => {
  await using at = handlerFixture();
  at.vendor.faults.always("getHourlyUsageForAmazonEC2Instances", NOT_LICENSED);
  at.vendor.faults.always("getAmazonEC2ExternalIdForCrossAccountRole", NOT_LICENSED);
  await assert.rejects(at.read("status", "ec2", { company: "Acme Corp" }), /rights_refused/);
});

Deno.test("/externalid says that none was generated, and how to generate one", async () => {
  await using at = handlerFixture();
  const reply = await at.read("externalid", null);
  assert.deepEqual([reply.mark, plain(reply.title)], [
    "absent",
    "No external ID was generated for Northwind MSP",
  ]);
  assert.deepEqual(rowsOf(reply.blocks), [`To generate one: /rotate externalid ${ids.northwind}`]);
});

Deno.test("/externalid works although the key may not ask for its company's name", async () => {
  await using at = handlerFixture();
  at.vendor.world.apiKey.enabledApis.splice(0, 2);
  const reply = await at.read("externalid", null);
  assert.equal(plain(reply.title), "No external ID was generated for the company of the key");
});

Deno.test("/whois lists several companies and says when the limit of 25 is reached", async () => {
  await using at = handlerFixture();
  for (let index = 0; index < 30; index++) {
    const id = index.toString(16).padStart(24, "a");
    at.vendor.world.companies.set(id, company(id, `Branch ${index}`, { type: index === 0 ? 9 : 1 }));
    const accountId = "999888777666";
    ec2Of(at.vendor.world, id).configured = { by: "keys", keyId: "AKIA", keySecret: "x", accountId };
  }
  const reply = await at.read("whois", null, { account: "999888777666" });
  const rows = rowsOf(reply.blocks);
  assert.equal(plain(reply.title), "At least 25 companies use AWS account 999888777666");
  assert.equal(rows[0], "GravityZone shows at most 25 companies here. There may be more.");
  assert.equal(
    rows[1],
    "Branch 0 | Unknown (9) | yes | no | Dana Ionescu, dana@branch-.example | aaaaaaaaaaaaaaaaaaaaaaa0",
  );
  assert.equal(
    rows.at(-1),
    "Branch 24 | 0040740000001 | 0040740000002 | Head of IT | Str Example No 1 | RO | 2017-02-21T15:02:54.000Z",
  );
});

Deno.test("/whois says that no company uses an account, and refuses what is none", async () => {
  await using at = handlerFixture();
  const none = await at.read("whois", null, { account: "000000000000" });
  assert.deepEqual([none.mark, plain(none.title)], ["absent", "No company uses AWS account 000000000000"]);
  at.vendor.calls.length = 0;
  await assert.rejects(
    at.read("whois", null, { account: "11122234512" }),
    /has 12 digits; "11122234512" has not/,
  );
  assert.equal(at.vendor.calls.length, 0);
});

Deno.test("/find falls back to the list of companies where the search is not there", async () => {
  for (const fault of [METHOD_NOT_FOUND, NOT_LICENSED, { status: 403 }]) {
    await using at = handlerFixture();
    at.vendor.faults.always("findCompaniesByName", fault);
    const reply = await at.read("find", null, { name: "*LABS" });
    assert.deepEqual(rowsOf(reply.blocks), [`Acme Labs | not given | ${ids.acmeLabs}`]);
  }
});

Deno.test("/find says when the limit of 100 is reached, and when nothing fits", async () => {
  await using at = handlerFixture();
  for (let index = 0; index < 120; index++) {
    const id = index.toString(16).padStart(24, "b");
    at.vendor.world.companies.set(id, company(id, `Zeta ${index}`));
  }
  const many = await at.read("find", null, { name: "zeta" });
  assert.equal(plain(many.title), "At least 100 companies fit “zeta”");
  assert.match(rowsOf(many.blocks)[0] ?? "", /^GravityZone shows at most 100; type more/);
  const none = await at.read("find", null, { name: "Umbrella" });
  assert.deepEqual([none.mark, plain(none.title)], [
    "unknown",
    "No company among the first 100 that GravityZone names fits “Umbrella”",
  ]);
});

Deno.test("bitdefender.health says how it stands in a line, with the problems worst first", async () => {
  await using at = handlerFixture();
  const health = await bitdefender.health(at.context);
  assert.deepEqual([health.mark, plain(health.summary), health.at], [
    "attention",
    "2 of 14 need action",
    NIGHT,
  ]);
  assert.deepEqual(health.problems.map((row) => row.map(plain)), [
    ["vcenter-us", "Error", "Northwind MSP"],
    ["vcenter-eu", "Action required", "Northwind MSP"],
  ]);
  at.vendor.world.integrations.set(ids.northwind, generateIntegrations(10_000, () => 6));
  const worse = await bitdefender.health(at.context);
  assert.equal(worse.problems.length, 21);
  assert.deepEqual(worse.problems.at(-1), ["and 9980 more: /status bitdefender"]);
  at.vendor.world.integrations.set(ids.northwind, generateIntegrations(3));
  const fine = await bitdefender.health(at.context);
  assert.deepEqual([fine.mark, plain(fine.summary)], ["fine", "3 of 3 active"]);
  at.vendor.world.integrations.set(ids.northwind, generateIntegrations(3, () => 4));
  assert.equal((await bitdefender.health(at.context)).mark, "unknown");
  at.vendor.world.integrations.set(ids.northwind, []);
  assert.equal((await bitdefender.health(at.context)).mark, "absent");
  at.vendor.world.integrations.set(ids.northwind, generateIntegrations(1, () => 6));
  assert.equal(plain((await bitdefender.health(at.context)).summary), "1 of 1 needs action");
});

const proofs: readonly (readonly [areas: readonly string[], ok: boolean, says: string])[] = [
  [["companies", "network", "integrations"], true, ""],
  [
    ["network", "integrations"],
    false,
    "; not enabled: companies (companies are found in the Network list only, and whether one is suspended is not known)",
  ],
  [
    ["integrations"],
    false,
    "; not enabled: companies, network (companies are known by their id only, and whether one is suspended is not known)",
  ],
  [["companies", "network"], false, "; not enabled: integrations (no Bitdefender command works)"],
];

for (const [areas, ok, lacks] of proofs) {
  Deno.test(`bitdefender.probe says what a key for ${areas.join(", ")} may do and what is lost`, async () => {
    await using at = handlerFixture();
    at.vendor.world.apiKey.enabledApis.splice(0, Infinity, ...areas);
    const proof = await bitdefender.probe(at.client, at.context.call);
    assert.deepEqual([proof.ok, plain(proof.says)], [
      ok,
      `the key works; enabled: ${areas.join(", ")}${lacks}`,
    ]);
  });
}

Deno.test("bitdefender.probe names the one method that the key has no right for", async () => {
  await using at = handlerFixture();
  at.vendor.faults.always("getHourlyUsageForAmazonEC2Instances", NOT_LICENSED);
  const proof = await bitdefender.probe(at.client, at.context.call);
  assert.equal(proof.ok, false);
  assert.match(plain(proof.says), /; no right for getHourlyUsageForAmazonEC2Instances \(\/usage ec2\)$/);
});
