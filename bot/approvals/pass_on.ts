import { type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import { fold } from "../../handlers/resolve.ts";
import type { Members } from "../access/members.ts";
import { type ChoiceOffered, distinctLabels, offerChoices } from "../clarify.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { putMessage } from "../outbox/messages.ts";
import { auditOf, type Change, changeTitle, lockPending, votesOf } from "../store/changes.ts";
import { copyKey, copyMessage } from "./card.ts";
import { type Decisions, isOwn } from "./decide.ts";
import { isUndecided } from "./state_machine.ts";
import { type CardView, MOST_OF_NAMES, personLine, viewOf, whoCouldVote } from "./view.ts";

interface PassingParts extends Deps {
  readonly members: Members;
  readonly decisions: Decisions;
}

/** Somebody else who may still vote. */
interface Approver {
  readonly id: number;
  readonly name: string;
}

/** Whoever may decide about a change is asked to whom to hand that over. */
export async function offerToPass(parts: PassingParts, ctx: UpdateContext, change: Change): Promise<void> {
  const passing = await passingOf(parts, ctx, change);
  if (!passing) return;
  const { others } = passing;
  const labels = distinctLabels(others.map(({ id, name }) => ({ id: String(id), name })));
  const choices = others.map(({ id }, at): ChoiceOffered => ({
    label: labels[at] ?? "",
    invocation: { verb: "pass", target: null, input: { code: change.code, to: String(id) }, asked: [] },
  }));
  // The card, or what shows it in private, stays what it is.
  const aside = ctx.fork();
  aside.answer({
    mark: "question",
    title: ["Hand over ", { code: change.code }, " to whom?"],
    blocks: [textBlock(changeTitle(change).title)],
    buttons: choices.map((choice) => offerChoices(aside, [choice])),
    personal: true,
  }, { paged: true });
}

/** Brings the card to somebody else who may decide, in private, once from each person. It gives no right to anybody. */
export async function passOn(
  parts: PassingParts,
  ctx: UpdateContext,
  change: Change,
  wanted: string,
): Promise<void> {
  const { store } = parts;
  const { code } = change;
  const passing = await passingOf(parts, ctx, change);
  if (!passing) return;
  const { others, view } = passing;
  const meant = others.filter(({ id, name }) => String(id) === wanted || fold(name) === fold(wanted));
  const [to] = meant;
  if (!to || meant.length > 1) {
    return ctx.refuse("nobody_to_pass_to", { about: auditOf(change), next: whoCan(others) });
  }
  const key = `${copyKey(code, to.id)}:pass ${ctx.person.id}`;
  ctx.confirm(passed(code, to.name, "Handed over to "));
  ctx.onCommit(async (transaction) => {
    const open = await lockPending(store, transaction, code);
    if (!open) return ctx.refuse("already_decided", { about: auditOf(change) });
    const first = await transaction.insertInto("card_copies").values({ key, code, person_id: to.id })
      .onConflict((conflict) => conflict.column("key").doNothing()).returning("key").executeTakeFirst();
    if (!first) return ctx.answer(passed(code, to.name, "You have handed it over already to "));
    const votes = await votesOf(transaction, open);
    const copy = copyMessage(open, to.id, { ...view, votes });
    const from = line(personLine(ctx.person.name, ctx.person.id), " hands this decision over to you.");
    const blocks = [textBlock(from), ...copy.reply.blocks ?? []];
    await putMessage(store, transaction, { ...copy, key, sound: true, reply: { ...copy.reply, blocks } });
    ctx.audit({ ...auditOf(open), event: "passed_on", detail: `to ${to.name} (${to.id})` });
  });
}

/** Who else could decide about it, if this person may at all; else the refusal is said. */
async function passingOf(
  parts: PassingParts,
  ctx: UpdateContext,
  change: Change,
): Promise<{ readonly others: readonly Approver[]; readonly view: CardView } | undefined> {
  const { store, decisions } = parts;
  const about = { about: auditOf(change), detail: "pass on" };
  if (!isUndecided(change, store.now())) {
    return void await decisions.tellWhatItIs(ctx, change.code, "approve");
  }
  if (isOwn(ctx, change)) return void ctx.refuse("own_change", about);
  const denied = await decisions.whyNot(ctx, change);
  if (denied) return void ctx.refuse(denied, about);
  const passing = await othersToVote(parts, ctx, change);
  if (passing.others.length === 0) return void ctx.refuse("nobody_to_pass_to", about);
  return passing;
}

/** Who else than this person may still vote on it. */
export async function othersToVote(
  parts: Deps & Pick<PassingParts, "members">,
  ctx: UpdateContext,
  change: Change,
): Promise<{ readonly others: readonly Approver[]; readonly view: CardView }> {
  const { members } = parts;
  const view = await viewOf(parts, members, change);
  const ids = whoCouldVote(change, view).filter((id) => id !== ctx.person.id);
  const others = await Promise.all(ids.map(async (id) => ({ id, name: await members.nameOf(id) })));
  return { others, view };
}

function whoCan(others: readonly Approver[]): Line {
  const names = others.slice(0, 4).map(({ id, name }) => `${name} (${id})`).join(", ");
  const rest = others.length > 4 ? ` and ${others.length - 4} more` : "";
  return line("Who can: ", { data: names + rest, max: MOST_OF_NAMES }, ".");
}

function passed(code: string, name: string, words: string): Reply {
  return {
    mark: "info",
    title: line(words, { data: name, max: 40 }, ": ", { code }),
    blocks: [textBlock("Your own right to decide stays what it was.")],
    personal: true,
  };
}
