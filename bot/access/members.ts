import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import { recall, remember } from "../store/kept_values.ts";
import { telegramRefusal } from "../telegram/api.ts";
import { type Change, policyOf } from "../store/changes.ts";
import {
  type AccessDecision,
  asksMembership,
  decide,
  type Membership,
  MOST_NAMES,
  type Need,
  type Policy,
  type Question,
  type Ruling,
} from "./policy.ts";
import { type Chat, type Person, personOf } from "../telegram/update.ts";

/** What Telegram answers about a chat that it does not show to the bot. */
const ABSENT: ReadonlySet<number> = new Set([400, 404]);

/** What Telegram says of someone who is not in the chat. Every other 400 is about the chat, or what the bot may see there. */
const NOT_THERE = /(user|member) not found|PARTICIPANT_ID_INVALID|USER_NOT_PARTICIPANT/i;

/** Who was in no group is not asked about again for so long, however often they write. */
const STRANGER_MS = 10 * 60_000;
/** So many strangers are remembered at most: nobody fills the memory with them. */
const MOST_STRANGERS = 1_000;

/** What of a change its rules may look at. */
export type RuledChange = Pick<
  Change,
  "verb" | "target" | "vendor" | "risk" | "target_key" | "company" | "plan"
>;

/** Asks Telegram what the access decision needs to know, and remembers how people are called. */
export class Members {
  /** Whose name is known to be stored, and how it is. */
  private readonly met = new Map<number, string>();
  /** Who was in no group, and until when that counts, epoch ms. */
  private readonly strangers = new Map<number, number>();
  /** By chat; what Telegram once called a channel or a group stays one. */
  private readonly channels = new Map<number, boolean>();

  constructor(private readonly deps: Deps) {}

  async judge(need: Need, personId: number, chat: Pick<Chat, "id" | "type">): Promise<AccessDecision> {
    if (chat.type === "group" || chat.type === "supergroup") this.channels.set(chat.id, false);
    return await this.answer({ need, personId, chat });
  }

  /** The same of a change whose card stands in this group: only who belongs there counts, wherever they speak. */
  async judgeIn(groupId: number, need: Need, personId: number): Promise<AccessDecision> {
    // It may turn out to be a channel, which has no members.
    return await this.answer({ need, personId, chat: { id: groupId, type: "channel" } });
  }

  private async answer(question: Omit<Question, "membership">): Promise<AccessDecision> {
    const { config } = this.deps;
    const membership = asksMembership(config, question) ? await this.membershipFor(question) : undefined;
    return decide(config, { ...question, membership });
  }

  /** True of who is on a list, or was let in before. Gives no right: whoever it was may have lost theirs. */
  async isKnown(personId: number): Promise<boolean> {
    const { config, store } = this.deps;
    const listed = config.operators?.has(personId) || config.approvers?.has(personId);
    return listed || this.met.has(personId) || await recall(store, nameKey(personId)) !== undefined;
  }

  /** Keeps a name for lists such as "who can approve"; names are for display, never for rights. */
  async rememberName({ id, name }: Person): Promise<void> {
    if (!name || this.met.get(id) === name) return;
    this.met.set(id, name);
    const { store } = this.deps;
    await remember(store, store.db, { [nameKey(id)]: name });
  }

  /** What the rules say of a change, as they are now. */
  rulingOf(_change: RuledChange): Ruling {
    const { config } = this.deps;
    const approve = [{ of: config.approvers, count: 1 }];
    return {
      needs: [{ rule: undefined, approve }],
      ttlMs: config.approvalTtlMs,
      digest: policyOf(config),
    };
  }

  /** Names of those who could approve it: as many as a card may have room for, whoever has voted until then. */
  async namesOfVoters({ needs }: Ruling, besides: number): Promise<ReadonlyMap<number, string>> {
    const asked = needs.flatMap(({ approve }) =>
      approve.flatMap(({ of = [], count }) =>
        [...of].filter((id) => id !== besides).slice(0, MOST_NAMES + count)
      )
    );
    const names = [...new Set(asked)].map(async (id) => [id, await this.nameOf(id)] as const);
    return new Map(await Promise.all(names));
  }

  /** As far as the bot has met this person, or Telegram tells it; else the end of the id. */
  async nameOf(id: number): Promise<string> {
    const { bot, config, store, log } = this.deps;
    const known = this.met.get(id) ?? await recall(store, nameKey(id));
    if (known) return known;
    for (const chatId of config.adminChats.filter((chat) => chat < 0)) {
      try {
        const { user } = await bot.api.getChatMember(chatId, id);
        const person = personOf(user);
        await this.rememberName(person);
        if (person.name !== "") return person.name;
      } catch (error) {
        log.debug("name_unknown", { chat: chatId, ...errorFields(error) });
      }
    }
    return `…${String(id).slice(-4)}`;
  }

  /** A stranger's private messages must not cost a call for each group, over and over. */
  private async membershipFor({ personId, chat }: Pick<Question, "personId" | "chat">): Promise<Membership> {
    const { config, store } = this.deps;
    const isPrivate = chat.type === "private";
    if (isPrivate && (this.strangers.get(personId) ?? 0) > store.now()) return false;
    const membership = await this.membershipIn(groupsFor(config, chat), personId);
    if (membership || !isPrivate) this.strangers.delete(personId);
    else if (membership === false && !await this.isKnown(personId)) {
      if (this.strangers.size >= MOST_STRANGERS) this.strangers.clear();
      this.strangers.set(personId, store.now() + STRANGER_MS);
    }
    return membership;
  }

  private async membershipIn(chatIds: readonly number[], personId: number): Promise<Membership> {
    let answered = true;
    for (const chatId of chatIds) {
      const here = await this.isMember(chatId, personId);
      if (here) return true;
      if (here === undefined) answered = false;
    }
    return answered ? false : undefined;
  }

  private async isMember(chatId: number, personId: number): Promise<Membership> {
    const { bot, log } = this.deps;
    try {
      // To Telegram everyone who reads a channel is a member of it.
      if (await this.isChannel(chatId)) return false;
      const member = await bot.api.getChatMember(chatId, personId);
      if (member.user.is_bot) return false;
      return member.status === "restricted" ? member.is_member : !["left", "kicked"].includes(member.status);
    } catch (error) {
      const refusal = telegramRefusal(error);
      if (refusal?.code === 400 && NOT_THERE.test(refusal.description)) return false;
      log.warning("membership_unknown", { chat: chatId, ...errorFields(error) });
      return undefined;
    }
  }

  private async isChannel(chatId: number): Promise<boolean> {
    const known = this.channels.get(chatId);
    if (known !== undefined) return known;
    try {
      const { type } = await this.deps.bot.api.getChat(chatId);
      this.channels.set(chatId, type === "channel");
      return type === "channel";
    } catch (error) {
      // Where the bot is not, nobody is a member either; that is for the next question to say.
      if (ABSENT.has(telegramRefusal(error)?.code ?? 0)) return false;
      throw error;
    }
  }
}

/** The group whose membership counts: the one spoken in, or from a private chat any of the admin groups. */
function groupsFor(policy: Policy, chat: Pick<Chat, "id" | "type">): readonly number[] {
  if (chat.type !== "private") return [chat.id];
  return policy.adminChats.filter((id) => id < 0);
}

function nameKey(personId: number): string {
  return `person:${personId}`;
}
