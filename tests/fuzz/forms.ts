import * as fc from "fast-check";
import { ANA, GROUP } from "../sandbox/stage.ts";
import { buttonsOf, type Message } from "../sandbox/telegram.ts";
import type { Target } from "./campaign.ts";
import { openLink } from "./entries.ts";
import { Finding, type Ground } from "./ground.ts";
import { hostileText } from "./mutation.ts";

/** What is posted to a form, once or twice, and how. */
export interface FormPost {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly token: "its own" | "foreign" | "of a secret page";
  readonly as: "form" | "multipart" | "json" | "huge";
  readonly twice: boolean;
}

const NAMES = [
  ...["name", "connector", "config.hostname", "config.port", "config.sslmode", "access_details"],
  ...[
    "secret.aws.region",
    "secret.0.key",
    "secret.0.value",
    "secret.1.key",
    "secret.1.value",
    "secret.999.key",
    "page",
  ],
  ...["do", "step", "token", "reason", "__proto__", "constructor", "config.__proto__", ""],
];
const VALUES = ["add:secret", "back", "true", "require", "?", "••••••", "2h", "__proto__"];

/** `/form/<token>`: fields changed, sent twice, at foreign tokens, too long, and as what is no form. */
export const formTarget: Target<FormPost> = {
  name: "form posts",
  inputs: fc.record({
    fields: fc.array(
      fc.tuple(
        fc.oneof(fc.constantFrom(...NAMES), hostileText),
        fc.oneof(fc.constantFrom(...VALUES), hostileText),
      ),
      { maxLength: 12 },
    ),
    token: fc.constantFrom<FormPost["token"][]>(
      "its own",
      "its own",
      "its own",
      "foreign",
      "of a secret page",
    ),
    as: fc.constantFrom<FormPost["as"][]>("form", "form", "form", "multipart", "json", "huge"),
    twice: fc.boolean(),
  }),
  corpus: [{ fields: [["name", "Orders"]], token: "its own", as: "form", twice: true }],
  async attack(ground, post) {
    const known = openLink(ground, ANA);
    const link = known?.startsWith("/form/") && await isOpen(ground, known) ? known : await newForm(ground);
    const path = pathFor(link, post.token);
    const sends = post.twice ? [post, post] : [post];
    const answers = await Promise.all(sends.map((one) => ground.request(path, requestOf(one))));
    let taken = 0;
    for (const answer of answers) {
      const text = await answer.text();
      checkPage(answer, text);
      if (answer.status === 200 && text.includes("<h1>Received</h1>")) taken++;
    }
    if (taken > 1) throw new Finding("bug", "a form was taken twice");
    if (await isOpen(ground, link) === (taken === 1)) {
      throw new Finding("bug", taken === 1 ? "a form is still good after it was sent" : "a form was used up");
    }
    await ground.rest();
    if (taken > 0) {
      await ground.stage.bot.store.db.updateTable("changes").set({ state: "withdrawn" })
        .where("state", "=", "pending").execute();
    }
  },
};

function pathFor(link: string, token: FormPost["token"]): string {
  if (token === "its own") return link;
  return token === "foreign" ? `/form/${"A".repeat(43)}` : link.replace("/form/", "/secret/");
}

async function newForm(ground: Ground): Promise<string> {
  const { telegram } = ground.stage;
  telegram.say(ANA, ANA, "/start");
  telegram.say(ANA, GROUP, "/create apono type=postgresql");
  await ground.rest();
  const offers = (message: Message) => buttonsOf(message).some(({ text }) => text === "Fill in a form");
  const offer = [...telegram.ephemerals(ANA, GROUP), ...telegram.answers(GROUP)].findLast(offers);
  if (!offer) throw new Finding("silent", `no form was offered\n${telegram.transcript(GROUP)}`);
  await telegram.press(ANA, offer, "Fill in a form");
  await ground.rest();
  const link = openLink(ground, ANA);
  if (!link?.startsWith("/form/")) throw new Finding("silent", `no link\n${telegram.transcript(ANA)}`);
  return link;
}

async function isOpen(ground: Ground, link: string): Promise<boolean> {
  const page = await ground.request(link);
  await page.body?.cancel();
  return page.status === 200;
}

function requestOf({ fields, as }: FormPost): RequestInit {
  const method = "POST";
  if (as === "json") {
    return { method, body: JSON.stringify(fields), headers: { "content-type": "application/json" } };
  }
  if (as === "huge") return { method, body: new URLSearchParams([["name", "x".repeat(1_100_000)]]) };
  if (as === "form") {
    return { method, body: new URLSearchParams(fields.map(([name, value]) => [name, value])) };
  }
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  return { method, body: form };
}

function checkPage(answer: Response, text: string): void {
  if (![200, 400, 410, 413, 503].includes(answer.status)) {
    throw new Finding("bug", `the form was answered ${answer.status}`);
  }
  if (!/default-src 'none'/.test(answer.headers.get("content-security-policy") ?? "")) {
    throw new Finding("bug", `a page without a policy: ${answer.status}`);
  }
  if (answer.headers.get("cache-control") !== "no-store") throw new Finding("leak", "a page may be kept");
  if (/<script/i.test(text)) throw new Finding("bug", "a script got into the page");
}
