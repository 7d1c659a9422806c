import { type ClientError, describe } from "../../clients/errors.ts";
import type { Receipt, Verification } from "../../handlers/operation.ts";
import { type Line, line } from "../../handlers/reply.ts";
import { nextStepLine, reasonFor } from "../error_reply.ts";
import { type Outgoing, PRIORITY } from "../outbox/messages.ts";
import { stateLine } from "./card.ts";
import type { Change } from "./state_machine.ts";

/**
 * Tells the requester; in the group only that person sees it, where Telegram can. What became known after the first
 * look is a message of its own: nobody notices an edit of one that is minutes or hours old.
 */
export function outcomeFor(change: Change): Outgoing {
  return {
    key: change.checks > 1 ? `outcome:${change.code}:known` : `outcome:${change.code}`,
    chatId: change.origin_chat,
    threadId: change.origin_thread ?? undefined,
    replyTo: change.origin_message ?? undefined,
    receiverId: change.origin_chat === change.requester_id ? undefined : change.requester_id,
    reply: { ...stateLine(change), footer: ["/change ", { code: change.code }], personal: true },
    priority: PRIORITY.outcome,
    sound: change.state !== "applied" && change.state !== "accepted",
    trace: change.trace ?? undefined,
  };
}

/** What a verdict means for the change. */
export function conclusion(
  verdict: Verification,
  receipt: Receipt | undefined,
  why: Line,
): { event: "apply" | "accept" | "fail" | "mark_unknown"; evidence: Line } {
  const evidence = unlessSaid(why, verdict.evidence);
  switch (verdict.state) {
    case "applied":
      return { event: "apply", evidence };
    case "not applied":
      return { event: "fail", evidence };
    case "unknown":
      return { event: "mark_unknown", evidence };
    case "accepted":
      // "The vendor said yes" cannot be said when the vendor said nothing.
      return receipt ? { event: "accept", evidence } : { event: "mark_unknown", evidence };
  }
}

/** A vendor that is away fails the write and the read-back alike: once is enough to say so. */
export function unlessSaid(why: Line, seen: Line): Line {
  const [sentence] = line(why);
  const isSaid = typeof sentence === "string" && JSON.stringify(seen).includes(sentence.replace(/\. $/, ""));
  return isSaid ? seen : line(why, seen);
}

/** The vendor said no, in its words and ours. */
export function refusedBy({ failure }: ClientError): Line {
  return line(
    `${describe(failure)}. Nothing was changed. `,
    reasonFor(failure),
    nextStepLine(failure),
  );
}
