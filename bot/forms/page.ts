import type { Context, Hono } from "hono";
import { html } from "hono/html";
import type { Config } from "../config.ts";
import { type Door, type Markup, oneTimePages, page, textOf } from "../page_shell.ts";
import { utc } from "../render/layout.ts";
import { ADD, controlId, DO, fieldMarkup, type PageView, setMarkup, setsOf } from "./controls.ts";
import type { Form, FormField } from "./fields.ts";
import type { Forms } from "./forms.ts";
import type { OpenForm } from "./open_forms.ts";
import { initialTexts, type Mistake, openTexts, strayNames, type Texts } from "./values.ts";

const BACK = "back";

/** The page on which one person fills in one command, once. */
export function formPages(config: Config, forms: Forms): Hono {
  return oneTimePages("form", config, {
    async open(context, door) {
      const open = await forms.find(door.token);
      return await (open ? show(context, door, open, { texts: textsOf(open) }) : gone(context));
    },
    async send(context, door, body) {
      const open = await forms.find(door.token);
      const texts = textsIn(body);
      if (!open) return await gone(context, await forms.findLate(door.token), texts);
      if (!body) return await show(context, door, open, { texts: textsOf(open), mistakes: NO_FORM });
      const pressed = textOf(body.get(DO));
      const answer = body.get(PAGE);
      if (answer !== null && answer !== answerTo(open)) {
        return await turnTo(context, door, { open, texts, forms }, textOf(answer));
      }
      if (open.form.first) return await choose(context, door, { open, texts, forms });
      if (pressed === BACK && open.before) {
        await forms.goBack(open);
        return await reopened(context, door, forms);
      }
      if (pressed.startsWith(ADD)) {
        return await show(context, door, open, { texts, more: pressed.slice(ADD.length) });
      }
      const stray = strayNames(open.form, [...body.keys()].filter((name) => !OWN_NAMES.has(name)));
      const sent = stray.length > 0
        ? { is: "wrong", mistakes: stray } as const
        : await forms.send(open, texts);
      if (sent.is === "closed") return await gone(context);
      if (sent.is === "taken") return await page(context, 200, "Received", RECEIVED);
      await forms.keep(open, texts, sent.mistakes);
      const status = sent.is === "away" ? 503 : 400;
      return await show(context, door, open, { texts, mistakes: sent.mistakes, status });
    },
  });
}

/** Which page it is that was sent: the answer that led to it, empty where it is the first. */
const PAGE = "page";
const OWN_NAMES: ReadonlySet<string> = new Set([DO, PAGE, "token", "step"]);

function answerTo({ form, before, known }: OpenForm): string {
  const [step = ""] = before?.first?.path ?? [];
  return form.first ? "" : String(known[step] ?? "");
}

/** What stands in its fields now. */
function textsOf({ form, typed }: OpenForm): Texts {
  return typed ? new Map(typed) : initialTexts(form);
}

const NO_FORM: readonly Mistake[] = [{ sentence: "What came is not the form." }];

const RECEIVED = html`
  <p>The request goes on in Telegram: its card is where you asked for it.</p>
  <p>You can close this page.</p>
`;

interface Asked {
  readonly open: OpenForm;
  readonly texts: Texts;
  readonly forms: Forms;
}

async function choose(context: Context, door: Door, { open, texts, forms }: Asked): Promise<Response> {
  const chosen = await forms.choose(open, texts.get(open.form.first?.name ?? "") ?? "");
  if (chosen.is === "closed") return await gone(context);
  if (chosen.is === "taken") return await reopened(context, door, forms);
  const status = chosen.is === "away" ? 503 : 400;
  return await show(context, door, open, { texts, mistakes: chosen.mistakes, status });
}

async function reopened(context: Context, door: Door, forms: Forms, view?: PageView): Promise<Response> {
  const open = await forms.find(door.token);
  return await (open ? show(context, door, open, view ?? { texts: textsOf(open) }) : gone(context));
}

/** A page was sent that another window, or the way back, had left: it is what the form asks for again. */
async function turnTo(context: Context, door: Door, asked: Asked, answer: string): Promise<Response> {
  const { texts, forms } = asked;
  await forms.goBack(asked.open);
  const open = await forms.find(door.token);
  if (!open) return await gone(context);
  if (answer === "") return await choose(context, door, { open, texts, forms });
  const { is } = await forms.choose(open, answer);
  return await reopened(context, door, forms, is === "taken" ? { texts, mistakes: LEFT } : undefined);
}

const LEFT: readonly Mistake[] = [{
  sentence: "Another page was opened from this link in between. Look at this one again, then send it.",
}];

/** What browsers send for an empty line of a text is one thing for the vendors. */
function textsIn(body: FormData | undefined): Texts {
  return new Map(
    [...body?.entries() ?? []].map(([name, value]) => [name, textOf(value).replace(/\r\n?/g, "\n")]),
  );
}

/** `late`: what the page asked for that came too late. */
function gone(context: Context, late?: Form, texts: Texts = new Map()): Promise<Response> {
  const typed = late ? [...openTexts(late, texts)] : [];
  const why = html`
    <p>It was used already, or its ten minutes are over.</p>
    <p>If the request does not go on in Telegram, send the command there again to get a new link.</p>
    ${typed.length === 0 ? "" : html`
      <p>What you typed, to copy it from here:</p>
      <dl>${typed.map(([name, text]) =>
        html`
          <dt>${name}</dt>
          <dd><code>${text}</code></dd>
        `
      )}</dl>
    `}
  `;
  return page(context, 410, "This link no longer works", why);
}

function show(
  context: Context,
  door: Door,
  open: OpenForm,
  view: PageView,
): Promise<Response> {
  const { form, row, before } = open;
  const { mistakes = [] } = view;
  const content = html`
    ${summary(form, mistakes)}
    <dl>
      <dt>For</dt>
      <dd>${form.about}</dd>
      <dt>Until</dt>
      <dd>${utc(row.expires_at)}</dd>
    </dl>
    <form method="post" autocomplete="off">
      ${door.fields}<input type="hidden" name="${PAGE}" value="${answerTo(open)}">
      ${form.first ? firstFields(form.first, view) : fieldsOf(form, view, before !== undefined)}
    </form>
    <p class="note">
      ${form.note ??
        ""} Nothing changes yet: what you send becomes a card that someone else has to approve. This page
      works once.
    </p>
  `;
  const status = view.status ?? (mistakes.length > 0 ? 400 : 200);
  return page(context, status, mistakes.length > 0 ? "Not sent yet" : "Fill in a form", content);
}

/** Where the keyboard and the screen reader begin when something is wrong. */
function summary({ fields, first }: Form, mistakes: readonly Mistake[]): Markup | "" {
  if (mistakes.length === 0) return "";
  const all = [...fields, ...first ? [first] : []];
  const labelled = (at: string | undefined) =>
    all.find(({ name }) => at === name || at?.startsWith(`${name}.`));
  const place = ({ at }: Mistake) => all.findIndex((field) => field === labelled(at));
  const inOrder = mistakes.toSorted((one, other) => place(one) - place(other));
  return html`
    <div class="problem" role="alert" tabindex="-1" autofocus>
      Nothing was asked for yet. What was typed in these fields is still here; secrets have to be entered
      again.
      <ul>
        ${inOrder.map(({ at, sentence }) => {
          const field = labelled(at);
          return field
            ? html`<li><a href="#${controlId(at ?? "")}">${field.label}</a>: ${sentence}</li>`
            : html`<li>${sentence}</li>`;
        })}
      </ul>
    </div>
  `;
}

function firstFields(first: FormField, view: PageView): Markup {
  return html`
    ${fieldMarkup(first, view)}
    <button type="submit">Go on</button>
  `;
}

function fieldsOf({ fields }: Form, view: PageView, canGoBack: boolean): Markup {
  return html`
    <button type="submit" class="first" tabindex="-1" aria-hidden="true">Send</button>
    ${setsOf(fields).map((set) => setMarkup(set, view))}
    <button type="submit">Send it to the bot</button>
    ${canGoBack
      ? html`<p><button class="more" name="${DO}" value="${BACK}" formnovalidate>Choose another one</button></p>`
      : ""}
  `;
}
