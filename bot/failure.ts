import { ClientError, describe, duration, type Failure, type FailureKind } from "../clients/errors.ts";
import type { Block, Line, Reply } from "../handlers/reply.ts";
import { refusalOf } from "./command/refusal.ts";
import type { Vocabulary } from "./command/route.ts";
import { errorFields, type Log } from "./log.ts";
import { nextStep } from "./next_step.ts";

/** Nothing can be read as long as these last, and people look for the same word as in `/status`. */
const SILENT_OR_SHUT: ReadonlySet<FailureKind> = new Set([
  "unreachable",
  "timed_out",
  "credentials_refused",
]);

/** It works, and will not do what it was asked for. */
const ALL_BUT_DOWN: ReadonlySet<FailureKind> = new Set(["not_found", "not_offered", "rejected"]);

/** A vendor that failed: what happened, what did not, what to do next. */
export function vendorFailureReply(error: ClientError, trace: string): Reply {
  const { failure } = error;
  const blocks: Block[] = [{ kind: "text", text: ["Nothing was changed. ", nextStep(failure)] }];
  if (failure.detail) {
    blocks.push({ kind: "facts", facts: [[whoSays(failure), { data: failure.detail, max: 200 }]] });
  }
  return {
    mark: ALL_BUT_DOWN.has(failure.kind) ? "attention" : "down",
    title: SILENT_OR_SHUT.has(failure.kind) ? `${failure.vendor} ${unreachable(failure)}` : describe(failure),
    blocks,
    footer: ["ref ", { code: trace }],
  };
}

/** Why, as part of a text; empty where nobody said. */
export function reasonFor(failure: Failure): Line {
  return failure.detail ? [`${whoSays(failure)}: “`, { data: failure.detail, max: 200 }, "”. "] : "";
}

/** Our own words are never put into the vendor's mouth. */
function whoSays({ quoted, vendor }: Failure): string {
  return quoted ? `${vendor} said` : "Cause";
}

const AWAY = "is not reachable";

/** For a line that begins with the vendor's name: "unreachable: refused our key (401)". */
export function unreachable(failure: Failure): string {
  const what = describe(failure).replace(`${failure.vendor} `, "");
  if (!what.startsWith(AWAY)) return `unreachable: ${what}`;
  return what.replace(AWAY, "unreachable") + nextTry(failure);
}

/** Only while we leave a vendor alone there is a try to wait for; what a vendor answers with a status is final. */
function nextTry({ status, retryAfterMs }: Failure): string {
  return status !== undefined || retryAfterMs === undefined ? "" : `, next try in ${duration(retryAfterMs)}`;
}

/** Input that passed the grammar and still makes no sense to the operation. */
export function badInputReply(
  error: { message: string; suggestions: readonly string[] },
  vocabulary: Vocabulary,
): Reply {
  const { message, suggestions } = error;
  return refusalOf({ kind: "wrong", code: "bad_value", sentence: message, suggestions }, vocabulary);
}

/** What nobody foresaw: logged with its reference, answered with one fixed sentence. */
export function bugReply(error: unknown, log: Log, trace: string): Reply {
  log.error("unforeseen", { trace, ...errorFields(error) });
  return {
    mark: "down",
    title: "Something went wrong inside the bot",
    blocks: [{
      kind: "text",
      text: "Nothing was changed. Try again; if it stays, look for the reference in the log.",
    }],
    footer: ["ref ", { code: trace }],
    personal: true,
  };
}
