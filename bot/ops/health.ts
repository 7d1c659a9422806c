import { systemClock } from "../../clients/clock.ts";
import { botVariables } from "../config.ts";
import { SocketClient } from "../telegram/socket_client.ts";
import { endWith, type Result } from "./program.ts";

/** `deno task health`: exits with 0 when a bot answers where this environment says it listens; for containers. */

const TIMEOUT_MS = 3_000;

/** Where to ask a bot that listens on `host`; one that listens everywhere is asked on the loopback interface. */
export function healthUrl(host: string, port: string): string {
  const bare = host.replace(/^\[|\]$/g, "");
  const near = { "0.0.0.0": "127.0.0.1", "::": "::1" }[bare] ?? bare;
  return `http://${near.includes(":") ? `[${near}]` : near}:${port}/healthz`;
}

async function health(): Promise<Result> {
  const get = (row: { name: string; default: string }) => Deno.env.get(row.name)?.trim() || row.default;
  const url = healthUrl(get(botVariables.host), get(botVariables.port));
  // Not by a proxy: that is for what is far away.
  const near = new SocketClient(systemClock);
  try {
    const { ok, status } = await near.fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return {
      says: ok ? "healthy" : `${url} answered ${status}: something else listens there`,
      code: ok ? 0 : 1,
    };
  } catch {
    return { says: `nobody answers at ${url}: see the bot's log, and HOST and PORT`, code: 1 };
  }
}

if (import.meta.main) await endWith(await health());
