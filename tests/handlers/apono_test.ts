import assert from "node:assert/strict";
import { apono } from "../../handlers/apono.ts";
import { BadInput, ChoiceNeeded } from "../../handlers/operation.ts";
import type { Block, Reply } from "../../handlers/reply.ts";
import { idOf, openAccount } from "../clients/apono_account.ts";
import { failureOf } from "../clients/calling.ts";
import { contextOf, read } from "./apono_carry.ts";

Deno.test("/status apono is fine when nothing is wrong, whatever the letter case", async () => {
  await using account = openAccount();
  for (const stored of account.emulator.world.integrations) stored.status = "aCtive";
  const reply = await read(account, "/status apono");
  assert.equal(reply.mark, "fine");
  assert.equal(textOf(reply.title), "Apono: 31 of 31 active");
});

Deno.test("/status apono keeps to one screen when everything fails", async () => {
  await using account = openAccount();
  for (const stored of account.emulator.world.integrations) stored.status = "Error";
  const [, list, rest] = (await read(account, "/status apono")).blocks ?? [];
  assert.ok(list?.kind === "list" && rest?.kind === "details");
  assert.equal(list.items.length, 8);
  assert.equal(rest.summary, "23 more need attention");
});

Deno.test("/status apono takes what is disabled neither for a problem nor for healthy", async () => {
  await using account = openAccount();
  for (const stored of account.emulator.world.integrations) stored.status = "Active";
  account.emulator.world.integrations[0]!.status = "Disabled";
  const reply = await read(account, "/status apono");
  assert.deepEqual([reply.mark, textOf(reply.title)], ["fine", "Apono: 30 of 31 active · 1 disabled"]);
  assert.match(everything(reply), /30 others · 1 disabled/);
});

Deno.test("/status apono keeps a word it does not know and asks for attention", async () => {
  await using account = openAccount({ api: "v2" });
  for (const stored of account.emulator.world.integrations) stored.status = "Active";
  account.emulator.world.integrations[0]!.status = "Hibernating";
  const reply = await read(account, "/status apono");
  assert.equal(textOf(reply.title), "Apono: 1 of 31 needs attention");
  assert.match(everything(reply), /Hibernating/);
});

Deno.test("/status apono does without the words of v2 when v2 refuses", async () => {
  await using account = openAccount();
  account.emulator.fail("v2.list", { kind: "status", status: 403 }, 5);
  const reply = await read(account, "/status apono");
  assert.equal(textOf(reply.title), "Apono: 3 of 31 need attention · 1 disabled");
  assert.match(everything(reply), /reasons are missing/);
});

Deno.test("apono.health counts, names the problems worst first, and tells the vendor's refusal", async () => {
  await using account = openAccount();
  const health = await apono.health(contextOf(account));
  assert.equal(health.mark, "attention");
  assert.equal(textOf(health.summary), "3 of 31 need attention · 1 disabled");
  assert.deepEqual(health.problems.map(([name]) => name), [
    { data: "Kubernetes Edge", item: "apono:5f1c0019-7d1b-4b8e-9a55-0c3a6e2f4799" },
    { data: "PostgreSQL Analytics", item: "apono:5f1c0002-7d1b-4b8e-9a55-0c3a6e2f4170" },
    { data: "MySQL Legacy CRM", item: "apono:5f1c0006-7d1b-4b8e-9a55-0c3a6e2f4318" },
  ]);
  assert.equal(textOf(health.problems[0]?.[2]), "Connector edge-connector is unreachable.");
  assert.equal(health.at, account.clock.now());
  await using locked = openAccount({ token: "aup_wrong" });
  const failure = await failureOf(apono.health(contextOf(locked)));
  assert.equal(failure.kind, "credentials_refused");
});

Deno.test("apono.probe makes the cheapest call of every kind that needs a right", async () => {
  await using account = openAccount();
  assert.match(textOf((await apono.probe(account.client, account.call)).says), /v4/);
  assert.deepEqual(account.emulator.calls.map(({ operation }) => operation).toSorted(), [
    "catalog.list",
    "tags.get",
    "v2.list",
    "v3.connectors",
    "v3.permissions",
    "v3.resources",
    "v4.list",
  ]);
});

Deno.test("/list apono gives the list as a file when that is asked for, in which nothing is a formula", async () => {
  await using account = openAccount();
  account.emulator.world.integrations[0]!.name = '=HYPERLINK("x")';
  assert.equal((await read(account, "/list apono")).file, undefined);
  const reply = await read(account, "/list apono file=csv");
  assert.equal(reply.file?.content.split("\r\n").length, 33);
  assert.ok(reply.file?.content.includes(`"'=HYPERLINK(""x"")"`));
});

Deno.test("/list apono says how to find a part of a name", async () => {
  await using account = openAccount();
  const reply = await read(account, "/list apono name=Kubernetes");
  assert.equal(textOf(reply.title), "No Apono integration fits");
  assert.match(everything(reply), /name=\*Kubernetes\*/);
});

Deno.test("/list apono category= is refused where v2 has no categories", async () => {
  await using account = openAccount({ api: "v2" });
  await assert.rejects(read(account, "/list apono category=resources"), BadInput);
  await using newer = openAccount();
  assert.equal(column(await read(newer, "/list apono category=user-information"), 0).length, 3);
});

Deno.test("/show apono shows all fields by name, by id and by part of the name", async () => {
  await using account = openAccount();
  const id = idOf(account.emulator, "PostgreSQL Production");
  for (const query of ["PostgreSQL Production", id, "postgresql prod"]) {
    const reply = await read(account, `/show apono ${query}`);
    assert.equal(textOf(reply.title), "PostgreSQL Production: Active");
    assert.deepEqual(Object.fromEntries(factsOf(reply).map(([label, value]) => [label, value])), {
      Id: id,
      Type: "postgresql",
      Category: "RESOURCES",
      "Last sync": "1774452615123",
      Connector: "eu-west-connector",
      "config.hostname": "postgresql-production.db.internal.example.com",
      "config.port": "5432",
      "config.dbname": "postgres",
      "config.sslmode": "require",
      Secret: "aws region=eu-west-1 secret_id=prod/postgresql-production/apono",
      "Resource types": "postgresql-cluster, postgresql-database",
      "Access details": "Connect to the VPN before accessing the databases",
      Owner: "user dba@example.com, ana@example.com from Okta Directory",
    });
  }
});

Deno.test("/show apono does without the details of v2 when v2 refuses", async () => {
  await using account = openAccount();
  account.emulator.fail("v2.get", { kind: "status", status: 403 }, 5);
  assert.match(
    everything(await read(account, "/show apono Kubernetes Edge")),
    /Our token may not read Apono's v2 API/,
  );
});

Deno.test("/show apono shows what v2 says of the connection, without its secrets", async () => {
  for (const api of ["v4", "v2"] as const) {
    await using account = openAccount({ api });
    account.emulator.world.integrations[4]!.connection = { endpoint: "db:5432", auth_token: "hunter2" };
    const facts = new Map(factsOf(await read(account, "/show apono Orders DB")));
    assert.deepEqual([facts.get("connection.endpoint"), facts.get("connection.auth_token")], [
      "db:5432",
      "hidden",
    ]);
  }
});

Deno.test("/show apono hides secrets, wherever they are", async () => {
  await using account = openAccount();
  const stored = account.emulator.world.integrations.find(({ name }) => name === "MySQL Legacy CRM")!;
  Object.assign(stored.integration_config, {
    admin_password: "typed-into-config",
    jwt: "typed-into-config",
    account_key: "typed-into-config",
    service_account: JSON.stringify({ project: "crm", private_key: "typed-into-config" }),
    proxy: { host: "proxy.example.com", pwd: "typed-into-config" },
    url: "mysql://apono:typed-into-config@db.example.com/crm",
  });
  const reply = await read(account, "/show apono MySQL Legacy CRM");
  assert.ok(!everything(reply).includes("s3cr3t-crm"));
  assert.ok(!everything(reply).includes("typed-into-config"));
  const facts = new Map(factsOf(reply));
  assert.equal(facts.get("config.admin_password"), "hidden");
  assert.equal(facts.get("config.service_account"), '{"project":"crm","private_key":"hidden"}');
  assert.equal(facts.get("config.proxy"), '{"host":"proxy.example.com","pwd":"hidden"}');
  assert.equal(facts.get("config.url"), "mysql://••••••@db.example.com/crm");
  assert.match(facts.get("Secret") ?? "", /kept by Apono/);
});

Deno.test("/show apono offers what a name may mean, and says when there is nothing", async () => {
  await using account = openAccount();
  await assert.rejects(
    read(account, "/show apono Kubernetes"),
    (error) => error instanceof ChoiceNeeded && error.field === "id" && error.options.length === 4,
  );
  await assert.rejects(read(account, "/show apono Fax machine"), BadInput);
  await assert.rejects(read(account, `/show apono ${crypto.randomUUID()}`), BadInput);
});

Deno.test("/catalog and /tags refuse what must not become part of an address, or is not there", async () => {
  await using account = openAccount();
  await assert.rejects(read(account, "/catalog ../x"), BadInput);
  await assert.rejects(read(account, "/tags ../x"), BadInput);
  await assert.rejects(read(account, "/tags unknown-resource"), /No Apono resource fits "unknown-resource"/);
});

Deno.test("/resources shows why a resource is in error, and says when there is none", async () => {
  await using account = openAccount();
  const none = await read(account, "/resources Okta Directory");
  assert.equal(textOf(none.title), "No resources in Okta Directory");
  const reply = await read(account, "/resources PostgreSQL Analytics");
  assert.match(column(reply, 1)[0] ?? "", /^Error: Secret prod\/analytics\/apono is unreachable/);
});

/** All the text of a line, as a reader sees it. */
function textOf(line: unknown): string {
  if (line === undefined) return "";
  if (Array.isArray(line)) return line.map(textOf).join("");
  if (typeof line !== "object" || line === null) return String(line);
  return Object.entries(line).filter(([key]) => key !== "max" && key !== "as").map(([, value]) =>
    textOf(value)
  ).join("");
}

function everything(reply: Reply): string {
  return JSON.stringify(reply);
}

function column(reply: Reply, at: number): string[] {
  const table = reply.blocks?.find((block: Block) => block.kind === "table");
  assert.ok(table?.kind === "table");
  return table.rows.map((row) => textOf(row[at]));
}

function factsOf(reply: Reply): (readonly [string, string])[] {
  const facts = reply.blocks?.find((block) => block.kind === "facts");
  assert.ok(facts?.kind === "facts");
  return facts.facts.map(([label, value]) => [label, textOf(value)]);
}
