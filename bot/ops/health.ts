import { botVariables } from "../config.ts";

/** `deno task health`: exits with 0 when a bot answers where this environment says it listens; for containers. */

const TIMEOUT_MS = 3_000;

/** Where to ask a bot that listens on `host`; one that listens everywhere is asked on the loopback interface. */
export function healthUrl(host: string, port: string): string {
  const bare = host.replace(/^\[|\]$/g, "");
  const near = { "0.0.0.0": "127.0.0.1", "::": "::1" }[bare] ?? bare;
  return `http://${near.includes(":") ? `[${near}]` : near}:${port}/healthz`;
}

async function main(): Promise<number> {
  const get = (row: { name: string; default: string }) => Deno.env.get(row.name)?.trim() || row.default;
  const url = healthUrl(get(botVariables.host), get(botVariables.port));
  try {
    const { ok } = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return ok ? 0 : 1;
  } catch {
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main());
