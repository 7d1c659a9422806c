import { type Environment, readConfig } from "../../bot/config.ts";
import { nextStepLine } from "../../bot/error_reply.ts";
import { toText } from "../../bot/render/text.ts";
import { connect, type Connected } from "../../bot/vendors.ts";
import type { Clock } from "../../clients/clock.ts";
import { ClientError, describe } from "../../clients/errors.ts";
import type { CallEvent } from "../../clients/http/contract.ts";
import { vendors } from "../../handlers/registry.ts";
import { type Line, line } from "../../handlers/reply.ts";
import { createContext } from "../handlers/context.ts";

/** How a vendor's real account took our cheapest reads. */
export interface Finding {
  readonly vendor: string;
  readonly outcome: "works" | "fails" | "skipped";
  readonly says: Line;
}

const PATIENCE_MS = 60_000;
/** Nothing of the bot's own is asked for here, so it need not be configured. */
const BOT = { TELEGRAM_BOT_TOKEN: "1:not-used", ADMIN_CHATS: "-1" };

/**
 * Asks each vendor whose credentials are in the environment for what `/doctor` and `/status` ask, one after another.
 * Throws `ConfigError` for half a set of credentials.
 */
export async function checkLive(environment: Environment, clock: Clock): Promise<readonly Finding[]> {
  const names = vendors.flatMap(({ variables }) => Object.values(variables)).map(({ name }) => name);
  const calls: CallEvent[] = [];
  const config = readConfig({
    ...Object.fromEntries(names.map((name) => [name, environment[name]])),
    ...BOT,
  });
  const findings: Finding[] = [];
  const onCall = (event: CallEvent) => void calls.push(event);
  // Nothing is covered here, because no answer is printed.
  const onToken = () => () => {};
  for (const connected of connect(vendors, config, { clock, onCall, onToken })) {
    findings.push(await check(connected, clock));
  }
  const writes = calls.filter(({ write }) => write);
  if (writes.length > 0) {
    throw new Error(`A check wrote: ${writes.map(({ operation }) => operation).join(", ")}`);
  }
  return findings;
}

const MARKS = { works: "fine", fails: "down", skipped: "absent" } as const;

/** "🟢 Apono works: …" */
export function lineOf({ vendor, outcome, says }: Finding): string {
  return toText({ mark: MARKS[outcome], title: line({ bold: vendor }, ` ${outcome}: `, says) }).trimEnd();
}

async function check({ vendor, client }: Connected, clock: Clock): Promise<Finding> {
  const { label, environment } = vendor;
  if (!client) return { vendor: label, outcome: "skipped", says: `${environment.join(", ")} not set` };
  const context = createContext({ client, clock });
  const call = { signal: AbortSignal.timeout(PATIENCE_MS), fresh: true };
  const started = clock.now();
  try {
    const proof = await vendor.probe(client, call);
    const { summary } = await vendor.health({ ...context, call });
    const seconds = ((clock.now() - started) / 1_000).toFixed(1);
    return {
      vendor: label,
      outcome: proof.ok ? "works" : "fails",
      says: line(proof.says, "; ", summary, ` (${seconds} s)`),
    };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return {
      vendor: label,
      outcome: "fails",
      says: `${describe(error.failure)}. ${nextStepLine(error.failure)}`,
    };
  }
}
