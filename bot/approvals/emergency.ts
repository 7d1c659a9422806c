import type { Selectable, Transaction } from "kysely";
import { type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import { isMet, progressOf, relaxed } from "../access/policy.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { type Outgoing, PRIORITY } from "../outbox/outgoing.ts";
import { auditOf, type Change, changeTitle, lockPending, type Vote, votesOf } from "../store/changes.ts";
import type { EmergenciesTable, Queryable, Schema } from "../store/schema.ts";
import { cardMessage, cardOf } from "./card.ts";
import type { Decisions } from "./decide.ts";
import { startOf, transition, type TransitionStep } from "./state_machine.ts";
import { type CardView, personLine, viewOf } from "./view.ts";

interface EmergencyParts extends Deps {
  readonly members: Members;
  readonly decisions: Decisions;
}

/**
 * Waives what a change needs beyond one approver's vote, and the hours in which votes count. It is no vote itself; with
 * the one that was given before, the change is approved.
 */
export async function breakGlass(
  parts: EmergencyParts,
  ctx: UpdateContext,
  change: Change,
  reason: string,
): Promise<void> {
  const { store, members, metrics, config } = parts;
  const record = { about: auditOf(change), detail: reason };
  const glass = members.rules?.breakGlass;
  if (change.requester_id === ctx.person.id) return ctx.refuse("own_change", record);
  if (!glass?.who.has(ctx.person.id)) {
    const who = glass
      ? await namesOf(members, glass.who)
      : "nobody; [break_glass] in the policy would name them";
    return ctx.refuse("no_break_glass", { ...record, next: line("Who can: ", who, ".") });
  }
  const view = await viewOf(parts, members, change);
  let repeated = false;
  const moved = await transition(store, async (transaction) => {
    const open = await lockPending(store, transaction, change.code);
    if (!open) return undefined;
    repeated = !await isFirst(transaction, ctx, {
      code: open.code,
      reason,
      reviewWithinMs: glass.reviewWithinMs,
    });
    if (repeated) return undefined;
    const seen = { ...view, ruling: relaxed(view.ruling), votes: await votesOf(transaction, open) };
    const called = calledStep(ctx, open.code, { view: seen, reason, tell: glass.tell });
    const last = seen.votes.at(-1);
    const voters = seen.votes.map(({ person_id }) => person_id);
    if (!last || !isMet(progressOf(seen.ruling.needs, voters))) return called;
    return [called, approvedStep(open, last, store.now(), config.graceMs)];
  });
  if (repeated) return ctx.refuse("emergency_already", record);
  if (!moved) return await parts.decisions.tellWhatItIs(ctx, change.code, "approve");
  if (moved.state !== "pending") metrics.changes.inc({ state: moved.state });
  ctx.confirm(confirmation(moved));
}

/** Writes it down; false where somebody has called it before. */
async function isFirst(
  transaction: Transaction<Schema>,
  { store, person }: UpdateContext,
  { code, reason, reviewWithinMs }: { code: string; reason: string; reviewWithinMs: number },
): Promise<boolean> {
  const now = store.now();
  const written = await transaction.insertInto("emergencies").values({
    code,
    person_id: person.id,
    person_name: person.name,
    reason,
    called_at: now,
    review_by: now + reviewWithinMs,
  }).onConflict((conflict) => conflict.column("code").doNothing()).returning("code").executeTakeFirst();
  return written !== undefined;
}

function calledStep(
  { person, chat }: UpdateContext,
  code: string,
  { view, reason, tell }: { view: CardView; reason: string; tell: ReadonlySet<number> },
): TransitionStep {
  const said = line(personLine(person.name, person.id), ": “", { data: reason, max: 200 }, "”");
  return {
    code,
    event: "emergency",
    set: { emergency: JSON.stringify(said) },
    audit: { person_id: person.id, person_name: person.name, chat_id: chat.id, detail: reason },
    view,
    show: (row) => [
      { ...cardMessage(row), reply: cardOf(row, view) },
      ...[...tell].filter((id) => id !== person.id).map((id) => toldMessage(row, id, said)),
    ],
  };
}

/** What had one vote before has enough of them. */
function approvedStep(change: Change, last: Vote, now: number, graceMs: number): TransitionStep {
  return {
    code: change.code,
    event: "approve",
    set: {
      decided_at: now,
      decider_id: last.person_id,
      decider_name: last.person_name,
      starts_at: startOf(change, now, graceMs),
    },
    audit: { detail: "enough in an emergency" },
    show: (row) => [cardMessage(row)],
  };
}

function confirmation({ code, state }: Change): Reply {
  return {
    mark: "danger",
    title: line("Rules set aside: ", { code }),
    blocks: [textBlock(
      line(
        state === "pending"
          ? "It still needs one approver's vote. "
          : "It was approved before and runs now. ",
        "Someone else has to look into it afterwards.",
      ),
    )],
    personal: true,
  };
}

/** Takes note that someone other than whoever broke the glass has looked into it. */
export async function reviewEmergency(
  { store, members }: EmergencyParts,
  ctx: UpdateContext,
  change: Change,
  note: string,
): Promise<void> {
  const { code } = change;
  const { person } = ctx;
  const record = { about: auditOf(change), detail: note };
  const called = await store.db.selectFrom("emergencies").select("person_id")
    .where("code", "=", code).executeTakeFirst();
  if (!called) return ctx.refuse("nothing_to_review", record);
  if (called.person_id === person.id) return ctx.refuse("own_emergency", record);
  if (!members.rules?.people.has(person.id)) return ctx.refuse("no_rule_names_you", record);
  ctx.onCommit(async (transaction) => {
    const written = await transaction.updateTable("emergencies")
      .set({ reviewer_id: person.id, reviewer_name: person.name, reviewed_at: store.now(), note })
      .where("code", "=", code).where("reviewed_at", "is", null).returning("code").executeTakeFirst();
    if (!written) return ctx.refuse("nothing_to_review", record);
    ctx.audit({ ...auditOf(change), event: "reviewed", detail: note });
    ctx.confirm({ mark: "fine", title: line("Looked into: ", { code }) });
  });
}

/** What nobody has looked into yet, the oldest first. */
export async function openEmergencies(db: Queryable): Promise<Selectable<EmergenciesTable>[]> {
  return await db.selectFrom("emergencies").selectAll().where("reviewed_at", "is", null)
    .orderBy("called_at").execute();
}

function toldMessage(change: Change, personId: number, said: Line): Outgoing {
  const { code } = change;
  return {
    key: `told:${code}:${personId}`,
    chatId: personId,
    reply: {
      mark: "danger",
      title: line("Emergency: ", { code }, " by ", said),
      blocks: [
        textBlock(changeTitle(change).title),
        textBlock(["One vote was enough for it. When you have looked into it: ", {
          code: `/reviewed ${code} <note>`,
        }]),
      ],
    },
    priority: PRIORITY.outcome,
    sound: true,
    trace: change.trace ?? undefined,
  };
}

async function namesOf(members: Members, ids: ReadonlySet<number>): Promise<Line> {
  const names = await Promise.all([...ids].slice(0, 4).map((id) => members.nameOf(id)));
  return { data: names.join(", "), max: 140 };
}
