import type { InlineKeyboardMarkup, LinkPreviewOptions, MessageEntity } from "grammy/types";
import type { Attachment, Reply } from "../../handlers/reply.ts";
import { type KeepCommand, keyboard } from "./keyboard.ts";
import { bold, type Layout, layoutOf, ON_SCREEN, type Part, type Span, truncateToFit } from "./layout.ts";
import { allParts, asFile, isClose, partAsLines, personNamed } from "./text.ts";

export interface PlainPayload {
  readonly text: string;
  readonly entities: MessageEntity[];
  readonly reply_markup?: InlineKeyboardMarkup;
  readonly link_preview_options: LinkPreviewOptions;
  /** The whole reply, when the message holds only part of it. */
  readonly rest?: Attachment;
}

/**
 * A reply as text with entities, for servers and clients without rich messages. `dateTimeEntities`: whether the server
 * knows entities that show a time in the reader's own zone; without them it is UTC.
 */
export function renderPlain(
  reply: Reply,
  { store, dateTimeEntities }: { readonly store: KeepCommand; readonly dateTimeEntities: boolean },
): PlainPayload {
  const written = (layout: Layout) => compose(layout, dateTimeEntities);
  const { layout, whole } = truncateToFit(layoutOf(reply, ON_SCREEN), (layout) => fits(written(layout)));
  const markup = keyboard(reply.buttons, { store, dead: false });
  return {
    ...written(layout),
    ...(markup && { reply_markup: markup }),
    link_preview_options: { is_disabled: true },
    ...(!whole && { rest: asFile(reply) }),
  };
}

/** UTF-16 units after entities are parsed; core.telegram.org/bots/api#sendmessage. */
const TEXT_MAX = 4096;
/** Telegram drops the entities beyond, and what was code would turn into links. */
const ENTITIES_MAX = 100;

interface Draft {
  text: string;
  entities: MessageEntity[];
  readonly dateTimes: boolean;
  /** Quotes cannot nest. */
  quoted: boolean;
}

function fits({ text, entities }: { text: string; entities: readonly MessageEntity[] }): boolean {
  return text.length <= TEXT_MAX && entities.length <= ENTITIES_MAX;
}

function compose(layout: Layout, dateTimes: boolean): { text: string; entities: MessageEntity[] } {
  const draft: Draft = { text: "", entities: [], dateTimes, quoted: false };
  writeParts(draft, allParts(layout));
  const entities = draft.entities.toSorted((a, b) => a.offset - b.offset || b.length - a.length);
  return { text: draft.text, entities };
}

function writeParts(draft: Draft, parts: readonly Part[]): void {
  parts.forEach((part, index) => {
    if (index > 0) draft.text += isClose(part, parts[index - 1]) ? "\n" : "\n\n";
    writePart(draft, part);
  });
}

function writePart(draft: Draft, part: Part): void {
  if (part.kind === "details") return writeDetails(draft, part.summary, part.parts);
  const write = () => writeLines(draft, partAsLines(part));
  if (part.kind === "pre") enclose(draft, "pre", write);
  else write();
}

function writeDetails(draft: Draft, summary: readonly Span[], parts: readonly Part[]): void {
  const write = () => {
    writeSpans(draft, bold(summary));
    draft.text += "\n";
    writeParts(draft, parts);
  };
  if (draft.quoted) return write();
  draft.quoted = true;
  enclose(draft, "expandable_blockquote", write);
  draft.quoted = false;
}

function writeLines(draft: Draft, lines: readonly (readonly Span[])[]): void {
  lines.forEach((line, index) => {
    if (index > 0) draft.text += "\n";
    writeSpans(draft, line);
  });
}

function enclose(draft: Draft, type: "pre" | "expandable_blockquote", write: () => void): void {
  const offset = draft.text.length;
  write();
  draft.entities.push({ type, offset, length: draft.text.length - offset });
}

function writeSpans(draft: Draft, spans: readonly Span[]): void {
  for (const span of spans) {
    const place = { offset: draft.text.length, length: span.text.length };
    draft.text += span.text;
    if (span.calls !== undefined) {
      draft.entities.push({ type: "text_mention", ...place, user: personNamed(span.calls, span.text) });
    } else if (span.code || (span.data && LINKABLE.test(span.text))) {
      draft.entities.push({ type: "code", ...place });
    } else {
      if (span.bold) pushBold(draft, place, span.text.trim() === "");
      if (span.time && draft.dateTimes) {
        const { unix, format } = span.time;
        draft.entities.push({ type: "date_time", ...place, unix_time: unix, date_time_format: format });
      }
    }
  }
}

/**
 * What Telegram would by itself turn into a command, a mention or a link. A vendor's words must not become
 * something to tap, least of all an `/approve`; code is the one look in which nothing is detected.
 */
const LINKABLE = /[/@#$]\p{L}|\p{L}\.\p{L}|\d\.\p{L}|:\/\//u;

/** Neighbours that are bold share one entity; a gap alone does not get one. */
function pushBold({ entities }: Draft, place: { offset: number; length: number }, isGap: boolean): void {
  const before = entities.findLast(({ type }) => type === "bold");
  if (before && before.offset + before.length === place.offset) before.length += place.length;
  else if (!isGap) entities.push({ type: "bold", ...place });
}
