/**
 * Deno can trace by itself. A span of an outgoing call carries its whole address, and the address of a Bot API call
 * holds the token; Deno offers nothing to leave it out. So the bot runs with metrics or without telemetry, and not
 * with traces.
 */

/** What decides whether Deno traces; the start task lets the bot see these besides its own. */
export const telemetryVariables = [
  "OTEL_DENO",
  "OTEL_DENO_TRACING",
  "OTEL_TRACES_SAMPLER",
  "OTEL_SDK_DISABLED",
] as const;

type TelemetryVariable = typeof telemetryVariables[number];

/** What to change, when Deno would put the token into a span. */
export function telemetryProblem(
  environment: Readonly<Partial<Record<TelemetryVariable, string | undefined>>>,
): string | undefined {
  // As Deno reads them: in any case, and " false" is no word to it.
  const says = (name: TelemetryVariable, word: string) => environment[name]?.toLowerCase() === word;
  const isOn = says("OTEL_DENO", "true") || says("OTEL_DENO_TRACING", "true");
  // A sampler that follows its parent is no way out: whoever calls the bot could ask for spans.
  const isSafe = says("OTEL_SDK_DISABLED", "true") || says("OTEL_DENO_TRACING", "false") ||
    environment.OTEL_TRACES_SAMPLER === "always_off";
  if (!isOn || isSafe) return undefined;
  return "OTEL_DENO or OTEL_DENO_TRACING is true: Deno's spans would carry the bot's token. " +
    "Set OTEL_TRACES_SAMPLER=always_off to have metrics only, or take both away.";
}
