import { type Line, line } from "../../handlers/reply.ts";
import type { ChangeOperation, Plan, Undo } from "../../handlers/operation.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import type { Invocation } from "../invocation.ts";
import { askedIn } from "../parser/secret_scan.ts";
import { parseDuration } from "../settings.ts";
import { type Change, operationName } from "../store/changes.ts";
import type { LoansTable } from "../store/schema.ts";
import { addDays, instantAt, nextClock, parseClock, parseDay, wallText, wallTime } from "../zone.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const SHORTEST_LOAN_MS = MINUTE_MS;
const LONGEST_LOAN_MS = 30 * DAY_MS;
/** Nobody remembers in three months what was approved now. */
const FARTHEST_DAYS = 90;

/** When a change runs, and for how long it stays; null: at once, for good. */
export type Times = Pick<Change, "scheduled_at" | "lasts_ms">;

/** Why a time that was typed cannot be used, and what to type instead. */
export interface UnusableTime {
  readonly unusable: Line;
}

const AT_ONCE: Times = { scheduled_at: null, lasts_ms: null };

/** The times of a request; undefined where they cannot be used, which is told. */
export function timesOf(ctx: UpdateContext, invocation: Invocation, zone: string): Times | undefined {
  if (invocation.at === undefined && invocation.for === undefined) return AT_ONCE;
  const times = timesAsked(invocation, zone, ctx.store.now());
  if (!("unusable" in times)) return times;
  ctx.refuse("unusable_time", { operation: operationName(invocation), next: times.unusable });
  return undefined;
}

/** The times of a request that is made again; one that is over by now is none. */
export function timesAgain(
  { scheduled_at, lasts_ms }: Change,
  { config, store }: Pick<Deps, "config" | "store">,
): Pick<Invocation, "at" | "for"> {
  const isAhead = scheduled_at !== null && scheduled_at > store.now();
  return timesTyped({ scheduled_at: isAhead ? scheduled_at : null, lasts_ms }, config.zone);
}

/** Why a change cannot be taken back by itself; undefined where it can. */
export function whyNotLent(operation: ChangeOperation, plan: Plan): Line | undefined {
  const undo = operation.undo(plan);
  if (!undo.possible) {
    return line("It has no way back. ", asSentence(undo.why), " Without for= it can be asked for.");
  }
  // A secret is wiped when its change has run, and does not lie about until a loan ends.
  const isSecret = (field: string) => operation.secret(field);
  if (askedIn(undo.input, isSecret).length === 0) return undefined;
  return "Its way back needs a secret, and none is kept until then. Without for= it can be asked for, and undone later.";
}

/** What `at=` and `for=` come to. A time of day is the next one there is. */
export function timesAsked(
  asked: Pick<Invocation, "at" | "for">,
  zone: string,
  now: number,
): Times | UnusableTime {
  const scheduled = asked.at === undefined ? null : momentTyped("at", asked.at, zone, now);
  if (scheduled !== null && typeof scheduled !== "number") return scheduled;
  const lasts = asked.for === undefined ? null : parseDuration(asked.for);
  if (lasts === undefined || (lasts !== null && (lasts < SHORTEST_LOAN_MS || lasts > LONGEST_LOAN_MS))) {
    return {
      unusable: line({ code: "for=" }, " takes a time from 1m to 30d, such as ", { code: "for=2h" }, "."),
    };
  }
  return { scheduled_at: scheduled, lasts_ms: lasts };
}

/** The same times, as they would be typed now: what is kept for later must not mean another day by then. */
export function timesTyped({ scheduled_at, lasts_ms }: Times, zone: string): Pick<Invocation, "at" | "for"> {
  return {
    at: scheduled_at === null ? undefined : wallText(zone, scheduled_at),
    for: lasts_ms === null ? undefined : `${lasts_ms}ms`,
  };
}

/**
 * When a time that was typed as `name=` is, epoch ms: a time of day is the next one there is after `now`, and a day with
 * one has to be after it.
 */
export function momentTyped(name: string, text: string, zone: string, now: number): number | UnusableTime {
  const [, date, clock = ""] = /^(?:(\d{4}-\d{2}-\d{2})[T ])?(\d{1,2}:\d{2})$/i.exec(text.trim()) ?? [];
  const minutes = parseClock(clock);
  const day = date === undefined ? undefined : parseDay(date);
  if (minutes === undefined || (date !== undefined && day === undefined)) {
    const example = wallText(zone, now + DAY_MS);
    return {
      unusable: line({ code: `${name}=` }, " takes a time such as ", { code: `${name}=22:00` }, " or ", {
        code: `${name}=${example}`,
      }, ` (${zone}).`),
    };
  }
  const { at, skipped } = day ? instantAt(zone, day, minutes) : nextClock(zone, minutes, now);
  if (skipped) {
    const next = wallText(zone, at);
    return {
      unusable: line(`There is no ${clock} on that day in ${zone}: the clocks go forward over it. `, {
        code: `${name}=${next}`,
      }, " is when it would have been."),
    };
  }
  if (at <= now) {
    const next = wallText(zone, nextClock(zone, minutes, now).at);
    return {
      unusable: line("That is not after ", { code: wallText(zone, now) }, ` in ${zone}. Next is `, {
        code: `${name}=${next}`,
      }, "."),
    };
  }
  const last = instantAt(zone, addDays(wallTime(zone, now).day, FARTHEST_DAYS), minutes).at;
  return at <= last ? at : {
    unusable: line(`That is more than ${FARTHEST_DAYS} days ahead. The last is `, {
      code: `${name}=${wallText(zone, last)}`,
    }, "."),
  };
}

/** When something begins: as its reader's clock shows it, and as it was typed. */
export function momentLine(at: number, zone = "UTC"): Line {
  // Without a zone of its own a client shows it in UTC anyhow.
  return line({ time: at, as: "moment" }, zone === "UTC" ? "" : ` · ${wallText(zone, at).slice(11)} ${zone}`);
}

/** "Only until 05:14 (in 2 h): then it is taken back by itself, if nothing has moved. " Afterwards what became of it. */
export function lentLine({ sent_at, finished_at, lasts_ms }: Change, loan: LoansTable | undefined): Line {
  if (lasts_ms === null) return "";
  if (loan && loan.ended_at !== null) {
    const by: Line = loan.back === null ? "" : [" by change ", { code: loan.back }];
    const why: Line = isTakenBack(loan) ? "" : line(": ", whyOverdue(loan));
    return line(OVER[loan.outcome ?? "returned"], " ", { time: loan.ended_at, as: "clock" }, by, why, " ");
  }
  if (loan && loan.trouble !== null) {
    return line(
      "Not taken back yet, over since ",
      { time: loan.ends_at, as: "deadline" },
      ": ",
      whyOverdue(loan),
    );
  }
  const end: Line = { time: loan?.ends_at ?? (sent_at ?? finished_at ?? 0) + lasts_ms, as: "deadline" };
  return line("Only until ", end, ": then it is taken back by itself, if nothing has moved. ");
}

const OVER = {
  returned: "Taken back as agreed",
  undone: "Taken back by hand",
  moved: "Not taken back",
  nothing_left: "Nothing was left to take back",
};

/** Whether nothing of it is there any more. */
export function isTakenBack(loan: LoansTable | undefined): boolean {
  return loan !== undefined && loan.ended_at !== null && loan.outcome !== "moved";
}

/** Why a loan was not taken back so far, or not at all. */
export function whyOverdue({ trouble }: LoansTable): Line {
  return trouble === null ? "" : JSON.parse(trouble) as Line;
}

export function undoLine(undo: Undo): Line {
  return undo.possible ? line("yes, ", undo.how) : line("No. ", asSentence(undo.why));
}

/** With a capital letter and a full stop, whoever worded it. */
export function asSentence(words: Line): Line {
  const [first = "", ...rest] = line(words);
  const begun = typeof first === "string" ? first.charAt(0).toUpperCase() + first.slice(1) : first;
  const whole = line(begun, ...rest);
  const last = whole.at(-1);
  return typeof last === "string" && /[.!?]$/.test(last) ? whole : line(whole, ".");
}
