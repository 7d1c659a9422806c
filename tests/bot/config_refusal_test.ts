import assert from "node:assert/strict";
import { botVariables, ConfigError, type Environment, readConfig, variablesOf } from "../../bot/config.ts";

const LEAST = { TELEGRAM_BOT_TOKEN: "7:abc-DEF_123", ADMIN_CHATS: "-1001" };
const SECRET = "s".repeat(32);
function problems(environment: Environment): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

Deno.test("readConfig refuses an empty environment and names all that is missing at once", () => {
  assert.deepEqual(problems({}), [
    `TELEGRAM_BOT_TOKEN is missing: ${botVariables.token.meaning}.`,
    `ADMIN_CHATS is missing: ${botVariables.adminChats.meaning}.`,
  ]);
});

/** What is wrong with each, and the one problem that readConfig must find. */
const refused: readonly [what: string, environment: Environment, problem: RegExp][] = [
  ["a token that is none", { TELEGRAM_BOT_TOKEN: "hello" }, /^TELEGRAM_BOT_TOKEN does not look like/],
  ["an empty chat list", { ADMIN_CHATS: "" }, /^ADMIN_CHATS is missing/],
  ["a chat list of commas", { ADMIN_CHATS: " , ," }, /^ADMIN_CHATS is empty: nobody could use the bot/],
  ["a chat by name", { ADMIN_CHATS: "@oncall" }, /^ADMIN_CHATS must be numeric ids/],
  ["chat 0", { ADMIN_CHATS: "0" }, /^ADMIN_CHATS holds one of Telegram's service ids/],
  ["the service id of a group", { ADMIN_CHATS: "-1001,777000" }, /^ADMIN_CHATS holds one of Telegram's/],
  [
    "an anonymous admin as operator",
    { OPERATORS: "101,1087968824" },
    /^OPERATORS holds one of .* every anony/,
  ],
  ["Telegram itself as operator", { OPERATORS: "777000" }, /^OPERATORS holds one of Telegram's service ids/],
  ["a channel as approver", { APPROVERS: "136817688" }, /^APPROVERS holds one of Telegram's service ids/],
  ["a group as approver", { APPROVERS: "-1001" }, /^APPROVERS must be ids of persons, which are positive/],
  ["nobody's id as operator", { OPERATORS: "0" }, /^OPERATORS must be ids of persons/],
  ["a person by name", { OPERATORS: "@ana" }, /^OPERATORS must be numeric ids.*names change hands/],
  ["an operator list that is empty", { OPERATORS: "" }, /^OPERATORS is set but empty/],
  ["an approver list that is blank", { APPROVERS: "  " }, /^APPROVERS is set but empty/],
  ["an operator list of commas", { OPERATORS: "," }, /^OPERATORS is empty: list ids, or remove it/],
  ["the bot as its own operator", { OPERATORS: "7" }, /^OPERATORS holds the bot's own id/],
  ["the bot as its own approver", { APPROVERS: "101,7" }, /^APPROVERS holds the bot's own id/],
  [
    "operators beside a policy",
    { POLICY: "p.toml", OPERATORS: "101" },
    /^POLICY says who may ask and approve/,
  ],
  ["approvers beside a policy", { POLICY: "p.toml", APPROVERS: "101" }, /take OPERATORS and APPROVERS away/],
  [
    "a webhook with nothing between the commas",
    { PUBLIC_URL: "https://bot.example", TELEGRAM_WEBHOOK_SECRET: " , " },
    /^TELEGRAM_WEBHOOK_SECRET holds no secret: anyone could post/,
  ],
  [
    "a webhook under the webhook's own path",
    { PUBLIC_URL: "https://bot.example/telegram/", TELEGRAM_WEBHOOK_SECRET: SECRET },
    /^PUBLIC_URL ends in \/telegram: leave that away/,
  ],
  [
    "a host with a port",
    { HOST: "127.0.0.1:8080" },
    /^HOST must be an address or a name alone: the port goes into PORT/,
  ],
  [
    "a host that is an address of a page",
    { HOST: "http://127.0.0.1" },
    /^HOST must be an address or a name alone/,
  ],
  [
    "a webhook without a secret",
    { PUBLIC_URL: "https://bot.example" },
    /^TELEGRAM_WEBHOOK_SECRET is missing/,
  ],
  [
    "a short secret",
    { TELEGRAM_WEBHOOK_SECRET: "s".repeat(31) },
    /^TELEGRAM_WEBHOOK_SECRET must be 32 to 256/,
  ],
  [
    "a long secret",
    { TELEGRAM_WEBHOOK_SECRET: "s".repeat(257) },
    /^TELEGRAM_WEBHOOK_SECRET must be 32 to 256/,
  ],
  ["a short second secret", { TELEGRAM_WEBHOOK_SECRET: `${SECRET},x` }, /must be 32 to 256 .* each/],
  ["a secret with a space", { TELEGRAM_WEBHOOK_SECRET: `${SECRET} x` }, /must be 32 to 256/],
  [
    "http in public",
    { PUBLIC_URL: "http://bot.example", TELEGRAM_WEBHOOK_SECRET: SECRET },
    /^PUBLIC_URL must be/,
  ],
  [
    "a user in an address",
    { TELEGRAM_API_ROOT: "https://a:b@api.example" },
    /^TELEGRAM_API_ROOT must be an https/,
  ],
  ["a query in an address", { TELEGRAM_API_ROOT: "https://api.example?x=1" }, /^TELEGRAM_API_ROOT must be/],
  ["an address that is none", { TELEGRAM_API_ROOT: "api.example" }, /^TELEGRAM_API_ROOT must be an https/],
  ["a loopback look-alike", { TELEGRAM_API_ROOT: "http://127.0.0.1.example" }, /^TELEGRAM_API_ROOT must be/],
  ["a port that is none", { PORT: "http" }, /^PORT must be a port number/],
  ["a port too high", { PORT: "65536" }, /^PORT must be a port number, from 1 to 65535/],
  ["a port that nobody could be told", { PORT: "0" }, /^PORT must be a port number, from 1 to 65535/],
  [
    "an id that would be rounded",
    { OPERATORS: "9007199254740993" },
    /^OPERATORS holds a number that is longer/,
  ],
  [
    "a database of another kind",
    { DATABASE_URL: "mysql://x" },
    /^DATABASE_URL must be sqlite:<path> or postgres/,
  ],
  ["a database without a path", { DATABASE_URL: "sqlite:" }, /^DATABASE_URL must be sqlite:<path>/],
  ...["Sup3rSecret#Passw0rd", "hunter2/hunter2", "hunter2?hunter2", "1#hunter2", "1?hunter2", "1/hunter2"]
    .map(
      (password): typeof refused[number] => [
        `a database password with ${password.replace(/\w+/g, "")} in it, after ${password[0]}`,
        { DATABASE_URL: `postgres://bot:${password}@127.0.0.1:5432/test` },
        /^DATABASE_URL cannot be read as postgres:\/\/user:password@host:port\/name: .* %23, \/ as %2F, \? as %3F/,
      ],
    ),
  ["a key of 16 bytes", { SECRET_KEY: btoa("k".repeat(16)) }, /^SECRET_KEY must be 32 bytes in base64/],
  ["a key that is no base64", { SECRET_KEY: "not base64!" }, /^SECRET_KEY must be 32 bytes in base64/],
  ["a time to approve of nothing", { APPROVAL_TTL: "0s" }, /^APPROVAL_TTL must be 1 s or longer/],
  [
    "a time that is none",
    { APPROVAL_TTL: "soon" },
    /^APPROVAL_TTL must be a duration such as 30s, 15m or 2h/,
  ],
  ["a negative cache", { STATUS_CACHE_TTL: "-1s" }, /^STATUS_CACHE_TTL must be a duration/],
  ["a watch that never tells", { WATCH_AFTER: "0" }, /^WATCH_AFTER must be a whole number from 1 to 10/],
  ["a watch that keeps nothing", { WATCH_KEEP: "1h" }, /^WATCH_KEEP must be 1 d or longer/],
  ["a log level of its own", { LOG_LEVEL: "loud" }, /^LOG_LEVEL must be one of debug, info, warning, error/],
  [
    "half of Bitdefender",
    { BITDEFENDER_API_KEY: "k" },
    /^BITDEFENDER_API_KEY is set but BITDEFENDER_API_URL is not: a vendor needs all of its variables/,
  ],
  [
    "Bitdefender over http",
    { BITDEFENDER_API_KEY: "k", BITDEFENDER_API_URL: "http://gravityzone.example/api" },
    /^BITDEFENDER_API_URL must be an https address/,
  ],
  [
    "half of OpsRamp",
    { OPSRAMP_API_URL: "https://o.example", OPSRAMP_CLIENT_ID: "c", OPSRAMP_CLIENT_SECRET: "s" },
    /^OPSRAMP_CLIENT_ID, OPSRAMP_CLIENT_SECRET are set but OPSRAMP_TENANT_ID is not/,
  ],
  [
    "a short webhook secret",
    { PUBLIC_URL: "https://bot.example", TELEGRAM_WEBHOOK_SECRET: "short" },
    /^TELEGRAM_WEBHOOK_SECRET must be 32 to 256/,
  ],
  [
    "Halo without its secret",
    { HALO_API_URL: "https://h.example/api", HALO_AUTH_URL: "https://h.example/auth", HALO_CLIENT_ID: "i" },
    /is set but HALO_CLIENT_SECRET is not/,
  ],
  ["an Apono API of its own", { APONO_API_TOKEN: "t", APONO_API: "v3" }, /^APONO_API must be one of v4, v2/],
];

for (const [what, environment, problem] of refused) {
  Deno.test(`readConfig refuses ${what}`, () => {
    const found = problems({ ...LEAST, ...environment });
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0] ?? "", problem);
  });
}

Deno.test("readConfig quotes no value in its complaints", () => {
  const secret = "hunter2-hunter2";
  for (const wrong of [`${secret} !`, `postgres://bot:${secret}#@127.0.0.1/test`]) {
    const text = problems(Object.fromEntries(variablesOf().map(({ name }) => [name, wrong]))).join("\n");
    assert.ok(text.length > 200);
    assert.ok(!text.includes(secret), text);
  }
});
