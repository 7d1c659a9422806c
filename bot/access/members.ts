import type { Risk } from "../../handlers/operation.ts";
import { joinLines, type Line, line } from "../../handlers/reply.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import type { ReasonCode } from "../reason_codes.ts";
import { recall, remember } from "../store/kept_values.ts";
import { telegramRefusal } from "../telegram/api.ts";
import { policyOf } from "../store/changes.ts";
import {
  type AccessDecision,
  type AskRule,
  asksMembership,
  decide,
  type Membership,
  MOST_NAMES,
  namesVoter,
  type Need,
  type Policy,
  type Question,
  type Ruling,
} from "./policy.ts";
import type { Rulebook, RuledChange, RuledOperation } from "./rulebook.ts";
import { type Chat, type Person, personOf } from "../telegram/update.ts";

/** As much of a command as says who may use it; a change says by its risk that it has to be asked for. */
type UsableCommand = RuledOperation & {
  readonly need?: Need;
  readonly offeredTo?: readonly Need[];
  readonly risk?: Risk;
};

/** What Telegram answers about a chat that it does not show to the bot. */
const ABSENT: ReadonlySet<number> = new Set([400, 404]);

/** What Telegram says of someone who is not in the chat. Every other 400 is about the chat, or what the bot may see there. */
const NOT_THERE = /(user|member) not found|PARTICIPANT_ID_INVALID|USER_NOT_PARTICIPANT/i;

/** Who was in no group is not asked about again for so long, however often they write. */
const STRANGER_MS = 10 * 60_000;
/** So many strangers are remembered at most: nobody fills the memory with them. */
const MOST_STRANGERS = 1_000;

/** Asks Telegram what the access decision needs to know, and remembers how people are called. */
export class Members {
  /** Whose name is known to be stored, and how it is. */
  private readonly met = new Map<number, string>();
  /** Who was in no group, and until when that counts, epoch ms. */
  private readonly strangers = new Map<number, number>();
  /** By chat; what Telegram once called a channel or a group stays one. */
  private readonly channels = new Map<number, boolean>();

  /** Who may do what at all, before it is known with which change. */
  private readonly policy: Policy;

  /** Without rules the lists of the configuration say it all. */
  constructor(private readonly deps: Deps, readonly rules?: Rulebook) {
    const { adminChats } = deps.config;
    this.policy = rules
      ? { adminChats, operators: rules.askers, approvers: rules.approvers, membersOnly: true }
      : deps.config;
  }

  /** Who is named as someone who may ask for changes, or approve them; undefined: nobody is by name. */
  get lists(): Pick<Policy, "operators" | "approvers"> {
    const { operators, approvers } = this.policy;
    return { operators, approvers };
  }

  judge(need: Need, personId: number, chat: Pick<Chat, "id" | "type">): Promise<AccessDecision> {
    if (chat.type === "group" || chat.type === "supergroup") this.channels.set(chat.id, false);
    return this.answer({ need, personId, chat });
  }

  /** The same of a change whose card stands in this group: only who belongs there counts, wherever they speak. */
  judgeIn(groupId: number, need: Need, personId: number): Promise<AccessDecision> {
    // It may turn out to be a channel, which has no members.
    return this.answer({ need, personId, chat: { id: groupId, type: "channel" } });
  }

  private async answer(question: Omit<Question, "membership">): Promise<AccessDecision> {
    const { policy } = this;
    const isAsked = asksMembership(policy, question);
    const membership = isAsked ? await this.membershipFor(question) : undefined;
    const decision = decide(policy, { ...question, membership });
    if (decision.allowed) return decision;
    const reason = this.rules ? IN_RULES[decision.reason] ?? decision.reason : decision.reason;
    if (!isAsked || membership !== undefined) return { allowed: false, reason };
    // To a stranger nothing is said; somebody of ours is not taken for one because Telegram did not answer.
    const isOurs = reason === "unknown_person" && await this.isKnown(question.personId);
    return { allowed: false, reason: isOurs ? "membership_unknown" : reason, unsure: true };
  }

  /** True of who is on a list, or was let in before. Gives no right: whoever it was may have lost theirs. */
  async isKnown(personId: number): Promise<boolean> {
    const { store } = this.deps;
    const listed = this.policy.operators?.has(personId) || this.policy.approvers?.has(personId);
    return listed || this.met.has(personId) || await recall(store, nameKey(personId)) !== undefined;
  }

  /** Keeps a name for lists such as "who can approve"; names are for display, never for rights. */
  async rememberName({ id, name }: Person): Promise<void> {
    if (!name || this.met.get(id) === name) return;
    this.met.set(id, name);
    const { store } = this.deps;
    await remember(store, store.db, { [nameKey(id)]: name });
  }

  /** Whether this person may ask for a change or decide about it, as the rules and the group of its card have it. */
  async judgeFor(
    change: RuledChange & { readonly chat_id: number },
    need: "request" | "approve",
    personId: number,
  ): Promise<AccessDecision> {
    const decision = await this.judgeIn(change.chat_id, need, personId);
    if (!decision.allowed || !this.rules) return decision;
    const { asks = [], needs } = this.rules.rulingOf(change);
    if (need === "request") return asks.some(({ who }) => who.has(personId)) ? decision : NO_RULE_ALLOWS;
    return namesVoter(needs, personId) ? decision : NO_RULE_NAMES;
  }

  /** The rules by which an operation may be asked for. */
  asksFor(operation: RuledOperation): readonly AskRule[] {
    return this.rules?.asksFor(operation) ?? [];
  }

  /** Whether this person may ask for what an operation does, whatever it is done to. */
  mayAsk(operation: RuledOperation, personId: number): boolean {
    return this.rules === undefined || this.asksFor(operation).some(({ who }) => who.has(personId));
  }

  /** Those of the commands that this person may use here. */
  async usable<C extends UsableCommand>(
    commands: readonly C[],
    personId: number,
    chat: Pick<Chat, "id" | "type">,
  ): Promise<readonly C[]> {
    const [request, approve] = await Promise.all(
      (["request", "approve"] as const).map(async (need) => (await this.judge(need, personId, chat)).allowed),
    );
    const isHeld = (need: Need) => need === "approve" ? approve : need === "request" ? request : true;
    return commands.filter(({ need, offeredTo, ...command }) => {
      const isChange = command.risk === "write" || command.risk === "danger";
      if (offeredTo) return offeredTo.some(isHeld);
      if (need === "approve" || need === "request") return isHeld(need);
      return !isChange || (this.rules ? this.mayAsk(command, personId) : request);
    });
  }

  /** By which rules it may be asked for, and who may: “Rule “on-call”: Ana, Ben and 2 more.” */
  async whoMayAsk(operation: RuledOperation): Promise<Line> {
    return await this.whoAsks(this.asksFor(operation));
  }

  /** The same of the rules themselves. */
  async whoAsks(rules: readonly AskRule[]): Promise<Line> {
    if (rules.length === 0) return "No rule lets anybody ask for it; whoever keeps the policy can add one.";
    return await this.linesOf(rules.map(({ rule, who }) => ({ rule, who: [...who] })));
  }

  /** By which rules it is approved, and who may besides. */
  async whoMayApprove({ needs }: Ruling, besides: number): Promise<Line> {
    const named = needs.flatMap(({ rule, approve }) =>
      approve.map(({ of = [] }) => ({ rule, who: [...of] }))
    );
    return await this.linesOf(
      named.map(({ rule, who }) => ({ rule, who: who.filter((id) => id !== besides) })),
    );
  }

  private async linesOf(
    rules: readonly { readonly rule: string | undefined; readonly who: readonly number[] }[],
  ): Promise<Line> {
    const lines = await Promise.all(rules.map(async ({ rule, who }) => {
      const names = await Promise.all(who.slice(0, MOST_NAMES).map((id) => this.nameOf(id)));
      const rest = who.length > names.length ? ` and ${who.length - names.length} more` : "";
      const all: Line = { data: names.length > 0 ? names.join(", ") + rest : "nobody else", max: 140 };
      return line(rule === undefined ? "Anyone of the policy: " : `Rule “${rule}”: `, all, ".");
    }));
    return joinLines(lines, " ");
  }

  /** What the rules say of a change, as they are now. */
  rulingOf(change: RuledChange): Ruling {
    if (this.rules) return this.rules.rulingOf(change);
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
    const known = this.met.get(id) ?? await recall(store, nameKey(id)) ?? this.rules?.people.get(id);
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

const NO_RULE_ALLOWS: AccessDecision = { allowed: false, reason: "no_rule_allows" };
const NO_RULE_NAMES: AccessDecision = { allowed: false, reason: "no_rule_names_you" };

/** What the lists of the configuration are refused with, where rules take their place. */
const IN_RULES: Readonly<Partial<Record<ReasonCode, ReasonCode>>> = {
  not_operator: "no_rule_allows",
  not_approver: "no_rule_names_you",
};

function nameKey(personId: number): string {
  return `person:${personId}`;
}
