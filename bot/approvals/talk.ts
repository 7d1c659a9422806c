import type { Transaction } from "kysely";
import { type Line, line, textBlock } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { messageAt, putMessage } from "../outbox/messages.ts";
import { type Outgoing, PRIORITY } from "../outbox/outgoing.ts";
import { literalSecretIn } from "../parser/secret_scan.ts";
import { auditOf, type Change, changeTitle, lockPending, votesOf } from "../store/changes.ts";
import type { QuestionsTable, Schema } from "../store/schema.ts";
import { cardMessage, showCopies } from "./card.ts";
import { isUndecided } from "./state_machine.ts";
import { questionsOf, viewOf } from "./view.ts";

interface TalkParts extends Deps {
  readonly members: Members;
}

/** More is said among people. */
const MOST_WORDS = 500;

/**
 * What somebody says in reply to a card that waits, where there is a policy: of who may approve it, a question to who
 * asked for the change; of that person, the answer. It decides nothing. False for any other talk.
 */
export async function talkAbout(
  parts: TalkParts,
  ctx: UpdateContext,
  change: Change,
  words: string,
): Promise<boolean> {
  const { store, members, redactor } = parts;
  const said = redactor.text(words.trim()).slice(0, MOST_WORDS);
  if (!members.rules || said === "" || !isUndecided(change, store.now())) return false;
  const isAnswer = change.requester_id === ctx.person.id;
  const answered = isAnswer ? await openQuestion(ctx, change) : undefined;
  const speaks = isAnswer
    ? answered !== undefined
    : (await members.judgeFor(change, "approve", ctx.person.id)).allowed;
  if (!speaks) return false;
  if (literalSecretIn(words).length > 0) {
    const next = "It was not passed on. Say it without the secret, and delete your message.";
    ctx.refuse("literal_secret", { about: auditOf(change), next });
    return true;
  }
  const view = await viewOf(parts, members, change);
  ctx.onCommit(async (transaction) => {
    const open = await lockPending(store, transaction, change.code);
    if (!open) return ctx.refuse("already_decided", { about: auditOf(change) });
    const letter = answered
      ? await answer(transaction, ctx, open, answered, said)
      : await ask(transaction, ctx, open, said);
    if (!letter) return;
    await putMessage(store, transaction, letter);
    const now = {
      ...view,
      votes: await votesOf(transaction, open),
      questions: await questionsOf(transaction, open),
    };
    await putMessage(store, transaction, cardMessage(open, now));
    await showCopies(store, transaction, open, now);
    ctx.audit({ ...auditOf(open), event: answered ? "answered" : "question", detail: said });
  });
  return true;
}

/** The question that the requester replies to, or else the last one that has no answer. */
async function openQuestion(
  { store, chat, repliesTo }: UpdateContext,
  change: Change,
): Promise<QuestionsTable | undefined> {
  const shown = repliesTo === undefined ? undefined : await messageAt(store.db, chat.id, repliesTo);
  const [, number] = /^question:[A-Z0-9]{5}:(\d+)$/.exec(shown?.key ?? "") ?? [];
  const open = (await questionsOf(store.db, change)).filter((one) => one.answer === null);
  return number === undefined ? open.at(-1) : open.find((one) => one.number === Number(number));
}

/** Writes the question down; what whoever asked for the change is told of it. */
async function ask(
  transaction: Transaction<Schema>,
  ctx: UpdateContext,
  change: Change,
  question: string,
): Promise<Outgoing> {
  const { code, origin_chat, origin_thread, origin_message, requester_name } = change;
  const number = (await questionsOf(transaction, change)).length + 1;
  await transaction.insertInto("questions").values({
    code,
    number,
    person_id: ctx.person.id,
    person_name: ctx.person.name,
    question,
    chat_id: ctx.chat.id,
    message_id: ctx.messageId ?? null,
    answer: null,
  }).execute();
  if (origin_chat !== ctx.chat.id) {
    const asked: Line = { data: requester_name || "the requester", max: 40 };
    ctx.answer({ mark: "info", title: line("Asked ", asked, " about ", { code }), personal: true });
  }
  const title = line({ data: ctx.person.name || "someone", max: 40 }, " asks about ", { code });
  return {
    ...letterAbout(change, `question:${code}:${number}`, title, question),
    chatId: origin_chat,
    threadId: origin_thread ?? undefined,
    replyTo: origin_message ?? undefined,
  };
}

/** Writes the answer down, the first one; what whoever asked is told of it. */
async function answer(
  transaction: Transaction<Schema>,
  ctx: UpdateContext,
  change: Change,
  { number, chat_id, message_id }: QuestionsTable,
  words: string,
): Promise<Outgoing | undefined> {
  const { code } = change;
  const written = await transaction.updateTable("questions")
    .set({ answer: words })
    .where("code", "=", code).where("number", "=", number).where("answer", "is", null)
    .returning("number").executeTakeFirst();
  if (!written) return undefined;
  const title = line({ data: ctx.person.name || "someone", max: 40 }, " answers about ", { code });
  return {
    ...letterAbout(change, `answer:${code}:${number}`, title, words),
    chatId: chat_id,
    replyTo: message_id ?? undefined,
  };
}

function letterAbout(
  change: Change,
  key: string,
  title: Line,
  words: string,
): Pick<Outgoing, "key" | "reply" | "priority" | "sound" | "trace"> {
  const quoted: Line = ["“", { data: words, max: MOST_WORDS }, "”"];
  return {
    key,
    reply: {
      mark: "question",
      title,
      blocks: [textBlock(quoted), textBlock(changeTitle(change).title)],
      footer: "A reply to this is passed on; it decides nothing",
    },
    priority: PRIORITY.outcome,
    sound: true,
    trace: change.trace ?? undefined,
  };
}
