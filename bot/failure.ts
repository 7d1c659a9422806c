import { ClientError, describe, nextStep } from "../clients/errors.ts";
import type { BadInput } from "../handlers/operation.ts";
import type { Block, Reply } from "../handlers/reply.ts";
import type { Wrong } from "./command/parse.ts";
import { errorFields, type Log } from "./log.ts";

/** A vendor that failed: what happened, what did not, what to do next. */
export function vendorFailureReply(error: ClientError, trace: string): Reply {
  const { failure } = error;
  const blocks: Block[] = [{ kind: "text", text: ["Nothing was changed. ", nextStep(failure)] }];
  if (failure.detail) {
    blocks.push({ kind: "facts", facts: [[`${failure.vendor} said`, { data: failure.detail, max: 200 }]] });
  }
  return {
    mark: failure.kind === "not_found" || failure.kind === "rejected" ? "attention" : "down",
    title: describe(failure),
    blocks,
    footer: ["ref ", { code: trace }],
  };
}

/** A command that could not be read, with the nearest ones; only those that read are buttons to press. */
export function wrongReply(
  wrong: Pick<Wrong, "sentence" | "suggestions" | "usage">,
  isRead: (command: string) => boolean,
): Reply {
  return {
    mark: "question",
    title: wrong.sentence,
    ...(wrong.usage
      ? { blocks: [{ kind: "facts" as const, facts: [["Type", { code: wrong.usage }] as const] }] }
      : {}),
    buttons: wrong.suggestions.map((command) => [{
      label: command,
      action: isRead(command) ? { command } : { copy: command },
    }]),
    personal: true,
  };
}

/** Input that passed the grammar and still makes no sense to the operation. */
export function badInputReply(error: BadInput, isRead: (command: string) => boolean): Reply {
  return wrongReply({ sentence: error.message, suggestions: error.suggestions }, isRead);
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
