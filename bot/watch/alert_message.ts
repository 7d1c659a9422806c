import { createHash } from "node:crypto";
import type { Action, Button, Line, Reply } from "../../handlers/reply.ts";
import type { Remedy } from "../../handlers/sight.ts";
import { loanLine, openLoans } from "../approvals/loan.ts";
import { freezeLine } from "../approvals/view.ts";
import type { Deps } from "../deps.ts";
import type { Invocation } from "../invocation.ts";
import { findMessage, putMessage } from "../outbox/messages.ts";
import { type Outgoing, PRIORITY } from "../outbox/outgoing.ts";
import type { CommandSet } from "../parser/command.ts";
import { parse } from "../parser/parse.ts";
import { activeFreezes, frozenTarget } from "../store/changes.ts";
import { putPrompt } from "../store/kept_values.ts";
import type { Queryable } from "../store/schema.ts";
import type { AlertsTable, EpisodesTable } from "../store/watch_tables.ts";
import {
  alertReply,
  type AlertView,
  endsReply,
  newsReply,
  pressedRemedies,
  reminderReply,
} from "./alert_text.ts";

export const MOST_REMINDERS = 3;
/** For as long as somebody may still look at an alert. */
const OFFERED_MS = 7 * 86_400_000;
/** SQLite takes no more than some thousand parameters. */
const MOST_KEYS = 500;

/** The messages of alerts, as rows of the outbox. */
export class AlertMessages {
  constructor(private readonly deps: Deps, private readonly commandSet: CommandSet) {}

  /** One more message about the alert, in reply to it. */
  async remind(
    transaction: Queryable,
    alert: AlertsTable,
    episodes: readonly EpisodesTable[],
    { sound }: { readonly sound: boolean },
  ): Promise<void> {
    const message = await findMessage(transaction, keyOf(alert));
    await putMessage(this.deps.store, transaction, {
      ...placed(alert),
      key: `${keyOf(alert)}:${alert.reminders}`,
      replyTo: message?.message_id ?? undefined,
      reply: reminderReply(await this.viewOf(transaction, alert, episodes), MOST_REMINDERS),
      sound,
    });
  }

  /** What the message shall say now. */
  async show(
    transaction: Queryable,
    alert: AlertsTable,
    episodes: readonly EpisodesTable[],
  ): Promise<void> {
    const { store } = this.deps;
    const view = await this.viewOf(transaction, alert, episodes);
    // Until it is sent for the first time, whatever becomes of it must not take its sound away.
    const sound = alert.sound === 1;
    await putMessage(store, transaction, {
      ...placed(alert),
      key: keyOf(alert),
      reply: replyOf(view),
      sound,
    });
  }

  private async viewOf(
    db: Queryable,
    alert: AlertsTable,
    episodes: readonly EpisodesTable[],
  ): Promise<AlertView> {
    const { store, vendors } = this.deps;
    const counts = await db.selectFrom("items").select([
      "vendor",
      (of) => of.fn.countAll<number>().as("count"),
    ])
      .where("item_id", "is not", null).where("gone_at", "is", null).groupBy("vendor").execute();
    const vendor = (name: string) => vendors.byName(name)?.vendor;
    const offers = await this.buttons(db, alert, pressedRemedies({ vendor, episodes }));
    return {
      alert,
      episodes,
      totals: new Map(counts.map(({ vendor, count }) => [vendor, Number(count)])),
      vendor,
      frozen: await this.frozen(db, episodes),
      borrowed: await this.borrowed(db, episodes),
      offers,
      now: store.now(),
    };
  }

  private async frozen(db: Queryable, episodes: readonly EpisodesTable[]): Promise<Line | undefined> {
    const names = new Set(episodes.flatMap((one) => [one.vendor, one.target]));
    const freezes = (await activeFreezes(this.deps.store, db)).filter((freeze) => {
      const target = frozenTarget(freeze);
      return target === undefined || names.has(target);
    });
    if (freezes.length === 0) return undefined;
    const items = await db.selectFrom("items").select("company").where("company", "is not", null)
      .where("key", "in", episodes.slice(0, MOST_KEYS).map(({ item }) => item)).execute();
    const companies = new Set(items.map(({ company }) => company));
    const frozen = freezes.find(({ company }) => company === null || companies.has(company));
    return frozen && freezeLine(frozen);
  }

  private async borrowed(db: Queryable, episodes: readonly EpisodesTable[]): Promise<Line | undefined> {
    const keys = new Set(episodes.map(({ item }) => item));
    const loan = (await openLoans({ db })).find(({ change }) => keys.has(change.target_key));
    return loan && loanLine(loan, this.deps.store.now());
  }

  private async buttons(db: Queryable, alert: AlertsTable, remedies: readonly Remedy[]): Promise<Button[]> {
    const buttons: Button[] = [];
    for (const { label, command } of remedies) {
      const action = await this.offer(db, alert, command);
      if (action) buttons.push({ label, action });
    }
    return buttons;
  }

  /**
   * What a button does that anyone in the chat may press who may type the command; a change becomes a card. The same one
   * for the same alert and command.
   */
  private async offer(db: Queryable, alert: AlertsTable, command: string): Promise<Action | undefined> {
    const invocation = this.invocationOf(command);
    if (!invocation) return undefined;
    const handle = createHash("sha256").update(`${alert.id} ${command}`).digest("base64url").slice(0, 16);
    const prompt = {
      handle,
      kind: "choice",
      person_id: null,
      chat_id: alert.chat_id,
      body: invocation,
    } as const;
    await putPrompt(this.deps.store, db, { ...prompt, ttlMs: OFFERED_MS });
    return { handle, do: "choose" };
  }

  private invocationOf(text: string): Invocation | undefined {
    const parsed = parse(text, { ...this.commandSet, botName: "" });
    if (parsed.kind !== "command") return undefined;
    const { command: { verb, target }, input, asked } = parsed;
    return { verb, target, input, asked };
  }
}

function keyOf({ id }: Pick<AlertsTable, "id">): string {
  return `alert:${id}`;
}

function placed(alert: AlertsTable): Pick<Outgoing, "chatId" | "threadId" | "priority"> {
  return { chatId: alert.chat_id, threadId: alert.thread_id ?? undefined, priority: PRIORITY.outcome };
}

function replyOf(view: AlertView): Reply {
  switch (view.episodes[0]?.kind) {
    case "ends":
      return endsReply(view);
    case "appeared":
    case "vanished":
      return newsReply(view);
    default:
      return alertReply(view);
  }
}
