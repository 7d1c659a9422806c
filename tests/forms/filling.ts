import assert from "node:assert/strict";
import { type Fixture, textOf } from "../approvals/fixture.ts";
import { GROUP } from "../sandbox/stage.ts";
import type { Message } from "../sandbox/telegram.ts";
import { buttonsOf } from "../sandbox/telegram.ts";

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

/** A page as someone sees it who has no scripts. */
export interface Seen {
  readonly status: number;
  readonly html: string;
  /** What stands in each control, by its name. */
  readonly values: Readonly<Record<string, string>>;
  /** By the name of a choice: what can be chosen. */
  readonly choices: Readonly<Record<string, readonly string[]>>;
  /** What is said beside each control that has a mistake. */
  readonly mistakes: Readonly<Record<string, string>>;
}

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

/** What is behind the link. */
export async function lookAt(link: string): Promise<Seen> {
  return await seenIn(await fetch(link));
}

/** Sends the page as it stands, but for these values. */
export async function fillIn(link: string, values: Readonly<Record<string, string>>): Promise<Seen> {
  const before = await lookAt(link);
  const body = new URLSearchParams({ ...before.values, ...values });
  return await seenIn(await fetch(link, { method: "POST", body }));
}

/** Sends these values and nothing else. */
export async function send(link: string, values: Readonly<Record<string, string>>): Promise<Response> {
  return await fetch(link, { method: "POST", body: new URLSearchParams(values) });
}

async function seenIn(answer: Response): Promise<Seen> {
  const html = await answer.text();
  const controls = [...html.matchAll(/<(input|select|textarea)\s([^>]*)>([\s\S]*?(?=<\/\1>))?/g)];
  const values: Record<string, string> = {};
  const choices: Record<string, readonly string[]> = {};
  for (const [, kind, attributes = "", content = ""] of controls) {
    const name = unescaped(/name="([^"]*)"/.exec(attributes)?.[1] ?? "");
    values[name] = unescaped(/value="([^"]*)"/.exec(attributes)?.[1] ?? "");
    if (kind === "textarea") values[name] = unescaped(content.replace(/^\n/, ""));
    if (kind === "select") {
      const options = [...content.matchAll(/<option value="([^"]*)"([^>]*)>/g)];
      choices[name] = options.map(([, value = ""]) => unescaped(value));
      values[name] = unescaped(options.find(([, , rest]) => rest?.includes("selected"))?.[1] ?? "");
    }
  }
  return { status: answer.status, html, values, choices, mistakes: mistakesIn(html) };
}

function mistakesIn(html: string): Record<string, string> {
  const said = [...html.matchAll(/<p class="mistake" id="([^"]*)-mistake">([^<]*)/g)];
  return Object.fromEntries(said.map(([, id = "", words = ""]) => {
    const tag = new RegExp(`<[^>]*id="${id}"[^>]*>`).exec(html)?.[0] ?? "";
    return [unescaped(/name="([^"]*)"/.exec(tag)?.[1] ?? id), unescaped(words)];
  }));
}

function unescaped(text: string): string {
  const signs: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', amp: "&", "#39": "'" };
  return text.replace(/&(lt|gt|quot|amp|#39);/g, (_, sign: string) => signs[sign] ?? "");
}
