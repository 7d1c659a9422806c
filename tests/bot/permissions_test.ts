import assert from "node:assert/strict";
import { readConfig, variablesOf } from "../../bot/config.ts";
import { dataFolder, permissionFlags, UnusablePath } from "../../bot/ops/permissions.ts";
import { proxyVariables, telemetryVariables } from "../../bot/settings.ts";

const LEAST = { TELEGRAM_BOT_TOKEN: "7:abc", ADMIN_CHATS: "-1001" };

function flags(environment: Record<string, string>): string[] {
  return permissionFlags(readConfig({ ...LEAST, ...environment }));
}

function net(environment: Record<string, string>): string[] {
  const flag = flags(environment).find((flag) => flag.startsWith("--allow-net="));
  return flag?.slice("--allow-net=".length).split(",") ?? [];
}

function folder(url: string): string {
  return dataFolder(readConfig({ ...LEAST, DATABASE_URL: url }));
}

Deno.test("permissionFlags opens Telegram and the listening address when nothing else is configured", () => {
  assert.deepEqual(net({}), ["api.telegram.org:443", "0.0.0.0:8080"]);
});

Deno.test("permissionFlags opens what the configuration names, each host once, and nothing besides", () => {
  const opened = net({
    TELEGRAM_API_ROOT: "http://127.0.0.1:8081/bot-api",
    HOST: "::1",
    PORT: "9000",
    BITDEFENDER_API_URL: "https://cloud.gravityzone.example/api",
    BITDEFENDER_API_KEY: "key",
    HALO_API_URL: "https://halo.example:8443/api",
    HALO_AUTH_URL: "https://halo.example:8443/auth",
    HALO_CLIENT_ID: "id",
    HALO_CLIENT_SECRET: "secret",
    DATABASE_URL: "postgres://bot:pass@db.example/countersign",
  });
  assert.deepEqual(opened, [
    "127.0.0.1:8081",
    "db.example:5432",
    "cloud.gravityzone.example:443",
    "halo.example:8443",
    "[::1]:9000",
  ]);
});

Deno.test("permissionFlags opens Apono's default host only once a token is there", () => {
  assert.ok(!net({}).includes("api.apono.io:443"));
  assert.ok(net({ APONO_API_TOKEN: "token" }).includes("api.apono.io:443"));
});

Deno.test("permissionFlags lets the bot read its own variables and shows it no others", () => {
  const given = flags({});
  const seen = [...variablesOf().map(({ name }) => name), ...telemetryVariables, ...proxyVariables];
  assert.ok(given.includes(`--allow-env=${seen.join(",")}`));
  assert.ok(given.includes("--ignore-env"));
});

Deno.test("permissionFlags never allows a process, a library, or everything", () => {
  const names = flags({ DATABASE_URL: "postgres://db.example/x" }).map((flag) => flag.split("=")[0]);
  assert.deepEqual(names, [
    "--no-prompt",
    "--allow-env",
    "--ignore-env",
    "--no-remote",
    "--cached-only",
    "--allow-net",
  ]);
});

Deno.test("permissionFlags lets the bot say what is wrong when the configuration is not usable", () => {
  assert.deepEqual(permissionFlags(undefined).map((flag) => flag.split("=")[0]), [
    "--no-prompt",
    "--allow-env",
    "--ignore-env",
    "--no-remote",
    "--cached-only",
  ]);
});

Deno.test("permissionFlags lets Postgres's certificate be read", () => {
  const given = flags({
    DATABASE_URL: "postgres://db.example/x?sslmode=verify-full&sslrootcert=/etc/pg/ca.pem",
  });
  assert.ok(given.includes("--allow-read=/etc/pg/ca.pem"));
});

Deno.test("permissionFlags refuses a certificate whose path would fall apart into several flags", () => {
  const url = "postgres://db.example/x?sslrootcert=/etc/my%20ca.pem";
  assert.throws(() => flags({ DATABASE_URL: url }), UnusablePath);
});

Deno.test.each([
  ["sqlite:/var/lib/my bot/x.db", "/var/lib/my bot"],
  ["sqlite:./data/countersign.db", "./data"],
  ["sqlite::memory:", "./data"],
  ["postgres://db.example/x", "./data"],
])("dataFolder of %s is %s", (url, expected) => assert.equal(folder(url), expected));

Deno.test.each([
  ["sqlite:./bot.db"],
  ["sqlite:bot.db"],
  ["sqlite:./data/../bot.db"],
  ["sqlite:./bot/x.db"],
  ["sqlite:./handlers/new/x.db"],
  [`sqlite:${Deno.cwd()}/x.db`],
  ["sqlite:/x.db"],
])("dataFolder refuses %s: the bot could rewrite its own code", (url) => {
  assert.throws(() => folder(url), /cannot be in .*its own code is\. Choose a folder of its own/);
});

Deno.test("dataFolder refuses a link that leads to the bot's own code", async () => {
  const place = await Deno.makeTempDir();
  try {
    await Deno.symlink(Deno.cwd(), `${place}/link`);
    assert.throws(() => folder(`sqlite:${place}/link/x.db`), UnusablePath);
    assert.equal(folder(`sqlite:${place}/x.db`), place);
  } finally {
    await Deno.remove(place, { recursive: true });
  }
});

Deno.test("dataFolder refuses a path that Deno would read as two", () => {
  assert.throws(() => folder("sqlite:/var/a,b/x.db"), UnusablePath);
});

const ASKED: readonly Deno.PermissionDescriptor[] = [
  { name: "net", host: "api.telegram.org:443" },
  { name: "net", host: "elsewhere.example:443" },
  { name: "env", variable: "PORT" },
  { name: "read", path: "./data" },
  { name: "write", path: "." },
  { name: "run" },
  { name: "ffi" },
  { name: "sys" },
];

Deno.test("the flags permit what they name and nothing besides", async () => {
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      script,
      `const states = ${JSON.stringify(ASKED)}.map((asked) => Deno.permissions.querySync(asked).state);
      const text = JSON.stringify([...states, Deno.env.get("SOMEONES_KEY") ?? "unset"]);
      Deno.stdout.writeSync(new TextEncoder().encode(text));`,
    );
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-config", "--no-check", ...flags({}), "--allow-read=./data", script],
      env: { SOMEONES_KEY: "abc" },
    }).output();
    const expected = [
      "granted",
      "prompt",
      "granted",
      "granted",
      "prompt",
      "prompt",
      "prompt",
      "prompt",
      "unset",
    ];
    assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), expected);
  } finally {
    await Deno.remove(script);
  }
});
