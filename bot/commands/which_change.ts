import * as z from "zod";
import { type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import { isUndecided, isUnexplained } from "../approvals/state_machine.ts";
import { personLine } from "../approvals/view.ts";
import { quote } from "../parser/tokenize.ts";
import { type ChoiceOffered, offerChoices } from "../clarify.ts";
import type { UpdateContext } from "../context.ts";
import { messageAt } from "../outbox/messages.ts";
import {
  type Change,
  changeTitle,
  findChange,
  planOf,
  readUndo,
  takenBackBy,
  TOOK_EFFECT,
  waitsForItsTime,
} from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import type { Builtin, CommandParts } from "./builtin.ts";

/** What may be said of a change by its code, or of the one that is meant without one. */
export type CodeVerb = "change" | "approve" | "reject" | "withdraw" | "stop" | "undo";

/** The words after such a verb: a code, a reason, or both. */
export interface CodeAndReason {
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
}

/** A change with what was said about it. */
export interface ChangeMeant {
  readonly change: Change;
  readonly reason: string | undefined;
}

const CODE = /^[A-Za-z0-9]{5}$/;

/** The code of a change, as a command takes it. */
export const changeCode = z.string().trim()
  .regex(CODE, "a change's code has five letters and digits, such as K7Q2X")
  .meta({ positional: true, placeholder: "code" });

/** The change of this code; that there is none is told. */
export async function changeNamed(
  { store }: Pick<CommandParts, "store">,
  ctx: UpdateContext,
  code: string,
): Promise<Change | undefined> {
  const change = await findChange(store, code);
  if (!change) ctx.refuse("unknown_change", { detail: code });
  return change;
}

/** Longer ago, and somebody has built upon it. */
const UNDONE_WITHIN_MS = 24 * 3_600_000;
const MOST_OFFERED = 8;

/**
 * The change that a person means: by its code, else the card that they reply to, else the only one that it can be. What
 * is to be taken back is never guessed. Undefined once they were told that there is none, or were offered several.
 */
export async function changeMeant(
  parts: CommandParts,
  ctx: UpdateContext,
  verb: CodeVerb,
  { code, reason }: CodeAndReason,
): Promise<ChangeMeant | undefined> {
  const named = code !== undefined && CODE.test(code) ? await findChange(parts.store, code) : undefined;
  if (named) return { change: named, reason };
  const answered = await changeRepliedTo(ctx);
  // What is no code of a change is the beginning of a reason.
  const said = [code, reason].filter(Boolean).join(" ") || undefined;
  if (answered) return { change: answered, reason: said };
  const fitting = code !== undefined && reason === undefined ? [] : await changesFor(parts, ctx, verb);
  const [only, ...others] = fitting;
  if (code !== undefined && !only) return void ctx.refuse("unknown_change", { detail: code });
  // Words that may be a code with a slip in it take nothing by themselves.
  const isClear = code === undefined && others.length === 0 && verb !== "undo";
  if (only && isClear) return { change: only, reason };
  ctx.answer(
    only ? offer(ctx, verb, fitting, said) : {
      mark: "info",
      title: NONE[verb],
      blocks: [
        textBlock(["What is open: ", { code: "/pending" }, ". By its code: ", { code: `/${verb} K7Q2X` }]),
      ],
      personal: true,
    },
  );
  return undefined;
}

type Newest = ReturnType<typeof newestOf>;

/** Offers those changes that `fit`; where somebody replies to a card, the one of that card. */
export function offerChanges(
  fit: (all: Newest, ctx: UpdateContext) => Newest,
): NonNullable<Builtin["offers"]>[string] {
  return async ({ store }, ctx) => {
    const answered = await changeRepliedTo(ctx);
    const all = fit(newestOf(store, ctx), ctx);
    const fitting = await (answered ? all.where("code", "=", answered.code) : all).execute();
    return fitting.map((change) => ({
      value: change.code,
      name: `${change.code} · ${planOf(change).target.name}`,
      about: [],
    }));
  };
}

/** Changes that wait for the decision of somebody else than who asks. */
export function waitingForOthers(all: Newest, { store, person }: UpdateContext): Newest {
  return all.where("state", "=", "pending").where("expires_at", ">", store.now())
    .where("requester_id", "<>", person.id);
}

/** Those of this group, in private those of all; the newest first. */
function newestOf({ db }: Store, { chat }: UpdateContext) {
  return db.selectFrom("changes").selectAll()
    .$if(chat.type !== "private", (all) => all.where("chat_id", "=", chat.id))
    .orderBy("created_at", "desc").limit(50);
}

const NONE: Readonly<Record<CodeVerb, string>> = {
  change: "Nothing was asked for here yet",
  approve: "Nothing waits that you may approve",
  reject: "Nothing waits that you may reject",
  withdraw: "You have asked for nothing that still waits",
  stop: "Nothing is approved that has not begun",
  undo: "Nothing of the last 24 hours can be undone",
};

/** The change whose card, or whose outcome, somebody answers. */
export async function changeRepliedTo(
  { store, chat, repliesTo }: UpdateContext,
): Promise<Change | undefined> {
  const shown = repliesTo === undefined ? undefined : await messageAt(store.db, chat.id, repliesTo);
  const [, code] = /^[a-z]+:([A-Z0-9]{5})(?::|$)/.exec(shown?.key ?? "") ?? [];
  return code === undefined ? undefined : await findChange(store, code);
}

const SAYS_YES_OR_NO =
  /^(yes|yep|yeah|ok|okay|sure|approved?|go|go ahead|do it|lgtm|no|nope|rejected?|\+1|👍|✅)[.! ]*$/iu;

/** Whoever says "yes" to a card has decided nothing: they are offered the buttons. False for any other talk. */
export async function offerDecision(ctx: UpdateContext, words: string): Promise<boolean> {
  if (!SAYS_YES_OR_NO.test(words.trim())) return false;
  const change = await changeRepliedTo(ctx);
  if (!change || !isUndecided(change, ctx.store.now())) return false;
  const isOwn = change.requester_id === ctx.person.id;
  const verbs = isOwn ? ["withdraw"] as const : ["approve", "reject"] as const;
  ctx.answer({
    mark: "question",
    title: ["Nothing was decided about ", { code: change.code }, " by that"],
    blocks: [textBlock(line(changeTitle(change).title))],
    buttons: [offerChoices(ctx, verbs.map((verb) => choiceOf(verb, change, DECISIONS[verb])))],
    personal: true,
  });
  return true;
}

/** What whoever rejected by a button says in reply, as the command that gives the reason. */
export function reasonGiven(change: Change, personId: number, words: string): string | undefined {
  const isReason = words.trim() !== "" && !SAYS_YES_OR_NO.test(words.trim());
  return isReason && isUnexplained(change, personId) ? `/reject ${change.code} ${quote(words)}` : undefined;
}

const DECISIONS = { approve: "Approve", reject: "Reject", withdraw: "Withdraw" } as const;

/** Those that this person may say it of here, the newest first. */
async function changesFor(
  parts: CommandParts,
  ctx: UpdateContext,
  verb: CodeVerb,
): Promise<readonly Change[]> {
  const { store } = parts;
  const query = newestOf(store, ctx);
  if (verb === "change") return await query.limit(MOST_OFFERED).execute();
  const since = store.now() - UNDONE_WITHIN_MS;
  const all = verb === "undo"
    ? await query.where("state", "in", [...TOOK_EFFECT]).where("finished_at", ">", since).execute()
    : await query.where("state", "=", verb === "stop" ? "approved" : "pending").execute();
  const fits = await Promise.all(all.map((change) => mayBeMeant(parts, ctx, verb, change)));
  return all.filter((_, at) => fits[at]);
}

async function mayBeMeant(
  { store, members }: CommandParts,
  { person }: UpdateContext,
  verb: Exclude<CodeVerb, "change">,
  change: Change,
): Promise<boolean> {
  const isOwn = change.requester_id === person.id;
  const may = async (need: "request" | "approve") =>
    (await members.judgeIn(change.chat_id, need, person.id)).allowed;
  switch (verb) {
    case "withdraw":
      return isOwn && change.expires_at > store.now();
    case "approve":
      return !isOwn && change.expires_at > store.now() && await may("approve");
    case "reject":
      return change.expires_at > store.now() && (isOwn || await may("approve"));
    case "stop":
      return waitsForItsTime(change) && (await may("request") || await may("approve"));
    case "undo":
      return readUndo(change).possible && await takenBackBy(store, change) === undefined &&
        await may("request");
  }
}

function offer(
  ctx: UpdateContext,
  verb: CodeVerb,
  fitting: readonly Change[],
  reason: string | undefined,
): Reply {
  const shown = fitting.slice(0, MOST_OFFERED);
  const rest = fitting.length - shown.length;
  const lines = shown.map((change): Line =>
    line(
      { code: change.code },
      " ",
      changeTitle(change).title,
      " · asked by ",
      personLine(change.requester_name, change.requester_id),
    )
  );
  return {
    mark: "question",
    title: fitting.length === 1 ? `/${verb} this one?` : `/${verb} which one?`,
    blocks: [
      { kind: "list", items: lines },
      textBlock(rest > 0 ? `and ${rest} more` : ""),
    ],
    buttons: shown.map((change) => offerChoices(ctx, [choiceOf(verb, change, labelOf(change), reason)])),
    personal: true,
  };
}

/** The name first of all: a button shows little more. */
function labelOf(change: Change): string {
  return `${change.code} · ${planOf(change).target.name} · ${change.verb}`;
}

function choiceOf(verb: CodeVerb, { code }: Change, label: string, reason?: string): ChoiceOffered {
  const input = { code, ...(reason !== undefined && { reason }) };
  return { label, invocation: { verb, target: null, input, asked: [] } };
}
