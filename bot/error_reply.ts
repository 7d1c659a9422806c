import {
  ClientError,
  describe,
  type Failure,
  type FailureKind,
  formatDuration,
  nextStep as nextStepIn,
} from "../clients/errors.ts";
import { UnsafePathValue } from "../clients/path.ts";
import { BadInput, ChoiceNeeded } from "../handlers/operation.ts";
import { NothingFits } from "../handlers/resolve.ts";
import { vendors } from "../handlers/registry.ts";
import { type Line, type Reply, textBlock } from "../handlers/reply.ts";
import { choiceReply } from "./clarify.ts";
import type { UpdateContext } from "./context.ts";
import type { Invocation } from "./invocation.ts";
import { errorFields, type Log } from "./log.ts";
import type { CommandSet } from "./parser/command.ts";
import { validationMessage } from "./parser/validation_message.ts";

/** Nothing can be read as long as these last, and whoever asks looks for the same word as in `/status`. */
const SILENT_OR_SHUT: ReadonlySet<FailureKind> = new Set([
  "unreachable",
  "timed_out",
  "credentials_refused",
]);

/** It works, and will not do what it was asked for. */
const ALL_BUT_DOWN: ReadonlySet<FailureKind> = new Set(["not_found", "not_offered", "rejected"]);

/** A vendor that failed: what happened, what did not, what to do next. */
function vendorFailureReply(failure: Failure, trace: string): Reply {
  const { detail } = failure;
  return {
    mark: ALL_BUT_DOWN.has(failure.kind) ? "attention" : "down",
    title: SILENT_OR_SHUT.has(failure.kind) ? `${failure.vendor} ${unreachable(failure)}` : describe(failure),
    blocks: [
      textBlock(["Nothing was changed. ", nextStepLine(failure)]),
      { kind: "facts", facts: detail ? [[whoSays(failure), { data: detail, max: 200 }]] : [] },
    ],
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
  return status !== undefined || retryAfterMs === undefined
    ? ""
    : `, next try in ${formatDuration(retryAfterMs)}`;
}

/** What nobody foresaw: logged with its reference, answered with one fixed sentence. */
export function bugReply(error: unknown, log: Log, trace: string): Reply {
  log.error("unforeseen", { trace, ...errorFields(error) });
  return {
    mark: "down",
    title: "Something went wrong inside the bot",
    blocks: [textBlock("Nothing was changed. Try again; if it stays, look for the reference in the log.")],
    footer: ["ref ", { code: trace }],
    personal: true,
  };
}

/** What to do next after a vendor failed, in one sentence that names the variables to look at. */
export function nextStepLine(failure: Failure): string {
  const vendor = vendors.find(({ label, system = label }) => system === failure.vendor);
  return nextStepIn(failure, vendor?.credentials);
}

/**
 * What is answered when a read or a plan came to nothing; a choice goes on with the invocation. Throws on what nobody
 * foresaw.
 */
export function errorReply(
  error: unknown,
  ctx: UpdateContext,
  invocation: Invocation,
  commandSet: CommandSet,
): Reply {
  if (error instanceof ChoiceNeeded) return choiceReply(ctx, invocation, error);
  if (error instanceof NothingFits && error.near.length > 0) {
    const question = `${error.message.split(". ", 1)[0]}. Did you mean one of these?`;
    return choiceReply(ctx, invocation, new ChoiceNeeded(question, error.field, error.near));
  }
  // Input that passed the grammar and still makes no sense to the operation.
  if (error instanceof BadInput || error instanceof UnsafePathValue) {
    const suggestions = error instanceof BadInput ? error.suggestions : [];
    return validationMessage(
      { kind: "wrong", code: "bad_value", sentence: error.message, suggestions },
      commandSet,
    );
  }
  if (error instanceof ClientError) return vendorFailureReply(error.failure, ctx.trace);
  throw error;
}
