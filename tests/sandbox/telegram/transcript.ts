import { isEphemeral, type Message, type RichNode } from "./message.ts";
import type { Room, World } from "./world.ts";

/** A chat in plain text, as one person sees it; without `viewer` all of it, ephemeral messages marked. */
export function transcript(world: World, room: Room, viewer?: number): string {
  return room.timeline
    .filter((message) => viewer === undefined || isVisibleTo(message, viewer))
    .map((message) => `${heading(world, message)}\n${indent(render(message))}`)
    .join("\n\n");
}

export function isVisibleTo(message: Message, viewer: number): boolean {
  return !isEphemeral(message) || message.receiver_user?.id === viewer || message.from?.id === viewer;
}

/** One message's content in plain text: tables aligned, details open, buttons in brackets. */
export function render(message: Message): string {
  const { document, photo, reply_markup } = message;
  const buttons =
    reply_markup?.inline_keyboard.map((row) => row.map(({ text }) => `[ ${text} ]`).join(" ")) ?? [];
  const parts = [
    ...(document ? [`<${document.file_name ?? "document"}, ${document.file_size} bytes>`] : []),
    ...(photo ?? []).map(({ width, height, file_size }) =>
      `<picture, ${width} × ${height}, ${file_size} bytes>`
    ),
    message.text ?? message.caption ?? "",
    ...(message.rich_message ? [renderBlocks(message.rich_message.blocks)] : []),
    ...service(message),
    ...buttons,
  ];
  return parts.filter((part) => part !== "").join("\n");
}

/** Rich text without its formatting. */
export function plainText(node: unknown): string {
  if (typeof node === "string") return node;
  if (Array.isArray(node)) return node.map(plainText).join("");
  if (typeof node !== "object" || node === null) return "";
  const { type, text, button, expression, alternative_text } = node as Record<string, unknown>;
  if (type === "button") return `[ ${plainText((button as RichNode)["text"])} ]`;
  return plainText(text ?? expression ?? alternative_text ?? "");
}

function heading(world: World, message: Message): string {
  const time = new Date(message.date * 1000).toISOString().slice(11, 19);
  const sender = message.sender_chat?.title ?? message.from?.first_name ?? "?";
  const name = message.from?.id === world.bot.id ? `${sender} (bot)` : sender;
  const reply = message.reply_to_message ? ` in reply to ${message.reply_to_message.message_id}` : "";
  const only = isEphemeral(message) ? `, only ${message.receiver_user?.first_name} sees this` : "";
  const edited = message.edit_date === undefined ? "" : ", edited";
  const number = isEphemeral(message) ? `~${message.ephemeral_message_id}` : message.message_id;
  return `#${number} ${name} ${time}${reply}${edited}${only}`;
}

function service(message: Message): string[] {
  const { new_chat_members, left_chat_member, migrate_to_chat_id, migrate_from_chat_id } = message;
  return [
    ...(new_chat_members ? [`(${new_chat_members.map((user) => user.first_name).join(", ")} joined)`] : []),
    ...(left_chat_member ? [`(${left_chat_member.first_name} left)`] : []),
    ...(migrate_to_chat_id ? [`(the group became ${migrate_to_chat_id})`] : []),
    ...(migrate_from_chat_id ? [`(the group was ${migrate_from_chat_id})`] : []),
  ];
}

function renderBlocks(blocks: readonly RichNode[]): string {
  return blocks.map(renderBlock).filter((text) => text !== "").join("\n");
}

function renderBlock(block: RichNode): string {
  const nested = () => renderBlocks((block["blocks"] ?? []) as RichNode[]);
  switch (block.type) {
    case "divider":
      return "────────";
    case "anchor":
      return "";
    case "list":
      return (block["items"] as { label: string; blocks: RichNode[] }[])
        .map((item) => `${item.label} ${indent(renderBlocks(item.blocks), "  ").trimStart()}`).join("\n");
    case "blockquote":
      return indent(nested(), "> ");
    case "details":
      return `▾ ${plainText(block["summary"])}\n${indent(nested())}`;
    case "table":
      return renderTable(block);
    case "buttons":
      return (block["buttons"] as RichNode[]).map((button) => `[ ${plainText(button["text"])} ]`).join(" ");
    default:
      return plainText(block);
  }
}

function renderTable(block: RichNode): string {
  const rows = (block["cells"] as RichNode[][]).map((row) =>
    row.map((cell) => plainText(cell["text"] ?? ""))
  );
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(cell));
  }
  const caption = block["caption"] === undefined ? [] : [plainText(block["caption"])];
  const lines = rows.map((row) =>
    row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - width(cell))).join("  ").trimEnd()
  );
  return [...caption, ...lines].join("\n");
}

/** Columns on a terminal, near enough: pictographs take two. */
function width(text: string): number {
  return [...text].reduce((sum, letter) => sum + (/\p{Extended_Pictographic}/u.test(letter) ? 2 : 1), 0);
}

function indent(text: string, by = "  "): string {
  return text.split("\n").map((line) => `${by}${line}`.trimEnd()).join("\n");
}
