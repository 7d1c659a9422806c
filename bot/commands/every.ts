import * as z from "zod";
import type { JsonObject } from "../../clients/json.ts";
import { type Candidate, ValueNeeded } from "../../handlers/operation.ts";
import { type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import { needOf } from "../access/policy.ts";
import { offerChoices } from "../clarify.ts";
import type { UpdateContext } from "../context.ts";
import { type Command, headOf, isChange } from "../parser/command.ts";
import { parse } from "../parser/parse.ts";
import { validationMessage } from "../parser/validation_message.ts";
import { areDays, nextTime, schedulesIn, stopSchedule } from "../queue/schedules.ts";
import type { SchedulesTable } from "../store/watch_tables.ts";
import { parseClock } from "../zone.ts";
import { type Builtin, builtin, type CommandParts, maySetHere, type OfferParts } from "./builtin.ts";

const EXAMPLE = "/every 08:00 mon-fri /status";
const MOST_TO_STOP = 6;
/** More would be noise, and a load that nobody sees. */
const MOST_IN_A_CHAT = 20;

/** `/every`: reads that come by themselves. */
export const every: Builtin = builtin({
  verb: "every",
  summary: "Post a read here at certain times; alone it lists them, and stop with a number ends one",
  example: EXAMPLE,
  need: "read",
  offers: { what: readsAfter },
  input: z.object({
    what: z.string().optional().meta({
      positional: true,
      rest: true,
      whole: true,
      placeholder: "hh:mm [mon-fri|daily|mon,thu] read command",
    }),
  }),
  async execute(parts, ctx, { what = "" }) {
    const [first = "", ...rest] = what.split(" ");
    if (first === "") {
      return ctx.answer(listReply(ctx, await schedulesIn(parts.store.db, ctx.chat.id), parts.config.zone));
    }
    if (first.toLowerCase() === "stop") return await stop(parts, ctx, rest);
    return await set(parts, ctx, first, rest);
  },
});

/** Behind a time a command is wanted that only reads; before one, words. */
function readsAfter(
  { commandSet }: OfferParts,
  _ctx: UpdateContext,
  { what }: JsonObject,
): Promise<readonly Candidate[] | undefined> {
  const reads = commandSet.commands.filter(({ verb }) => verb === "status").map(headOf);
  return Promise.resolve(what ? reads.map((value) => ({ value, name: value, about: [] })) : undefined);
}

async function set(
  parts: CommandParts,
  ctx: UpdateContext,
  time: string,
  rest: readonly string[],
): Promise<ValueNeeded | void> {
  const [word = "", ...after] = rest;
  const saysDays = areDays(word);
  const command = (saysDays ? after : rest).join(" ");
  if (command === "" && parseClock(time) !== undefined) return new ValueNeeded("Nothing was set.", "what");
  const read = parseClock(time) === undefined ? notATime(time) : readIn(parts, command);
  if ("sentence" in read) return ctx.answer(validationMessage({ kind: "wrong", ...read }, parts.commandSet));
  if (!await maySetHere(parts, ctx, "/every")) return;
  if (!await maySetHere(parts, ctx, headOf(read), needOf(read))) return;
  const { store, config } = parts;
  const there = await schedulesIn(store.db, ctx.chat.id);
  if (there.length >= MOST_IN_A_CHAT) return ctx.answer(tooMany());
  const times = { time: time.padStart(5, "0"), days: saysDays ? word.toLowerCase() : "daily" };
  const row: SchedulesTable = {
    ...times,
    chat_id: ctx.chat.id,
    number: Math.max(0, ...there.map(({ number }) => number)) + 1,
    chat_type: ctx.chat.type === "private" ? "private" : ctx.chat.type === "group" ? "group" : "supergroup",
    thread_id: ctx.threadId ?? null,
    person_id: ctx.person.id,
    person_name: ctx.person.name,
    command: withSlash(command),
    created_at: store.now(),
    next_at: nextTime(times, config.zone, store.now()),
  };
  ctx.onCommit(async (transaction) => void await transaction.insertInto("schedules").values(row).execute());
  ctx.audit({
    event: "schedule_set",
    operation: row.command,
    detail: `${row.number}: ${row.time} ${row.days}`,
  });
  ctx.answer({
    mark: "fine",
    title: line(`${capital(row.days)} at ${row.time} (${config.zone}): `, { code: row.command }),
    blocks: [textBlock(line("First ", { time: row.next_at, as: "date" }, ". It runs with your rights."))],
    footer: ["To end it: ", { code: `/every stop ${row.number}` }],
  });
}

async function stop(parts: CommandParts, ctx: UpdateContext, [said = ""]: readonly string[]): Promise<void> {
  const there = await schedulesIn(parts.store.db, ctx.chat.id);
  const schedule = there.find(({ number }) => String(number) === said);
  if (!schedule) {
    const { title, ...list } = listReply(ctx, there, parts.config.zone);
    return ctx.answer(
      there.length === 0
        ? { title, ...list }
        : { ...list, mark: "question", title: "Which one? Nothing was stopped" },
    );
  }
  if (!await maySetHere(parts, ctx, "/every")) return;
  ctx.onCommit((transaction) => stopSchedule(transaction, schedule));
  ctx.audit({ event: "schedule_stopped", operation: schedule.command, detail: String(schedule.number) });
  ctx.answer({
    mark: "info",
    title: line(`Number ${schedule.number} is stopped: `, { code: schedule.command }),
  });
}

interface Objection {
  readonly code: "bad_value";
  readonly sentence: string;
  readonly suggestions: readonly string[];
}

const SUGGESTIONS = [EXAMPLE, "/every 07:30 daily /status bitdefender"];

function notATime(time: string): Objection {
  const sentence = `"${time.slice(0, 20)}" is no time of day such as 08:00.`;
  return { code: "bad_value", sentence, suggestions: SUGGESTIONS };
}

/** Only what reads, as its own declaration says, and what can be understood already now, comes by itself. */
function readIn({ commandSet, bot }: CommandParts, command: string): Command | Objection {
  const objection = { code: "bad_value", suggestions: SUGGESTIONS } as const;
  const parsed = parse(withSlash(command), { ...commandSet, botName: bot.botInfo.username });
  const meant = parsed.kind === "command" || parsed.kind === "wrong" ? parsed.command : undefined;
  if (meant && meant.risk !== "read") {
    const sentence = isChange(meant)
      ? "Only a read can be scheduled. Someone has to ask for a change each time."
      : `Only a read can be scheduled, and ${headOf(meant)} does more than read.`;
    return { ...objection, sentence };
  }
  if (parsed.kind === "command") return parsed.command;
  return {
    ...objection,
    sentence: parsed.kind === "wrong" ? parsed.sentence : "That is no command that reads.",
  };
}

function withSlash(command: string): string {
  return command.startsWith("/") ? command : `/${command}`;
}

function tooMany(): Reply {
  return {
    mark: "refused",
    title: `${MOST_IN_A_CHAT} reads come into this chat already`,
    blocks: [textBlock(["Nothing was set. End one first: ", { code: "/every" }, " lists them."])],
  };
}

function listReply(ctx: UpdateContext, schedules: readonly SchedulesTable[], zone: string): Reply {
  const every = { verb: "every", target: null, input: {}, asked: [] };
  const choices = [
    ...schedules.slice(0, MOST_TO_STOP).map(({ number }) => ({
      label: `Stop ${number}`,
      invocation: { ...every, input: { what: `stop ${number}` } },
    })),
    { label: "Add one", invocation: { ...every, ask: "what" } },
  ];
  const buttons = offerChoices(ctx, choices).map((button) => [button]);
  if (schedules.length === 0) {
    return { mark: "info", title: "No read comes into this chat by itself", buttons };
  }
  return {
    mark: "info",
    title: schedules.length === 1
      ? "1 read comes into this chat by itself"
      : `${schedules.length} reads come into this chat by themselves`,
    blocks: [{ kind: "list", items: schedules.map(scheduleLine) }],
    footer: `Times in ${zone}.`,
    buttons,
  };
}

function scheduleLine({ number, time, days, command, person_name, next_at }: SchedulesTable): Line {
  return line(
    `${number} · ${days} ${time} · `,
    { code: command },
    " · set by ",
    { data: person_name || "someone", max: 30 },
    " · next ",
    { time: next_at, as: "date" },
  );
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
