import { type Line, line, type Reply } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import { type ReasonCode, reasons } from "../reason_codes.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import { type Chat, type Incoming, messageText, type Person } from "../telegram/update.ts";
import { followGroup, originOf, putReport } from "./undelivered.ts";

const HOUR_MS = 3_600_000;

type Kind<K extends Incoming["kind"]> = Extract<Incoming, { kind: K }>;

/**
 * What no person typed or pressed here and now, and chats the bot does not belong in. Strangers are refused however
 * often they come; what is written down of it is limited.
 */
export class Unauthorized {
  /** Rows of the audit, which keeps them for good. */
  private readonly recorded = new HourlyQuota(10, 100);
  /** Rows of the audit for what members are refused: enough for an incident, too few to fill the disk. */
  private readonly ofMembers = new HourlyQuota(200, 2_000);
  /** Answers to who may read nothing. */
  private readonly introduced = new HourlyQuota(5, 50);
  /** Messages to the admin chats. */
  private readonly reported = new HourlyQuota(3, 3);

  constructor(private readonly deps: Deps, private readonly members: Members) {}

  /**
   * Refuses who may not even read, for a reason that says nothing to them. Whom the bot has never worked for cannot
   * fill the audit.
   */
  async refuse(ctx: UpdateContext, reason: ReasonCode, operation?: string): Promise<void> {
    ctx.ignoreForBot();
    const more = operation === undefined ? {} : { operation };
    if (reason === "unknown_chat" && await this.wasAtHome(ctx.chat) && (ctx.press || this.mayBeTold(ctx))) {
      return ctx.refuse("group_moved", { ...more, next: letIn(ctx.chat.id) });
    }
    if (await this.members.isKnown(ctx.person.id)) return ctx.refuse(reason, more);
    const { granted, missed } = this.recorded.take(String(ctx.chat.id), ctx.store.now());
    const detail = missed > 0 ? { detail: `${missed} more messages of strangers were not recorded` } : {};
    ctx.refuse(reason, { ...more, ...detail, unrecorded: !granted });
  }

  /** Keeps one person from filling the audit, which is kept for good, with what they are refused. */
  ration(ctx: UpdateContext): void {
    const { granted, missed } = this.ofMembers.take(String(ctx.person.id), ctx.store.now());
    if (granted && missed > 0) {
      ctx.audit({ event: "refused", detail: `${missed} more refusals were not recorded` });
    } else if (!granted) ctx.dropRefusals();
  }

  /** True when this chat may be told once more who is who. */
  mayBeTold(ctx: UpdateContext): boolean {
    return this.introduced.take(String(ctx.chat.id), ctx.store.now()).granted;
  }

  /** Only something that looks like a command is worth a word or a row. */
  async reject(ctx: UpdateContext, { reason, message, chat }: Kind<"refused">): Promise<void> {
    if (message && !messageText(message).startsWith("/")) {
      ctx.ignoreForBot();
      return this.deps.metrics.refused(reason);
    }
    if (!await this.isAtHome(ctx, chat)) return await this.refuse(ctx, strangersReason(reason));
    ctx.refuse(reason);
    if (!chat) ctx.suppressReply();
  }

  /** Added to a strange chat: leaves it, and tells those it works for. */
  async onMembership(ctx: UpdateContext, { chat, present, by }: Kind<"membership">): Promise<void> {
    const { config, bot, log, store } = this.deps;
    if (!present || chat.type === "private" || config.adminChats.includes(chat.id)) return;
    if (await this.wasAtHome(chat)) return;
    await this.refuse(ctx, "unknown_chat", "added");
    await bot.api.leaveChat(chat.id)
      .catch((error) => log.warning("chat_not_left", { chat: chat.id, ...errorFields(error) }));
    const { granted, missed, since } = this.reported.take("", store.now());
    const about = granted ? `added:${ctx.updateId}` : `added:more:${since}`;
    const reply = addedReply(chat, by, granted ? 0 : missed);
    const told = { about, reply, chats: config.adminChats, trace: ctx.trace };
    ctx.onCommit((transaction) => putReport(store, transaction, told));
  }

  /**
   * A new id is a new chat: it is let in by whoever runs the bot, not by the message that announces it. It is told
   * its id all the same, as anyone who asks is: there may be nobody else to tell.
   */
  reportMigration(ctx: UpdateContext, migration: Kind<"migration">): void {
    ctx.onCommit(async (transaction) => {
      const entry = await followGroup(this.deps, transaction, migration, ctx.trace);
      if (entry) ctx.audit(entry);
    });
  }

  private async isAtHome(ctx: UpdateContext, chat: Chat | undefined): Promise<boolean> {
    if (chat && this.deps.config.adminChats.includes(chat.id)) return true;
    if ((chat && chat.type !== "private") || ctx.person.id <= 0) return false;
    const alone = { id: ctx.person.id, type: "private" as const };
    return (await this.members.judge("read", ctx.person.id, chat ?? alone)).allowed;
  }

  /** Making the bot an admin of a plain group is what gives the group its new id: it must not look like a stranger's. */
  private async wasAtHome(chat: Pick<Chat, "id">): Promise<boolean> {
    const { config, store } = this.deps;
    return config.adminChats.includes(await originOf(store, chat.id));
  }
}

function letIn(chatId: number): Line {
  return line(
    "Someone who runs the bot has to put ",
    { code: String(chatId) },
    " into ADMIN_CHATS and restart it.",
  );
}

/** A stranger's message is first of all a stranger's. */
function strangersReason(reason: ReasonCode): ReasonCode {
  return reasons[reason] === null ? reason : "unknown_chat";
}

/** `more`: after those that were told one by one, so many together. */
function addedReply(chat: Chat, by: Person, more: number): Reply {
  const title = more === 0
    ? "I was added to a chat that is not on the allow-list, and left it"
    : more === 1
    ? "I was added to one more chat that is not on the allow-list, and left it"
    : `I was added to ${more} more chats that are not on the allow-list, and left them`;
  const off = "Switch off “Allow groups” in @BotFather, and nobody can.";
  return {
    mark: "attention",
    title,
    blocks: [
      {
        kind: "facts",
        facts: [
          [more > 1 ? "The last" : "Chat", [{ data: titleOf(chat) }, " ", { code: String(chat.id) }]],
          ["By", [{ data: by.name }, " ", { code: String(by.id) }]],
        ],
      },
      ...(more > 0 ? [{ kind: "text" as const, text: off }] : []),
    ],
  };
}

function titleOf(chat: Chat): string {
  return "title" in chat && chat.title ? chat.title : "without a title";
}

/** Lets so much through in an hour (of one key, such as a chat, and altogether) and counts the rest. */
class HourlyQuota {
  // Grows by what is granted only, so that nobody fills the memory with keys.
  private readonly granted = new Map<string, number>();
  private total = 0;
  private missed = 0;
  private since = -Infinity;

  constructor(private readonly each: number, private readonly altogether: number) {}

  /**
   * `now`: epoch ms, as is `since`, when the hour began. `missed`: what was not granted since the last that was, this
   * one included.
   */
  take(key: string, now: number): { granted: boolean; missed: number; since: number } {
    if (now - this.since >= HOUR_MS) {
      this.granted.clear();
      this.total = 0;
      this.since = now;
    }
    const { since } = this;
    const taken = this.granted.get(key) ?? 0;
    if (taken >= this.each || this.total >= this.altogether) {
      return { granted: false, missed: ++this.missed, since };
    }
    this.granted.set(key, taken + 1);
    this.total++;
    const { missed } = this;
    this.missed = 0;
    return { granted: true, missed, since };
  }
}
