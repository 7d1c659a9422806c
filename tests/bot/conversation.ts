import assert from "node:assert/strict";
import { verifyAudit } from "../../bot/store/audit.ts";
import { eventually } from "../eventually.ts";
import { BEN, createStillClock, GROUP, openStage, type Stage, type StageOptions } from "../sandbox/stage.ts";
import { type CallbackAnswer, type Message, render, type Saying } from "../sandbox/telegram.ts";
import { isEphemeral } from "../sandbox/telegram/message.ts";

type Pattern = string | RegExp;

/** A message of the bot as it must look: a part of it, who alone sees it, where it stands. */
export type Expected = Pattern | {
  readonly says: Pattern;
  /** The one person who sees it. */
  readonly only?: number;
  /** Another chat than that of the exchange. */
  readonly in?: number;
};

/**
 * What someone does, and all that comes of it: what is not listed must not have happened. The bot is asked again
 * only after it has nothing left to do.
 */
export interface Exchange {
  readonly said?: string;
  /** A button, by its label; with `forged` the data that a client of one's own could send. */
  readonly pressed?: string;
  /** Anything else: another update, time, a fault. */
  readonly happens?: (stage: Stage) => unknown;
  readonly by?: number;
  readonly in?: number;
  readonly saying?: Saying;
  /** The message whose button it is; the last one with buttons unless given. */
  readonly on?: (stage: Stage) => Message | undefined;
  readonly forged?: true;
  /** New and changed messages, those of each chat in the order in which they were first shown. */
  readonly answered?: Expected | readonly Expected[];
  /** What the press was answered with. */
  readonly notice?: Pattern;
  /** Operations asked of vendors, in their order, vendor by vendor. */
  readonly asked?: readonly string[];
  /** Events, each with its reason code where it has one. */
  readonly audited?: readonly string[];
  /** Events that the log must hold among others, with the fields that matter here. */
  readonly logged?: readonly Record<string, unknown>[];
}

export interface ConversationOptions extends Omit<StageOptions, "clock"> {
  /** Events that may be logged as errors; every other fails the test. */
  readonly mayFail?: readonly string[];
}

/** Registers a test that is a conversation. */
export function chatTest(name: string, options: ConversationOptions, exchanges: readonly Exchange[]): void {
  Deno.test(name, async () => {
    await using stage = await openStage({ clock: createStillClock(), ...options });
    for (const exchange of exchanges) await converse(stage, exchange);
    await checkManners(stage, options.mayFail ?? []);
  });
}

/** One exchange with a bot that is there already. */
export async function converse(stage: Stage, exchange: Exchange): Promise<void> {
  const { db } = stage.bot.store;
  const shown = looks(stage);
  const [calls, lines] = [vendorCalls(stage), stage.log.lines.length];
  const { last } = await db.selectFrom("audit").select(db.fn.max("seq").as("last")).executeTakeFirstOrThrow();
  const notice = await act(stage, exchange);
  await settled(stage);
  const rows = await db.selectFrom("audit").selectAll().where("seq", ">", last ?? 0).orderBy("seq").execute();
  checkShown(stage, exchange, shown);
  if (exchange.pressed !== undefined) checkText(notice?.text ?? "", exchange.notice ?? /^$/);
  const asked = vendorCalls(stage).flatMap((ofVendor, index) => ofVendor.slice(calls[index]?.length));
  // What is asked side by side arrives in any order.
  assert.deepEqual(asked.toSorted(), [...exchange.asked ?? []].toSorted(), "asked of the vendors");
  assert.deepEqual(
    rows.map(({ event, reason_code }) => [event, reason_code].filter(Boolean).join(" ")),
    exchange.audited ?? [],
    "audited",
  );
  for (const wanted of exchange.logged ?? []) {
    const found = stage.log.lines.slice(lines).some(({ event, fields }) =>
      Object.entries(wanted).every(([key, value]) => (key === "event" ? event : fields[key]) === value)
    );
    assert.ok(found, `not logged: ${JSON.stringify(wanted)}`);
  }
}

/** Resolves when Telegram has nothing to deliver, and the bot nothing to do or to say. */
export async function settled(stage: Stage, what = "the bot to have nothing left to do"): Promise<void> {
  await eventually(async () => {
    if (stage.telegram.pending().length > 0) return false;
    const { db } = stage.bot.store;
    const inbox = await db.selectFrom("inbox").select("update_id").where("state", "=", "new").execute();
    if (inbox.length > 0) return false;
    const due = await db.selectFrom("messages").select("key").where("state", "=", "due").execute();
    return due.length === 0;
  }, what);
}

/** Moves time on and lets everyone notice who waits for it. */
export function pass(stage: Stage, ms: number): void {
  stage.clock.advance(ms);
  for (const work of ["inbox", "messages", "changes"] as const) stage.bot.store.notifier.local(work);
}

/** What must hold after every conversation: nothing was lost, nothing leaked, nobody was annoyed. */
export async function checkManners(stage: Stage, mayFail: readonly string[] = []): Promise<void> {
  const proof = await verifyAudit(stage.bot.store.db);
  assert.ok(proof.intact, `the audit is broken: ${JSON.stringify(proof)}`);
  assert.deepEqual(stage.specFaults(), [], "against the vendors' documents");
  const errors = stage.log.lines.filter(({ level, event }) => level === "error" && !mayFail.includes(event));
  assert.deepEqual(errors, [], "logged as errors");
  for (const { method, parameters } of stage.telegram.calls()) {
    const rich = parameters["rich_message"] as { skip_entity_detection?: boolean } | undefined;
    assert.ok(!rich || rich.skip_entity_detection, `${method} lets Telegram make links of vendors' words`);
    if (parameters["text"] === undefined || method === "answerCallbackQuery") continue;
    const preview = parameters["link_preview_options"] as { is_disabled?: boolean } | undefined;
    assert.equal(preview?.is_disabled, true, `${method} lets Telegram fetch links`);
  }
}

/** What each vendor was asked, by its emulator. */
function vendorCalls({ gravityzone, apono, opsramp, halo }: Stage): string[][] {
  return [
    gravityzone.calls.map(({ method }) => method),
    apono.calls.map(({ operation }) => operation),
    opsramp.calls.map(({ operation }) => operation),
    halo.calls.map(({ method, path }) => `${method} ${path}`),
  ];
}

/** The bot's newest message that this person can see in the chat. */
export function newest({ telegram }: Stage, chat = GROUP, person = BEN): Message {
  const seen = [...telegram.answers(chat), ...telegram.ephemerals(person, chat)];
  const last = seen.filter(({ reply_markup }) => reply_markup).at(-1) ?? seen.at(-1);
  assert.ok(last, "the bot has said nothing yet");
  return last;
}

async function act(stage: Stage, exchange: Exchange): Promise<CallbackAnswer | undefined> {
  const { said, pressed, happens, by = BEN, in: chat = GROUP, saying, on, forged } = exchange;
  await happens?.(stage);
  if (said !== undefined) stage.telegram.say(by, chat, said, saying);
  if (pressed === undefined) return undefined;
  const message = on?.(stage) ?? newest(stage, chat, by);
  return await stage.telegram.press(by, message, pressed, forged ? { forged } : {});
}

/** Every message of the bot as it looks now. */
function looks({ telegram }: Stage): Map<Message, string> {
  const looks = new Map<Message, string>();
  for (const { parameters, outcome } of telegram.calls()) {
    const chat = Number(parameters["chat_id"]);
    if (outcome !== "ok" || Number.isNaN(chat)) continue;
    const aside = parameters["ephemeral_message_parameters"] as { receiver_user_id: number } | undefined;
    const personal = aside ? telegram.ephemerals(aside.receiver_user_id, chat) : [];
    for (const message of [...telegram.answers(chat), ...personal]) looks.set(message, render(message));
  }
  return looks;
}

function checkShown(stage: Stage, exchange: Exchange, before: ReadonlyMap<Message, string>): void {
  // Chats are sent to side by side: only within each is there an order.
  const shown = [...looks(stage)].filter(([message, look]) => before.get(message) !== look)
    .toSorted(([one], [other]) => one.chat.id - other.chat.id);
  const wanted = (exchange.answered === undefined ? [] : [exchange.answered].flat() as Expected[])
    .map((expected) => {
      const { says, only, in: chat } = typeof expected === "object" && "says" in expected
        ? expected
        : { says: expected, only: undefined, in: undefined };
      return { says, only, chat: chat ?? exchange.in ?? GROUP };
    })
    .toSorted((one, other) => one.chat - other.chat);
  const seen = shown.map(([, look]) => look).join("\n\n");
  assert.equal(shown.length, wanted.length, `${wanted.length} messages were expected, seen were:\n${seen}`);
  for (const [index, { says, only, chat }] of wanted.entries()) {
    const [message, look] = shown[index] ?? [];
    checkText(look ?? "", says);
    assert.equal(message?.chat.id, chat, "the chat of the answer");
    const onlyFor = message && isEphemeral(message) ? message.receiver_user?.id : undefined;
    assert.equal(onlyFor, only, "the one person who sees the answer");
  }
}

function checkText(text: string, pattern: Pattern): void {
  const fits = typeof pattern === "string" ? text.includes(pattern) : pattern.test(text);
  assert.ok(fits, `expected ${pattern}, seen:\n${text}`);
}
