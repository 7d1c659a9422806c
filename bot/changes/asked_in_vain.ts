import { type Line, line } from "../../handlers/reply.ts";
import type { Outgoing } from "../store/messages.ts";
import { personLine } from "./card.ts";
import type { Change } from "./machine.ts";
import { outcomeFor } from "./outcome.ts";

/**
 * Tells whoever asked that nothing comes of it. The card says so too, but nobody notices an edit, and it may stand
 * in a chat that this person does not look at. Nothing for who took it back: that person knows.
 */
export function askedInVain(change: Change): Outgoing[] {
  const why = whyInVain(change);
  if (why === undefined) return [];
  const outcome = outcomeFor(change);
  return [{ ...outcome, reply: { ...outcome.reply, blocks: [{ kind: "text", text: why }] } }];
}

function whyInVain({ state, decider_id, decider_name, decision_reason }: Change): Line | undefined {
  if (state === "expired") {
    return "Nobody decided in time. Nothing was sent. “Ask again” under its card asks once more.";
  }
  if (state !== "rejected" || decider_id === null) return undefined;
  return line(
    personLine(decider_name ?? "", decider_id),
    " rejected it",
    decision_reason ? [": “", { data: decision_reason, max: 200 }, "”"] : "",
    ". Nothing was sent.",
  );
}
