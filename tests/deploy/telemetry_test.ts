import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { telemetryProblem } from "../../bot/settings.ts";
import { GROUP } from "../sandbox/stage.ts";
import { leastPermissions, openSurroundings, run, start } from "./process.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

Deno.test.each([
  {},
  { OTEL_DENO: "false" },
  { OTEL_DENO: "1" },
  { OTEL_TRACES_SAMPLER: "always_on" },
  { OTEL_DENO: "true", OTEL_TRACES_SAMPLER: "always_off" },
  { OTEL_DENO: "true", OTEL_DENO_TRACING: "False" },
  { OTEL_DENO_TRACING: "true", OTEL_SDK_DISABLED: "true" },
])("telemetryProblem is none with %j", (environment) => {
  assert.equal(telemetryProblem(environment), undefined);
});

Deno.test.each([
  { OTEL_DENO: "true" },
  { OTEL_DENO: "TRUE" },
  { OTEL_DENO_TRACING: "true" },
  { OTEL_DENO: "false", OTEL_DENO_TRACING: "true" },
  { OTEL_DENO: "true", OTEL_DENO_TRACING: "false " },
  { OTEL_DENO: "true", OTEL_DENO_TRACING: "no" },
  { OTEL_DENO: "true", OTEL_TRACES_SAMPLER: "parentbased_always_off" },
  { OTEL_DENO: "true", OTEL_TRACES_SAMPLER: "traceidratio" },
])("telemetryProblem says what to change with %j", (environment) => {
  assert.match(telemetryProblem(environment) ?? "", /OTEL_TRACES_SAMPLER=always_off/);
});

Deno.test("the bot does not start when Deno would trace it, and has sent nothing to Telegram by then", async () => {
  await using surroundings = openSurroundings({ environment: { OTEL_DENO: "true", ...CONSOLE } });
  const { code, output } = await run(bot(surroundings.environment));
  assert.equal(code, 1);
  assert.match(output, /^The configuration is not usable:\n- OTEL_DENO .* is true: .*\n/);
  assert.deepEqual(surroundings.telegram.calls(), []);
});

Deno.test("OTEL_TRACES_SAMPLER=always_off leaves metrics, and neither a span nor the token in them", async () => {
  await using surroundings = openSurroundings({
    environment: { OTEL_DENO: "true", OTEL_TRACES_SAMPLER: "always_off", ...CONSOLE },
  });
  await using running = start(bot(surroundings.environment));
  await running.says('"started"');
  surroundings.telegram.say(101, GROUP, "/ping");
  await surroundings.telegram.until(() => surroundings.telegram.last(GROUP), "an answer");
  // A caller who asks for a span gets none.
  const asking = { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` };
  await (await fetch(`${surroundings.url}/secret/${"x".repeat(43)}`, { headers: asking })).body?.cancel();
  assert.equal((await running.terminate()).code, 0);
  const output = running.output();
  assert.match(output, /METRIC http\.server\.request\.duration/);
  assert.doesNotMatch(output, /SPAN/);
  const [, secretHalf = ""] = surroundings.telegram.token.split(":");
  assert.ok(!output.includes(secretHalf), "the token is nowhere");
  assert.ok(!output.includes("x".repeat(43)), "nor is a secret page's address");
});

/** Deno then prints what it would send to a collector. */
const CONSOLE = { OTEL_EXPORTER_OTLP_PROTOCOL: "console" };

function bot(environment: Readonly<Record<string, string>>) {
  const { OTEL_DENO: _on, ...usable } = environment;
  const told = { ...environment, DATABASE_URL: "sqlite::memory:" };
  const flags = leastPermissions({ ...usable, DATABASE_URL: "sqlite::memory:" });
  return {
    command: Deno.execPath(),
    args: ["run", "-q", "--frozen", ...flags, "bot/main.ts"],
    cwd: ROOT,
    environment: told,
  };
}
