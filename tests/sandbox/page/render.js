/**
 * Turns messages into DOM nodes. Every text goes in as a text node: what a person, a vendor or the bot wrote can
 * never become markup here.
 */

const TAGS = {
  bold: "b",
  italic: "i",
  underline: "u",
  strikethrough: "s",
  code: "code",
  subscript: "sub",
  superscript: "sup",
  marked: "mark",
  pre: "pre",
  blockquote: "blockquote",
  expandable_blockquote: "blockquote",
};

/** The bot's marks, drawn by the style sheet: not every machine has a font for them. */
const MARKS = {
  "🔴": "red",
  "🟡": "yellow",
  "🟢": "green",
  "⚪": "white",
  "✅": "done",
  "⛔": "refused",
  "❔": "unknown",
  "❓": "unknown",
  "⚠": "warning",
  "⏳": "working",
  "ℹ": "info",
};
const MARK = new RegExp(`(${Object.keys(MARKS).join("|")})\\uFE0F?`, "gu");

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== false));
  return node;
}

/** The content of a message; `act` is what taps on it do: `command(text)`, `press(data, button)`, `copy(text)`. */
export function renderContent(message, act) {
  const { text, entities, caption, caption_entities, rich_message, document: file, photo } = message;
  return [
    file && renderDocument(file),
    photo && renderPhoto(photo.at(-1)),
    text !== undefined && element("p", { class: "text" }, renderText(text, entities ?? [], act)),
    caption !== undefined &&
    element("p", { class: "text" }, renderText(caption, caption_entities ?? [], act)),
    rich_message &&
    element(
      "div",
      { class: "rich", dir: rich_message.is_rtl ? "rtl" : undefined },
      renderBlocks(rich_message.blocks, act),
    ),
  ].filter(Boolean);
}

export function renderKeyboard(markup, act) {
  if (!markup) return [];
  const rows = markup.inline_keyboard.map((row) =>
    element("div", { class: "row" }, row.map((button) => renderButton(button, act)))
  );
  return [element("div", { class: "keyboard" }, rows)];
}

/** One line of what a message says, for replies and titles. */
export function summaryOf(message) {
  const { text, caption, rich_message, document: file } = message;
  return (text ?? caption ?? (rich_message && plain(rich_message.blocks[0])) ?? file?.file_name ?? "").slice(
    0,
    120,
  );
}

function renderDocument(file) {
  return element(
    "a",
    {
      class: "document",
      href: `/sandbox/file/${encodeURIComponent(file.file_id)}`,
      download: file.file_name,
    },
    element("span", { class: "sheet", "aria-hidden": "true" }, extensionOf(file.file_name)),
    element(
      "span",
      {},
      element("b", {}, file.file_name ?? "document"),
      element("small", {}, size(file.file_size)),
    ),
  );
}

function renderPhoto({ file_id, width, height }) {
  const src = `/sandbox/file/${encodeURIComponent(file_id)}`;
  return element("a", { href: src }, element("img", { class: "photo", src, width, height, alt: "picture" }));
}

function extensionOf(name = "") {
  return /\.([a-z0-9]{1,4})$/i.exec(name)?.[1]?.toUpperCase() ?? "FILE";
}

function size(bytes) {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} kB`;
}

/** Plain text, its marks drawn and never alone at a line's end; the character stays for whoever copies it. */
function words(text) {
  const nodes = [];
  let at = 0;
  for (const { 0: shown, 1: mark, index } of text.matchAll(MARK)) {
    nodes.push(text.slice(at, index), element("span", { class: `mark ${MARKS[mark]}` }, shown));
    at = index + shown.length;
    if (text[at] === " ") nodes.push("\u00a0");
    at += text[at] === " " ? 1 : 0;
  }
  return [...nodes, text.slice(at)];
}

/** Entities nest; the server refuses those that cross. */
function renderText(text, entities, act, from = 0, to = text.length) {
  const nodes = [];
  let at = from;
  let rest = entities;
  while (rest.length > 0) {
    const [outer, ...others] = rest;
    const end = outer.offset + outer.length;
    const inner = others.filter((other) => other.offset < end);
    if (outer.offset > at) nodes.push(...words(text.slice(at, outer.offset)));
    const content = renderText(text, inner, act, outer.offset, end);
    nodes.push(renderEntity(outer, content, text.slice(outer.offset, end), act));
    at = end;
    rest = others.filter((other) => other.offset >= end);
  }
  if (at < to) nodes.push(...words(text.slice(at, to)));
  return nodes;
}

function renderEntity(entity, content, text, act) {
  switch (entity.type) {
    case "date_time":
      return dateTime(entity, content);
    case "text_link":
      return link(entity.url, content);
    case "url":
      return link(text, content);
    case "bot_command":
      return element(
        "button",
        { class: "command", type: "button", onclick: () => act.command(text) },
        content,
      );
    case "mention":
    case "text_mention":
    case "hashtag":
    case "cashtag":
      return element("span", { class: "mention" }, content);
    case "spoiler":
      return element("span", { class: "spoiler", tabindex: "0" }, content);
    default:
      return TAGS[entity.type] ? element(TAGS[entity.type], {}, content) : element("span", {}, content);
  }
}

function renderBlocks(blocks, act) {
  return blocks.map((block) => renderBlock(block, act));
}

function renderBlock(block, act) {
  const text = () => renderRich(block.text, act);
  const credit = () => block.credit !== undefined && element("cite", {}, renderRich(block.credit, act));
  switch (block.type) {
    case "paragraph":
      return element("p", {}, text());
    case "heading":
      return element(`h${Math.min(block.size + 2, 6)}`, { class: `size-${block.size}` }, text());
    case "pre":
      return element("pre", {}, text());
    case "footer":
      return element("footer", {}, text());
    case "divider":
      return element("hr");
    case "list":
      return renderList(block.items, act);
    case "blockquote":
      return element("blockquote", {}, renderBlocks(block.blocks, act), credit());
    case "expandable_blockquote":
    case "pullquote":
      return element("blockquote", {}, text(), credit());
    case "details":
      return element(
        "details",
        { open: block.is_open },
        element("summary", {}, renderRich(block.summary, act)),
        element("div", {}, renderBlocks(block.blocks, act)),
      );
    case "table":
      return renderTable(block, act);
    case "buttons":
      return element(
        "div",
        { class: `row ${block.align ?? ""}` },
        block.buttons.map((one) => renderButton(one, act)),
      );
    case "mathematical_expression":
      return element("p", {}, element("code", {}, block.expression));
    default:
      return element("span");
  }
}

function renderList(items, act) {
  const rows = items.map((item) => {
    const box = item.has_checkbox ? (item.is_checked ? "☑" : "☐") : item.label;
    return element(
      "li",
      {},
      element("span", { class: "label" }, box),
      element("div", {}, renderBlocks(item.blocks, act)),
    );
  });
  return element("ul", {}, rows);
}

function renderTable(block, act) {
  const flags = ["bordered", "striped", "compact"].filter((flag) => block[`is_${flag}`]);
  const rows = block.cells.map((row) => element("tr", {}, row.map((cell) => renderCell(cell, act))));
  const caption = block.caption !== undefined && element("caption", {}, renderRich(block.caption, act));
  return element("div", { class: "scroll" }, element("table", { class: flags.join(" ") }, caption, rows));
}

function renderCell(cell, act) {
  const place = { class: `${cell.align} ${cell.valign}`, colspan: cell.colspan, rowspan: cell.rowspan };
  const content = cell.text === undefined ? [] : renderRich(cell.text, act);
  return element(cell.is_header ? "th" : "td", place, content);
}

function renderRich(node, act) {
  if (typeof node === "string") return words(node);
  if (Array.isArray(node)) return node.flatMap((part) => renderRich(part, act));
  const content = () => renderRich(node.text ?? "", act);
  switch (node.type) {
    case "date_time":
      return [dateTime(node, content())];
    case "url":
      return [link(node.url, content())];
    case "bot_command":
      return [renderEntity({ type: "bot_command" }, content(), node.bot_command, act)];
    case "spoiler":
      return [element("span", { class: "spoiler", tabindex: "0" }, content())];
    case "custom_emoji":
      return [node.alternative_text];
    case "mathematical_expression":
      return [element("code", {}, node.expression)];
    case "button":
      return [renderButton(node.button, act)];
    case "anchor":
      return [];
    default:
      return [element(TAGS[node.type] ?? "span", {}, content())];
  }
}

function renderButton(button, act) {
  const style = { class: `button ${button.style ?? ""}`, type: "button" };
  const label = renderRich(button.text, act);
  if (button.disabled) return element("button", { ...style, disabled: true }, label);
  if (button.copy_text) {
    const copy = { ...style, class: `${style.class} copy`, onclick: () => act.copy(button.copy_text.text) };
    return element("button", copy, label);
  }
  if (button.url) {
    return element(
      "a",
      { class: style.class, href: safeUrl(button.url), target: "_blank", rel: "noopener" },
      label,
      " ↗",
    );
  }
  const press = ({ currentTarget }) => act.press(button.callback_data, currentTarget);
  return element("button", { ...style, onclick: press, disabled: button.callback_data === undefined }, label);
}

function link(url, content) {
  return element("a", { href: safeUrl(url), target: "_blank", rel: "noopener" }, content);
}

/** Only what a browser may open without running anything. */
function safeUrl(url) {
  return /^(https?:|mailto:|tel:|tg:)/i.test(url) ? url : `http://${url}`;
}

function dateTime({ unix_time, date_time_format }, fallback) {
  const date = new Date(unix_time * 1000);
  const shown = date_time_format === "" ? fallback : formatDate(date, date_time_format);
  const full = date.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
  const relative = date_time_format === "r" ? String(unix_time) : undefined;
  return element("time", { datetime: date.toISOString(), title: full, "data-relative": relative }, shown);
}

function formatDate(date, format) {
  if (format === "r") return relative(date);
  const options = {
    ...(format.includes("w") && { weekday: "short" }),
    ...(format.includes("d") && { day: "numeric", month: "numeric", year: "2-digit" }),
    ...(format.includes("D") && { day: "numeric", month: "long", year: "numeric" }),
    ...(format.includes("t") && { hour: "2-digit", minute: "2-digit" }),
    ...(format.includes("T") && { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  };
  return new Intl.DateTimeFormat(undefined, { ...options, hourCycle: "h23" }).format(date);
}

export function relative(date, now = Date.now()) {
  const seconds = Math.round((date.getTime() - now) / 1000);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "short" });
  const size = Math.abs(seconds);
  if (size < 60) return words.format(seconds, "second");
  if (size < 3600) return words.format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return words.format(Math.round(seconds / 3600), "hour");
  return words.format(Math.round(seconds / 86_400), "day");
}

function plain(node) {
  if (typeof node === "string") return node;
  if (Array.isArray(node)) return node.map(plain).join("");
  return plain(node?.text ?? node?.summary ?? "");
}
