import { html } from "hono/html";
import type { Markup } from "../page_shell.ts";
import type { FormField } from "./fields.ts";
import { cellName, KEY, type Mistake, rowsIn, rowsSaid, type Texts, VALUE } from "./values.ts";

/** Which button of a page was pressed, where it is not the one that sends it. */
export const DO = "do";
export const ADD = "add:";
/** So many empty rows stand ready. */
const EMPTY_ROWS = 2;
const MORE_ROWS = 4;

/** What a page shows beside what it asks for. */
export interface PageView {
  readonly texts: Texts;
  readonly mistakes?: readonly Mistake[];
  readonly status?: 200 | 400 | 503;
  /** The field that gets more rows. */
  readonly more?: string;
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
export function setsOf(fields: readonly FormField[]): readonly (readonly [FormField, ...FormField[]])[] {
  return runsOf(fields, ({ group }) => group?.oneOf ?? group?.legend);
}

/** Groups of which one is filled in stand together. */
export function setMarkup(fields: readonly [FormField, ...FormField[]], view: PageView): Markup {
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

function groupMarkup(fields: readonly FormField[], view: PageView): Markup {
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

function isMistaken(name: string, { mistakes = [] }: PageView): boolean {
  return mistakes.some(({ at }) =>
    at === name || (at?.startsWith(name) && /^\.\d+\./.test(at.slice(name.length)))
  );
}

/** Whether somebody put something in that was not there to begin with. */
function isFilled(field: FormField, { texts }: PageView): boolean {
  if (field.kind === "rows" || field.kind === "pairs") return false;
  return (texts.get(field.name) ?? "") !== field.initial;
}

export function fieldMarkup(field: FormField, view: PageView): Markup {
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

function rowsMarkup(field: FormField, view: PageView): Markup {
  const present = field.kind === "rows" ? rowsIn(field.present).length : 0;
  const said = Math.max(present, rowsSaid(field, view.texts));
  const count = said + (view.more === field.name ? MORE_ROWS : EMPTY_ROWS);
  const cells = (row: number) =>
    field.columns.map((column) => single(column, cellName(field, row, column.name), view, false));
  return html`
    <fieldset id="${controlId(field.name)}">
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

function single(field: FormField, name: string, view: PageView, showsName: boolean): Markup {
  const id = controlId(name);
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
function secretIn(name: string, { mistakes = [] }: PageView): boolean {
  return mistakes.some(({ at, isSecret }) => at === name && isSecret);
}

function mistakeMarkup(name: string, { mistakes = [] }: PageView): Markup | "" {
  const sentences = mistakes.filter(({ at }) => at === name).map(({ sentence }) => sentence);
  return sentences.length === 0
    ? ""
    : html`<p class="mistake" id="${controlId(name)}-mistake">${sentences.join(" ")}</p>`;
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
export function controlId(name: string): string {
  return `f-${name.replace(/[^\w-]/g, (sign) => `_${sign.codePointAt(0)?.toString(16)}_`)}`;
}
