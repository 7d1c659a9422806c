import * as z from "zod";
import { ValueNeeded } from "../../handlers/operation.ts";
import { vendors } from "../../handlers/registry.ts";
import { type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import type { UpdateContext } from "../context.ts";
import { validationMessage } from "../parser/validation_message.ts";
import type { Queryable } from "../store/schema.ts";
import type { EpisodesTable, WatchesTable } from "../store/watch_tables.ts";
import { openEpisodes } from "../store/watch.ts";
import {
  EVERYTHING_WATCHED,
  isQuiet,
  subscriptionOf,
  type WatchingChat,
  watchingChats,
} from "../watch/audience.ts";
import { parseClock, zoneNamed } from "../zone.ts";
import { type Builtin, builtin, type CommandParts, maySetHere } from "./builtin.ts";

const WATCHED = vendors.flatMap(({ targets, unwatched = [] }) =>
  Object.keys(targets).filter((target) => !unwatched.includes(target))
);

const targetInput = z.object({
  target: z.enum(WATCHED).optional().meta({ positional: true, placeholder: "target" }),
});

/** `/watch`, `/unwatch`, `/watches`, `/quiet`: what a chat is told of by itself, and when without a sound. */
export const watchCommands: readonly Builtin[] = [
  builtin({
    verb: "watch",
    summary: "Tell this chat when something breaks and when it is mended",
    example: `/watch ${WATCHED.at(-1)}`,
    need: "read",
    input: targetInput,
    async execute(parts, ctx, { target }) {
      if (!await maySetHere(parts, ctx, "/watch")) return;
      if (parts.config.watchEveryMs === 0) return ctx.answer(NEVER_LOOKS);
      const since = await watchedSince(parts, ctx.chat.id, target ?? EVERYTHING_WATCHED);
      ctx.onCommit((transaction) => putWatch(transaction, ctx, target ?? EVERYTHING_WATCHED, since));
      ctx.audit({ event: "watched", target: target ?? EVERYTHING_WATCHED });
      ctx.answer(watchingReply(target, await badNow(parts, target)));
    },
  }),
  builtin({
    verb: "unwatch",
    summary: "Tell this chat nothing more, of one target or of all",
    example: `/unwatch ${WATCHED.at(-1)}`,
    need: "read",
    input: targetInput,
    async execute(parts, ctx, { target }) {
      if (!await maySetHere(parts, ctx, "/unwatch")) return;
      ctx.onCommit((transaction) => putUnwatch(transaction, ctx, target ?? EVERYTHING_WATCHED));
      ctx.audit({ event: "unwatched", target: target ?? EVERYTHING_WATCHED });
      ctx.answer({
        mark: "info",
        title: target
          ? line("This chat is told nothing more of ", calledBy(target))
          : "This chat is told nothing more by itself",
        blocks: [textBlock(["To be told again: ", { code: ["/watch", target].filter(Boolean).join(" ") }])],
      });
    },
  }),
  builtin({
    verb: "watches",
    summary: "What this chat is told of, what is muted, and its quiet hours",
    example: "/watches",
    need: "read",
    risk: "read",
    input: z.object({}),
    async execute(parts, ctx) {
      const all = await watchingChats(parts);
      const here = all.find(({ chatId }) => chatId === ctx.chat.id);
      const mutes = await parts.store.db.selectFrom("mutes").leftJoin("items", "items.key", "mutes.item")
        .select((of) => [of.fn.coalesce("items.name", "mutes.item").as("name"), "until_at", "person_name"])
        .where("chat_id", "=", ctx.chat.id)
        .where("until_at", ">", parts.store.now()).orderBy("until_at").execute();
      ctx.answer(watchesReply(here, mutes, parts.store.now(), parts.config.watchEveryMs));
    },
  }),
  builtin({
    verb: "quiet",
    summary: "Hours in which alerts make no sound, unless a whole vendor is down",
    example: "/quiet 22:00-07:00",
    need: "read",
    offers: {
      hours: () => Promise.resolve(USUAL_HOURS.map((value) => ({ value, name: value, about: [] }))),
    },
    input: z.object({
      hours: z.string().optional().meta({ positional: true, placeholder: "22:00-07:00" }),
      zone: z.string().optional().meta({ positional: true, rest: true, placeholder: "zone" }),
    }),
    async execute(parts, ctx, { hours, zone }) {
      if (hours === undefined) return new ValueNeeded("Nothing was set.", "hours");
      const said = [hours, zone].filter(Boolean).join(" ");
      const isOff = /^(off|never|none)$/i.test(said);
      const wanted = isOff ? undefined : quietHours(said, parts.config.zone);
      if (!isOff && typeof wanted !== "object") {
        const suggestions = ["/quiet 22:00-07:00", "/quiet 22:00-07:00 Europe/Lisbon", "/quiet off"];
        return ctx.answer(
          validationMessage(
            { kind: "wrong", code: "bad_value", sentence: wanted ?? "", suggestions },
            parts.commandSet,
          ),
        );
      }
      if (!await maySetHere(parts, ctx, "/quiet")) return;
      const hoursNow = typeof wanted === "object" ? wanted : NEVER_QUIET;
      ctx.onCommit((transaction) => putQuiet(transaction, ctx.chat.id, hoursNow));
      ctx.audit({ event: "quiet_hours", detail: sayQuiet(hoursNow) });
      ctx.answer({
        mark: "info",
        title: isOff ? "No quiet hours: alerts are heard at any time" : `Quiet ${sayQuiet(hoursNow)}`,
        blocks: isOff ? [] : [
          textBlock("Alerts and reminders come without a sound then, except that a whole vendor is down."),
          textBlock(["To end it: ", { code: "/quiet off" }]),
        ],
      });
    },
  }),
];

const USUAL_HOURS = ["22:00-07:00", "20:00-08:00", "off"];

const NEVER_LOOKS: Reply = {
  mark: "refused",
  title: "Nothing is watched: WATCH_EVERY is 0",
  blocks: [textBlock("Nothing was set. Someone with access to the bot: set WATCH_EVERY, then restart it.")],
  personal: true,
};

/** Since when the chat has watched the target; what was found since and is not told yet is still to be told. */
async function watchedSince(
  parts: CommandParts,
  chatId: number,
  target: string,
): Promise<number | undefined> {
  const here = (await watchingChats(parts)).find((one) => one.chatId === chatId);
  const vendor = vendors.find(({ targets }) => target in targets)?.name ?? EVERYTHING_WATCHED;
  return here && subscriptionOf(here, { vendor, target, item_id: "" }, () => [])?.since;
}

/** What is said of a target stands for all that belongs to it: what of it was not watched is so from now on. */
async function putWatch(
  db: Queryable,
  ctx: UpdateContext,
  target: string,
  since: number | undefined,
): Promise<void> {
  const { chat, threadId, store } = ctx;
  const within = withinOf(target);
  const here = db.updateTable("watches").where("chat_id", "=", chat.id)
    .$if(within !== undefined, (query) => query.where("target", "in", [...within ?? []]));
  await here.set({ kind: "watch", created_at: store.now() }).where("kind", "=", "unwatch").execute();
  await here.set({ thread_id: threadId ?? null }).execute();
  await db.deleteFrom("watches").where("chat_id", "=", chat.id).where("target", "=", target).execute();
  await db.insertInto("watches").values(watchRow(ctx, target, "watch", since)).execute();
}

async function putUnwatch(db: Queryable, ctx: UpdateContext, target: string): Promise<void> {
  const within = withinOf(target);
  await db.deleteFrom("watches").where("chat_id", "=", ctx.chat.id)
    .$if(within !== undefined, (query) => query.where("target", "in", [...within ?? []])).execute();
  await db.insertInto("watches").values(watchRow(ctx, target, "unwatch")).execute();
}

/** The target and all that belongs to it; undefined: everything. */
function withinOf(target: string): readonly string[] | undefined {
  if (target === EVERYTHING_WATCHED) return undefined;
  return [target, ...Object.keys(vendors.find(({ name }) => name === target)?.targets ?? {})];
}

function watchRow(
  { chat, threadId, person, store }: UpdateContext,
  target: string,
  kind: WatchesTable["kind"],
  since: number = store.now(),
): WatchesTable {
  return {
    chat_id: chat.id,
    target,
    kind,
    thread_id: threadId ?? null,
    person_id: person.id,
    person_name: person.name,
    created_at: since,
  };
}

async function badNow(
  { store }: CommandParts,
  target: string | undefined,
): Promise<readonly EpisodesTable[]> {
  const open = await openEpisodes(store);
  return open.filter((one) => target === undefined || one.vendor === target || one.target === target);
}

const MOST_NAMED = 5;

function watchingReply(target: string | undefined, bad: readonly EpisodesTable[]): Reply {
  const names = bad.slice(0, MOST_NAMED).map((one) =>
    line({ data: one.name, max: 60 }, " · ", { data: one.word, max: 60 }, " · since ", {
      time: one.opened_at,
      as: "clock",
    })
  );
  return {
    mark: bad.length > 0 ? "attention" : "fine",
    title: line(
      "This chat is told when ",
      target ? calledBy(target) : "anything",
      " breaks and when it is mended",
    ),
    blocks: [
      textBlock(bad.length > 0 ? `Not fine now, and not told again: ${bad.length}` : ""),
      { kind: "list", items: names },
    ],
    buttons: [[{ label: "Watches", action: { command: "/watches" } }]],
  };
}

function calledBy(target: string): string {
  const vendor = vendors.find(({ targets }) => target in targets);
  return vendor?.labels?.[target] ?? vendor?.label ?? target;
}

interface MuteLine {
  readonly name: string;
  readonly until_at: number;
  readonly person_name: string;
}

function watchesReply(
  here: WatchingChat | undefined,
  mutes: readonly MuteLine[],
  now: number,
  everyMs: number,
): Reply {
  const watched = WATCHED.filter((target) => isWatched(here, target));
  const all = watched.length === WATCHED.length;
  const quiet = here?.chat?.quiet_from ? sayQuiet(here.chat) : "none";
  const title = everyMs === 0
    ? "Nothing is watched: WATCH_EVERY is 0"
    : watched.length === 0
    ? "This chat is told of nothing by itself"
    : all
    ? "This chat is told of everything"
    : `This chat is told of ${watched.length} of ${WATCHED.length} targets`;
  return {
    mark: "info",
    title,
    blocks: [
      {
        kind: "facts",
        facts: [
          ...(all || watched.length === 0 ? [] : [["Watched", watched.map(calledBy).join(", ")] as const]),
          ["Muted", mutes.length === 0 ? "nothing" : `${mutes.length}`],
          ["Quiet hours", `${quiet}${isQuiet(here?.chat, now) ? " · now" : ""}`],
        ],
      },
      {
        kind: "list",
        items: mutes.slice(0, MOST_NAMED).map(({ name, until_at, person_name }): Line =>
          line("muted: ", { data: name, max: 60 }, " until ", { time: until_at, as: "clock" }, " by ", {
            data: person_name || "someone",
            max: 40,
          })
        ),
      },
      textBlock(["To change it: ", { code: "/watch [target]" }, ", ", { code: "/unwatch [target]" }, ", ", {
        code: "/quiet 22:00-07:00",
      }]),
    ],
  };
}

/** As an item of that target would be judged. */
function isWatched(here: WatchingChat | undefined, target: string): boolean {
  const vendor = vendors.find(({ targets }) => target in targets);
  if (!here || !vendor) return false;
  return subscriptionOf(here, { vendor: vendor.name, target, item_id: "" }, () => []) !== undefined;
}

interface QuietHours {
  readonly quiet_from: string | null;
  readonly quiet_until: string | null;
  readonly quiet_zone: string | null;
}

const NEVER_QUIET: QuietHours = { quiet_from: null, quiet_until: null, quiet_zone: null };

/** The hours as people write them, "22:00-07:00", "22 - 7 Europe/Lisbon", or what is wrong with them. */
function quietHours(said: string, ownZone: string): QuietHours | string {
  const [, from = "", until = "", named] = /^([\d:.]+)\s*[-–—]\s*([\d:.]+)(?:\s+(.+))?$/.exec(said) ?? [];
  const [begin, end] = [from, until].map((time) =>
    parseClock(/[:.]/.test(time) ? time.replace(".", ":") : `${time}:00`)
  );
  const zone = zoneNamed(named ?? ownZone);
  if (begin === undefined || end === undefined) {
    return "Quiet from when to when? Type two times of day, such as 22:00-07:00.";
  }
  if (begin === end) return "These are no hours: it would be quiet always, or never.";
  if (zone === undefined) {
    return `There is no time zone "${named ?? ownZone}". One is named like Europe/Lisbon or UTC.`;
  }
  return { quiet_from: clockText(begin), quiet_until: clockText(end), quiet_zone: zone };
}

function clockText(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

function sayQuiet({ quiet_from, quiet_until, quiet_zone }: QuietHours): string {
  return quiet_from === null ? "never" : `${quiet_from}-${quiet_until} (${quiet_zone})`;
}

async function putQuiet(db: Queryable, chatId: number, hours: QuietHours): Promise<void> {
  await db.insertInto("watch_chats").values({ ...hours, chat_id: chatId, free_at: 0 })
    .onConflict((conflict) => conflict.column("chat_id").doUpdateSet(hours)).execute();
}
