import * as fc from "fast-check";
import { fieldsOf } from "../../bot/parser/command.ts";
import { normalise } from "../../bot/parser/tokenize.ts";
import { vendors } from "../../handlers/registry.ts";
import { ANA, BEN, GROUP, OSKAR } from "../sandbox/stage.ts";
import corpus from "./corpus/commands.json" with { type: "json" };
import type { Target } from "./campaign.ts";
import { Finding, type Ground } from "./ground.ts";
import { hostileText } from "./mutation.ts";

export interface Said {
  readonly by: number;
  readonly inPrivate: boolean;
  readonly text: string;
}

const operations = vendors.flatMap((vendor) => vendor.operations);

/** Names that fit something in the emulated vendors, and what looks like one. */
const VALUES = [
  "Acme Corp",
  "acme",
  "Globex",
  "55115935b1a43dcc4a7b23c6",
  "Orders DB",
  "Service Desk",
  "1",
  "2",
  "999",
  "?",
  "true",
  "arn:aws:iam::111222345123:role/test",
  "https://example.com/api?x=1",
  "2h",
  "03/2026",
  "K7Q2X",
  "in",
  "INCIDENT",
  "Status",
  "Ticket.stats",
];

const value = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...VALUES) }, {
  weight: 1,
  arbitrary: hostileText,
});

const quoted = fc.tuple(value, fc.constantFrom('""', "''", "“”", "‘’", "«»", '"', "")).map((
  [text, [open = "", close = ""]],
) => `${open}${text}${close}`);

const keys = [
  ...new Set([
    ...operations.flatMap(({ input }) => fieldsOf(input).map(({ name }) => name)),
    "reason",
    "ticket",
  ]),
];

const argument = fc.oneof(
  quoted,
  fc.tuple(
    fc.oneof(fc.constantFrom(...keys), hostileText),
    fc.constantFrom("=", " = ", "==", ":", "＝"),
    quoted,
  )
    .map((parts) => parts.join("")),
  quoted.map((text) => `-${text}`),
);

const head = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(...operations).map(({ verb, target }) => `/${verb} ${target ?? ""}`),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...corpus).map((command) => command.split(" ").slice(0, 2).join(" ")),
  },
  { weight: 1, arbitrary: hostileText.map((text) => `/${text}`) },
);

const grammatical = fc.tuple(
  head,
  fc.array(argument, { maxLength: 5 }),
  fc.constantFrom(" ", "  ", "\n", "\u00a0"),
)
  .map(([start, rest, space]) => [start, ...rest].join(space));

/** A command that works, with a piece exchanged. */
const nearly = fc.tuple(
  fc.oneof(fc.constantFrom(...corpus), fc.constantFrom(...operations).map(({ example }) => example)),
  fc.nat(80),
  fc.nat(6),
  fc.oneof(hostileText, fc.constant("")),
).map(([text, at, length, piece]) => text.slice(0, at) + piece + text.slice(at + length));

const text = fc.oneof(
  { weight: 5, arbitrary: grammatical },
  { weight: 5, arbitrary: nearly },
  { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 4096 }) },
  { weight: 1, arbitrary: hostileText.map((unit) => `/find ${unit.repeat(200)}`) },
).map((all) => all.slice(0, 4096));

/** What people type, from commands that nearly work to no language at all. */
export const commandTarget: Target<Said> = {
  name: "commands",
  inputs: fc.record({ by: fc.constantFrom(ANA, BEN, BEN, OSKAR), inPrivate: fc.boolean(), text }),
  corpus: corpus.map((command) => ({ by: ANA, inPrivate: false, text: command })),
  async attack(ground, { by, inPrivate, text }) {
    const { telegram } = ground.stage;
    if (text === "") return;
    const calls = telegram.calls().length;
    const seq = await lastAudit(ground);
    telegram.say(by, by === OSKAR || inPrivate ? by : GROUP, text);
    await ground.rest();
    const spoke = telegram.calls().slice(calls).some(({ method }) => /^(send|edit)/.test(method));
    if (by === OSKAR) return checkStranger(text, spoke);
    if (!spoke && isCommand(text) && await lastAudit(ground) === seq) {
      throw new Finding("silent", `nothing was answered to ${JSON.stringify(text)}`);
    }
  },
};

async function lastAudit({ stage }: Ground): Promise<number> {
  const row = await stage.bot.store.db.selectFrom("audit").select("seq").orderBy("seq", "desc").limit(1)
    .executeTakeFirst();
  return row?.seq ?? 0;
}

/** As opposed to a path or talk that begins with a slash. */
function isCommand(text: string): boolean {
  return /^\/[^\s@/]+(@\S*)?( |$)/.test(normalise(text));
}

/** Somebody unknown learns who he is and nothing else. */
function checkStranger(text: string, spoke: boolean): void {
  if (spoke && !/^\/whoami/i.test(normalise(text))) {
    throw new Finding("leak", `somebody unknown was answered to ${JSON.stringify(text)}`);
  }
}
