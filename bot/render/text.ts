import type { Attachment, Reply } from "../../handlers/reply.ts";
import { sanitizeLabel } from "./sanitize.ts";
import {
  factLine,
  type Grid,
  IN_FULL,
  layoutOf,
  type Part,
  type Row,
  type Span,
  spanText,
} from "./layout.ts";

/**
 * All of a reply as text, with tables in aligned columns: for files, terminals and logs. Nothing is cut but data
 * beyond any use; `buttons` adds what could be pressed, for a reader at a terminal.
 */
export function toText(reply: Reply, { buttons = false }: { buttons?: boolean } = {}): string {
  const { title, parts, footer } = layoutOf(reply, IN_FULL);
  const head: Part[] = [{ kind: "text", spans: title }];
  const tail: Part[] = footer.length > 0 ? [{ kind: "text", spans: footer }] : [];
  const lines = linesOf([...head, ...parts, ...tail]);
  return [...lines, ...(buttons ? buttonLines(reply) : [])].join("\n") + "\n";
}

/** The whole of a reply whose message holds only part of it. */
export function asFile(reply: Reply): Attachment {
  return { name: "answer.txt", mime: "text/plain", content: toText(reply) };
}

function linesOf(parts: readonly Part[]): string[] {
  return parts.flatMap((part, index) => {
    const close = index === 0 || (part.kind === "text" && parts[index - 1]?.kind === "text");
    return close ? partLines(part) : ["", ...partLines(part)];
  });
}

function partLines(part: Part): readonly string[] {
  switch (part.kind) {
    case "text":
      return [spanText(part.spans)];
    case "facts":
      return part.rows.map((row) => spanText(factLine(row)));
    case "table":
      return aligned(part);
    case "list":
      return part.items.map((item) => `• ${spanText(item)}`);
    case "pre":
      return part.lines;
    case "details":
      return [`▾ ${spanText(part.summary)}`, ...linesOf(part.parts).map((line) => line && `  ${line}`)];
  }
}

/** One very long cell must not push all others off the page. */
const COLUMN_MAX = 48;

function aligned({ header, rows }: Grid): string[] {
  const cells = (header.length > 0 ? [header, ...rows] : rows).map(textsOf);
  const widths = (cells[0] ?? []).map((_, column) =>
    cells.reduce((max, row) => Math.max(max, Math.min(COLUMN_MAX, width(row[column] ?? ""))), 0)
  );
  const lines = cells.map((row) =>
    row.map((text, column) => padded(text, widths[column] ?? 0)).join("  ").trimEnd()
  );
  const rule = widths.map((size) => "─".repeat(size)).join("  ");
  return header.length > 0 ? [lines[0] ?? "", rule, ...lines.slice(1)] : lines;
}

function textsOf(row: Row): string[] {
  return row.map((cell: readonly Span[]) => spanText(cell));
}

function padded(text: string, size: number): string {
  return text + " ".repeat(Math.max(0, size - width(text)));
}

/** Columns of a terminal: accents take none, emoji and East Asian letters two. */
function width(text: string): number {
  let columns = 0;
  for (const point of text.replace(/[\p{M}\uFE0F]/gu, "")) columns += WIDE.test(point) ? 2 : 1;
  return columns;
}

const WIDE =
  /\p{Emoji_Presentation}|[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\u3000-\u303F\uFF01-\uFF60]/u;

function buttonLines({ buttons = [] }: Reply): string[] {
  const rows = buttons.filter((row) => row.length > 0);
  const lines = rows.map((row) => row.map((button) => `[ ${sanitizeLabel(button.label)} ]`).join(" "));
  return lines.length > 0 ? ["", ...lines] : [];
}
