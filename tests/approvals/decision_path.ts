import { buttonsOf } from "../sandbox/telegram.ts";
import { ANA, type Asked, BEN, type Fixture, GROUP } from "./fixture.ts";

/** A third person in the group. */
export const CARA = 103;

/** Ana asks; Ben and Cara may decide. */
export const THREE = {
  environment: { OPERATORS: `${ANA},${BEN},${CARA}`, APPROVERS: `${ANA},${BEN},${CARA}` },
  telegram: {
    persons: [
      { id: ANA, name: "Ana", started: true },
      { id: BEN, name: "Ben", started: true },
      { id: CARA, name: "Cara", started: true },
    ],
    chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN, CARA] }],
  },
} as const;

export type Decision = "approve" | "reject";

/** One of the ways in which someone decides about a change. */
export interface Path {
  readonly name: string;
  /** Decides, and resolves with all that this person was told in answer. */
  decide(fixture: Fixture, person: number, asked: Asked, decision: Decision): Promise<string>;
}

/** Every way there is. What holds for one has to hold for all. */
export const paths: readonly Path[] = [
  { name: "by button", decide: byButton },
  { name: "by command in the group", decide: (...given) => byCommand(GROUP, ...given) },
  {
    name: "by command in private",
    decide: (fixture, person, ...given) => byCommand(person, fixture, person, ...given),
  },
];

/** A test of each path. */
export function testOnEachPath(name: string, test: (path: Path) => Promise<void>): void {
  for (const path of paths) Deno.test(`${name}, ${path.name}`, () => test(path));
}

/** What the button with this label sends when it is pressed. */
export function dataOf({ card }: Asked, label: string): string {
  const data = buttonsOf(card).find(({ text }) => text === label)?.callback_data;
  if (data === undefined) throw new Error(`The card has no button ${label} that could be pressed.`);
  return data;
}

async function byButton(fixture: Fixture, person: number, asked: Asked, decision: Decision): Promise<string> {
  const known = told(fixture, person).length;
  const { handle } = await fixture.change(asked.code);
  // By its data, because a card that was decided about no longer shows the button that someone is about to press.
  const data = `${decision === "approve" ? "a" : "r"}:${handle}`;
  const answer = await fixture.press(person, asked.card, data, { forged: true });
  return [answer.text ?? "", ...told(fixture, person).slice(known)].join("\n");
}

async function byCommand(
  chat: number,
  fixture: Fixture,
  person: number,
  { code }: Asked,
  decision: Decision,
): Promise<string> {
  const known = told(fixture, person).length;
  await fixture.say(person, `/${decision} ${code}`, { chat });
  return told(fixture, person).slice(known).join("\n");
}

function told(fixture: Fixture, person: number): string[] {
  return [...fixture.ephemeralAnswers(person), ...fixture.privateAnswers(person)];
}
