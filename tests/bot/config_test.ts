import assert from "node:assert/strict";
import { type Config, type Environment, readConfig } from "../../bot/config.ts";
import type { SettingsOf, Variables } from "../../handlers/variable.ts";

const LEAST = { TELEGRAM_BOT_TOKEN: "7:abc-DEF_123", ADMIN_CHATS: "-1001" };
const SECRET = "s".repeat(32);
const HALO = {
  HALO_API_URL: "https://h.example/api",
  HALO_AUTH_URL: "https://h.example/auth",
  HALO_CLIENT_ID: "i",
  HALO_CLIENT_SECRET: "s",
};

function config(environment: Environment): Config {
  return readConfig({ ...LEAST, ...environment });
}

function settings({ vendors }: Config, name: string): SettingsOf<Variables> | undefined {
  return vendors.find(({ setup }) => setup.name === name)?.settings;
}

Deno.test("readConfig starts with the least there is, and everything else as documented", () => {
  const { secrets: _, vendors, ...least } = config({});
  assert.deepEqual(vendors.filter(({ settings }) => settings), []);
  assert.deepEqual(least, {
    token: "7:abc-DEF_123",
    botId: 7,
    doubts: [],
    apiRoot: "https://api.telegram.org",
    webhookSecrets: [],
    publicUrl: undefined,
    adminChats: [-1001],
    operators: undefined,
    approvers: undefined,
    policyFile: undefined,
    host: "0.0.0.0",
    port: 8080,
    database: { kind: "sqlite", path: "./data/countersign.db" },
    secretKey: undefined,
    approvalTtlMs: 15 * 60_000,
    graceMs: 10_000,
    zone: "UTC",
    statusCacheTtlMs: 10_000,
    watchEveryMs: 60_000,
    watchAfter: 2,
    watchRemindMs: 30 * 60_000,
    watchKeepMs: 90 * 86_400_000,
    addressesAreTraced: false,
    hasProxy: false,
    render: "rich",
    logLevel: "info",
    addresses: ["https://api.telegram.org"],
  });
});

Deno.test("readConfig leaves out a vendor without credentials, whatever else is known of it", () => {
  const { vendors } = config({
    BITDEFENDER_API_URL: "https://g.example/api",
    APONO_API: "v2",
    OPSRAMP_API_URL: "https://o.example",
    OPSRAMP_TENANT_ID: "client_8",
    HALO_API_URL: "https://h.example/api",
    HALO_AUTH_URL: "https://h.example/auth",
  });
  assert.deepEqual(vendors.filter(({ settings }) => settings), []);
});

Deno.test("readConfig takes lists with spaces, doubles and several secrets", () => {
  const { adminChats, operators, webhookSecrets } = config({
    ADMIN_CHATS: " -1001 , 101,-1001",
    OPERATORS: "101, 102 ,101",
    TELEGRAM_WEBHOOK_SECRET: `${SECRET} , ${SECRET}2`,
  });
  assert.deepEqual([adminChats, [...operators ?? []], webhookSecrets], [
    [-1001, 101],
    [101, 102],
    [SECRET, `${SECRET}2`],
  ]);
});

Deno.test("readConfig takes http on loopback, ports and paths, and leaves trailing slashes away", () => {
  const given = config({
    ...HALO,
    HALO_API_URL: "https://h.example:8443/customer/api//",
    TELEGRAM_API_ROOT: "http://127.0.0.1:8081/bot-api/",
    PUBLIC_URL: "http://localhost:9000",
    TELEGRAM_WEBHOOK_SECRET: SECRET,
    BITDEFENDER_API_URL: "http://[::1]:8443/deep/api",
    BITDEFENDER_API_KEY: "key",
  });
  const addresses = [settings(given, "bitdefender")?.["apiUrl"], settings(given, "halo")?.["apiUrl"]];
  assert.deepEqual([given.apiRoot, given.publicUrl, ...addresses], [
    "http://127.0.0.1:8081/bot-api",
    "http://localhost:9000",
    "http://[::1]:8443/deep/api",
    "https://h.example:8443/customer/api",
  ]);
});

Deno.test("readConfig doubts addresses without their usual ending, and takes them", () => {
  const doubts = (environment: Environment) => config({ ...HALO, ...environment }).doubts;
  const bitdefender = (BITDEFENDER_API_URL: string) =>
    doubts({ BITDEFENDER_API_KEY: "k", BITDEFENDER_API_URL });
  assert.deepEqual(bitdefender("https://g.example/proxy/api/"), []);
  for (const address of ["https://gravityzone.example", "https://g.example/api/v1.0/jsonrpc"]) {
    assert.deepEqual(bitdefender(address), [
      "BITDEFENDER_API_URL does not end in /api, as in https://host/api.",
    ]);
  }
  assert.deepEqual(doubts({ HALO_API_URL: "https://h.example", HALO_AUTH_URL: "https://h.example/api" }), [
    "HALO_API_URL does not end in /api, as in https://host/api.",
    "HALO_AUTH_URL does not end in /auth, as in https://host/auth.",
  ]);
});

Deno.test("readConfig takes one person who asks where others approve, and the other way round", () => {
  assert.equal(config({ OPERATORS: "101", APPROVERS: "101,102" }).approvers?.size, 2);
  assert.equal(config({ OPERATORS: "101", APPROVERS: "101" }).approvers?.size, 1, "for whoever only reads");
  assert.equal(config({ OPERATORS: "101" }).approvers, undefined);
});

Deno.test("readConfig takes addresses of both kinds and names to listen on", () => {
  const hosts = ["0.0.0.0", "127.0.0.1", "::", "::1", "[::1]", "fe80::1", "localhost", "bot.internal"];
  assert.deepEqual(hosts.map((HOST) => config({ HOST }).host), hosts);
});

Deno.test("readConfig reads durations, and 0 as never", () => {
  assert.equal(config({ STATUS_CACHE_TTL: "0" }).statusCacheTtlMs, 0);
  assert.equal(config({ STATUS_CACHE_TTL: "90s" }).statusCacheTtlMs, 90_000);
  assert.equal(config({ APPROVAL_TTL: "2h" }).approvalTtlMs, 7_200_000);
});

Deno.test("readConfig knows every secret by value, so that it can be covered", () => {
  const { secrets } = config({
    TELEGRAM_WEBHOOK_SECRET: SECRET,
    BITDEFENDER_API_KEY: "bd-key-1",
    BITDEFENDER_API_URL: "https://g.example/api",
    APONO_API_TOKEN: "aup_token",
    OPSRAMP_API_URL: "https://o.example",
    OPSRAMP_TENANT_ID: "client_8",
    OPSRAMP_CLIENT_ID: "ops-client",
    OPSRAMP_CLIENT_SECRET: "ops-secret",
    HALO_API_URL: "https://h.example/api",
    HALO_AUTH_URL: "https://h.example/auth",
    HALO_CLIENT_ID: "halo-client",
    HALO_CLIENT_SECRET: "halo-secret",
    DATABASE_URL: "postgres://bot:db-p%40ss@db.example/countersign",
    SECRET_KEY: btoa("k".repeat(32)),
  });
  const wanted = [
    LEAST.TELEGRAM_BOT_TOKEN,
    "abc-DEF_123",
    SECRET,
    "bd-key-1",
    "aup_token",
    "ops-secret",
    "halo-secret",
    "db-p@ss",
    "db-p%40ss",
    "postgres://bot:db-p%40ss@db.example/countersign",
    btoa("k".repeat(32)),
  ];
  assert.deepEqual(wanted.filter((value) => !secrets.includes(value)), []);
});

Deno.test("readConfig knows a database password that stands behind the question mark", () => {
  const { secrets } = config({ DATABASE_URL: "postgres:///countersign?host=/run/db&password=db-p%40ss" });
  assert(secrets.includes("db-p@ss"));
});
