import { buttonsOf, type Message, render, type Telegram } from "../sandbox/telegram.ts";
import { company } from "../sandbox/gravityzone/northwind.ts";
import { ec2Of, type World } from "../sandbox/gravityzone/world.ts";
import { wallText } from "../../bot/zone.ts";
import type { Chance } from "./chance.ts";

export const GROUPS = [-1001, -1002] as const;
export const PERSONS = [101, 102, 103, 104] as const;

/** Ana, Ben and two more, all of whom may ask and decide, in two groups. */
export const CAST = {
  persons: PERSONS.map((id, index) => ({
    id,
    name: ["Ana", "Ben", "Cid", "Dua"][index] ?? "",
    started: true,
  })),
  chats: GROUPS.map((id) => ({ id, title: `On-call ${-id}`, members: PERSONS })),
};

/** Somebody decided something, or tried to: about a change by its code, or by the handle on its button. */
export interface Decision {
  readonly updateId: number;
  readonly person: number;
  readonly code?: string;
  readonly handle?: string;
}

/** Somebody typed a command, which has to be answered. */
export interface Command {
  readonly updateId: number;
  readonly chat: number;
  readonly message: number;
}

/** What people did. */
export interface Deeds {
  readonly commands: Command[];
  readonly decisions: Decision[];
}

/** The persons, who do one thing after the other. */
export interface Crowd {
  readonly deeds: Deeds;
  /** One of them does something. */
  act(): void;
}

const SHARES = {
  read: 0.24,
  ask: 0.16,
  askAgain: 0.04,
  decide: 0.36,
  undo: 0.07,
  repeat: 0.06,
  takeBack: 0.03,
  stop: 0.01,
  lend: 0.03,
};
/** Of what is asked for: made for a time, or at one. */
const LENT = 0.5;
const SCHEDULED = 0.15;

const READS = [
  "/ping",
  "/pending",
  "/status bitdefender",
  "/status",
  "/list apono",
  "/status opsramp",
  "/whois 111222345123",
  "/find Globex",
  "/enable ec2 nobody role=nonsense",
  "/stauts",
];

const MINUTE_MS = 60_000;

/** Companies that only this crowd knows, each enabled once. */
const MANY = 2_000;

export function createCrowd(
  { telegram, world, chance }: { telegram: Telegram; world: World; chance: Chance },
): Crowd {
  const deeds: Deeds = { commands: [], decisions: [] };
  const asked: string[] = [];
  const undone = new Set<string>();
  const companies = foundCompanies(world, MANY);

  function say(person: number, chat: number, text: string): number {
    const { message_id } = telegram.say(person, chat, text);
    const updateId = newestUpdate();
    deeds.commands.push({ updateId, chat, message: message_id });
    return updateId;
  }

  function newestUpdate(): number {
    const newest = telegram.updates().at(-1);
    if (!newest) throw new Error("Nothing has been said yet.");
    return newest.update_id;
  }

  function command(text: string): void {
    const person = chance.pick(PERSONS);
    say(person, chance.pick([...GROUPS, person]), text);
  }

  function ask(): void {
    const name = companies[asked.length];
    if (name === undefined) return;
    const account = String(200_000_000_000 + asked.length);
    asked.push(`/enable ec2 ${name} role=arn:aws:iam::${account}:role/gravityzone${times()}`);
    command(asked.at(-1) ?? "");
  }

  function times(): string {
    const lent = chance.happens(LENT) ? " for=1m" : "";
    const scheduled = chance.happens(SCHEDULED)
      ? ` at=${wallText("UTC", Date.now() + chance.between(2, 4) * MINUTE_MS)}`
      : "";
    return lent + scheduled;
  }

  function decide(): void {
    const cards = GROUPS.flatMap((group) => telegram.answers(group)).filter((card) =>
      hasButton(card, "Approve")
    );
    if (cards.length === 0) return ask();
    const card = chance.pick(cards);
    const times = chance.happens(0.25) ? chance.between(2, 4) : 1;
    for (let time = 0; time < times; time++) decideOn(card);
  }

  function decideOn(card: Message): void {
    const person = chance.pick(PERSONS);
    const word = chance.happens(0.8) ? "Approve" : "Reject";
    const code = codeOn(card);
    if (code !== undefined && chance.happens(0.3)) {
      const chat = chance.pick([card.chat.id, person]);
      const updateId = say(person, chat, `/${word.toLowerCase()} ${code}`);
      deeds.decisions.push({ updateId, person, code });
      return;
    }
    press(person, card, word);
  }

  function press(person: number, card: Message, label: string): void {
    telegram.pressAndGo(person, card, label);
    const data = buttonsOf(card).find(({ text }) => text === label)?.callback_data ?? "";
    deeds.decisions.push({ updateId: newestUpdate(), person, handle: data.slice(2) });
  }

  /** Presses one of these buttons somewhere. */
  function pressAny(labels: readonly string[]): void {
    const label = chance.pick(labels);
    const cards = GROUPS.flatMap((group) => telegram.answers(group)).filter((card) => hasButton(card, label));
    if (cards.length > 0) press(chance.pick(PERSONS), chance.pick(cards), label);
    else decide();
  }

  function undo(): void {
    const cards = GROUPS.flatMap((group) => telegram.answers(group)).filter((card) =>
      hasButton(card, "Undo")
    );
    const code = cards.length > 0 ? codeOn(chance.pick(cards)) : undefined;
    if (code === undefined || undone.has(code)) return ask();
    undone.add(code);
    command(`/undo ${code}`);
  }

  const acts: Record<keyof typeof SHARES, () => void> = {
    read: () => command(chance.pick(READS)),
    ask,
    askAgain: () => asked.length > 0 ? command(chance.pick(asked.slice(-5))) : ask(),
    decide,
    undo,
    takeBack: () => pressAny(["Take back"]),
    stop: () => pressAny(["Stop"]),
    lend: () => pressAny(["+ 1 h", "Now"]),
    repeat: () => {
      const known = telegram.updates();
      if (known.length > 0) telegram.redeliver(chance.pick(known));
    },
  };
  return { deeds, act: () => acts[chance.draw(SHARES) ?? "read"]() };
}

/** Their names; all of them have an external ID, so that a role can be set up. */
export function foundCompanies(world: World, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `Mill ${String(index).padStart(5, "0")}`;
    const founded = company((0x6b0000000000 + index).toString(16).padStart(24, "0"), name);
    world.companies.set(founded.id, founded);
    ec2Of(world, founded.id).externalId = `${String(index).padStart(8, "0")}a30a2db85dd6046d6d5fg188`;
    return founded.name;
  });
}

function hasButton(card: Message, label: string): boolean {
  return buttonsOf(card).some(({ text, callback_data }) => text === label && callback_data !== undefined);
}

function codeOn(card: Message): string | undefined {
  return /change ([A-Z0-9]{5})\b/.exec(render(card))?.[1];
}
