import type { Block, Button, Inline, Line, Reply } from "../../handlers/reply.ts";

type Redact = (text: string) => string;

/**
 * A reply with `redact` over every word that people see. What the words hang on (kinds, marks, handles, commands) is
 * never touched: a secret may be a word like any other.
 */
export function redactReply(reply: Reply, redact: Redact): Reply {
  const { title, blocks, footer, buttons, file } = reply;
  return {
    ...reply,
    title: redactLine(title, redact),
    ...(blocks && { blocks: blocks.map((block) => redactBlock(block, redact)) }),
    ...(footer !== undefined && { footer: redactLine(footer, redact) }),
    ...(buttons && { buttons: buttons.map((row) => row.map((button) => redactButton(button, redact))) }),
    ...(file && { file: { ...file, name: redact(file.name), content: redact(file.content) } }),
  };
}

export function redactLine(line: Line, redact: Redact): Line {
  return isPieces(line) ? line.map((piece) => redactPiece(piece, redact)) : redactPiece(line, redact);
}

function redactPiece(piece: Inline, redact: Redact): Inline {
  if (typeof piece === "string") return redact(piece);
  if ("bold" in piece) return { ...piece, bold: redactLine(piece.bold, redact) };
  if ("code" in piece) return { ...piece, code: redact(piece.code) };
  return "data" in piece ? { ...piece, data: redact(piece.data) } : piece;
}

function redactBlock(block: Block, redact: Redact): Block {
  const lines = (row: readonly Line[]) => row.map((line) => redactLine(line, redact));
  switch (block.kind) {
    case "text":
      return { ...block, text: redactLine(block.text, redact) };
    case "facts":
      return {
        ...block,
        facts: block.facts.map(([label, value]) => [redact(label), redactLine(value, redact)]),
      };
    case "table":
      return { ...block, ...(block.header && { header: lines(block.header) }), rows: block.rows.map(lines) };
    case "list":
      return { ...block, items: lines(block.items) };
    case "details":
      return {
        ...block,
        summary: redactLine(block.summary, redact),
        blocks: block.blocks.map((inner) => redactBlock(inner, redact)),
      };
    case "pre":
      return { ...block, text: redact(block.text) };
  }
}

function redactButton({ action, ...button }: Button, redact: Redact): Button {
  const label = redact(button.label);
  return { ...button, label, action: "copy" in action ? { copy: redact(action.copy) } : action };
}

function isPieces(line: Line): line is readonly Inline[] {
  return Array.isArray(line);
}
