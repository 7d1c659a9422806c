import type { Context, Hono } from "hono";
import { html } from "hono/html";
import { type Door, type Markup, oneTimePages, page, textOf } from "../page_shell.ts";
import { utc } from "../render/layout.ts";
import type { Form, FormField } from "./fields.ts";
import type { Forms } from "./forms.ts";
import type { OpenForm } from "./open_forms.ts";
import { cellName, initialTexts, KEY, type Mistake, rowsIn, rowsSaid, type Texts, VALUE } from "./values.ts";

/** Which button of a page was pressed, where it is not the one that sends it. */
const DO = "do";
const ADD = "add:";
const BACK = "back";
/** So many empty rows stand ready. */
const EMPTY_ROWS = 2;
const MORE_ROWS = 4;

/** The page on which one person fills in one command, once. */
export function formPages(forms: Forms): Hono {
  return oneTimePages("form", {
    async open(context, door) {
      const open = await forms.find(door.token);
      return await (open ? show(context, door, open, { texts: initialTexts(open.form) }) : gone(context));
    },
    async send(context, door, body) {
      const open = await forms.find(door.token);
      if (!open) return await gone(context);
      if (!body) {
        return await show(context, door, open, { texts: initialTexts(open.form), mistakes: NO_FORM });
      }
      const texts = textsIn(body);
      const pressed = textOf(body.get(DO));
      if (open.form.first) return await choose(context, door, { open, texts, forms });
      if (pressed === BACK && open.before) {
        await forms.goBack(open);
        return await reopened(context, door, forms);
      }
      if (pressed.startsWith(ADD)) {
        return await show(context, door, open, { texts, more: pressed.slice(ADD.length) });
      }
      const sent = await forms.send(open, texts);
      if (sent.is === "closed") return await gone(context);
      if (sent.is === "taken") return await page(context, 200, "Received", RECEIVED);
      const status = sent.is === "away" ? 503 : 400;
      return await show(context, door, open, { texts, mistakes: sent.mistakes, status });
    },
  });
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

async function reopened(context: Context, door: Door, forms: Forms): Promise<Response> {
  const open = await forms.find(door.token);
  return await (open ? show(context, door, open, { texts: initialTexts(open.form) }) : gone(context));
}

/** What browsers send for an empty line of a text is one thing for the vendors. */
function textsIn(body: FormData): Texts {
  return new Map(
    [...body.entries()].map(([name, value]) => [name, textOf(value).replace(/\r\n?/g, "\n")]),
  );
}

function gone(context: Context): Promise<Response> {
  const why = html`
    <p>It was used already, or its ten minutes are over.</p>
    <p>If the request does not go on in Telegram, send the command there again to get a new link.</p>
  `;
  return page(context, 410, "This link no longer works", why);
}

/** What a page shows beside what it asks for. */
interface View {
  readonly texts: Texts;
  readonly mistakes?: readonly Mistake[];
  readonly status?: 200 | 400 | 503;
  /** The field that gets more rows. */
  readonly more?: string;
}

function show(
  context: Context,
  door: Door,
  { form, row, before }: OpenForm,
  view: View,
): Promise<Response> {
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
      ${door.fields}
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
  return html`
    <div class="problem" role="alert" tabindex="-1" autofocus>
      Nothing was asked for yet. What was typed is still here; secrets have to be entered again.
      <ul>
        ${mistakes.map(({ at, sentence }) => {
          const field = labelled(at);
          return field
            ? html`<li><a href="#${idOf(at ?? "")}">${field.label}</a>: ${sentence}</li>`
            : html`<li>${sentence}</li>`;
        })}
      </ul>
    </div>
  `;
}

function firstFields(first: FormField, view: View): Markup {
  return html`
    ${fieldMarkup(first, view)}
    <button type="submit">Go on</button>
  `;
}

function fieldsOf({ fields }: Form, view: View, canGoBack: boolean): Markup {
  return html`
    <button type="submit" class="first" tabindex="-1" aria-hidden="true">Send</button>
    ${setsOf(fields).map((set) => setMarkup(set, view))}
    <button type="submit">Send it to the bot</button>
    ${canGoBack
      ? html`<p><button class="more" name="${DO}" value="${BACK}" formnovalidate>Choose another one</button></p>`
      : ""}
  `;
}

/** Fields that follow each other and have the same heading. */
function runsOf(
  fields: readonly FormField[],
  heading: (field: FormField) => string | undefined,
): readonly (readonly [FormField, ...FormField[]])[] {
  const runs: [FormField, ...FormField[]][] = [];
  for (const field of fields) {
    const last = runs.at(-1);
    if (last && heading(field) !== undefined && heading(last[0]) === heading(field)) last.push(field);
    else runs.push([field]);
  }
  return runs;
}

/** What stands together: the groups of which one is filled in, the fields of one group, or one field alone. */
function setsOf(fields: readonly FormField[]): readonly (readonly [FormField, ...FormField[]])[] {
  return runsOf(fields, ({ group }) => group?.oneOf ?? group?.legend);
}

/** Groups of which one is filled in stand together. */
function setMarkup(fields: readonly [FormField, ...FormField[]], view: View): Markup {
  const groups = runsOf(fields, ({ group }) => group?.legend).map((run) => groupMarkup(run, view));
  const { oneOf, needed } = fields[0].group ?? {};
  if (oneOf === undefined) return html`${groups}`;
  return html`
    <fieldset>
      <legend>${oneOf}${needed
        ? html`
          <span class="need">(required)</span>
        `
        : ""}</legend>
      <p class="help">Fill in one of these.</p>
      ${groups}
    </fieldset>
  `;
}

function groupMarkup(fields: readonly FormField[], view: View): Markup {
  const markup = fields.map((field) => fieldMarkup(field, view));
  const { group } = fields[0] ?? {};
  if (!group) return html`${markup}`;
  const help = group.help === undefined ? "" : html`<p class="help">${group.help}</p>`;
  if (!group.folded) return html`<fieldset><legend>${group.legend}</legend>${help}${markup}</fieldset>`;
  const isWanted = fields.some(({ name }) => view.more === name || isMistaken(name, view));
  const isOpen = isWanted || fields.some((field) => isFilled(field, view));
  return html`
    <details ${isOpen ? "open" : ""}><summary>${group.legend}</summary>${help}${markup}</details>
  `;
}

function isMistaken(name: string, { mistakes = [] }: View): boolean {
  return mistakes.some(({ at }) =>
    at === name || (at?.startsWith(name) && /^\.\d+\./.test(at.slice(name.length)))
  );
}

/** Whether somebody put something in that was not there to begin with. */
function isFilled(field: FormField, { texts }: View): boolean {
  if (field.kind === "rows" || field.kind === "pairs") return false;
  return (texts.get(field.name) ?? "") !== field.initial;
}

function fieldMarkup(field: FormField, view: View): Markup {
  if (field.kind === "rows") return rowsMarkup(field, view);
  if (field.kind === "pairs") return rowsMarkup(asRows(field), view);
  return single(field, field.name, view, field.name !== field.label);
}

/** A pair is a row of two. */
function asRows(field: FormField): FormField {
  const { key = "", value = "", secret = false } = field.pairs ?? {};
  const cell = (name: string, label: string, kind: FormField["kind"]): FormField => ({
    ...{ path: [name], name, label, kind, required: false, choices: [], columns: [], initial: "" },
  });
  return { ...field, columns: [cell(KEY, key, "text"), cell(VALUE, value, secret ? "secret" : "text")] };
}

function rowsMarkup(field: FormField, view: View): Markup {
  const present = field.kind === "rows" ? rowsIn(field.present).length : 0;
  const said = Math.max(present, rowsSaid(field, view.texts));
  const count = said + (view.more === field.name ? MORE_ROWS : EMPTY_ROWS);
  const cells = (row: number) =>
    field.columns.map((column) => single(column, cellName(field, row, column.name), view, false));
  return html`
    <fieldset id="${idOf(field.name)}">
      <legend>${field.label}</legend>
      ${field.help === undefined ? "" : html`<p class="help">${field.help}</p>`}
      ${mistakeMarkup(field.name, view)}
      ${Array.from(
        { length: count },
        (_, row) => html`<fieldset><legend>${field.label}, row ${row + 1}</legend>${cells(row)}</fieldset>`,
      )}
      <button class="more" name="${DO}" value="${ADD}${field.name}" formnovalidate>Add rows</button>
    </fieldset>
  `;
}

function single(field: FormField, name: string, view: View, showsName: boolean): Markup {
  const id = idOf(name);
  const isWrong = (view.mistakes ?? []).some(({ at }) => at === name);
  const described = [
    ...(field.help === undefined ? [] : [`${id}-help`]),
    ...(isWrong ? [`${id}-mistake`] : []),
  ];
  return html`
    <div class="field">
      <label for="${id}">
        ${field.label}${showsName
          ? html`
            <code>${name}</code>
          `
          : ""}${field.required
          ? html`
            <span class="need">(required)</span>
          `
          : ""}
      </label>
      ${mistakeMarkup(name, view)}
      ${control(field, {
        name,
        id,
        text: secretIn(name, view) ? "" : view.texts.get(name) ?? "",
        isWrong,
        described: described.join(" "),
      })}
      ${field.help === undefined ? "" : html`<p class="help" id="${id}-help">${field.help}</p>`}
    </div>
  `;
}

/** What looks like a secret is not shown again. */
function secretIn(name: string, { mistakes = [] }: View): boolean {
  return mistakes.some(({ at, isSecret }) => at === name && isSecret);
}

function mistakeMarkup(name: string, { mistakes = [] }: View): Markup | "" {
  const sentences = mistakes.filter(({ at }) => at === name).map(({ sentence }) => sentence);
  return sentences.length === 0
    ? ""
    : html`<p class="mistake" id="${idOf(name)}-mistake">${sentences.join(" ")}</p>`;
}

interface Control {
  readonly name: string;
  readonly id: string;
  readonly text: string;
  readonly isWrong: boolean;
  /** The ids of what is said about it. */
  readonly described: string;
}

function control(field: FormField, { name, id, text, isWrong, described }: Control): Markup {
  const isRequired = field.required && field.group?.oneOf === undefined;
  const common = html`id="${id}" name="${name}"${
    isRequired
      ? html`
        required
      `
      : ""
  }${
    isWrong
      ? html`
        aria-invalid="true"
      `
      : ""
  }${
    described === "" ? "" : html`
      aria-describedby="${described}"
    `
  }`;
  switch (field.kind) {
    case "choice":
      return select(common, text, field.choices);
    case "flag":
      return select(common, text, YES_OR_NO);
    case "secret":
      return html`<input type="password" ${common} autocomplete="off" autocapitalize="off" spellcheck="false">`;
    case "lines":
    case "list":
      return html`<textarea ${common} rows="3">${"\n" + text}</textarea>`;
    case "number":
      return html`<input ${common} value="${text}" inputmode="numeric" autocomplete="off">`;
    default:
      return html`<input ${common} value="${text}" autocomplete="off" autocapitalize="off" spellcheck="false">`;
  }
}

const YES_OR_NO = [{ value: "true", label: "Yes" }, { value: "false", label: "No" }];

function select(common: Markup, text: string, choices: FormField["choices"]): Markup {
  return html`
    <select ${common}>
      <option value="">Not set</option>
      ${choices.map(({ value, label }) =>
        html`
          <option value="${value}" ${value === text
            ? html`
              selected
            `
            : ""}>${label}</option>
        `
      )}
    </select>
  `;
}

/** An id for anything that is a name. */
function idOf(name: string): string {
  return `f-${name.replace(/[^\w-]/g, (sign) => `_${sign.codePointAt(0)?.toString(16)}_`)}`;
}
