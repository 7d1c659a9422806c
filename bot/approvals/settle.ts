import { type Line, line, textBlock } from "../../handlers/reply.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { type Outgoing, PRIORITY } from "../outbox/outgoing.ts";
import { auditOf, type Change, changeTitle, findChange } from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import type { MessagesTable } from "../store/schema.ts";
import type { TelegramRefusal } from "../telegram/api.ts";
import { cardMessage, outcomeMessage } from "./card.ts";
import { personLine } from "./view.ts";
import { type Decisions, isOwn } from "./decide.ts";
import { transition, type TransitionStep } from "./state_machine.ts";

/** Closes what nobody could read back, on the word of someone who has looked. */
export async function settle(
  { store, metrics }: Pick<Deps, "store" | "metrics">,
  decisions: Decisions,
  ctx: UpdateContext,
  change: Change,
  { outcome, note }: { readonly outcome: "applied" | "not"; readonly note: string },
): Promise<void> {
  const record = { about: auditOf(change), detail: note };
  if (isOwn(ctx, change)) return ctx.refuse("own_outcome", record);
  const denied = await decisions.whyNot(ctx, change);
  if (denied) return ctx.refuse(denied, record);
  const moved = await transition(store, settlingStep(ctx, change, outcome, note));
  if (!moved) {
    const { state } = await findChange(store, change.code) ?? change;
    return ctx.refuse("not_unknown", { ...record, next: `It is ${state}.` });
  }
  metrics.changes.inc({ state: moved.state });
  ctx.confirm({ ...changeTitle(moved), footer: { code: moved.code }, personal: true });
}

function settlingStep(
  { person, chat }: UpdateContext,
  { code }: Change,
  outcome: "applied" | "not",
  note: string,
): TransitionStep {
  const said = line(personLine(person.name, person.id), " says: “", { data: note, max: 300 }, "”");
  return {
    code,
    event: outcome === "applied" ? "settle_applied" : "settle_not_applied",
    set: {
      settled_id: person.id,
      settled_name: person.name,
      evidence: JSON.stringify(line(said, ". The bot itself could not see it.")),
      next_check_at: null,
    },
    audit: { person_id: person.id, person_name: person.name, chat_id: chat.id, detail: note },
    show: (moved, around) => [cardMessage(moved, around), outcomeMessage(moved)],
  };
}

/**
 * What is done about a message that Telegram will never take: a card that nobody can see, or not all of it, must not
 * stay pending, and its requester learns why. Done again after a crash it changes nothing.
 */
export async function withdrawUndeliverable(
  store: Store,
  row: MessagesTable,
  { description }: TelegramRefusal,
): Promise<void> {
  const [kind, code] = row.key.split(":");
  if (kind !== "card" || code === undefined) return;
  await transition(store, {
    code,
    event: "withdraw",
    set: { decision_reason: description, evidence: JSON.stringify(whatTelegramSaid(description)) },
    audit: { reason_code: "card_refused", detail: description },
    // What was refused may be the card's file alone, and an earlier form of the card may stand.
    show: (change) => [cardMessage(change), whyItEnded(change, description)],
  });
}

function whyItEnded({ code, requester_id, trace }: Change, description: string): Outgoing {
  return {
    key: `dropped:${code}`,
    chatId: requester_id,
    reply: {
      mark: "attention",
      title: ["The group did not take the card of ", { code }, ", so nobody could approve it"],
      blocks: [
        textBlock(
          line(whatTelegramSaid(description), " Nothing is pending. /doctor shows the bot's rights."),
        ),
      ],
    },
    priority: PRIORITY.outcome,
    sound: true,
    trace: trace ?? undefined,
  };
}

function whatTelegramSaid(description: string): Line {
  return ["Telegram said: “", { data: description, max: 120 }, "”."];
}
