import type { Settings } from "../../clients/apono/integration.ts";
import type { Json, Verdict } from "../operation.ts";
import type { Inline, Line } from "../reply.ts";
import { listed } from "./card.ts";
import { rowsBetween, type SettingRow } from "./settings_rows.ts";

export interface Observation {
  /** What was to change. */
  readonly rows: readonly SettingRow[];
  readonly wanted: Settings;
  readonly seen: Settings;
  readonly answered: boolean;
  /** The state read back, as `Verdict.after` wants it. */
  readonly after: Json;
}

/** Compares what was meant to change with what is there now. */
export function judge({ rows, wanted, seen, answered, after }: Observation): Verdict {
  const readable = rows.filter(({ unreadable }) => !unreadable);
  const differing = new Set(rowsBetween(seen, wanted).map(({ label }) => label));
  const arrived = readable.filter(({ label }) => !differing.has(label));
  const secret = rows.length > readable.length;
  if (readable.length === 0) return unseen(answered, after);
  if (arrived.length === readable.length) {
    return {
      state: "applied",
      evidence: withSecret(["Read back: ", ...listed(arrived)], secret),
      after,
    };
  }
  if (arrived.length === 0) {
    const evidence = ["Read back: Apono still shows the old values of ", labels(readable), "."];
    return { state: "not applied", evidence, after };
  }
  const open = readable.filter(({ label }) => differing.has(label));
  const evidence = ["Read back: ", ...listed(arrived), "; but not yet ", labels(open), "."];
  return { state: "unknown", evidence, after };
}

function unseen(answered: boolean, after: Json): Verdict {
  return answered
    ? {
      state: "accepted",
      evidence: "Apono said yes. It never shows the secrets it keeps, so nothing can be read back.",
      after,
    }
    : {
      state: "unknown",
      evidence:
        "Apono gave no answer, and it never shows the secrets it keeps. Look at the integration's status.",
      after,
    };
}

function withSecret(evidence: readonly Inline[], secret: boolean): Line {
  return secret ? [...evidence, ". The secret itself cannot be read back"] : evidence;
}

function labels(rows: readonly SettingRow[]): string {
  return rows.map(({ label }) => label).join(", ");
}
