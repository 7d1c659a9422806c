import type { Api } from "grammy";
import type { Chat } from "grammy/types";
import { errorFields, type Log } from "../log.ts";
import { recall, remember } from "../store/key_value.ts";
import type { Store } from "../store/database.ts";
import { telegramRefusal } from "../telegram/api.ts";
import {
  type AccessDecision,
  asksMembership,
  decide,
  type Membership,
  type Need,
  type Policy,
} from "./policy.ts";
import type { Person } from "../telegram/update.ts";

export interface MembersOptions {
  readonly policy: Policy;
  readonly api: Api;
  readonly store: Store;
  readonly log: Log;
}

/** What Telegram answers about a chat that it does not show to the bot. */
const ABSENT: ReadonlySet<number> = new Set([400, 404]);

/** More than these are a number. */
const MOST_NAMES = 3;

/** Asks Telegram what the access decision needs to know, and remembers how people are called. */
export interface Members {
  judge(need: Need, personId: number, chat: Pick<Chat, "id" | "type">): Promise<AccessDecision>;
  /** True of who is on a list, or was let in before. Gives no right: whoever it was may have lost theirs. */
  isKnown(personId: number): Promise<boolean>;
  /** Keeps a name for lists such as "who can approve"; names are for display, never for rights. */
  rememberName(person: Person): Promise<void>;
  /** Who else may approve what this person asks for: "Ben and 1 more". Undefined without a list; empty: nobody. */
  approversBesides(personId: number): Promise<string | undefined>;
}

export function createMembers({ policy, api, store, log }: MembersOptions): Members {
  const met = new Map<number, string>();
  /** By chat; what Telegram once called a channel or a group stays one. */
  const channels = new Map<number, boolean>();

  async function membershipIn(chatIds: readonly number[], personId: number): Promise<Membership> {
    let answered = true;
    for (const chatId of chatIds) {
      const here = await isMember(chatId, personId);
      if (here) return true;
      if (here === undefined) answered = false;
    }
    return answered ? false : undefined;
  }

  async function isMember(chatId: number, personId: number): Promise<Membership> {
    try {
      // To Telegram everyone who reads a channel is a member of it.
      if (await isChannel(chatId)) return false;
      const member = await api.getChatMember(chatId, personId);
      if (member.user.is_bot) return false;
      return member.status === "restricted" ? member.is_member : !["left", "kicked"].includes(member.status);
    } catch (error) {
      const refusal = telegramRefusal(error);
      // Telegram says 400 of someone it has never seen in the chat.
      if (refusal?.code === 400) return false;
      log.warning("membership_unknown", { chat: chatId, ...errorFields(error) });
      return undefined;
    }
  }

  async function isChannel(chatId: number): Promise<boolean> {
    const known = channels.get(chatId);
    if (known !== undefined) return known;
    try {
      const { type } = await api.getChat(chatId);
      channels.set(chatId, type === "channel");
      return type === "channel";
    } catch (error) {
      // Where the bot is not, nobody is a member either; that is for the next question to say.
      if (ABSENT.has(telegramRefusal(error)?.code ?? 0)) return false;
      throw error;
    }
  }

  return {
    async judge(need, personId, chat) {
      if (chat.type === "group" || chat.type === "supergroup") channels.set(chat.id, false);
      const question = { need, personId, chat };
      const membership = asksMembership(policy, question)
        ? await membershipIn(groupsFor(policy, chat), personId)
        : undefined;
      return decide(policy, { ...question, membership });
    },
    async isKnown(personId) {
      const listed = policy.operators?.has(personId) || policy.approvers?.has(personId);
      return listed || met.has(personId) || await recall(store, nameKey(personId)) !== undefined;
    },
    async rememberName({ id, name }) {
      if (!name || met.get(id) === name) return;
      met.set(id, name);
      await remember(store, store.db, { [nameKey(id)]: name });
    },
    async approversBesides(personId) {
      if (!policy.approvers) return undefined;
      const others = [...policy.approvers].filter((id) => id !== personId);
      if (others.length === 0) return "";
      const known = await store.db.selectFrom("memory").select("value")
        .where("key", "in", others.map(nameKey)).orderBy("value").limit(MOST_NAMES).execute();
      if (known.length === 0) return `${others.length} listed in APPROVERS`;
      const rest = others.length - known.length;
      return known.map((row) => row.value).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
    },
  };
}

/** The group whose membership counts: the one spoken in, or from a private chat any of the admin groups. */
function groupsFor(policy: Policy, chat: Pick<Chat, "id" | "type">): readonly number[] {
  if (chat.type !== "private") return [chat.id];
  return policy.adminChats.filter((id) => id < 0);
}

function nameKey(personId: number): string {
  return `person:${personId}`;
}
