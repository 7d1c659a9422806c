import type { Block, Button, Inline, Line, Reply } from "../../handlers/reply.ts";

type Cover = (text: string) => string;

/**
 * A reply with `cover` over every word that people see. What the words hang on (kinds, marks, handles, commands) is
 * never touched: a secret may be a word like any other.
 */
export function redactReply(reply: Reply, cover: Cover): Reply {
  const { title, blocks, footer, buttons, file } = reply;
  return {
    ...reply,
    title: redactLine(title, cover),
    ...(blocks && { blocks: blocks.map((block) => coverBlock(block, cover)) }),
    ...(footer !== undefined && { footer: redactLine(footer, cover) }),
    ...(buttons && { buttons: buttons.map((row) => row.map((button) => coverButton(button, cover))) }),
    ...(file && { file: { ...file, name: cover(file.name), content: cover(file.content) } }),
  };
}

export function redactLine(line: Line, cover: Cover): Line {
  return isPieces(line) ? line.map((piece) => coverPiece(piece, cover)) : coverPiece(line, cover);
}

function coverPiece(piece: Inline, cover: Cover): Inline {
  if (typeof piece === "string") return cover(piece);
  if ("bold" in piece) return { ...piece, bold: redactLine(piece.bold, cover) };
  if ("code" in piece) return { ...piece, code: cover(piece.code) };
  return "data" in piece ? { ...piece, data: cover(piece.data) } : piece;
}

function coverBlock(block: Block, cover: Cover): Block {
  const lines = (row: readonly Line[]) => row.map((line) => redactLine(line, cover));
  switch (block.kind) {
    case "text":
      return { ...block, text: redactLine(block.text, cover) };
    case "facts":
      return {
        ...block,
        facts: block.facts.map(([label, value]) => [cover(label), redactLine(value, cover)]),
      };
    case "table":
      return { ...block, ...(block.header && { header: lines(block.header) }), rows: block.rows.map(lines) };
    case "list":
      return { ...block, items: lines(block.items) };
    case "details":
      return {
        ...block,
        summary: redactLine(block.summary, cover),
        blocks: block.blocks.map((inner) => coverBlock(inner, cover)),
      };
    case "pre":
      return { ...block, text: cover(block.text) };
  }
}

function coverButton({ action, ...button }: Button, cover: Cover): Button {
  const label = cover(button.label);
  return { ...button, label, action: "copy" in action ? { copy: cover(action.copy) } : action };
}

function isPieces(line: Line): line is readonly Inline[] {
  return Array.isArray(line);
}
