import * as fc from "fast-check";
import { ANA, BEN, GROUP, OSKAR } from "../sandbox/stage.ts";
import { buttonsOf, type Message } from "../sandbox/telegram.ts";
import corpus from "./corpus/presses.json" with { type: "json" };
import type { Target } from "./campaign.ts";
import { Finding, type Ground } from "./ground.ts";
import { hostileText } from "./mutation.ts";

/** A press, by what it carries and where it is made. */
export interface Pressed {
  readonly by: number;
  /** Which of the bot's messages that this person can see it is made under. */
  readonly under: number;
  readonly data: Data;
}

type Data =
  | { readonly raw: string }
  /** The data of one of all buttons there are, changed. */
  | { readonly button: number; readonly letter?: string; readonly cut?: number; readonly more?: string };

const data: fc.Arbitrary<Data> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...corpus).map((raw) => ({ raw })) },
  {
    weight: 1,
    arbitrary: fc.oneof(hostileText, fc.string({ unit: "binary", maxLength: 64 })).map((raw) => ({ raw })),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      button: fc.nat(1000),
      letter: fc.constantFrom("a", "r", "u", "k", "p", "s", "h", "c", "A", "é"),
      cut: fc.nat(64),
      more: fc.oneof(
        hostileText,
        fc.constantFrom(":1", ":0", ":9999999", ":0:0", ":1:3", ":1:next", ":7:9999", "A"),
      ),
    }, { requiredKeys: ["button"] }),
  },
);

/** Presses of buttons: those there are, those of other messages, and what only a client of one's own would send. */
export const pressTarget: Target<readonly Pressed[]> = {
  name: "callback data",
  inputs: fc.array(
    fc.record({ by: fc.constantFrom(ANA, BEN, BEN, OSKAR), under: fc.nat(1000), data }),
    { minLength: 1, maxLength: 5 },
  ),
  size: (presses) => presses.length,
  async attack(ground, presses) {
    const { telegram } = ground.stage;
    await prepare(ground);
    for (const { by, under, data } of presses) {
      const messages = by === OSKAR ? telegram.answers(GROUP) : seenBy(ground, by);
      const message = messages[messages.length - 1 - under % messages.length];
      if (message) await press(ground, by, message, dataOf(ground, data));
    }
  },
};

/** A card that waits, a list with pages and a choice: enough buttons to mix up. */
async function prepare(ground: Ground): Promise<void> {
  const { telegram, clock } = ground.stage;
  clock.advance(5_000);
  const open = await ground.stage.bot.store.db.selectFrom("changes").select("code").where(
    "state",
    "=",
    "pending",
  ).execute();
  if (open.length < 2) telegram.say(ANA, GROUP, `/disable datto ${1 + open.length} reason=test`);
  if (seenBy(ground, BEN).length < 12) {
    telegram.say(BEN, GROUP, "/list apono");
    telegram.say(BEN, GROUP, "/status bitdefender");
    telegram.say(BEN, GROUP, "/status bitdefender acme");
    telegram.say(ANA, GROUP, "/disable ec2 acme reason=test");
    telegram.say(ANA, ANA, "/pending");
    // Half-finished commands, at several steps.
    telegram.say(ANA, GROUP, "/disable");
    telegram.say(ANA, ANA, "/map opsramp");
    telegram.say(BEN, GROUP, "/show ncentral");
  }
  await ground.rest();
}

async function press(ground: Ground, by: number, message: Message, data: string): Promise<void> {
  const { telegram, bot: { store } } = ground.stage;
  const before = by === OSKAR ? await stateOf(ground) : "";
  telegram.pressAndGo(by, message, data, { forged: true });
  await ground.rest();
  if (by === OSKAR && before !== await stateOf(ground)) {
    throw new Finding(
      "unapproved write",
      `a press of somebody outside changed something: ${JSON.stringify(data)}`,
    );
  }
  const decided = await store.db.selectFrom("changes").selectAll().where("decider_id", "not in", [ANA, BEN])
    .execute();
  if (decided.length > 0) {
    throw new Finding("unapproved write", `${decided[0]?.code} was decided by somebody else`);
  }
}

async function stateOf({ stage: { bot: { store } } }: Ground): Promise<string> {
  const changes = await store.db.selectFrom("changes").select(["code", "state"]).orderBy("code").execute();
  // Time goes on meanwhile, and that alone ends some.
  return JSON.stringify(changes.map(({ code, state }) => [code, state === "expired" ? "pending" : state]));
}

function seenBy({ stage: { telegram } }: Ground, person: number): readonly Message[] {
  return [...telegram.answers(GROUP), ...telegram.ephemerals(person, GROUP), ...telegram.answers(person)]
    .slice(-40);
}

function dataOf(ground: Ground, data: Data): string {
  if ("raw" in data) return data.raw.slice(0, 64);
  const all = [ANA, BEN].flatMap((person) => seenBy(ground, person)).flatMap(buttonsOf)
    .flatMap(({ callback_data }) => callback_data ?? []);
  const text = all[data.button % Math.max(all.length, 1)] ?? "";
  const lettered = data.letter === undefined ? text : data.letter + text.slice(1);
  return (lettered.slice(0, data.cut ?? 64) + (data.more ?? "")).slice(0, 64);
}
