import { z } from "zod";
import { vendors } from "../../handlers/registry.ts";
import { line, type Reply, textBlock } from "../../handlers/reply.ts";
import { freezeLine, personLine, unfreezeCommand, wayOutOf } from "../approvals/card.ts";
import type { Config } from "../config.ts";
import type { UpdateContext } from "../context.ts";
import { PRIORITY, putMessage } from "../outbox/messages.ts";
import { parseDuration } from "../settings.ts";
import { activeFreezes, EVERYTHING } from "../store/changes.ts";
import type { FreezesTable, Queryable } from "../store/schema.ts";
import { type Builtin, builtin } from "./builtin.ts";

const SHORTEST_MS = 60_000;
const LONGEST_MS = 30 * 86_400_000;

const TARGETS = vendors.flatMap(({ targets }) => Object.keys(targets));
const target = z.enum(TARGETS).optional()
  .meta({ positional: true, placeholder: "target" });

/** `/freeze` and `/unfreeze`: at once, for those who may approve, audited and announced. */
export const freezeCommands: readonly Builtin[] = [
  builtin({
    verb: "freeze",
    summary: "Stop all changes, or those of one target; reads go on",
    example: `/freeze ${TARGETS.at(0)} for=2h incident 4711`,
    need: "approve",
    input: z.object({
      target,
      for: z.string().refine((text) => isFreezeTime(text), "takes a time from 1m to 30d, such as 2h")
        .optional(),
      reason: z.string().trim().min(1).meta({ positional: true, rest: true, placeholder: "reason" }),
    }),
    async execute({ store, config }, ctx, input) {
      const row: FreezesTable = {
        target: input.target ?? EVERYTHING,
        reason: input.reason,
        holder_id: ctx.person.id,
        holder_name: ctx.person.name,
        created_at: store.now(),
        ends_at: input.for === undefined ? null : store.now() + (parseDuration(input.for) ?? 0),
      };
      const held = (await activeFreezes(store)).find(({ target }) => target === row.target);
      if (held && endsLater(held, row)) return refuseShorter(ctx, row, held);
      ctx.onCommit((transaction) => putFreeze(transaction, row));
      const replaced = held ? ` · replaces that of ${held.holder_name}: ${held.reason}` : "";
      ctx.audit({ event: "frozen", target: row.target, detail: row.reason + replaced });
      announce(config, ctx, frozenReply(row, held));
    },
  }),
  builtin({
    verb: "unfreeze",
    summary: "Let changes run again",
    example: `/unfreeze ${TARGETS.at(0)}`,
    need: "approve",
    input: z.object({ target }),
    async execute({ store, config }, ctx, input) {
      const wanted = input.target ?? EVERYTHING;
      const active = await activeFreezes(store);
      const freeze = active.find((one) => one.target === wanted);
      if (!freeze) return ctx.answer(notFrozenReply(input.target, active));
      ctx.onCommit(async (transaction) => {
        await transaction.deleteFrom("freezes").where("target", "=", wanted).execute();
      });
      ctx.audit({ event: "unfrozen", target: wanted, detail: freeze.reason });
      const who = personLine(ctx.person.name, ctx.person.id);
      announce(config, ctx, {
        mark: "fine",
        title: line("Lifted by ", who, ". It was frozen: ", freezeLine(freeze)),
      });
    },
  }),
];

/** Puts it in place of the one of the same target, unless that one ends later: nobody would notice it shortened. */
async function putFreeze(db: Queryable, row: FreezesTable): Promise<void> {
  await db.insertInto("freezes").values(row).onConflict((conflict) => {
    const replaced = conflict.column("target").doUpdateSet(row);
    return row.ends_at === null ? replaced : replaced.where("freezes.ends_at", "<=", row.ends_at);
  }).execute();
}

function endsLater(one: FreezesTable, other: FreezesTable): boolean {
  return other.ends_at !== null && (one.ends_at === null || one.ends_at > other.ends_at);
}

function notFrozenReply(target: string | undefined, active: readonly FreezesTable[]): Reply {
  return {
    mark: "info",
    title: target ? `${target} is not frozen` : "Not everything is frozen",
    blocks: [
      { kind: "list", items: active.map((one) => ({ code: unfreezeCommand(one.target) })) },
      textBlock(active.length > 0 ? "" : "Nothing is."),
    ],
    personal: true,
  };
}

function frozenReply(row: FreezesTable, replaced: FreezesTable | undefined): Reply {
  const what = row.target === EVERYTHING ? "No change" : `No change of ${row.target}`;
  return {
    mark: "refused",
    title: line("Frozen: ", freezeLine(row)),
    blocks: [
      textBlock(`${what} runs until it is lifted; reads go on.`),
      textBlock(replaced ? line("It replaces: ", freezeLine(replaced), ".") : ""),
    ],
    footer: { code: unfreezeCommand(row.target) },
  };
}

function refuseShorter(ctx: UpdateContext, row: FreezesTable, held: FreezesTable): void {
  ctx.refuse("frozen_longer", {
    operation: "/freeze",
    detail: row.reason,
    about: { target: row.target },
    next: line(wayOutOf(held), "; then a shorter one can be set."),
  });
}

/** Where it was said, and in every other admin group: it concerns everyone who may change something. */
function announce({ adminChats }: Config, ctx: UpdateContext, reply: Reply): void {
  ctx.answer(reply);
  ctx.onCommit(async (transaction) => {
    for (const chatId of adminChats.filter((id) => id < 0 && id !== ctx.chat.id)) {
      const key = `freeze:${ctx.updateId}:${chatId}`;
      const message = { key, chatId, reply, priority: PRIORITY.outcome, trace: ctx.trace };
      await putMessage(ctx.store, transaction, message);
    }
  });
}

function isFreezeTime(text: string): boolean {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= SHORTEST_MS && ms <= LONGEST_MS;
}
