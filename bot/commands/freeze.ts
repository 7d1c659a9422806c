import * as z from "zod";
import { ValueNeeded } from "../../handlers/operation.ts";
import { vendors } from "../../handlers/registry.ts";
import { type Block, type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import { fold } from "../../handlers/resolve.ts";
import { freezeLine, frozenScope, personLine, unfreezeCommand, wayOutOf } from "../approvals/view.ts";
import { momentTyped, type UnusableTime } from "../approvals/schedule.ts";
import { type Meant, offerChoices, whetherMeant } from "../clarify.ts";
import type { Config } from "../config.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { errorReply } from "../error_reply.ts";
import type { Invocation } from "../invocation.ts";
import { putMessage } from "../outbox/messages.ts";
import { PRIORITY } from "../outbox/outgoing.ts";
import { closest } from "../parser/suggest.ts";
import { parseDuration } from "../settings.ts";
import { appendAudit } from "../store/audit.ts";
import { activeFreezes, freezeKey, frozenTarget, plannedFreezes } from "../store/changes.ts";
import type { AuditTable, FreezesTable, Queryable } from "../store/schema.ts";
import { type Builtin, builtin, type CommandParts } from "./builtin.ts";

const SHORTEST_MS = 60_000;
const LONGEST_MS = 30 * 86_400_000;
const LOOKUP_MS = 15_000;

const TARGETS = vendors.flatMap(({ targets }) => Object.keys(targets));
const target = z.enum(TARGETS).optional().meta({ positional: true, placeholder: "target" });
const company = z.string().trim().min(1).optional();

const freezeInput = z.object({
  target,
  company,
  for: z.string().refine((text) => isFreezeTime(text), "takes a time from 1m to 30d, such as 2h")
    .optional().meta({ placeholder: "2h" }),
  from: z.string().optional().meta({ placeholder: "22:00" }),
  until: z.string().optional().meta({ placeholder: "06:00" }),
  reason: z.string().trim().optional().meta({ positional: true, rest: true, placeholder: "reason" }),
});

type FreezeInput = z.output<typeof freezeInput>;

/** `/freeze` and `/unfreeze`: at once, for those who may approve, audited and announced. */
export const freezeCommands: readonly Builtin[] = [
  builtin({
    verb: "freeze",
    summary: "Stop all changes, those of one target, or those of one company; status still works",
    example: `/freeze ${TARGETS.at(0)} for=2h incident 4711`,
    need: "approve",
    urgent: true,
    input: freezeInput,
    needs: [["reason"]],
    async execute(parts, ctx, input) {
      const { store, config } = parts;
      const question = questionAbout(input);
      if (question === "status") return ctx.answer(await frozenNowReply(ctx));
      if (question instanceof ValueNeeded) return question;
      if (question) return ctx.answer(whetherMeant(ctx, question));
      const period = periodOf(input, config.zone, store.now());
      if ("unusable" in period) {
        return ctx.refuse("unusable_time", { operation: "/freeze", next: period.unusable });
      }
      const owner = input.company === undefined ? undefined : await companyNamed(parts, ctx, input);
      if (input.company !== undefined && !owner) return;
      const row = freezeOf(ctx, input, owner, period);
      const held = (await activeFreezes(store)).find(({ target }) => target === row.target);
      if (held && endsLater(held, row)) return refuseShorter(ctx, row, held);
      ctx.onCommit((transaction) => putFreeze(transaction, row));
      await parts.cards.refreshWith(ctx);
      const replaced = held ? ` · replaces that of ${held.holder_name}: ${held.reason}` : "";
      ctx.audit({ event: "frozen", ...audited(row), detail: row.reason + replaced });
      announce(config, ctx, frozenReply(row, held));
    },
  }),
  builtin({
    verb: "freeze",
    target: "status",
    summary: "What is frozen now",
    example: "/freeze status",
    need: "read",
    risk: "read",
    input: z.object({}),
    execute: async (_, ctx) => ctx.answer(await frozenNowReply(ctx)),
  }),
  builtin({
    verb: "unfreeze",
    summary: "Let changes run again",
    example: `/unfreeze ${TARGETS.at(0)}`,
    need: "approve",
    input: z.object({ target, company }),
    async execute({ store, config, cards }, ctx, input) {
      const [active, planned] = [await activeFreezes(store), await plannedFreezes(store)];
      const [inForce, ahead] = [active, planned].map((some) => some.filter((one) => isMeant(one, input)));
      const [freeze, ...others] = inForce?.length ? inForce : ahead ?? [];
      if (!freeze || others.length > 0) {
        return ctx.answer(notFrozenReply(input.target, [...active, ...planned]));
      }
      ctx.onCommit(async (transaction) => {
        await transaction.deleteFrom("freezes").where("target", "=", freeze.target).execute();
      });
      await cards.refreshWith(ctx);
      ctx.audit({ event: "unfrozen", ...audited(freeze) });
      announce(config, ctx, thawedReply(freeze, { data: ctx.person.name, max: 40 }));
    },
  }),
];

/**
 * What was planned ahead and begins now is a freeze like any other, and is said in every admin group. Of several
 * replicas one takes it.
 */
export async function beginFreezes({ store, config }: Pick<Deps, "store" | "config">): Promise<void> {
  await store.transaction(async (transaction) => {
    const due = await transaction.deleteFrom("freezes").where("begins_at", "<=", store.now()).returningAll()
      .execute();
    for (const planned of due) {
      const target = freezeKey(frozenTarget(planned), planned.company, null);
      const row = { ...planned, target, begins_at: null };
      await putFreeze(transaction, row);
      const key = `freeze:${planned.target}:${planned.created_at}`;
      await tellGroups({ store, config }, transaction, key, frozenReply(row, undefined));
      await appendAudit(store, transaction, [{ event: "freeze_begun", ...audited(row) }]);
    }
  });
}

/** Says in every admin group that a freeze whose time is over has ended, and takes it away. Of several replicas one does. */
export async function endFreezes({ store, config }: Pick<Deps, "store" | "config">): Promise<void> {
  await store.transaction(async (transaction) => {
    const over = await transaction.deleteFrom("freezes").where("ends_at", "<=", store.now()).returningAll()
      .execute();
    for (const freeze of over) {
      const reply = thawedReply(freeze, "its time is over");
      await tellGroups({ store, config }, transaction, `thaw:${freeze.target}:${freeze.created_at}`, reply);
      await appendAudit(store, transaction, [{ event: "freeze_ended", ...audited(freeze) }]);
    }
  });
}

/** One of these alone is no reason to stop everything. */
const LOOKING = ["status", "list", "show"];
const LIFTING = ["off", "stop", "end", "lift", "cancel"];
const ALL = ["all", "everything", "on", "now"];

/**
 * What has to be asked before anything is frozen: nobody stops all changes by a slip. "status" where the person only
 * wants to see what is frozen.
 */
function questionAbout(input: FreezeInput): Meant | ValueNeeded | "status" | undefined {
  const { target, company, for: time, from, until, reason = "" } = input;
  const isBare = [target, company, time, from, until].every((said) => said === undefined);
  const [word = "", ...rest] = reason.toLowerCase().split(/\s+/);
  const isAlone = rest.length === 0;
  if (isBare && isAlone && (word === "" || closest(word, LOOKING).length > 0)) return "status";
  if (isAlone && LIFTING.includes(word)) {
    const title = "Do you want to lift a freeze? Nothing was frozen.";
    return { title, choice: { label: "Lift it", invocation: invocationOf("unfreeze", { target, company }) } };
  }
  if (time === undefined && parseDuration(word)) {
    const said = { ...input, for: word, reason: reason.slice(word.length).trim() || undefined };
    return {
      title: `Freeze for ${word}? Nothing was frozen.`,
      choice: { label: `Freeze for ${word}`, invocation: invocationOf("freeze", said) },
    };
  }
  const isReason = word !== "" && !(isAlone && ALL.includes(word));
  return isReason ? undefined : new ValueNeeded("Nothing was frozen.", "reason");
}

function invocationOf(verb: "freeze" | "unfreeze", said: Partial<FreezeInput> = {}): Invocation {
  const fields = Object.entries(said).flatMap(([name, value]) => value === undefined ? [] : [[name, value]]);
  return { verb, target: null, input: Object.fromEntries(fields), asked: [] };
}

interface Owner {
  readonly id: string;
  readonly name: string;
}

/** The one company that is meant; several are offered, none is said. */
async function companyNamed(
  { vendors, commandSet }: CommandParts,
  ctx: UpdateContext,
  input: FreezeInput,
): Promise<Owner | undefined> {
  const connected = vendors.all.find(({ vendor, client }) => vendor.company && client);
  if (!connected?.vendor.company) {
    ctx.refuse("vendor_not_set_up", {
      operation: "/freeze",
      next: "None that is set up knows companies. Without company= it can be frozen.",
    });
    return undefined;
  }
  const call = { signal: AbortSignal.timeout(LOOKUP_MS), trace: ctx.trace };
  try {
    return await connected.vendor.company(vendors.context(connected, call), input.company ?? "");
  } catch (error) {
    ctx.answer({ ...errorReply(error, ctx, invocationOf("freeze", input), commandSet), personal: true });
    return undefined;
  }
}

type Period = Pick<FreezesTable, "begins_at" | "ends_at">;

/** From when until when, as it was typed; without an end it lasts until someone lifts it. */
function periodOf(input: FreezeInput, zone: string, now: number): Period | UnusableTime {
  const { for: time, from, until } = input;
  if (time !== undefined && until !== undefined) {
    return { unusable: line({ code: "for=" }, " and ", { code: "until=" }, " both say when it ends.") };
  }
  const begins_at = from === undefined ? null : momentTyped("from", from, zone, now);
  if (begins_at !== null && typeof begins_at !== "number") return begins_at;
  const begin = begins_at ?? now;
  if (time !== undefined) return { begins_at, ends_at: begin + (parseDuration(time) ?? 0) };
  const ends_at = until === undefined ? null : momentTyped("until", until, zone, begin);
  return ends_at === null || typeof ends_at === "number" ? { begins_at, ends_at } : ends_at;
}

function freezeOf(
  ctx: UpdateContext,
  input: FreezeInput,
  owner: Owner | undefined,
  period: Period,
): FreezesTable {
  return {
    target: freezeKey(input.target, owner?.id ?? null, period.begins_at),
    company: owner?.id ?? null,
    company_name: owner?.name ?? null,
    reason: input.reason ?? "",
    holder_id: ctx.person.id,
    holder_name: ctx.person.name,
    created_at: ctx.store.now(),
    ...period,
  };
}

/** The target as the audit names those of changes, "ec2 Acme Corp"; "*" stands for all targets. */
function audited(freeze: FreezesTable): Pick<AuditTable, "target" | "company" | "detail"> {
  const { company, company_name, reason } = freeze;
  const target = [frozenTarget(freeze) ?? "*", company_name ?? ""].join(" ").trim();
  return { target, company, detail: reason };
}

/** Without a question to the vendor, which may be the one that is away: by the id, or by the name it had then. */
function isMeant(
  freeze: FreezesTable,
  { target, company }: Pick<FreezeInput, "target" | "company">,
): boolean {
  if (frozenTarget(freeze) !== target) return false;
  if (company === undefined || freeze.company === null) {
    return company === undefined && freeze.company === null;
  }
  return company.toLowerCase() === freeze.company ||
    fold(freeze.company_name ?? "").includes(fold(company));
}

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

async function frozenNowReply(ctx: UpdateContext): Promise<Reply> {
  const { store } = ctx;
  const [active, planned] = [await activeFreezes(store), await plannedFreezes(store)];
  const ahead: Block = { kind: "list", items: planned.map((one) => line("Planned: ", freezeLine(one), ".")) };
  const choices = [
    { label: "Freeze all for 2 h", invocation: { ...invocationOf("freeze", { for: "2h" }), ask: "reason" } },
    { label: "Freeze all until lifted", invocation: { ...invocationOf("freeze"), ask: "reason" } },
    { label: "Freeze one target", invocation: { ...invocationOf("freeze"), ask: "target" } },
  ];
  const buttons = offerChoices(ctx, choices).map((button) => [button]);
  if (active.length === 0) {
    return { mark: "fine", title: "Nothing is frozen", blocks: [ahead], buttons, personal: true };
  }
  return {
    mark: "attention",
    title: active.length === 1 ? "1 freeze is on" : `${active.length} freezes are on`,
    blocks: [{ kind: "list", items: active.map((one) => line(wayOutOf(one), ".")) }, ahead],
    buttons,
    personal: true,
  };
}

function isOfAll(freeze: FreezesTable): boolean {
  return frozenTarget(freeze) === undefined && freeze.company === null;
}

function notFrozenReply(target: string | undefined, active: readonly FreezesTable[]): Reply {
  return {
    mark: "info",
    title: active.length === 0
      ? "Nothing is frozen"
      : target
      ? `${target} alone is not frozen`
      : "There is no such freeze. These are on:",
    blocks: [{ kind: "list", items: active.map((one) => ({ code: unfreezeCommand(one) })) }],
    personal: true,
  };
}

function frozenReply(row: FreezesTable, replaced: FreezesTable | undefined): Reply {
  const end = row.ends_at === null ? "someone lifts it" : "then";
  const what = isOfAll(row) ? "No change" : line("No change of ", frozenScope(row));
  if (row.begins_at !== null) {
    return {
      mark: "attention",
      title: line("Freeze planned: ", freezeLine(row)),
      blocks: [textBlock(line(what, " runs in that time."))],
      footer: { code: unfreezeCommand(row) },
    };
  }
  return {
    mark: "attention",
    title: line("Frozen: ", freezeLine(row)),
    blocks: [
      textBlock(line(what, ` runs until ${end}. Status still works.`)),
      textBlock(replaced ? line("It replaces: ", freezeLine(replaced), ".") : ""),
    ],
    footer: { code: unfreezeCommand(row) },
  };
}

/** `because`: who lifted it, or that its time is over. */
function thawedReply(freeze: FreezesTable, because: Line): Reply {
  const what = isOfAll(freeze) ? "Changes" : line("Changes of ", frozenScope(freeze));
  const holder = personLine(freeze.holder_name, freeze.holder_id);
  return {
    mark: "fine",
    title: line(
      what,
      freeze.begins_at === null ? " are allowed again (" : " will not be frozen (",
      because,
      ")",
    ),
    blocks: [textBlock(line("Frozen by ", holder, ": ", { data: freeze.reason, max: 120 }))],
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
function announce(config: Config, ctx: UpdateContext, reply: Reply): void {
  ctx.answer(reply);
  const parts = { store: ctx.store, config };
  ctx.onCommit((transaction) => tellGroups(parts, transaction, `freeze:${ctx.updateId}`, reply, ctx));
}

/** In every admin group but the one where it was said. */
async function tellGroups(
  { store, config }: Pick<Deps, "store" | "config">,
  db: Queryable,
  key: string,
  reply: Reply,
  from?: UpdateContext,
): Promise<void> {
  for (const chatId of config.adminChats.filter((id) => id < 0 && id !== from?.chat.id)) {
    const message = {
      key: `${key}:${chatId}`,
      chatId,
      reply,
      priority: PRIORITY.outcome,
      trace: from?.trace,
    };
    await putMessage(store, db, message);
  }
}

function isFreezeTime(text: string): boolean {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= SHORTEST_MS && ms <= LONGEST_MS;
}
