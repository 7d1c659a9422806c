import type { z } from "zod";
import type { JsonObject } from "../../clients/json.ts";
import type { Candidate, Input, Risk, ValueNeeded } from "../../handlers/operation.ts";
import type { Members } from "../access/members.ts";
import type { Need } from "../access/policy.ts";
import type { Replicas } from "../access/replicas.ts";
import type { Decisions } from "../approvals/decide.ts";
import type { LiveCards } from "../approvals/live_cards.ts";
import type { Requests } from "../approvals/request.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import type { Command, CommandSet } from "../parser/command.ts";

/** What the bot's own commands work with. */
export interface CommandParts extends Deps {
  readonly members: Members;
  readonly requests: Requests;
  readonly decisions: Decisions;
  readonly cards: LiveCards;
  /** Every command there is, the bot's own included. */
  readonly commandSet: CommandSet;
  readonly replicas: Replicas;
  /** When this process began, in epoch ms. */
  readonly startedAt: number;
}

/** What tells what a field may name. */
export type OfferParts = Deps & Pick<CommandParts, "members" | "commandSet">;

/** What a field may name now, given what else was said; undefined where it is asked for in words. */
type Offer = (
  parts: OfferParts,
  ctx: UpdateContext,
  input: JsonObject,
) => Promise<readonly Candidate[] | undefined>;

/** What comes of a command: nothing more, or what it has to be told first. */
type Outcome = Promise<ValueNeeded | void> | void;

/** A command of the bot itself: described like an operation, and acting by itself. */
export interface Builtin extends Command {
  /** What the person must be allowed to do. */
  readonly need: Need;
  /** To whom it is offered, where more than that is judged with a change in hand: any of these rights is enough. */
  readonly offeredTo?: readonly Need[];
  /** Carried out however long ago it was typed: it stops something, and a wrong clock must not. */
  readonly urgent?: true;
  /** By the field: what is likely to be named in it. Other words are taken as they are. */
  readonly offers?: Readonly<Record<string, Offer>>;
  execute(parts: CommandParts, ctx: UpdateContext, input: unknown): Outcome;
}

interface Row<I extends Input>
  extends
    Pick<Builtin, "verb" | "summary" | "example" | "need" | "needs" | "offeredTo" | "offers" | "urgent"> {
  readonly target?: string;
  /** "read": it changes nothing, so it may be offered as a button. */
  readonly risk?: Extract<Risk, "read">;
  readonly input: I;
  execute(parts: CommandParts, ctx: UpdateContext, input: z.output<I>): Outcome;
}

/** Seals a row's types; its input has passed its schema when it gets here. */
export function builtin<I extends Input>({ target, execute, ...row }: Row<I>): Builtin {
  return {
    ...row,
    target: target ?? null,
    execute: (parts, ctx, input) => execute(parts, ctx, row.input.parse(input)),
  };
}

/**
 * Whether the person may set what comes into this chat by itself: in a group, which it concerns as a whole, whoever may
 * ask for changes; alone, whoever may read. Else the refusal is said.
 */
export async function maySetHere(
  { members }: Pick<CommandParts, "members">,
  ctx: UpdateContext,
  operation: string,
  need = needToSet(ctx.chat),
): Promise<boolean> {
  const decision = await members.judge(need, ctx.person.id, ctx.chat);
  if (!decision.allowed) ctx.refuse(decision.reason, { operation });
  return decision.allowed;
}

/** What it takes to set what comes into a chat by itself. */
export function needToSet({ type }: UpdateContext["chat"]): Need {
  return type === "private" ? "read" : "request";
}
