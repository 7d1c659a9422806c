import { sql, type Transaction } from "kysely";
import type { Members } from "../access/members.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { newHandle } from "../store/kept_values.ts";
import type { Queryable, Schema } from "../store/schema.ts";
import type { AlertsTable, EpisodesTable } from "../store/watch_tables.ts";
import { chunksOf } from "../store/watch.ts";
import { type AlertMessages, MOST_REMINDERS } from "./alert_message.ts";
import { isQuiet, mayBeTold, subscriptionOf, type WatchingChat, watchingChats } from "./audience.ts";

/** Who was told something is told nothing more for so long, and then all of it at once. */
const PAUSE_MS = 10_000;
const MUTE_MS = 3_600_000;
/** What is over was worth telling for so long, such as while no replica was up. */
const STALE_MS = 86_400_000;
const ROWS_AT_ONCE = 500;

/** Tells chats what looks have found. All that it has to tell is in the store: a crash loses none of it. */
export class Alerts {
  /** Chats of which Telegram did not say whether they may be told something, and when to ask again. */
  private readonly askAgainAt = new Map<number, number>();

  constructor(
    private readonly deps: Deps,
    private readonly members: Members,
    private readonly messages: AlertMessages,
  ) {}

  /** Tells what nobody has been told yet, brings what was told up to date, and reminds of what nobody took over. */
  async tell(): Promise<void> {
    const { log } = this.deps;
    const all = await watchingChats(this.deps);
    const awaited = await this.openWholes();
    for (const watching of all) await this.tellChat(watching, awaited);
    const chats = new Map(all.map((watching) => [watching.chatId, watching]));
    await this.refresh();
    await this.remind(chats, awaited);
    await this.measure();
    log.debug("watch_told", { chats: all.length });
  }

  /** Somebody pressed Ack or Mute under an alert. */
  async press(ctx: UpdateContext, what: "ack" | "mute", id: string): Promise<void> {
    const { store } = this.deps;
    const alert = await store.db.selectFrom("alerts").selectAll().where("id", "=", id).executeTakeFirst();
    if (!alert) return ctx.refuse("unknown_button");
    if (alert.chat_id !== ctx.chat.id) return ctx.refuse("foreign_button");
    const asking = await this.members.judge("request", ctx.person.id, ctx.chat);
    if (!asking.allowed && !(await this.members.judge("approve", ctx.person.id, ctx.chat)).allowed) {
      return ctx.refuse(asking.reason, { operation: what });
    }
    if (alert.closed_at !== null) return ctx.refuse("alert_over", { operation: what });
    if (what === "ack" && alert.acked_at !== null) return ctx.refuse("already_acked", { operation: what });
    const episodes = await episodesIn(store.db, id);
    ctx.onCommit((transaction) => this.mark(transaction, alert, episodes, ctx, what));
    const target = episodes.map(({ item, name }) => `${item} ${name}`).slice(0, MOST_NAMED).join(", ");
    ctx.audit({ event: what === "ack" ? "acked" : "muted", target, detail: `alert ${id}` });
    ctx.confirm({ mark: "info", title: what === "ack" ? "Acked: no more reminders" : "Muted for an hour" });
  }

  private async mark(
    transaction: Transaction<Schema>,
    alert: AlertsTable,
    episodes: readonly EpisodesTable[],
    { person }: UpdateContext,
    what: "ack" | "mute",
  ): Promise<void> {
    const { store } = this.deps;
    const now = store.now();
    const marks = what === "ack"
      ? { acked_at: now, acked_id: person.id, acked_name: person.name, remind_at: null }
      : { muted_until: now + MUTE_MS };
    await transaction.updateTable("alerts").set(marks).where("id", "=", alert.id).execute();
    if (what === "mute") {
      const mute = { until_at: now + MUTE_MS, person_id: person.id, person_name: person.name };
      const open = episodes.filter(({ closed_at }) => closed_at === null);
      for (const { item } of open) {
        await transaction.insertInto("mutes").values({ chat_id: alert.chat_id, item, ...mute })
          .onConflict((conflict) => conflict.columns(["chat_id", "item"]).doUpdateSet(mute)).execute();
      }
    }
    await this.messages.show(transaction, { ...alert, ...marks }, episodes);
  }

  /** Vendors that are away as a whole: what else there is to tell of them waits until they are back. */
  private async openWholes(): Promise<ReadonlySet<string>> {
    const rows = await this.deps.store.db.selectFrom("episodes").select("vendor").where("item_id", "is", null)
      .where("closed_at", "is", null).where("kind", "<>", "blind").execute();
    return new Set(rows.map(({ vendor }) => vendor));
  }

  private async tellChat(watching: WatchingChat, away: ReadonlySet<string>): Promise<void> {
    const pending = await this.pendingFor(watching, away);
    if (pending.length === 0) return;
    const mayKnow = await this.mayKnow(watching.chatId);
    if (mayKnow === undefined) return;
    if (!mayKnow) return await this.passOver(watching, pending);
    const starts = pending.filter(({ kind }) => kind === "start");
    for (const episodes of Map.groupBy(starts, ({ vendor }) => vendor).values()) {
      await this.send(watching, episodes, { paced: false });
    }
    const next = KINDS.map((kinds) => pending.filter(({ kind }) => kinds.includes(kind)))
      .find(({ length }) => length > 0);
    if (next) await this.send(watching, next, { paced: true });
  }

  /** As `mayBeTold`; what Telegram did not answer is asked again after a while, not each second. */
  private async mayKnow(chatId: number): Promise<boolean | undefined> {
    const now = this.deps.store.now();
    if ((this.askAgainAt.get(chatId) ?? 0) > now) return undefined;
    const mayKnow = await mayBeTold(this.members, chatId);
    if (mayKnow === undefined) this.askAgainAt.set(chatId, now + PAUSE_MS);
    else this.askAgainAt.delete(chatId);
    return mayKnow;
  }

  /** What the chat watches and was not told yet, and what nothing speaks against telling now. */
  private async pendingFor(watching: WatchingChat, away: ReadonlySet<string>): Promise<EpisodesTable[]> {
    const { db } = this.deps.store;
    const now = this.deps.store.now();
    const rows = await db.selectFrom("episodes").selectAll()
      .where("kind", "<>", "ours")
      .where((is) =>
        is.or([
          is("closed_at", "is", null),
          is.and([is("kind", "not in", ["alert", "start"]), is("noticed_at", ">", now - STALE_MS)]),
        ])
      )
      .where(({ not, exists, selectFrom }) =>
        not(exists(
          selectFrom("alert_episodes").select("alert").whereRef("episode", "=", "episodes.id")
            .where("chat_id", "=", watching.chatId),
        ))
      ).orderBy("noticed_at").execute();
    if (rows.length === 0) return [];
    const muted = new Set(
      (await db.selectFrom("mutes").select("item").where("chat_id", "=", watching.chatId)
        .where("until_at", ">", now).execute()).map(({ item }) => item),
    );
    return rows.filter((row) => {
      const { item, item_id, vendor, kind, noticed_at } = row;
      if (muted.has(item)) return false;
      if (item_id !== null && away.has(vendor) && (kind === "alert" || kind === "start")) return false;
      const subscription = subscriptionOf(watching, row, (name) => this.targetsOf(name));
      return subscription !== undefined && subscription.since < noticed_at;
    });
  }

  private watchesAny(watching: WatchingChat, episodes: readonly EpisodesTable[]): boolean {
    return episodes.some((one) =>
      subscriptionOf(watching, one, (name) => this.targetsOf(name)) !== undefined
    );
  }

  private targetsOf(vendor: string): readonly string[] {
    return Object.keys(this.deps.vendors.byName(vendor)?.vendor.targets ?? {});
  }

  /** Nobody there may read any more: it is not asked again for the same. */
  private async passOver({ chatId }: WatchingChat, pending: readonly EpisodesTable[]): Promise<void> {
    await claimEpisodes(this.deps.store.db, chatId, pending, "");
    this.deps.log.info("watch_not_told", { chat: chatId, episodes: pending.length });
  }

  /** One message, unless another replica has told it, or the chat was told something just now. */
  private async send(
    watching: WatchingChat,
    wanted: readonly EpisodesTable[],
    { paced }: { readonly paced: boolean },
  ): Promise<void> {
    const { store, config, metrics } = this.deps;
    const { chatId, chat } = watching;
    const now = store.now();
    const id = newHandle();
    const kind = await store.transaction(async (transaction) => {
      if (!await takeSlot(transaction, chatId, now, paced)) return undefined;
      const told = await claimEpisodes(transaction, chatId, wanted, id);
      const episodes = wanted.filter((one) => told.has(one.id));
      const [first] = episodes;
      if (!first) return undefined;
      const isAlert = first.kind === "alert" || first.kind === "start" || first.kind === "blind";
      const isOpen = episodes.some(({ closed_at }) => closed_at === null);
      const sound = isLoud(episodes) && (!isQuiet(chat, now) || isVendorDown(episodes));
      const alert: AlertsTable = {
        ...FRESH,
        id,
        chat_id: chatId,
        thread_id: subscriptionOf(watching, first, (name) => this.targetsOf(name))?.threadId ?? null,
        created_at: now,
        sound: sound ? 1 : 0,
        shown: versionOf(episodes),
        remind_at: isAlert && isOpen && first.kind !== "start" ? now + config.watchRemindMs : null,
        closed_at: isAlert && isOpen ? null : now,
      };
      await transaction.insertInto("alerts").values(alert).execute();
      await this.messages.show(transaction, alert, episodes);
      return first.kind;
    });
    if (!kind) return;
    metrics.alerts.inc({ kind });
  }

  /** Brings to a message what has changed of what it tells. */
  private async refresh(): Promise<void> {
    const { store } = this.deps;
    const rows = await store.db.selectFrom("alerts").innerJoin(
      "alert_episodes",
      "alert_episodes.alert",
      "alerts.id",
    )
      .innerJoin("episodes", "episodes.id", "alert_episodes.episode")
      .select([
        "alerts.id",
        "alerts.chat_id",
        "alerts.shown",
        sql<string>`cast(sum(episodes.version) as text)`.as("versions"),
      ])
      .where("alerts.closed_at", "is", null).groupBy(["alerts.id", "alerts.chat_id", "alerts.shown"])
      .execute();
    for (const { id, chat_id, shown, versions } of rows) {
      if (shown === versions) continue;
      const mayKnow = await this.mayKnow(chat_id);
      if (!mayKnow) {
        if (mayKnow === false) await this.leave(id);
        continue;
      }
      await store.transaction(async (transaction) => {
        const episodes = await episodesIn(transaction, id);
        const isOver = episodes.every(({ closed_at }) => closed_at !== null);
        const alert = await transaction.updateTable("alerts")
          .set({ shown: versionOf(episodes), ...isOver && { closed_at: store.now(), remind_at: null } })
          .where("id", "=", id).where("shown", "=", shown).returningAll().executeTakeFirst();
        if (alert) await this.messages.show(transaction, alert, episodes);
      });
    }
  }

  /** Nothing more is said of it. */
  private async leave(id: string): Promise<void> {
    const { store } = this.deps;
    await store.db.updateTable("alerts").set({ closed_at: store.now(), remind_at: null }).where("id", "=", id)
      .execute();
  }

  /** What is still to be said aloud: not to who does not watch it any more, nor while its vendor is away as a whole. */
  private async remind(chats: ReadonlyMap<number, WatchingChat>, away: ReadonlySet<string>): Promise<void> {
    const { store, config, metrics } = this.deps;
    const now = store.now();
    const due = await store.db.selectFrom("alerts").selectAll().where("closed_at", "is", null)
      .where("remind_at", "<=", now).orderBy("remind_at").execute();
    for (const alert of due) {
      const { id, chat_id, remind_at } = alert;
      const open = (await episodesIn(store.db, id)).filter(({ closed_at }) => closed_at === null);
      if (open.every(({ item_id, vendor }) => item_id !== null && away.has(vendor))) continue;
      const mayKnow = await this.mayKnow(chat_id);
      if (mayKnow === undefined) continue;
      const watching = chats.get(chat_id);
      if (!mayKnow || !watching || !this.watchesAny(watching, open)) {
        await store.db.updateTable("alerts").set({ remind_at: null }).where("id", "=", id).execute();
        continue;
      }
      const mutedUntil = alert.muted_until ?? 0;
      const reminders = alert.reminders + 1;
      const isMuted = mutedUntil > now;
      const next = isMuted ? mutedUntil : reminders < MOST_REMINDERS ? now + config.watchRemindMs : null;
      const isTold = await store.transaction(async (transaction) => {
        if (!isMuted && !await takeSlot(transaction, chat_id, now, true)) return false;
        const mine = await transaction.updateTable("alerts")
          .set({ remind_at: next, ...!isMuted && { reminders } })
          .where("id", "=", id).where("remind_at", "=", remind_at).returningAll().executeTakeFirst();
        if (!mine || isMuted) return false;
        const episodes = await episodesIn(transaction, id);
        const isLoudNow = !isQuiet(watching.chat, now) || isVendorDown(episodes);
        await this.messages.remind(transaction, mine, episodes, { sound: isLoudNow });
        return true;
      });
      if (!isTold) continue;
      metrics.alerts.inc({ kind: "reminder" });
    }
  }

  private async measure(): Promise<void> {
    const { store, metrics, vendors } = this.deps;
    const rows = await store.db.selectFrom("episodes")
      .select(["vendor", "state", (of) => of.fn.countAll<number>().as("count")])
      .where("closed_at", "is", null).groupBy(["vendor", "state"]).execute();
    metrics.episodes.reset();
    for (const { vendor, state, count } of rows) metrics.episodes.set(Number(count), { vendor, state });
    const looks = await store.db.selectFrom("looks").select(["vendor", "ended_at"]).execute();
    for (const { vendor, ended_at } of looks) {
      if (ended_at !== null && vendors.byName(vendor)?.client) metrics.lookedAt.set(vendor, ended_at);
    }
  }
}

/** Which share a message, in the order in which they are told. */
const KINDS: readonly (readonly EpisodesTable["kind"][])[] = [["alert", "blind"], ["ends"], [
  "appeared",
  "vanished",
]];
const MOST_NAMED = 5;

const FRESH = {
  acked_at: null,
  acked_id: null,
  acked_name: null,
  muted_until: null,
  reminders: 0,
} as const;

/** Only what somebody must do something about is heard; what is over already is not. */
function isLoud(episodes: readonly EpisodesTable[]): boolean {
  return episodes.some(({ kind, closed_at }) =>
    kind === "ends" || ((kind === "alert" || kind === "blind") && closed_at === null)
  );
}

function isVendorDown(episodes: readonly EpisodesTable[]): boolean {
  return episodes.some(({ item_id, state, closed_at }) =>
    item_id === null && state === "down" && closed_at === null
  );
}

/** Versions only grow, so their sum tells whether anything has changed. */
function versionOf(episodes: readonly EpisodesTable[]): string {
  return String(episodes.reduce((sum, { version }) => sum + version, 0));
}

async function episodesIn(db: Queryable, alert: string): Promise<EpisodesTable[]> {
  return await db.selectFrom("episodes").innerJoin("alert_episodes", "alert_episodes.episode", "episodes.id")
    .selectAll("episodes").where("alert_episodes.alert", "=", alert).execute();
}

/** Whether the chat may be told something now; then not again for a while. */
async function takeSlot(db: Queryable, chatId: number, now: number, paced: boolean): Promise<boolean> {
  const free_at = now + PAUSE_MS;
  const mine = await db.insertInto("watch_chats").values({ ...NEVER_QUIET, chat_id: chatId, free_at })
    .onConflict((conflict) => {
      const taken = conflict.column("chat_id").doUpdateSet({ free_at });
      return paced ? taken.where("watch_chats.free_at", "<=", now) : taken;
    })
    .returning("chat_id").executeTakeFirst();
  return mine !== undefined;
}

const NEVER_QUIET = { quiet_from: null, quiet_until: null, quiet_zone: null } as const;

/** Which of these are told by this message and by no other one. */
async function claimEpisodes(
  db: Queryable,
  chatId: number,
  episodes: readonly EpisodesTable[],
  alert: string,
): Promise<ReadonlySet<string>> {
  const told = new Set<string>();
  for (const some of chunksOf(episodes, ROWS_AT_ONCE)) {
    const rows = await db.insertInto("alert_episodes")
      .values(some.map(({ id }) => ({ chat_id: chatId, episode: id, alert })))
      .onConflict((conflict) => conflict.doNothing()).returning("episode").execute();
    for (const { episode } of rows) told.add(episode);
  }
  return told;
}
