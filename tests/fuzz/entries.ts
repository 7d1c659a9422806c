import * as fc from "fast-check";
import { ANA, GROUP } from "../sandbox/stage.ts";
import { buttonsOf } from "../sandbox/telegram.ts";
import corpus from "./corpus/entries.json" with { type: "json" };
import type { Target } from "./campaign.ts";
import { Finding, type Ground } from "./ground.ts";
import { hostileText } from "./mutation.ts";

/** A request to the page on which secrets are entered. */
export interface Entry {
  readonly method: string;
  /** What is done to the link's path. */
  readonly path: "as it is" | "cut" | "longer" | "other" | "doubled" | "encoded" | "upper" | "none";
  readonly type: string | null;
  readonly body: Content;
}

type Content =
  /** What the page asks for, with something around the values. */
  | { readonly right: string }
  | { readonly text: string }
  | { readonly huge: number }
  | {
    readonly fields: readonly (readonly [name: string, value: string])[];
    readonly as: "form" | "multipart" | "json";
  };

const FIELDS = [
  "secret.apono.username",
  "secret.apono.password",
  "secret.apono.password[]",
  "__proto__",
  "constructor",
  "",
];

const content: fc.Arbitrary<Content> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      fields: fc.array(fc.tuple(fc.oneof(fc.constantFrom(...FIELDS), hostileText), hostileText), {
        maxLength: 5,
      }),
      as: fc.constantFrom("form" as const, "multipart" as const, "json" as const),
    }),
  },
  { weight: 1, arbitrary: hostileText.map((right) => ({ right })) },
  {
    weight: 2,
    arbitrary: fc.oneof(hostileText, fc.constantFrom("--x", "--x\r\n", "--x--", "a=%zz&%=", "&&==")).map((
      text,
    ) => ({ text })),
  },
  { weight: 1, arbitrary: fc.constantFrom(65_535, 65_536, 65_537, 300_000).map((huge) => ({ huge })) },
);

const TYPES = [
  "application/x-www-form-urlencoded",
  "application/x-www-form-urlencoded; charset=utf-16",
  "multipart/form-data",
  "multipart/form-data; boundary=x",
  'multipart/form-data; boundary="',
  "multipart/form-data; boundary=" + "y".repeat(300),
  "application/json",
  "text/plain",
  "text/html",
  "image/png",
  "nonsense",
  "",
];

/** `/secret/<token>`: what browsers never post, and what guessers would. */
export const entryTarget: Target<Entry> = {
  name: "secret-page posts",
  inputs: fc.record({
    method: fc.constantFrom(
      "POST",
      "POST",
      "POST",
      "POST",
      "GET",
      "HEAD",
      "PUT",
      "DELETE",
      "OPTIONS",
      "PATCH",
    ),
    path: fc.constantFrom<Entry["path"][]>(
      "as it is",
      "as it is",
      "as it is",
      "as it is",
      "cut",
      "longer",
      "other",
      "doubled",
      "encoded",
      "upper",
      "none",
    ),
    type: fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, {
      weight: 3,
      arbitrary: fc.constantFrom(...TYPES),
    }),
    body: content,
  }),
  corpus: corpus as Entry[],
  async attack(ground, entry) {
    const known = openLink(ground, ANA);
    const link = known && await isOpen(ground, known) ? known : await newLink(ground);
    const answer = await ground.request(changed(link, entry.path), requestOf(ground, entry));
    const text = await answer.text();
    checkAnswer(answer, text, entry);
    const after = await isOpen(ground, link);
    const isEntered = entry.method === "POST" && entry.path === "as it is" && answer.status === 200;
    if (!after && !isEntered) {
      throw new Finding("bug", `${entry.method} ${entry.path} used up the link`);
    }
    if (isEntered && after) throw new Finding("bug", "the link is still good after its secrets were entered");
    await ground.rest();
    if (!after) await withdrawAll(ground);
  },
};

/** The path of the newest link that this person was sent. */
export function openLink(ground: Ground, person: number): string | undefined {
  const buttons = ground.stage.telegram.answers(person).slice(-3).flatMap(buttonsOf);
  const url = buttons.map((button) => button.url).findLast((one) => one !== undefined);
  return url === undefined ? undefined : new URL(url).pathname;
}

/** Long and of no language, so that it can be found wherever it turns up. */
export function secretValue(ground: Ground): string {
  return `entered-${ground.entered.length}-Zq8+v/&"x`;
}

async function newLink(ground: Ground): Promise<string> {
  const { telegram } = ground.stage;
  telegram.say(ANA, ANA, "/start");
  telegram.say(
    ANA,
    GROUP,
    "/create apono type=postgresql name=Orders connector=eu-west config.hostname=db.example.com secret.apono.username=? secret.apono.password=?",
  );
  await ground.rest();
  const link = openLink(ground, ANA);
  if (link === undefined) throw new Finding("silent", `no link was sent\n${telegram.transcript(ANA)}`);
  return link;
}

/** The change that came of it must not stand in the way of the next. */
async function withdrawAll({ stage: { bot: { store } } }: Ground): Promise<void> {
  await store.db.updateTable("changes").set({ state: "withdrawn" }).where("state", "=", "pending").execute();
}

async function isOpen(ground: Ground, link: string): Promise<boolean> {
  const page = await ground.request(link);
  await page.body?.cancel();
  return page.status === 200;
}

function changed(link: string, path: Entry["path"]): string {
  const token = link.slice("/secret/".length);
  switch (path) {
    case "as it is":
      return link;
    case "cut":
      return link.slice(0, -1);
    case "longer":
      return `${link}A`;
    case "other":
      return `/secret/${"A".repeat(43)}`;
    case "doubled":
      return `/secret/x/../${token}/`;
    case "encoded":
      return `/secret/%${token.slice(1)}%00`;
    case "upper":
      return `/secret/${token.toUpperCase()}`;
    case "none":
      return "/secret/";
  }
}

function requestOf(ground: Ground, { method, type, body }: Entry): RequestInit {
  if (method === "GET" || method === "HEAD") return { method };
  if ("right" in body) return { method, body: rightForm(ground, body.right) };
  return { method, body: bodyOf(body), ...(type === null ? {} : { headers: { "content-type": type } }) };
}

function rightForm(ground: Ground, around: string): URLSearchParams {
  const values = [secretValue(ground), `${secretValue(ground)}!`];
  ground.entered.push(...values);
  return new URLSearchParams(
    FIELDS.slice(0, 2).map((name, index) => [name, `${around}${values[index]}${around}`]),
  );
}

function bodyOf(body: Exclude<Content, { right: string }>): BodyInit {
  if ("text" in body) return body.text.toWellFormed();
  if ("huge" in body) {
    return new URLSearchParams([["secret.apono.password", "x".repeat(body.huge)]]).toString();
  }
  if (body.as === "form") return new URLSearchParams(body.fields.map(([name, value]) => [name, value]));
  if (body.as === "json") return JSON.stringify(Object.fromEntries(body.fields));
  const form = new FormData();
  for (const [index, [name, value]] of body.fields.entries()) {
    if (index % 3 === 2) form.append(name, new Blob([value]), "x.bin");
    else form.append(name, value);
  }
  return form;
}

const ANSWERS = [200, 400, 404, 410, 413];

function checkAnswer(answer: Response, text: string, { method, body }: Entry): void {
  if (!ANSWERS.includes(answer.status)) throw new Finding("bug", `the page was answered ${answer.status}`);
  const isPage = answer.headers.get("content-type")?.startsWith("text/html");
  if (isPage && !/default-src 'none'/.test(answer.headers.get("content-security-policy") ?? "")) {
    throw new Finding("bug", `a page without a policy: ${method} ${answer.status}`);
  }
  if (isPage && answer.headers.get("cache-control") !== "no-store") {
    throw new Finding("leak", "a page may be kept");
  }
  const values = "fields" in body ? body.fields.map(([, value]) => value) : [];
  const shown = values.find((value) => value.length > 12 && text.includes(value));
  if (shown !== undefined) throw new Finding("leak", `what was entered is shown again: ${shown}`);
}
