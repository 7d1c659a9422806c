import assert from "node:assert/strict";
import { type Fixture, textOf } from "../approvals/fixture.ts";
import { GROUP } from "../sandbox/stage.ts";
import type { Message } from "../sandbox/telegram.ts";
import { buttonsOf } from "../sandbox/telegram.ts";

export { fillIn, lookAt } from "../sandbox/filled_page.ts";

export const FILL_IN = "Fill in a form";

/** What a PostgreSQL integration takes, its secret kept by Apono. */
export const POSTGRES = {
  name: "Orders",
  connector: "eu-west-connector",
  "config.hostname": "db.example.com",
  "secret.0.key": "username",
  "secret.0.value": "apono-user-7Qx",
  "secret.1.key": "password",
  "secret.1.value": "correct-horse-7Qx",
};

/** Says it, presses the button of the answer, and finds the link. */
export async function formFor(
  fixture: Fixture,
  person: number,
  text: string,
  chat: number = GROUP,
): Promise<string> {
  await fixture.say(person, text, { chat });
  await fixture.press(person, offerTo(fixture, person, chat), FILL_IN);
  return formLinkOf(fixture, person);
}

/** The newest answer to this person that offers a form. */
export function offerTo({ telegram }: Fixture, person: number, chat: number = GROUP): Message {
  const seen = [...telegram.ephemerals(person, chat), ...telegram.answers(chat)];
  const offer = seen.findLast((message) => buttonsOf(message).some(({ text }) => text === FILL_IN));
  assert(offer, `Nothing offers a form\n${seen.map(textOf).join("\n")}`);
  return offer;
}

/** The newest link to a form that this person was sent. */
export function formLinkOf(fixture: Fixture, person: number): string {
  const texts = [...fixture.privateAnswers(person), ...fixture.ephemeralAnswers(person)];
  const link = texts.flatMap((text) => text.match(/http:\/\/\S+\/form\/[\w-]+/g) ?? []).at(-1);
  assert(link, `No link was sent to ${person}\n${texts.join("\n")}`);
  return link;
}

/** Sends these values and nothing else. */
export async function send(link: string, values: Readonly<Record<string, string>>): Promise<Response> {
  return await fetch(link, { method: "POST", body: new URLSearchParams(values) });
}
