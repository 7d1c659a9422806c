import * as fc from "fast-check";
import type { PromptsTable } from "../../bot/store/schema.ts";
import { ANA, BEN, GROUP, OSKAR } from "../sandbox/stage.ts";
import { buttonsOf, type Message } from "../sandbox/telegram.ts";
import type { Target } from "./campaign.ts";
import { Finding, type Ground } from "./ground.ts";
import { hostileText } from "./mutation.ts";

type Speaker = typeof ANA | typeof BEN | typeof OSKAR;

/** What somebody does to commands that are half finished, their own and those of others. */
type Doing =
  | { readonly say: string; readonly by: Speaker; readonly aside: boolean }
  | { readonly reply: string; readonly by: Speaker; readonly aside: boolean }
  | { readonly pass: number }
  | { readonly press: Pressed; readonly by: Speaker };

/** One of all buttons that a picker ever had here, as it was or changed. */
interface Pressed {
  readonly button: number;
  readonly step?: number;
  readonly picked?: string;
}

const OPENINGS = [
  ...["/disable", "/enable", "/show", "/map", "/create", "/tags", "/tag", "/rotate", "/update", "/webhook"],
  ...[
    "/delete apono",
    "/update ncentral",
    "/permissions",
    '/usage "?"',
    '/show ncentral "?"',
    "/plan disable",
  ],
  ...["/disable eu", "/refresh kubernetes", "/notifier opsramp Service Desk", "/ping", "/recent", "/cancel"],
  ...["/hold", "/hold ncentral", "/every 08:00", "/quiet", "/settle", "/pass", "/unalias"],
];
const ANSWERS = [
  "eu",
  "orders",
  "1",
  "Service Desk",
  "in",
  "too noisy",
  "env=prod",
  "password=hunter2hunter2",
  "?",
];

const speaker = fc.constantFrom<Speaker[]>(ANA, ANA, BEN, OSKAR);
const press = fc.record({
  by: speaker,
  press: fc.record({
    button: fc.nat(1000),
    step: fc.integer({ min: -2, max: 3 }),
    picked: fc.constantFrom("0", "1", "7", "9999999", "next", "back", "cancel", "-1", "x"),
  }, { requiredKeys: ["button"] }),
});

const doing: fc.Arbitrary<Doing> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ say: fc.constantFrom(...OPENINGS), by: speaker, aside: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      reply: fc.oneof(fc.constantFrom(...ANSWERS), hostileText),
      by: speaker,
      aside: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ pass: fc.constantFrom(1_000, 300_000, 599_000, 600_000, 601_000) }) },
  { weight: 6, arbitrary: press },
);

/** A picker's buttons, by what they carry and the message under which they stood. */
interface Known {
  readonly data: string;
  readonly under: Message;
}

/** Half-finished commands: presses that are old, foreign, forged and out of order, and words that answer them. */
export const halfCommandTarget: Target<readonly Doing[]> = {
  name: "half-finished commands",
  inputs: fc.array(doing, { minLength: 2, maxLength: 12 }),
  size: (steps) => steps.length,
  async attack(ground, steps) {
    const known: Known[] = [];
    for (const step of steps) {
      await (("press" in step) ? pressed(ground, step, known) : spoken(ground, step));
      await ground.rest();
      note(ground, known);
      await checkOpen(ground);
    }
    // Nobody approves here, so all that came of it waits; it makes room for the next.
    await ground.stage.bot.store.db.updateTable("changes").set({ state: "withdrawn" })
      .where("state", "=", "pending").execute();
  },
};

function spoken(ground: Ground, step: Exclude<Doing, { press: Pressed }>): void {
  const { telegram, clock } = ground.stage;
  if ("pass" in step) return clock.advance(step.pass);
  const { by } = step;
  // Oskar is in no chat that counts.
  const chat = step.aside || by === OSKAR ? by : GROUP;
  if ("say" in step) return void telegram.say(by, chat, step.say);
  const replyTo = telegram.seen(by, chat).at(-1);
  telegram.say(by, chat, step.reply, replyTo ? { replyTo } : {});
}

async function pressed(
  ground: Ground,
  { by, press }: Extract<Doing, { press: Pressed }>,
  known: readonly Known[],
): Promise<void> {
  const { stage: { telegram, bot: { store } } } = ground;
  const found = known[press.button % Math.max(known.length, 1)];
  if (!found) return;
  const [, handle = "", step = "0", picked = ""] = found.data.split(":");
  const data = ["w", handle, Number(step) + (press.step ?? 0), press.picked ?? picked].join(":");
  const before = await promptOf(ground, handle);
  const changes = await changesOf(ground);
  telegram.pressAndGo(by, found.under, data, { forged: true });
  await ground.rest();
  const after = await promptOf(ground, handle);
  const isOpen = before !== undefined && before.used_at === null && before.expires_at > store.now();
  const isTheirs = before?.person_id === by && before.chat_id === found.under.chat.id;
  const isNow = before &&
    Number(step) + (press.step ?? 0) === (JSON.parse(before.body) as { step: number }).step;
  const fresh = (await changesOf(ground)).filter(({ code }) => !changes.some((one) => one.code === code));
  if (!isOpen || !isTheirs || !isNow) {
    const hasMoved = before?.body !== after?.body || before?.used_at !== after?.used_at;
    if (hasMoved || fresh.length > 0) {
      throw new Finding("bug", `a press that does not count moved a half-finished command: ${data} by ${by}`);
    }
  }
  const foreign = fresh.find(({ requester_id }) => requester_id !== by);
  if (foreign) {
    throw new Finding("bug", `${by} pressed, and ${foreign.requester_id} asked for ${foreign.code}`);
  }
}

/** What is on the screens of both, and was. */
function note({ stage: { telegram } }: Ground, known: Known[]): void {
  for (const [person, chat] of [[ANA, GROUP], [ANA, ANA], [BEN, GROUP], [BEN, BEN]] as const) {
    for (const under of telegram.seen(person, chat).slice(-4)) {
      for (const { callback_data: data } of buttonsOf(under)) {
        if (!data?.startsWith("w:") || known.some((one) => one.data === data)) continue;
        known.push({ data, under });
      }
    }
  }
}

/** A person has one half-finished command in a chat at most, and nothing ran that nobody approved. */
async function checkOpen({ stage: { bot: { store } } }: Ground): Promise<void> {
  const open = await store.db.selectFrom("prompts").select(["person_id", "chat_id"])
    .where("kind", "=", "picker").where("used_at", "is", null).where("expires_at", ">", store.now())
    .execute();
  const places = open.map(({ person_id, chat_id }) => `${person_id} in ${chat_id}`);
  const twice = places.find((place, at) => places.indexOf(place) !== at);
  if (twice) throw new Finding("bug", `two half-finished commands of ${twice}`);
  if (open.some(({ person_id }) => person_id === OSKAR)) {
    throw new Finding("bug", "somebody outside has a half-finished command");
  }
}

async function promptOf(
  { stage: { bot: { store } } }: Ground,
  handle: string,
): Promise<PromptsTable | undefined> {
  return await store.db.selectFrom("prompts").selectAll().where("handle", "=", handle).executeTakeFirst();
}

async function changesOf({ stage: { bot: { store } } }: Ground) {
  return await store.db.selectFrom("changes").select(["code", "requester_id"]).execute();
}
