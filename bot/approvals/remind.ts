import type { Insertable, Transaction } from "kysely";
import { type Line, line, textBlock } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import { type ApprovalNeed, isMet, progressOf, type Ruling } from "../access/policy.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import { findMessage, putMessage } from "../outbox/messages.ts";
import { type Outgoing, PRIORITY } from "../outbox/outgoing.ts";
import { appendAudit } from "../store/audit.ts";
import {
  auditOf,
  type Change,
  findChange,
  lockPending,
  readCard,
  type Vote,
  votesOf,
} from "../store/changes.ts";
import { StoreUnavailable } from "../store/errors.ts";
import type { MessagesTable, RemindersTable, Schema } from "../store/schema.ts";
import { deepLink } from "../telegram/deep_link.ts";
import { cardKey, copyKey, copyMessage } from "./card.ts";
import { viewOf } from "./view.ts";

const MOST_AT_ONCE = 20;

/** Writes down what those who may vote will be reminded of. */
export async function planReminders(
  transaction: Transaction<Schema>,
  { code, created_at }: Change,
  { needs }: Ruling,
): Promise<void> {
  const due = needs.flatMap(({ rule = "", remindMs, escalate }): Insertable<RemindersTable>[] => [
    ...(remindMs === undefined
      ? []
      : [{ code, rule, kind: "remind" as const, due_at: created_at + remindMs }]),
    ...(escalate ? [{ code, rule, kind: "escalate" as const, due_at: created_at + escalate.afterMs }] : []),
  ]);
  if (due.length > 0) await transaction.insertInto("reminders").values(due).execute();
}

/** Tells those who may vote and have not, each once, however many replicas there are and whenever they stop. */
export class Reminders {
  constructor(private readonly deps: Deps, private readonly members: Members) {}

  /** Sends what is due. */
  async remind(): Promise<void> {
    const { store, log } = this.deps;
    const due = await store.db.selectFrom("reminders").select("code").distinct()
      .where("due_at", "<=", store.now()).limit(MOST_AT_ONCE).execute();
    for (const { code } of due) {
      try {
        await this.remindOf(code);
      } catch (error) {
        if (error instanceof StoreUnavailable) throw error;
        log.error("reminder_not_sent", { code, ...errorFields(error) });
      }
    }
  }

  /** Whom Telegram does not let the bot write to is named in the group instead. */
  async bringToGroup({ key, chat_id }: MessagesTable): Promise<void> {
    const [, code = "", , reminder] = /^(?:copy|told):([^:]+):(\d+)(?::(.+))?$/.exec(key) ?? [];
    if (chat_id <= 0 || (!reminder && !key.startsWith("told:"))) return;
    const { store, bot } = this.deps;
    const change = await findChange(store, code);
    if (!change) return;
    const link = deepLink(bot.botInfo.username, { kind: "change", id: code });
    const name = await this.members.nameOf(chat_id);
    const card = await findMessage(store.db, cardKey(code));
    const [, from] = /^pass (\d+)$/.exec(reminder ?? "") ?? [];
    const what: Line = key.startsWith("told:")
      ? " had rules set aside: look into it"
      : from === undefined
      ? " waits"
      : [" is handed over to you by ", { data: await this.members.nameOf(Number(from)), max: 40 }];
    await putMessage(store, store.db, {
      key: `named:${key}`,
      chatId: change.chat_id,
      threadId: change.thread_id ?? undefined,
      replyTo: card?.message_id ?? undefined,
      reply: {
        mark: "working",
        title: line({ data: name, max: 40, calls: chat_id }, ": ", { code }, what),
        blocks: [
          textBlock(readCard(change).title),
          textBlock("I cannot write to this person in private before they press Start there."),
        ],
        buttons: [[{ label: "Open it in private", action: { url: link } }]],
      },
      priority: PRIORITY.outcome,
      sound: true,
      trace: change.trace ?? undefined,
    });
  }

  private async remindOf(code: string): Promise<void> {
    const { store, metrics } = this.deps;
    const waiting = await findChange(store, code);
    const view = waiting && await viewOf(this.deps, this.members, waiting);
    const kinds = await store.transaction(async (transaction) => {
      const change = await lockPending(store, transaction, code);
      const due = await transaction.deleteFrom("reminders").where("code", "=", code)
        .where("due_at", "<=", store.now()).returningAll().execute();
      if (!change || !view || due.length === 0) return [];
      const votes = await votesOf(transaction, change);
      const reminded = new Map(
        due.flatMap((one) => peopleFor(one, change, view.ruling, votes).map((id) => [id, one] as const)),
      );
      for (const [personId, { kind, rule }] of reminded) {
        const key = `${copyKey(code, personId)}:${kind} ${rule}`;
        const copy = copyMessage(change, personId, { ...view, votes });
        await transaction.insertInto("card_copies").values({ key, code, person_id: personId })
          .onConflict((conflict) => conflict.column("key").doNothing()).execute();
        await putMessage(store, transaction, reminderOf(change, { ...copy, key }));
      }
      await appendAudit(
        store,
        transaction,
        due.map(({ kind, rule }) => ({
          ...auditOf(change),
          event: kind === "remind" ? "reminded" : "escalated",
          detail: rule,
        })),
      );
      return due.map(({ kind }) => kind);
    });
    for (const kind of kinds) metrics.reminders.inc({ kind });
  }
}

/** Those whom a reminder is for and who could still do something; none once its rule has what it needs. */
function peopleFor(
  { rule, kind }: RemindersTable,
  { requester_id }: Change,
  { needs }: Ruling,
  votes: readonly Vote[],
): readonly number[] {
  const need = needs.find((one) => one.rule === rule);
  const voted = votes.map(({ person_id }) => person_id);
  if (!need || isMet(progressOf([need], voted))) return [];
  const told = kind === "remind" ? votersOf(need) : need.escalate?.to ?? [];
  return [...told].filter((id) => id !== requester_id && !voted.includes(id));
}

function votersOf({ approve }: ApprovalNeed): ReadonlySet<number> {
  return new Set(approve.flatMap(({ of = [] }) => [...of]));
}

function reminderOf({ created_at }: Change, copy: Outgoing): Outgoing {
  const { reply } = copy;
  const since = textBlock([
    "⏳ It was asked for ",
    { time: created_at, as: "relative" },
    " and still waits.",
  ]);
  return { ...copy, sound: true, reply: { ...reply, blocks: [since, ...reply.blocks ?? []] } };
}
