import { ClientError, describe, type Failure } from "../../clients/errors.ts";
import type { Receipt, Verification } from "../../handlers/operation.ts";
import { type Line, line } from "../../handlers/reply.ts";
import { reasonFor } from "../error_reply.ts";
import type { Store } from "../store/database.ts";
import type { BoundOperation, Change, ChangeEvent } from "./state_machine.ts";
import { conclusion, unlessSaid } from "./outcome.ts";

/** What a look at the vendor says of a change whose write has been sent. */
export interface Observation {
  readonly event: Extract<
    ChangeEvent,
    "apply" | "accept" | "fail" | "mark_unknown" | "applied_late" | "still_not_applied"
  >;
  readonly evidence: Line;
  /** Absent when the vendor could not be read. */
  readonly verdict?: Verification;
  /** When to look again, in ms; null when nothing more can come of it. */
  readonly againAfterMs: number | null;
}

/** After an unknown outcome: look again soon, then ever more rarely, for about a day. */
const CHECK_AFTER_MS: readonly number[] = [60_000, 240_000, 900_000, 3_600_000, 14_400_000, 43_200_000];
/** A write that the read-back does not show may only be slow, so it is looked for so often again. */
const LOOKS_FOR_SLOW_WRITES = 2;

export interface VerifyOptions {
  readonly store: Store;
  /** Undefined when the vendor is not set up any more. */
  readonly part: BoundOperation | undefined;
  /** What the vendor said to the write; undefined when it gave no usable answer. */
  readonly receipt: Receipt | undefined;
  /** Why there is none. */
  readonly cause?: unknown;
  readonly onError: (error: unknown) => void;
}

/** Looks whether a change is there. Throws only when our own database does not answer. */
export async function verifyOutcome(change: Change, options: VerifyOptions): Promise<Observation> {
  const seen = await look(options);
  // Asked after the look: what was sent before it may be what it saw.
  const since = options.receipt ? undefined : await sentSince(options.store, change);
  if (since !== undefined) return { ...overtaken(change, since), againAfterMs: null };
  const told = change.state === "not applied" ? later(change, seen) : seen;
  return { ...told, againAfterMs: againAfter(change, told) };
}

type Look = Omit<Observation, "againAfterMs">;

async function look({ part, receipt, cause, onError }: VerifyOptions): Promise<Look> {
  const why = cause instanceof ClientError ? toldOf(cause.failure) : "";
  if (!part) return { event: "mark_unknown", evidence: line(why, "The vendor is not set up any more.") };
  try {
    const verdict = await part.operation.verify(part.context(), part.plan, receipt);
    return { ...conclusion(verdict, receipt, why), verdict };
  } catch (error) {
    if (!(error instanceof ClientError)) onError(error);
    const seen = error instanceof ClientError ? describe(error.failure) : "The read-back failed";
    return {
      event: "mark_unknown",
      evidence: unlessSaid(why, `${seen}, so nobody can say yet whether it took effect.`),
    };
  }
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
  if (change.state === "not applied") return unchanged(change);
  return {
    event: "mark_unknown",
    evidence: line({ code: since }, " changed it since, so nobody can tell whether this one took effect."),
  };
}

/** A look at what was not there at first. */
function later(change: Change, seen: Look): Look {
  if (seen.event !== "apply") return unchanged(change);
  return {
    ...seen,
    event: "applied_late",
    evidence: line("It took effect after all, only late. ", seen.evidence),
  };
}

function unchanged(change: Change): Look {
  return { event: "still_not_applied", evidence: JSON.parse(change.evidence ?? '""') as Line };
}

function againAfter({ checks }: Change, { event }: Look): number | null {
  const looks = event === "mark_unknown"
    ? CHECK_AFTER_MS.length
    : MAY_BE_SLOW.has(event)
    ? LOOKS_FOR_SLOW_WRITES
    : 0;
  return checks < looks ? CHECK_AFTER_MS[checks] ?? null : null;
}

const MAY_BE_SLOW: ReadonlySet<Observation["event"]> = new Set(["fail", "still_not_applied"]);
