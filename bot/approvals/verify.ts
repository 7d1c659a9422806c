import { ClientError, describe, type Failure } from "../../clients/errors.ts";
import type { Receipt, Verification } from "../../handlers/operation.ts";
import { type Line, line } from "../../handlers/reply.ts";
import type { Deps } from "../deps.ts";
import { nextStepLine, reasonFor } from "../error_reply.ts";
import { errorFields } from "../log.ts";
import type { Change } from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import type { ChangeEvent } from "./state_machine.ts";

/** What a look at the vendor says of a change whose write has been sent. */
export interface Observation {
  readonly event: keyof typeof LOOKS_AFTER;
  readonly evidence: Line;
  /** Absent when the vendor could not be read. */
  readonly verdict?: Verification;
  /** When to look again, in ms; null when nothing more can come of it. */
  readonly againAfterMs: number | null;
}

/** After an unknown outcome: look again soon, then ever more rarely, for about a day. */
const CHECK_AFTER_MS: readonly number[] = [60_000, 240_000, 900_000, 3_600_000, 14_400_000, 43_200_000];
/** How often it is looked again; a write that the read-back does not show may only be slow. */
const LOOKS_AFTER = {
  apply: 0,
  apply_partly: 2,
  applied_late: 0,
  partly_late: 2,
  accept: 0,
  fail: 2,
  still_not_applied: 2,
  still_partly_applied: 2,
  mark_unknown: CHECK_AFTER_MS.length,
} satisfies Partial<Record<ChangeEvent, number>>;

/** What came of the write: the vendor's receipt, or why there is none. */
export interface WriteResult {
  readonly receipt?: Receipt | undefined;
  readonly cause?: unknown;
}

type VerifyDeps = Pick<Deps, "store" | "vendors" | "log">;

/** Looks whether a change is there. Throws only when our own database does not answer. */
export async function verifyOutcome(
  deps: VerifyDeps,
  change: Change,
  result: WriteResult = {},
): Promise<Observation> {
  const seen = await look(deps, change, result);
  // Asked after the look: what was sent before it may be what it saw.
  const since = result.receipt ? undefined : await sentSince(deps.store, change);
  if (since !== undefined) return { ...overtaken(change, since), againAfterMs: null };
  const told = isSettled(change) ? later(change, seen) : seen;
  return { ...told, againAfterMs: againAfter(change, told) };
}

type Look = Omit<Observation, "againAfterMs">;

async function look(
  { vendors, log }: VerifyDeps,
  change: Change,
  { receipt, cause }: WriteResult,
): Promise<Look> {
  const why = cause instanceof ClientError ? toldOf(cause.failure) : "";
  const bound = vendors.boundOperation(change);
  if (!bound) return { event: "mark_unknown", evidence: line(why, "The vendor is not set up any more.") };
  if (vendors.isOfAnotherAccount(change)) {
    return {
      event: "mark_unknown",
      evidence: line(why, "The bot works with another account of the vendor now."),
    };
  }
  try {
    const verdict = await bound.operation.verify(bound.context(), bound.plan, receipt);
    return { event: eventOf(verdict, receipt), evidence: unlessSaid(why, verdict.evidence), verdict };
  } catch (error) {
    const isFailure = error instanceof ClientError;
    if (!isFailure) log.error("verify_failed", { code: change.code, ...errorFields(error) });
    const seen = isFailure ? describe(error.failure) : "The read-back failed";
    const evidence = unlessSaid(why, `${seen}, so nobody can say yet whether it took effect.`);
    return { event: "mark_unknown", evidence };
  }
}

/** What a verdict means for the change. "The vendor said yes" cannot be said when the vendor said nothing. */
function eventOf({ state }: Verification, receipt: Receipt | undefined): Look["event"] {
  if (state === "applied") return "apply";
  if (state === "partly applied") return "apply_partly";
  if (state === "not applied") return "fail";
  return state === "accepted" && receipt ? "accept" : "mark_unknown";
}

/** A vendor that is away fails the write and the read-back alike: once is enough to say so. */
function unlessSaid(why: Line, seen: Line): Line {
  const [sentence] = line(why);
  const isSaid = typeof sentence === "string" && JSON.stringify(seen).includes(sentence.replace(/\. $/, ""));
  return isSaid ? seen : line(why, seen);
}

/** The vendor said no, in its words and ours. */
export function refusedBy({ failure }: ClientError): Line {
  return line(`${describe(failure)}. Nothing was changed. `, reasonFor(failure), nextStepLine(failure));
}

/** The vendor's words are kept: after an error of its own they are all there is to go by. */
function toldOf(failure: Failure): Line {
  return line(`${describe(failure)}. `, failure.quoted ? reasonFor(failure) : "");
}

/** Another change of the same target, the effect of which would be taken for this one's. */
async function sentSince(store: Store, change: Change): Promise<string | undefined> {
  const later = await store.db.selectFrom("changes").select("code")
    .where("target_key", "=", change.target_key).where("sent_at", ">", change.sent_at)
    .where("code", "<>", change.code).limit(1).executeTakeFirst();
  return later?.code;
}

function overtaken(change: Change, since: string): Look {
  if (isSettled(change)) return unchanged(change);
  const evidence = line(
    { code: since },
    " changed it since, so nobody can tell whether this one took effect.",
  );
  return { event: "mark_unknown", evidence };
}

/** Whether the first look has told what became of it: what was not there, or not all of it, may still come. */
function isSettled({ state }: Change): boolean {
  return state === "not applied" || state === "partly applied";
}

/** A look at what was not there at first, or not all of it. */
function later(change: Change, seen: Look): Look {
  if (seen.event === "apply") {
    const evidence = line("It took effect after all, only late. ", seen.evidence);
    return { ...seen, event: "applied_late", evidence };
  }
  if (seen.event !== "apply_partly" || change.state === "partly applied") return unchanged(change);
  return { ...seen, event: "partly_late", evidence: line("A part took effect, only late. ", seen.evidence) };
}

function unchanged(change: Change): Look {
  const event = change.state === "partly applied" ? "still_partly_applied" : "still_not_applied";
  return { event, evidence: JSON.parse(change.evidence ?? '""') as Line };
}

function againAfter({ checks }: Change, { event, verdict }: Look): number | null {
  if (verdict?.blind) return null;
  return checks < LOOKS_AFTER[event] ? CHECK_AFTER_MS[checks] ?? null : null;
}
