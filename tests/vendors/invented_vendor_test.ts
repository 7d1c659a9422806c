import assert from "node:assert/strict";
import { readConfig } from "../../bot/config.ts";
import { permissionFlags } from "../../bot/ops/permissions.ts";
import { vendors as registry } from "../../handlers/registry.ts";
import { secretKey, text } from "../../handlers/variable.ts";
import { ANA, openFixture } from "../approvals/fixture.ts";
import { exampleFile } from "../docs/configuration.ts";
import { serve, type Served } from "../sandbox/serve.ts";
import { pulse } from "./pulse/vendor.ts";

const LEAST = { TELEGRAM_BOT_TOKEN: "7:abc", ADMIN_CHATS: "-1001" };
const KEY = "pulse-key-4711";
const PULSE = { PULSE_API_URL: "https://pulse.example:8443", PULSE_API_KEY: KEY };
const vendors = [...registry, pulse];

Deno.test("a fifth vendor is configured, permitted, redacted and documented by its declaration alone", () => {
  const config = readConfig({ ...LEAST, ...PULSE }, vendors);
  assert.deepEqual(config.vendors.at(-1)?.settings, { apiUrl: PULSE.PULSE_API_URL, apiKey: KEY });
  assert.ok(config.secrets.includes(KEY));
  const flags = permissionFlags(config).join(" ");
  assert.match(flags, /--allow-env=\S*\bPULSE_API_URL,PULSE_API_KEY\b/);
  assert.match(flags, /--allow-net=\S*\bpulse\.example:8443\b/);
  assert.match(exampleFile(vendors), /^# Pulse API key\n# PULSE_API_KEY=$/m);
  assert.throws(
    () => readConfig({ ...LEAST, PULSE_API_KEY: KEY }, vendors),
    /PULSE_API_KEY is set but PULSE_API_URL is not/,
  );
});

Deno.test("a fifth vendor has its commands, help, line in /status and check in /doctor", async () => {
  await using server = servePulse();
  await using fixture = await openFixture({ vendors, environment: { ...PULSE, PULSE_API_URL: server.url } });
  await fixture.say(ANA, "/status");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    new RegExp(`of ${vendors.length} vendors .*[^]*🟡 +Pulse +1 of 3 needs attention`),
  );
  await fixture.say(ANA, "/status pulse");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /Pulse: 1 of 3 needs attention · 1 disabled[^]*Intranet +down/,
  );
  await fixture.say(ANA, "/show pulse web shop");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /Web shop is up/);
  await fixture.say(ANA, "/help pulse");
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /pulse has \d+ commands/);
  await fixture.say(ANA, "/doctor");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /Pulse +the credentials work; they see 3 Pulse monitors/);
});

Deno.test("a fifth vendor that repeats our key brings it into no message and no log", async () => {
  await using server = serve(() => Response.json({ message: `The key ${KEY} is wrong` }, { status: 400 }));
  await using fixture = await openFixture({ vendors, environment: { ...PULSE, PULSE_API_URL: server.url } });
  for (const command of ["/status", "/status pulse", "/doctor"]) await fixture.say(ANA, command);
  const told = JSON.stringify([fixture.telegram.calls(), await fixture.audit(), fixture.log.lines]);
  assert.ok(told.includes("Pulse rejected the request"), told);
  assert.ok(!told.includes(KEY));
});

Deno.test("a fifth vendor that is not set up says what to set, and is missing nowhere else", async () => {
  await using fixture = await openFixture({ vendors });
  await fixture.say(ANA, "/status");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    new RegExp(`of ${registry.length} vendors [^]*Pulse +not set up`),
  );
  await fixture.say(ANA, "/list pulse");
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /Pulse is not set up\n.*set PULSE_API_URL, PULSE_API_KEY/,
  );
});

Deno.test("a fifth vendor is two files of 60 lines, the registry's line included", async () => {
  const texts = await Promise.all(
    ["client.ts", "vendor.ts"].map((name) => Deno.readTextFile(new URL(`pulse/${name}`, import.meta.url))),
  );
  const lines = texts.reduce((sum, text) => sum + text.trimEnd().split("\n").length, 0);
  assert.ok(lines + 2 <= 60, `${lines} lines, and two in the registry`);
});

Deno.test("text() takes no variable that sounds like a secret or an address", () => {
  for (const name of ["PULSE_API_KEY", "PULSE_PASSWORD", "PULSE_ACCESS_TOKEN"]) {
    assert.throws(() => text(name, "…"), /declare it with secretKey/);
    assert.ok(secretKey(name, "…").secretsIn);
  }
  for (const name of ["PULSE_API_URL", "PULSE_HOST"]) assert.throws(() => text(name, "…"), /with address/);
  for (const name of ["PULSE_TENANT_ID", "PULSE_API", "PULSE_REGION"]) {
    assert.equal(text(name, "…").name, name);
  }
});

function servePulse(): Served {
  const monitors = [
    { id: "m1", name: "Web shop", state: "up" },
    { id: "m2", name: "Intranet", state: "down" },
    { id: "m3", name: "Archive", state: "paused" },
  ];
  return serve((request) => {
    if (request.headers.get("authorization") !== `Bearer ${KEY}`) return new Response(null, { status: 401 });
    const id = new URL(request.url).pathname.split("/")[2];
    const found = id === undefined ? monitors : monitors.find((monitor) => monitor.id === id);
    return found ? Response.json(found) : new Response(null, { status: 404 });
  });
}
