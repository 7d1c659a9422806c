import { Cron } from "croner";
import { randomBytes } from "node:crypto";
import * as z from "zod";
import type { Deps } from "../deps.ts";
import { parseClock } from "../zone.ts";
import type { Queryable } from "../store/schema.ts";
import type { SchedulesTable } from "../store/watch_tables.ts";

/** When something happens over and over: `08:00` on `mon-fri`. */
export type TimesOfDay = Pick<SchedulesTable, "time" | "days">;

const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const NAMED: Readonly<Record<string, string>> = {
  daily: "*",
  weekdays: "1-5",
  weekends: "6,0",
};

/** Days as people say them, in the words of cron: "mon-fri", "mon,thu", "daily". Undefined for what are no days. */
function cronDays(days: string): string | undefined {
  const said = days.toLowerCase();
  if (Object.hasOwn(NAMED, said)) return NAMED[said];
  const parts = said.split(",").map((part) => {
    const ends = part.split("-").map(dayNamed);
    return ends.length > 2 || ends.includes(-1) ? undefined : daysFrom(ends[0] ?? 0, ends.at(-1) ?? 0);
  });
  return parts.includes(undefined) ? undefined : parts.flat().join(",");
}

/** By its whole name or the beginning of it; -1 for what is none. */
function dayNamed(name: string): number {
  return name.length < 3 ? -1 : DAYS.findIndex((day) => day.startsWith(name));
}

/** Both included, over the end of the week where the last one comes first. */
function daysFrom(first: number, last: number): number[] {
  const count = (last - first + DAYS.length) % DAYS.length + 1;
  return Array.from({ length: count }, (_, index) => (first + index) % DAYS.length);
}

export function areDays(text: string): boolean {
  return cronDays(text) !== undefined;
}

/**
 * The next such time after `after`, epoch ms. A time that comes twice because clocks are put back counts once, and one
 * that they jump over is meant as soon as they have.
 */
export function nextTime({ time, days }: TimesOfDay, zone: string, after: number): number {
  const minutes = parseClock(time) ?? 0;
  const pattern = `${minutes % 60} ${Math.floor(minutes / 60)} * * ${cronDays(days) ?? "*"}`;
  const next = new Cron(pattern, { timezone: zone, paused: true }).nextRun(new Date(after));
  if (!next) throw new Error(`${pattern} never comes`);
  return next.getTime();
}

/** A note of ours among the updates: a scheduled read is due. */
export const dueShape = z.object({
  countersign: z.literal("read_due"),
  chat: z.number(),
  number: z.number(),
  /** Tells it from another one that got its number. */
  since: z.number(),
});

export type Due = z.output<typeof dueShape>;

/** Has what is due run, each once: of several replicas the one that moves it on. */
export async function putDueReads({ store, config }: Pick<Deps, "store" | "config">): Promise<void> {
  const now = store.now();
  const due = await store.db.selectFrom("schedules").selectAll().where("next_at", "<=", now).execute();
  for (const schedule of due) {
    const { chat_id, number, next_at, created_at } = schedule;
    let next = nextTime(schedule, config.zone, next_at);
    while (next <= now) next = nextTime(schedule, config.zone, next);
    await store.transaction(async (transaction) => {
      const moved = await transaction.updateTable("schedules").set({ next_at: next })
        .where("chat_id", "=", chat_id).where("number", "=", number).where("next_at", "=", next_at)
        .where("created_at", "=", created_at).returning("number").executeTakeFirst();
      if (!moved) return;
      const note: Due = { countersign: "read_due", chat: chat_id, number, since: created_at };
      await transaction.insertInto("inbox").values({
        // Telegram's ids are positive, so ours never meet them.
        update_id: -randomBytes(6).readUIntBE(0, 6),
        lane: `chat:${chat_id}`,
        body: JSON.stringify(note),
        received_at: now,
        state: "new",
        claimed_until: 0,
        attempts: 0,
      }).execute();
    });
  }
  if (due.length > 0) store.notifier.everyone("inbox");
}

/** The schedule that a note means, unless it was stopped since. */
export async function scheduleDue(
  db: Queryable,
  { chat, number, since }: Due,
): Promise<SchedulesTable | undefined> {
  return await db.selectFrom("schedules").selectAll()
    .where("chat_id", "=", chat).where("number", "=", number).where("created_at", "=", since)
    .executeTakeFirst();
}

export async function schedulesIn(db: Queryable, chatId: number): Promise<SchedulesTable[]> {
  return await db.selectFrom("schedules").selectAll().where("chat_id", "=", chatId).orderBy("number")
    .execute();
}

export async function stopSchedule(
  db: Queryable,
  { chat_id, number }: Pick<SchedulesTable, "chat_id" | "number">,
): Promise<void> {
  await db.deleteFrom("schedules").where("chat_id", "=", chat_id).where("number", "=", number).execute();
}
