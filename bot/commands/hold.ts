import * as z from "zod";
import type { JsonObject } from "../../clients/json.ts";
import { type Candidate, ChoiceNeeded, ValueNeeded } from "../../handlers/operation.ts";
import { vendors } from "../../handlers/registry.ts";
import { type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import { fold, resolve } from "../../handlers/resolve.ts";
import { holdLine, personLine } from "../approvals/view.ts";
import { type Meant, offerChoices, whetherMeant } from "../clarify.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { errorReply } from "../error_reply.ts";
import { putMessage } from "../outbox/messages.ts";
import { PRIORITY } from "../outbox/outgoing.ts";
import { fieldsTyped, isChange, isPositional } from "../parser/command.ts";
import { parseDuration } from "../settings.ts";
import { appendAudit } from "../store/audit.ts";
import { activeHolds } from "../store/changes.ts";
import type { HoldsTable } from "../store/schema.ts";
import { type Builtin, builtin, type CommandParts, type OfferParts } from "./builtin.ts";

const SHORTEST_MS = 60_000;
const LONGEST_MS = 7 * 86_400_000;
const LOOKUP_MS = 15_000;
/** How long somebody may want it, for whoever does not type another time. */
const TIMES = ["30m", "1h", "2h", "4h"];
/** All of it has to be said. */
const NEEDED = ["target", "name", "for", "reason"] as const;

const TARGETS = vendors.flatMap(({ targets }) => Object.keys(targets));
const target = z.enum(TARGETS).optional().meta({ positional: true, placeholder: "target" });
const name = z.string().trim().optional().meta({ positional: true, rest: true, placeholder: "name" });

const holdInput = z.object({
  target,
  name,
  for: z.string().refine((text) => isHoldTime(text), "takes a time from 1m to 7d, such as 1h")
    .optional().meta({ placeholder: "1h" }),
  reason: z.string().trim().optional().meta({ positional: true, rest: true, placeholder: "reason" }),
});

type HoldInput = z.output<typeof holdInput>;

/** `/hold` and `/release`: one target for one person, for a while. */
export const holdCommands: readonly Builtin[] = [
  builtin({
    verb: "hold",
    summary: "Keep a target for yourself: others' changes of it wait; alone it lists what is held",
    example: "/hold ec2 Acme Corp for=1h moving the role",
    need: "request",
    input: holdInput,
    needs: [[...NEEDED]],
    offers: {
      name: (parts, ctx, { target }) => candidatesOf(parts, ctx, String(target)),
      for: () => Promise.resolve(TIMES.map((value) => ({ value, name: value, about: [] }))),
    },
    async execute(parts, ctx, input) {
      const { store, config } = parts;
      const isQuestion = input.target === undefined && input.for === undefined && isWord(input.name);
      if (isQuestion) return ctx.answer(heldNowReply(ctx, await activeHolds(store)));
      const field = NEEDED.find((one) => !input[one]);
      const meant = field === "for" ? withItsTime(input) : undefined;
      if (meant) return ctx.answer(whetherMeant(ctx, questionAbout(meant)));
      if (field) return new ValueNeeded("Nothing was held.", field);
      const { target = "", name = "" } = input;
      const found = await itemNamed(parts, ctx, { ...input, target, name });
      if (!found) return;
      const row = holdOf(ctx, input, found);
      const held = (await activeHolds(store)).find(({ target_key }) => target_key === row.target_key);
      if (held && held.holder_id !== row.holder_id) {
        return ctx.refuse("held", { operation: "/hold", next: line("Held: ", holdLine(held), ".") });
      }
      ctx.onCommit(async (transaction) => {
        await transaction.insertInto("holds").values(row)
          .onConflict((conflict) =>
            conflict.column("target_key").doUpdateSet(row).where((is) =>
              is.or([is("holds.holder_id", "=", row.holder_id), is("holds.ends_at", "<=", row.created_at)])
            )
          ).execute();
      });
      await parts.cards.refreshWith(ctx);
      ctx.audit({ event: "held", target: `${row.target_key} ${row.name}`, detail: row.reason });
      announce(config.adminChats, ctx, heldReply(row));
    },
  }),
  builtin({
    verb: "release",
    summary: "Let others change again what is held",
    example: "/release ec2 Acme Corp",
    // Whoever holds it may, besides those who approve.
    need: "read",
    input: z.object({ target, name }),
    async execute({ store, config, members, cards }, ctx, input) {
      const holds = await activeHolds(store);
      const meant = holds.filter((one) => isMeant(one, input, ctx.person.id));
      const [hold, ...others] = meant;
      if (!hold || others.length > 0) return ctx.answer(heldNowReply(ctx, meant.length > 0 ? meant : holds));
      const isHolder = hold.holder_id === ctx.person.id;
      const decision = isHolder ? undefined : await members.judge("approve", ctx.person.id, ctx.chat);
      if (decision && !decision.allowed) return ctx.refuse(decision.reason, { operation: "/release" });
      ctx.onCommit(async (transaction) => {
        await transaction.deleteFrom("holds").where("target_key", "=", hold.target_key)
          .where("created_at", "=", hold.created_at).execute();
      });
      await cards.refreshWith(ctx);
      ctx.audit({ event: "released", target: `${hold.target_key} ${hold.name}`, detail: hold.reason });
      announce(config.adminChats, ctx, releasedReply(hold, { data: ctx.person.name, max: 40 }));
    },
  }),
];

/** Says in every admin group that a hold whose time is over has ended, and takes it away. Of several replicas one does. */
export async function endHolds({ store, config }: Pick<Deps, "store" | "config">): Promise<void> {
  const over = await store.db.selectFrom("holds").selectAll().where("ends_at", "<=", store.now()).execute();
  for (const hold of over) {
    await store.transaction(async (transaction) => {
      const ended = await transaction.deleteFrom("holds").where("target_key", "=", hold.target_key)
        .where("ends_at", "<=", store.now()).returning("target_key").executeTakeFirst();
      if (!ended) return;
      const reply = releasedReply(hold, "its time is over");
      for (const chatId of config.adminChats.filter((id) => id < 0)) {
        const key = `released:${hold.target_key}:${hold.created_at}:${chatId}`;
        await putMessage(store, transaction, { key, chatId, reply, priority: PRIORITY.outcome });
      }
      await appendAudit(store, transaction, [{
        event: "hold_ended",
        target: `${hold.target_key} ${hold.name}`,
        detail: hold.reason,
      }]);
    });
  }
}

/** One word alone, such as "status", asks what is held. */
function isWord(name: string | undefined): boolean {
  return name === undefined || !/\s/.test(name);
}

/** Whether the words that were typed without a key are a name, a time and a reason. */
function questionAbout(meant: HoldInput): Meant {
  const invocation = { verb: "hold", target: null, input: fieldsSaid(meant), asked: [] };
  const what = { data: `${meant.target} ${meant.name}`, max: 80 };
  return {
    title: line("Hold ", what, ` for ${meant.for}? Nothing was held.`),
    choice: { label: `Hold it for ${meant.for}`, invocation },
  };
}

/** What the target has, problems first, as its other commands offer it. */
async function candidatesOf(
  { vendors, commandSet }: OfferParts,
  ctx: UpdateContext,
  target: string,
): Promise<readonly Candidate[]> {
  const connected = vendors.all.find(({ vendor }) => Object.hasOwn(vendor.targets, target));
  const [choices] = commandSet.commands.filter((one) => one.target === target && isChange(one))
    .flatMap((one) => fieldsTyped(one).filter(isPositional).flatMap(({ name }) => one.choices?.[name] ?? []));
  if (!connected?.client || !choices) return [];
  const call = { signal: AbortSignal.timeout(LOOKUP_MS), trace: ctx.trace };
  const all = await choices(vendors.context(connected, call)) ?? [];
  const isProblem = ({ standing }: Candidate) => standing === "problem" ? 0 : 1;
  return all.filter(({ value }) => value !== null).toSorted((one, other) =>
    isProblem(one) - isProblem(other)
  );
}

function fieldsSaid(input: HoldInput): JsonObject {
  return Object.fromEntries(
    Object.entries(input).flatMap(([field, value]) => value === undefined ? [] : [[field, value]]),
  );
}

/** "Globex 1h moving" where the time was typed without its key. */
function withItsTime(input: HoldInput): HoldInput | undefined {
  const words = input.name?.split(/\s+/) ?? [];
  const at = words.findIndex((word) => isHoldTime(word));
  if (at < 1) return undefined;
  const reason = words.slice(at + 1).join(" ") || input.reason;
  return { ...input, name: words.slice(0, at).join(" "), for: words[at], reason };
}

/** What a hold is on. */
type Held = Pick<HoldsTable, "target_key" | "name">;

/** The one item that is meant; several are offered, none is said. */
async function itemNamed(
  parts: CommandParts,
  ctx: UpdateContext,
  input: HoldInput & { readonly target: string; readonly name: string },
): Promise<Held | undefined> {
  const { vendors, commandSet } = parts;
  const connected = vendors.all.find(({ vendor }) => Object.hasOwn(vendor.targets, input.target));
  if (!connected?.client) {
    ctx.refuse("vendor_not_set_up", { operation: "/hold" });
    return undefined;
  }
  const context = vendors.context(connected, { signal: AbortSignal.timeout(LOOKUP_MS), trace: ctx.trace });
  try {
    if (input.target === "ec2" && connected.vendor.company) {
      const company = await connected.vendor.company(context, input.name).catch(choosingName);
      return { target_key: `ec2:${company.id}`, name: company.name };
    }
    const { items } = await connected.vendor.sight(context);
    const ofTarget = items.filter(({ target }) => target === input.target || isWhole(input.target));
    const label = connected.vendor.label;
    const what = {
      noun: `integration of ${label}`,
      plural: `integrations of ${label}`,
      field: "name",
      find: `/list ${input.target}`,
    };
    const { key, name } = resolve(input.name, ofTarget, what);
    return { target_key: key, name };
  } catch (error) {
    const invocation = { verb: "hold", target: null, input: fieldsSaid(input), asked: [] };
    ctx.answer({ ...errorReply(error, ctx, invocation, commandSet), personal: true });
    return undefined;
  }

  /** The target that stands for all of a vendor's others. */
  function isWhole(target: string): boolean {
    return connected?.vendor.name === target;
  }
}

/** The choice goes into the field that it was typed for. */
function choosingName(error: unknown): never {
  throw error instanceof ChoiceNeeded ? new ChoiceNeeded(error.question, "name", error.options) : error;
}

function holdOf(ctx: UpdateContext, input: HoldInput, held: Held): HoldsTable {
  const now = ctx.store.now();
  return {
    ...held,
    target: input.target ?? "",
    reason: input.reason ?? "",
    holder_id: ctx.person.id,
    holder_name: ctx.person.name,
    chat_id: ctx.chat.id,
    created_at: now,
    ends_at: now + (parseDuration(input.for ?? "") ?? 0),
  };
}

/** Without words: one's own; without a question to the vendor, which may be away. */
function isMeant(
  hold: HoldsTable,
  { target, name }: Pick<HoldInput, "target" | "name">,
  personId: number,
): boolean {
  if (target === undefined) return hold.holder_id === personId;
  if (hold.target !== target) return false;
  const [, id] = hold.target_key.split(":");
  return name === undefined || name === id || fold(hold.name).includes(fold(name));
}

function heldNowReply(ctx: UpdateContext, holds: readonly HoldsTable[]): Reply {
  const invocation = { verb: "hold", target: null, input: {}, asked: [], ask: "target" };
  const buttons = [offerChoices(ctx, [{ label: "Hold a target", invocation }])];
  if (holds.length === 0) return { mark: "fine", title: "Nothing is held", buttons, personal: true };
  const items = holds.map((hold) => line(holdLine(hold), " · ", { code: releaseCommand(hold) }));
  return {
    mark: "info",
    title: holds.length === 1 ? "1 target is held" : `${holds.length} targets are held`,
    blocks: [{ kind: "list", items }],
    buttons,
    personal: true,
  };
}

function releaseCommand({ target, name }: HoldsTable): string {
  return `/release ${target} ${name}`;
}

function heldReply(row: HoldsTable): Reply {
  return {
    mark: "attention",
    title: line("Held: ", holdLine(row)),
    blocks: [textBlock("Until then nobody else changes it. Status still works.")],
    footer: { code: releaseCommand(row) },
  };
}

/** `because`: who let go of it, or that its time is over. */
function releasedReply(hold: HoldsTable, because: Line): Reply {
  return {
    mark: "fine",
    title: line(hold.target, " ", { data: hold.name, max: 60 }, " may be changed again (", because, ")"),
    blocks: [
      textBlock(
        line("Held by ", personLine(hold.holder_name, hold.holder_id), ": ", { data: hold.reason, max: 120 }),
      ),
    ],
  };
}

/** Where it was said, and in every other admin group: it concerns everyone who may change something. */
function announce(adminChats: readonly number[], ctx: UpdateContext, reply: Reply): void {
  ctx.answer(reply);
  ctx.onCommit(async (transaction) => {
    for (const chatId of adminChats.filter((id) => id < 0 && id !== ctx.chat.id)) {
      const key = `hold:${ctx.updateId}:${chatId}`;
      const message = { key, chatId, reply, priority: PRIORITY.outcome, trace: ctx.trace };
      await putMessage(ctx.store, transaction, message);
    }
  });
}

function isHoldTime(text: string): boolean {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= SHORTEST_MS && ms <= LONGEST_MS;
}
