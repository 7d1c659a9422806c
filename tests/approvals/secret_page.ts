import assert from "node:assert/strict";
import { type Fixture } from "./fixture.ts";
import { eventually } from "../eventually.ts";

export const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCY<&>"EXAMPLE';
export const ENABLE_BY_KEYS = "/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secret=?";

/** The newest link to a secret page that this person was sent, in private or for their eyes only. */
export function linkOf(fixture: Fixture, person: number): string {
  const texts = [...fixture.privateAnswers(person), ...fixture.ephemeralAnswers(person)];
  const link = linksIn(texts).at(-1);
  assert(link, `No link was sent to ${person}\n${texts.join("\n")}`);
  return link;
}

/** The link to what a change made, which comes after its outcome. */
export async function offerOf(fixture: Fixture, person: number): Promise<string> {
  const told = () => [...fixture.privateAnswers(person), ...fixture.ephemeralAnswers(person)];
  const look = () => Promise.resolve(linksIn(told().filter((text) => /New with/.test(text))).at(-1));
  return await eventually(look, `a credential for ${person}`);
}

function linksIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.match(/http:\/\/\S+\/secret\/[\w-]+/g) ?? []);
}

/** What the page answers when the form is sent. */
export async function enter(link: string, values: Readonly<Record<string, string>>): Promise<Response> {
  return await fetch(link, { method: "POST", body: new URLSearchParams(values), redirect: "manual" });
}

/** The status alone; the body is read and forgotten. */
export async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.text();
  return response.status;
}

/** Fails when the value stands anywhere but at the vendor. */
export async function nowhere(fixture: Fixture, value: string): Promise<void> {
  const written = await everythingWritten(fixture);
  for (const spelling of spellings(value)) {
    assert(!written.includes(JSON.stringify(spelling).slice(1, -1)), `“${spelling}” is written somewhere`);
  }
}

/** Everything the bot has written anywhere except to the vendor: every table, every Telegram call, every log line. */
export async function everythingWritten(
  fixture: Fixture,
): Promise<string> {
  const { telegram, log, privateAnswers, groupAnswers, ephemeralAnswers } = fixture;
  return JSON.stringify([
    await everyRow(fixture),
    telegram.calls(),
    log.lines,
    groupAnswers(),
    ...[101, 102].flatMap((id) => [privateAnswers(id), ephemeralAnswers(id)]),
  ]);
}

/** Every row of every table. */
export async function everyRow({ store }: Fixture): Promise<string> {
  const tables = [
    "inbox",
    "messages",
    "changes",
    "audit",
    "chain_head",
    "freezes",
    "prompts",
    "secret_entries",
    "forms",
    "memory",
    "leases",
  ] as const;
  const rows = await Promise.all(tables.map((table) => store.db.selectFrom(table).selectAll().execute()));
  return JSON.stringify(rows);
}

/** The ways in which a value could stand in what was written. */
function spellings(value: string): string[] {
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    new URLSearchParams({ value }).toString().slice("value=".length),
    btoa(value).replace(/=+$/, ""),
    value.replaceAll("&", "&amp;").replaceAll("<", "&lt;"),
    value.slice(0, 20),
    value.slice(-20),
  ];
}
