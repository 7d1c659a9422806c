import assert from "node:assert/strict";
import { GrammyError, HttpError } from "grammy";
import { errorFields, LineLog } from "../../bot/log.ts";
import { Redactor } from "../../bot/redact.ts";
import { openFile } from "../approvals/database.ts";
import { BEN, GROUP, OSKAR, SANDBOX_SECRET_KEY, SANDBOX_WEBHOOK_SECRET } from "../sandbox/stage.ts";
import { eventually } from "../eventually.ts";
import { leastPermissions, run } from "../deploy/process.ts";
import { ROOT } from "../house/program.ts";
import { openOutside } from "./process.ts";

const INTEGRATIONS = "getConfiguredIntegrations";
const KEY = "sandbox-gravityzone-key";

/** What must never be seen in any spelling, and words of people that are nobody's business. */
function secretsOf(environment: Readonly<Record<string, string>>): string[] {
  const secrets = [
    environment["TELEGRAM_BOT_TOKEN"] ?? "",
    SANDBOX_WEBHOOK_SECRET,
    SANDBOX_SECRET_KEY,
    KEY,
    environment["APONO_API_TOKEN"] ?? "",
    environment["OPSRAMP_CLIENT_SECRET"] ?? "",
    environment["HALO_CLIENT_SECRET"] ?? "",
  ];
  const spellings = secrets.flatMap((
    secret,
  ) => [secret, encodeURIComponent(secret), btoa(secret), btoa(`${secret}:`)]);
  return [...spellings, "weekend-plans", "hunter2", "Oskar"];
}

Deno.test("The log of a bad day is JSON lines, leaks nothing, and follows one id from update to vendor", async () => {
  await using database = await openFile();
  await using outside = openOutside({
    DATABASE_URL: database.url,
    LOG_LEVEL: "debug",
    STATUS_CACHE_TTL: "0",
  });
  const { telegram, gravityzone, environment } = outside;
  telegram.faults.push({ method: "getMe", drop: true }, { method: "setMyCommands", status: 500 });
  const bot = await outside.launch();
  gravityzone.faults.next(INTEGRATIONS, { status: 401, body: `The key ${KEY} is wrong` });
  gravityzone.faults.next("findCompaniesByName", { error: { code: 5, message: `No ${btoa(`${KEY}:`)}` } });
  telegram.faults.push(
    { method: "sendRichMessage", drop: true },
    { method: "sendRichMessage", status: 502 },
    { method: "answerCallbackQuery", status: 400 },
    { method: "getFile", drop: true },
  );
  telegram.say(OSKAR, OSKAR, "/status weekend-plans");
  telegram.say(OSKAR, OSKAR, "/weekend-plans hunter2");
  telegram.say(BEN, GROUP, "/status bitdefender");
  telegram.say(BEN, GROUP, "/find weekend-plans");
  telegram.say(BEN, GROUP, "/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secret=hunter2");
  telegram.say(BEN, GROUP, "/create apono", { document: { name: "x.json", content: { a: "hunter2" } } });
  telegram.say(BEN, GROUP, "/status bitdefender");
  await fetch(`${outside.url}/telegram`, { method: "POST", body: "weekend-plans" }).then((answer) =>
    answer.text()
  );
  await telegram.until(() => /2 of 14/.test(telegram.transcript(GROUP)));
  // A press that comes before the bot knows that the message was sent is answered with another one.
  await eventually(() => answersIn(linesIn(bot.output())).length === 1, "the answer to be known");
  telegram.pressAndGo(BEN, telegram.last(GROUP)!, "Refresh");
  await eventually(
    () => gravityzone.calls.filter(({ method }) => method === INTEGRATIONS).length === 3,
    "the refresh",
  );
  await bot.says("press_not_answered");
  await eventually(() => answersIn(linesIn(bot.output())).length === 2, "the second answer to be known");
  assert.equal((await bot.terminate()).code, 0);

  const lines = linesIn(bot.output());
  for (const line of lines) {
    assert.match(line["@timestamp"], /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.match(line.message, /^[a-z_]+$/, "an event has a name, not a sentence");
  }
  const found = secretsOf(environment).filter((secret) => bot.output().includes(secret));
  assert.deepEqual(found, []);
  const events = new Set(lines.map(({ message }) => message));
  for (
    const event of [
      "telegram_not_reachable",
      "refused",
      "vendor_call",
      "message_delayed",
      "message_sent",
      "stopped",
    ]
  ) {
    assert.ok(events.has(event), `nothing of a bad day was logged: ${event}`);
  }
  const answers = answersIn(lines);
  assert.equal(answers.length, 2, "one for the command, one for the press");
  for (const { properties: { trace, key } } of answers) {
    assert.match(String(trace), /^[A-Z0-9]{7}$/);
    assert.equal(key, "update:700000007");
  }
});

Deno.test("A bot whose log nobody reads any more goes on answering", async () => {
  await using outside = openOutside({ DATABASE_URL: "sqlite::memory:" });
  const { telegram, environment } = outside;
  const bot = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--frozen", ...leastPermissions(environment), "bot/main.ts"],
    cwd: ROOT,
    env: { ...environment },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  await bot.stdout.cancel();
  telegram.say(BEN, GROUP, "/ping");
  await telegram.until(() => telegram.transcript(GROUP).includes("pong"), "the answer");
  bot.kill("SIGTERM");
  assert.equal((await bot.status).code, 0);
});

Deno.test("A line logged before the library is there is written in its turn, as it was when it was logged", async () => {
  const written: { at: number; event: unknown; fields: unknown }[] = [];
  const redactor = new Redactor([]);
  const log = new LineLog(
    () => ({ timestamp, rawMessage, properties }) => {
      written.push({ at: timestamp, event: rawMessage, fields: properties });
    },
    "info",
    redactor,
  );
  const forget = redactor.hold("for-a-while");
  const before = Date.now();
  log.info("first", { what: "for-a-while" });
  forget();
  log.debug("too_low");
  const between = Date.now();
  while (Date.now() === between);
  log.warning("second");
  assert.equal(written.length, 0, "the library was there");
  await log.written();
  log.error("third");

  assert.deepEqual(written.map(({ event }) => event), ["first", "second", "third"]);
  assert.deepEqual(written[0]?.fields, { what: "[redacted]" });
  const [first = NaN, second = NaN, third = NaN] = written.map(({ at }) => at);
  assert.ok(before <= first && first <= between && between < second && second <= third);
});

for (
  const [how, end] of [
    ["throws", `queueMicrotask(() => { throw new Error("unforeseen"); });`],
    ["throws from a timer", `setTimeout(() => { throw new Error("unforeseen"); });`],
    ["drops a promise that is rejected", `void Promise.reject(new Error("unforeseen"));`],
  ] as const
) {
  Deno.test(`A process that logs and then ${how} writes its log before it ends`, async () => {
    const { code, output } = await run({
      command: Deno.execPath(),
      args: [
        "eval",
        "-q",
        `import { logToStdout } from "./bot/log.ts";
        import { Redactor } from "./bot/redact.ts";
        const log = logToStdout("info", new Redactor([]));
        log.info("first");
        log.info("second");
        ${end}`,
      ],
      cwd: ROOT,
      environment: {},
    });
    assert.equal(code, 1, output);
    assert.match(output, /"message":"first"[^]+"message":"second"/);
    assert.match(output, /Uncaught[^]+unforeseen/);
  });
}

/** The lines that are whole. */
function linesIn(output: string): Line[] {
  return output.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Line);
}

/** What was sent with what the vendor said, found by the trace: the last message of each. */
function answersIn(lines: readonly Line[]): Line[] {
  const answered = lines.filter(({ message, properties }) =>
    message === "vendor_call" && properties["operation"] === INTEGRATIONS && properties["outcome"] === "ok"
  );
  return answered.flatMap(({ properties: { trace } }) =>
    lines.findLast(({ message, properties }) =>
      message === "message_sent" && properties["trace"] === trace
    ) ?? []
  );
}

interface Line {
  readonly "@timestamp": string;
  readonly message: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

Deno.test("Redactor covers a secret however it is spelt, and what is held only for a while", () => {
  const redactor = new Redactor(["pa ss/wörd"]);
  const spelt = ["pa ss/wörd", "pa%20ss%2Fw%C3%B6rd", "cGEgc3Mvd8O2cmQ=", "cGEgc3Mvd8O2cmQ6"];
  for (const form of spelt) {
    const covered = redactor.text(`<${form}>`);
    assert.ok(covered.startsWith("<[redacted]") && !covered.includes(form.slice(-8)), covered);
  }
  assert.deepEqual(redactor.deep({ a: ["xpa ss/wördx", 1, null], b: { c: true } }), {
    a: ["x[redacted]x", 1, null],
    b: { c: true },
  });
  const forget = redactor.hold("for-a-while");
  const forgetAgain = redactor.hold("for-a-while");
  forget();
  assert.equal(redactor.text("for-a-while"), "[redacted]");
  forgetAgain();
  assert.equal(redactor.text("for-a-while"), "for-a-while");
});

Deno.test("errorFields tells name, words and place of an error, and nothing that hangs on it", () => {
  const refused = new GrammyError(
    "Call failed",
    { ok: false, error_code: 400, description: "Bad" },
    "sendMessage",
    {
      chat_id: 1,
      text: "hunter2",
    },
  );
  const lost = new HttpError("Network request failed", new Error("https://api.example/bot123:secret/getMe"));
  const text = JSON.stringify([refused, lost, "a string", { any: "thing" }, undefined].map(errorFields));
  assert.doesNotMatch(text, /hunter2|123:secret/);
  assert.match(text, /GrammyError.*Call failed.*HttpError.*Network request failed.*a string/);
  assert.equal(String(errorFields(new Error("x".repeat(999)))["message"]).length, 300);
  const away = new HttpError("Network request failed", new Deno.errors.ConnectionRefused("refused (111)"));
  assert.equal(errorFields(away)["because"], "refused (111)");
});
