import type { Settings } from "../../clients/apono/integration.ts";
import type { Json } from "../../clients/json.ts";
import { type Compared, judged } from "../comparison.ts";
import type { Verification } from "../operation.ts";
import type { Inline, Line } from "../reply.ts";
import { listed, valueOr } from "./card.ts";
import { movedBetween, rowsBetween } from "./settings_rows.ts";

export interface Observation {
  readonly before: Settings;
  readonly wanted: Settings;
  readonly seen: Settings;
  readonly answered: boolean;
  /** The state read back, as `Verdict.after` wants it. */
  readonly after: Json;
}

/** Compares what was meant to change with what is there now. */
export function judge({ before, wanted, seen, answered, after }: Observation): Verification {
  const rows = rowsBetween(before, wanted);
  const readable = rows.filter(({ unreadable }) => !unreadable);
  if (readable.length === 0) return unseen(answered, after);
  const open = new Map(rowsBetween(seen, wanted).map(({ label, now }) => [label, now]));
  const moved = movedBetween(before, seen);
  const found = judged(readable.map(({ label: name }): Compared => {
    const label = { data: name };
    if (!open.has(name)) return { label, is: "asked" };
    return { label, is: moved.has(name) ? { now: valueOr(open.get(name) ?? null, "none") } : "before" };
  }));
  if (found.state !== "applied") return { ...found, after };
  const secret = rows.length > readable.length;
  return { state: "applied", evidence: withSecret(["Read back: ", ...listed(readable)], secret), after };
}

function unseen(answered: boolean, after: Json): Verification {
  return answered
    ? {
      state: "accepted",
      evidence: "Apono said yes. Secrets are not read back, so nothing more can be told.",
      after,
    }
    : {
      state: "unknown",
      evidence: "Apono gave no answer, and secrets are not read back. Look at the integration's status.",
      after,
    };
}

function withSecret(evidence: readonly Inline[], secret: boolean): Line {
  return secret ? [...evidence, ". The secret itself cannot be read back"] : evidence;
}
