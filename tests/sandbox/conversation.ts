import { isEphemeral, type Message, type RichNode } from "./telegram/message.ts";
import { Log } from "../../bot/log.ts";
import {
  ANA,
  BEN,
  createRealClock,
  EMULATED,
  GROUP,
  openStage,
  OSKAR,
  type Stage,
  type StageOptions,
  type TestClock,
  type VendorName,
} from "./stage.ts";
import { buttonsOf, plainText, render } from "./telegram.ts";
import { DEFAULT_PERSONS } from "./telegram/seeds.ts";
import { fillIn, lookAt } from "./filled_page.ts";
import { eventually } from "../eventually.ts";

/** Something the bot showed: a new message, an edited one, or a notice to who pressed a button. */
export interface Shown {
  readonly text: string;
  /** The one person who sees it; absent when the whole group does. */
  readonly only?: string;
  readonly kind: "message" | "edited" | "notice";
}

/** A person at the sandbox. Oskar is in the group, but may neither ask for changes nor approve them. */
export type PersonId = typeof ANA | typeof BEN | typeof OSKAR;

/** What people do, one thing after another; each resolves to what the bot showed until it had nothing left to do. */
export interface Conversation extends AsyncDisposable {
  readonly stage: Stage;
  say(person: PersonId, text: string, options?: { inPrivate?: boolean }): Promise<Shown[]>;
  /** Replies to the newest message of the bot that the person sees where this person spoke last. */
  reply(person: PersonId, text: string): Promise<Shown[]>;
  /** Presses the newest button of that label which the person can see. */
  press(person: PersonId, label: string): Promise<Shown[]>;
  /** Opens the person's newest link to a page, a form or one for secrets, fills it in and sends it. */
  enter(person: PersonId, values: Readonly<Record<string, string>>): Promise<Shown[]>;
  pass(ms: number): Promise<Shown[]>;
  vendor(name: VendorName, condition: Condition): void;
  /** Changes something at a vendor as it would change by itself. */
  happens(what: (stage: Stage) => void): void;
  /** The code of the newest change. */
  code(): Promise<string | undefined>;
}

/**
 * How a vendor behaves from now on: "down" answers nothing; "failing" does the next change that is asked of it, but
 * breaks down before it can say so.
 */
export type Condition = "well" | "down" | "failing";

/** By the name one types, in lower case. */
export const PERSONS: ReadonlyMap<string, PersonId> = new Map([["ana", ANA], ["ben", BEN], ["oskar", OSKAR]]);

export function nameOf(person: number): string {
  return DEFAULT_PERSONS.find(({ id }) => id === person)?.name ?? String(person);
}

/** The people who are in the sandbox's group. */
export const SANDBOX_GROUP = { id: GROUP, title: "On-call", members: [ANA, BEN, OSKAR] } as const;

const EVERY_MS = 60_000;
/** Looks come a little early or late, and never later than this. */
const LATEST_LOOK_MS = EVERY_MS * 1.06;

export interface ConversationOptions extends StageOptions {
  /** The vendors are looked at every minute that passes, from the beginning. */
  readonly watched?: boolean;
}

export async function openConversation(
  { watched = false, ...options }: ConversationOptions = {},
): Promise<Conversation> {
  const conditions = new Map<VendorName, Condition>();
  const end = new AbortController();
  let told = 0;
  const log = new Log((level, event, fields) => {
    if (event === "watch_told") told++;
    options.log?.[level](event, fields);
  });
  const stage = await openStage({
    telegram: { chats: [SANDBOX_GROUP] },
    clock: clockUntil(end.signal),
    // A script that lets an hour pass does not wait for the rest of five seconds.
    timing: { lookMs: 100, expireMs: 100, watchMs: 100 },
    ...options,
    ...(watched && { environment: { WATCH_EVERY: `${EVERY_MS}ms`, ...options.environment } }),
    log,
    async onTheWay(vendor, request, passOn) {
      const condition = conditions.get(vendor) ?? "well";
      if (condition === "down") return brokenOff();
      const answer = await passOn();
      if (condition === "well" || !isWrite(vendor, request)) return answer;
      conditions.set(vendor, "down");
      return brokenOff();
    },
  });
  const { telegram, clock } = stage;
  let here = GROUP;

  const isWatched = stage.environment["WATCH_EVERY"] !== "0";
  const lookedAndTold = async () => {
    await eventually(() => isLookedAt(stage), "a look at every vendor");
    const before = told;
    // The first may have begun before.
    await eventually(() => told >= before + 2, "the watch to tell");
  };

  async function letPass(ms: number): Promise<void> {
    let left = ms;
    for (; watched && left > LATEST_LOOK_MS; left -= LATEST_LOOK_MS) {
      clock.advance(LATEST_LOOK_MS);
      await lookedAndTold();
      await settled(stage);
    }
    clock.advance(left);
    stage.bot.store.notifier.local("changes");
    if (isWatched) await lookedAndTold();
  }

  /** GravityZone's calls are all POST to one address, so it is asked which one it was. */
  function isWrite(vendor: VendorName, { method, url }: Request): boolean {
    if (vendor !== "GravityZone") return method !== "GET" && !url.endsWith("/token");
    return /^(configure|disable|generate)/.test(stage.gravityzone.calls.at(-1)?.method ?? "");
  }

  async function during(act: () => unknown): Promise<Shown[]> {
    const before = sights(stage);
    const notice = await act();
    await settled(stage);
    const shown = sights(stage).flatMap(({ message, text }): Shown[] => {
      const known = before.find((sight) => sight.message === message);
      if (known?.text === text) return [];
      const only = onlyFor(message);
      return [{ text, kind: known ? "edited" : "message", ...(only !== undefined && { only }) }];
    });
    return notice === undefined ? shown : [notice as Shown, ...shown];
  }

  if (watched) await lookedAndTold();
  return {
    stage,
    say: (person, text, { inPrivate = false } = {}) =>
      during(() => {
        here = inPrivate ? person : GROUP;
        telegram.say(person, here, text);
      }),
    reply: (person, text) =>
      during(() => {
        const replyTo = telegram.seen(person, here).at(-1);
        if (!replyTo) throw new Error(`${nameOf(person)} sees nothing to reply to.`);
        telegram.say(person, here, text, { replyTo });
      }),
    press: (person, label) =>
      during(async (): Promise<Shown | undefined> => {
        const message = withButton(stage, person, label, here);
        const answer = await telegram.press(person, message, label);
        return answer.text ? { text: answer.text, kind: "notice", only: nameOf(person) } : undefined;
      }),
    enter: (person, values) => during(() => fillOut(stage, person, values)),
    pass: (ms) => during(() => letPass(ms)),
    vendor: (name, condition) => void conditions.set(name, condition),
    happens: (what) => what(stage),
    async code() {
      const newest = await stage.bot.store.db.selectFrom("changes").select("code").orderBy(
        "created_at",
        "desc",
      )
        .limit(1).executeTakeFirst();
      return newest?.code;
    },
    async [Symbol.asyncDispose]() {
      end.abort();
      await stage[Symbol.asyncDispose]();
    },
  };
}

/** A read that failed may leave another one waiting for its next try: it must not wait beyond the end. */
function clockUntil(end: AbortSignal): TestClock {
  const clock = createRealClock();
  const until = (signal?: AbortSignal) => AbortSignal.any(signal ? [end, signal] : [end]);
  return { ...clock, sleep: (ms, signal) => clock.sleep(ms, until(signal)) };
}

/** Resolves when Telegram has nothing to deliver and the bot nothing to do or to say. */
async function settled(stage: Stage): Promise<void> {
  await eventually(() => isIdle(stage), "the bot to have nothing left to do");
}

/** Asked in the order in which work moves on, so that nothing slips through between two looks. */
async function isIdle({ telegram, bot: { store } }: Stage): Promise<boolean> {
  if (telegram.pending().length > 0) return false;
  const { db } = store;
  if (await db.selectFrom("inbox").select("update_id").where("state", "=", "new").executeTakeFirst()) {
    return false;
  }
  const now = store.now();
  const underWay = await db.selectFrom("changes").select("code")
    .where(({ or, and, eb }) =>
      or([
        eb("state", "=", "executing"),
        and([eb("state", "=", "approved"), or([eb("starts_at", "is", null), eb("starts_at", "<=", now)])]),
        and([eb("state", "=", "pending"), eb("expires_at", "<=", now)]),
        and([eb("state", "=", "unknown"), eb("next_check_at", "<=", now)]),
      ])
    ).executeTakeFirst();
  if (underWay || await isDue(store)) return false;
  return await db.selectFrom("messages").select("key").where("state", "=", "due").executeTakeFirst() ===
    undefined;
}

/** Whether the bot has something to do because its time has come. */
async function isDue(store: Stage["bot"]["store"]): Promise<boolean> {
  const { db } = store;
  const now = store.now();
  const due = await Promise.all([
    db.selectFrom("loans").select("code").where("ended_at", "is", null).where("next_at", "<=", now).execute(),
    db.selectFrom("reminders").select("code").where("due_at", "<=", now).execute(),
    db.selectFrom("holds").select("name").where("ends_at", "<=", now).execute(),
    db.selectFrom("freezes").select("target")
      .where((is) => is.or([is("begins_at", "<=", now), is("ends_at", "<=", now)])).execute(),
  ]);
  return due.some((rows) => rows.length > 0);
}

/** Resolves when every vendor was looked at whose time it was, and what there was to tell is told. */
async function isLookedAt({ bot: { store } }: Stage): Promise<boolean> {
  const looks = await store.db.selectFrom("looks").select(["next_at", "claimed_until"]).execute();
  const now = store.now();
  return looks.length === EMULATED &&
    looks.every(({ next_at, claimed_until }) => next_at > now && claimed_until <= now);
}

/** Every message of the bot as it looks now, by chat. */
function sights({ telegram }: Stage): { message: Message; text: string }[] {
  return [GROUP, ANA, BEN, OSKAR].flatMap((chat) => {
    const aside = chat === GROUP
      ? [ANA, BEN, OSKAR].flatMap((person) => telegram.ephemerals(person, GROUP))
      : [];
    return [...telegram.answers(chat), ...aside].map((message) => ({ message, text: render(message) }));
  });
}

function onlyFor(message: Message): string | undefined {
  if (isEphemeral(message)) return message.receiver_user?.first_name;
  return message.chat.type === "private" ? nameOf(message.chat.id) : undefined;
}

function withButton({ telegram }: Stage, person: PersonId, label: string, here: number): Message {
  const places = here === GROUP ? [GROUP, person] : [person, GROUP];
  const visible = places.flatMap((chat) => telegram.seen(person, chat).toReversed());
  const found = visible.find((message) => buttonsOf(message).some((button) => fits(button, label)));
  if (found) return found;
  const offered = visible.slice(0, 3).flatMap(buttonsOf).map(({ text }) => `[ ${plainText(text)} ]`);
  throw new Error(
    `${nameOf(person)} sees no button "${label}"; there is ${offered.join(" ") || "none at all"}.`,
  );
}

function fits({ text, callback_data }: ReturnType<typeof buttonsOf>[number], label: string): boolean {
  return callback_data !== undefined && plainText(text as RichNode | string).includes(label);
}

async function fillOut(
  { telegram }: Stage,
  person: PersonId,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const texts = [...telegram.answers(person), ...telegram.seen(person, GROUP)].map(render);
  const link = texts.flatMap((text) => text.match(/http:\/\/\S+\/(?:secret|form)\/[\w-]+/g) ?? []).at(-1);
  if (link === undefined) throw new Error(`${nameOf(person)} has no link to a page.`);
  const { values: asked } = await lookAt(link);
  const unasked = Object.keys(values).filter((name) => !(name in asked));
  if (unasked.length > 0) {
    const names = Object.keys(asked).join(", ") || "nothing any more";
    throw new Error(`The page asks for ${names}, not for ${unasked.join(", ")}.`);
  }
  const { status, title, mistakes } = await fillIn(link, values);
  if (status < 400) return;
  const said = Object.entries(mistakes).map(([name, mistake]) => ` ${name}: ${mistake}`).join("");
  throw new Error(`The page answered ${status}: ${title}.${said}`);
}

/** Promises more of a body than it sends, which breaks the connection. */
function brokenOff(): Response {
  const body = new ReadableStream({ start: (controller) => controller.close() });
  return new Response(body, { headers: { "content-type": "application/json", "content-length": "512" } });
}
