import assert from "node:assert/strict";
import fc from "fast-check";
import type { InlineKeyboardMarkup, InputRichBlock, MessageEntity, RichText } from "grammy/types";
import { type PlainPayload, renderPlain } from "../../bot/render/plain.ts";
import { renderRich, type RichPayload } from "../../bot/render/rich.ts";
import { toText } from "../../bot/render/text.ts";
import type { Action, Block, Button, Inline, Line, Mark, Reply } from "../../handlers/reply.ts";

const PLAIN = { store: () => "Stored-1", dateTimeEntities: true };
const RICH = { store: () => "Stored-1" };
const RUNS = { numRuns: 150 };

/** Code points nobody should ever find in a message; the one variation selector is part of our own marks. */
const FORBIDDEN =
  /(?!\n)\p{Cc}|[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u2028-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0E\uFEFF\uFFA0\uFFF9-\uFFFC\uE000-\uF8FF\p{Cs}\p{Co}\p{Cn}\u{E0000}-\u{E0FFF}]|(?<!\p{Extended_Pictographic})\uFE0F/u;

const VERDICTS = /[🟢🟡🔴⚪⏳✅⛔❔]/gu;

Deno.test("renderRich makes a payload within Telegram's limits from any reply", () => {
  fc.assert(fc.property(anyReply(anyText()), (reply) => checkRich(renderRich(reply, RICH))), RUNS);
});

Deno.test("renderPlain makes a payload within Telegram's limits from any reply", () => {
  fc.assert(fc.property(anyReply(anyText()), (reply) => checkPlain(renderPlain(reply, PLAIN))), RUNS);
});

Deno.test("renderRich and renderPlain stay within the limits when a reply is huge, and give the rest as a file", () => {
  fc.assert(
    fc.property(hugeReply(), (reply) => {
      const [rich, plain] = [renderRich(reply, RICH), renderPlain(reply, PLAIN)];
      checkRich(rich);
      checkPlain(plain);
      assert.equal(plain.rest?.content, toText(reply));
      assert.match(plain.text, /left out here|shortened here/);
      if (rich.rest) assert.match(JSON.stringify(rich.rich_message), /left out here|shortened here/);
    }),
    { numRuns: 8, endOnFailure: true },
  );
});

Deno.test("toText lets nothing invisible through and never loses a row", () => {
  fc.assert(
    fc.property(fc.array(fc.array(anyText(), { minLength: 1, maxLength: 4 }), { minLength: 1 }), (rows) => {
      const text = toText({
        mark: "fine",
        title: "All",
        blocks: [{ kind: "table", rows: rows.map((row) => row.map((data) => ({ data }))) }],
      });
      assert.doesNotMatch(text, FORBIDDEN);
      assert.equal(text.split("\n").length, rows.length + 3);
    }),
    RUNS,
  );
});

Deno.test("a vendor's words add no row, line, block, button, mark or entity other than code", () => {
  fc.assert(
    fc.property(
      fc.array(anyText().map((text) => text.slice(0, 30)), { minLength: 6, maxLength: 6 }),
      (words) => {
        const [hostile, tame] = [replyAround(words), replyAround(words.map(() => "x"))];
        assert.deepEqual(richShape(renderRich(hostile, RICH)), richShape(renderRich(tame, RICH)));
        assert.deepEqual(plainShape(renderPlain(hostile, PLAIN)), plainShape(renderPlain(tame, PLAIN)));
      },
    ),
    { numRuns: 400 },
  );
});

function replyAround([a = "", b = "", c = "", d = "", e = "", f = ""]: readonly string[]): Reply {
  return {
    mark: "attention",
    title: ["Look at ", { data: a }, " again"],
    blocks: [
      { kind: "text", text: ["Said by ", { data: b }] },
      {
        kind: "table",
        header: ["Name", "State"],
        rows: [[{ data: c }, "ok"], ["own", { bold: { data: d } }]],
      },
      { kind: "list", items: [{ data: e }, { code: f }] },
      { kind: "facts", facts: [["Name", { data: a }], ["Id", { code: b }]] },
      { kind: "details", summary: { data: c }, blocks: [{ kind: "text", text: { data: d } }] },
    ],
    footer: { data: e },
    buttons: [[{ label: f, action: { command: "/status" } }, { label: a, action: { dead: true } }]],
  };
}

function richShape({ rich_message, reply_markup }: RichPayload): unknown {
  const words = texts(rich_message);
  return {
    skeleton: JSON.stringify(
      rich_message.blocks,
      (key, value) => key === "text" || key === "summary" ? "" : value,
    ),
    verdicts: words.join("").match(VERDICTS)?.length,
    lineBreaks: words.filter((text) => text.includes("\n")).length,
    buttons: reply_markup?.inline_keyboard.map((row) => row.length),
  };
}

function plainShape({ text, entities, reply_markup }: PlainPayload): unknown {
  return {
    lines: text.split("\n").length,
    verdicts: text.match(VERDICTS)?.length,
    entities: entities.filter(({ type }) => type !== "code" && type !== "bold").map(({ type }) => type),
    buttons: reply_markup?.inline_keyboard.map((row) => row.length),
  };
}

function checkRich({ rich_message, reply_markup }: RichPayload): void {
  const { blocks = [], ...rest } = rich_message;
  assert.deepEqual(rest, { skip_entity_detection: true });
  const words = texts(blocks);
  assert.ok([...words.join("")].length <= 32_768, "text");
  assert.ok(blocks.reduce((sum, block) => sum + weigh(block), 0) <= 500, "blocks");
  blocks.forEach(checkBlock);
  assert.equal(blocks[0]?.type, "paragraph");
  checkWords(words);
  checkKeyboard(reply_markup);
}

function weigh(block: InputRichBlock): number {
  if (block.type === "table") return 1 + block.cells.length;
  if (block.type === "details") return block.blocks.reduce((sum, inner) => sum + weigh(inner), 1);
  if (block.type !== "list") return 1;
  return block.items.reduce((sum, item) => sum + item.blocks.reduce((s, inner) => s + weigh(inner), 1), 1);
}

function checkBlock(block: InputRichBlock): void {
  assert.ok(levels(block) <= 16, "levels");
  if (block.type === "table") {
    const width = block.cells[0]?.length ?? 0;
    assert.ok(width >= 1 && width <= 20, "columns");
    assert.ok(block.cells.every((row) => row.length === width), "every row is as wide");
  } else if (block.type === "details") {
    assert.ok(!isBlank(block.summary) && block.blocks.length > 0, "details are never empty");
    block.blocks.forEach(checkBlock);
  } else if (block.type === "list") {
    assert.ok(block.items.length > 0);
    block.items.forEach((item) => item.blocks.forEach(checkBlock));
  } else if ("text" in block) assert.ok(!isBlank(block.text), `empty ${block.type}`);
}

function isBlank(text: RichText): boolean {
  return texts([text]).join("").trim() === "";
}

function levels(node: unknown): number {
  if (typeof node !== "object" || node === null) return 0;
  const own = "type" in node ? 1 : 0;
  return own + Math.max(0, ...Object.values(node).map(levels));
}

/** Every string a reader sees; names of types and formats are not among them. */
function texts(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap((item) => typeof item === "string" ? [item] : texts(item));
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    typeof value !== "string" ? texts(value) : key === "text" || key === "summary" ? [value] : []
  );
}

function checkWords(words: readonly string[]): void {
  for (const word of words) assert.doesNotMatch(word, FORBIDDEN);
}

function checkPlain({ text, entities, reply_markup, link_preview_options }: PlainPayload): void {
  assert.ok(text.length >= 1 && text.length <= 4096, "text");
  assert.equal(text, text.trim());
  checkWords([text]);
  assert.ok(entities.length <= 100, "entities");
  entities.forEach((entity, index) => {
    const end = entity.offset + entity.length;
    assert.ok(
      Number.isInteger(entity.offset) && entity.offset >= 0 && entity.length > 0 && end <= text.length,
    );
    for (const edge of [entity.offset, end]) assert.ok(!isInsidePair(text, edge), "half a surrogate pair");
    assert.notEqual(text.slice(entity.offset, end).trim(), "");
    assert.ok(index === 0 || (entities[index - 1]?.offset ?? 0) <= entity.offset, "sorted");
    entities.slice(index + 1).forEach((other) => checkPair(entity, other));
  });
  assert.deepEqual(link_preview_options, { is_disabled: true });
  checkKeyboard(reply_markup);
  assert.ok(!JSON.stringify(reply_markup ?? {}).includes("disabled"));
}

/** Two entities are apart, or the second lies within the first; code, pre and quotes have their own rules. */
function checkPair(first: MessageEntity, second: MessageEntity): void {
  if (second.offset >= first.offset + first.length) return;
  assert.ok(second.offset + second.length <= first.offset + first.length, "entities cross");
  assert.ok(first.type !== "code" && first.type !== "pre", "nothing lies in code");
  assert.ok(second.type !== "expandable_blockquote", "a quote lies in nothing");
  if (second.type === "code") assert.equal(first.type, "expandable_blockquote");
}

function isInsidePair(text: string, index: number): boolean {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(index - 1, index + 1));
}

function checkKeyboard(markup: InlineKeyboardMarkup | undefined): void {
  if (!markup) return;
  const rows = markup.inline_keyboard;
  assert.ok(
    rows.length > 0 && rows.every((row) => row.length >= 1 && row.length <= 8) && rows.flat().length <= 100,
  );
  for (const button of rows.flat()) {
    assert.notEqual(button.text.trim(), "");
    checkWords([button.text]);
    if ("callback_data" in button) {
      const size = new TextEncoder().encode(button.callback_data).length;
      assert.ok(size >= 3 && size <= 64, "callback_data");
    } else if ("copy_text" in button) {
      assert.ok(button.copy_text.text.length >= 1 && button.copy_text.text.length <= 256);
    } else assert.ok("url" in button || "disabled" in button);
  }
}

function anyText(): fc.Arbitrary<string> {
  const hostile = fc.constantFrom(
    ...[
      "\n",
      "\r\n",
      "\t",
      "\u0085",
      "\u2028",
      "\u202E",
      "\u2066",
      "\u200B",
      "\u200D",
      "\uFEFF",
      "\u3164",
      "\u{E0041}",
    ],
    ...[
      "\uD800",
      "\uDC00",
      "\uE000",
      "\u{10FFFF}",
      "\u0378",
      "\uFE0F",
      "\u20E3",
      "\u0301".repeat(60),
      "\u0000",
      "\u001B[",
    ],
    ...[
      "🟢",
      "🔴 down",
      "✅ Applied",
      "⚠️",
      "⏳",
      " · ",
      "|",
      "• ",
      "<b>",
      "</details>",
      "**",
      "`",
      "[x](tg://user?id=1)",
    ],
    ...[
      "/approve K7Q2X",
      "@ana",
      "https://evil.example",
      "#tag",
      "$USD",
      "שלום",
      "مرحبا",
      "Аcme",
      "👨‍👩‍👧",
      "🇩🇪",
      "가\u1160",
      "   ",
    ],
  );
  const units = fc.integer({ min: 0, max: 0xFFFF }).map((unit) => String.fromCharCode(unit));
  return fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.string({ unit: units, maxLength: 20 }),
    fc.array(fc.oneof(hostile, fc.string({ maxLength: 6 })), { maxLength: 12 }).map((parts) =>
      parts.join("")
    ),
    fc.constantFrom("x".repeat(5000), "😀".repeat(3000), "e\u0301".repeat(3000), "\u1100".repeat(9000), ""),
  );
}

function anyReply(text: fc.Arbitrary<string>): fc.Arbitrary<Reply> {
  const buttons = fc.array(fc.array(anyButton(text), { maxLength: 10 }), { maxLength: 14 });
  return fc.record({
    mark: anyMark(),
    title: anyLine(text),
    blocks: fc.array(anyBlock(text), { maxLength: 5 }),
    footer: anyLine(text),
    buttons,
  }, { requiredKeys: ["mark", "title"] });
}

function anyMark(): fc.Arbitrary<Mark> {
  return fc.constantFrom(
    "fine",
    "attention",
    "down",
    "absent",
    "working",
    "applied",
    "refused",
    "danger",
    "info",
  );
}

function anyLine(text: fc.Arbitrary<string>): fc.Arbitrary<Line> {
  const { line } = fc.letrec<{ line: Line; inline: Inline }>((tie) => ({
    inline: fc.oneof(
      { depthSize: "small" },
      text,
      text.map((code) => ({ code })),
      fc.record({ data: text, max: fc.integer({ min: 1, max: 200 }) }, { requiredKeys: ["data"] }),
      fc.record({ time: anyTime(), as: fc.constantFrom("clock", "date", "relative", "deadline") }, {
        requiredKeys: ["time"],
      }),
      tie("line").map((bold) => ({ bold })),
    ),
    line: fc.oneof({ depthSize: "small" }, tie("inline"), fc.array(tie("inline"), { maxLength: 6 })),
  }));
  return line;
}

function anyTime(): fc.Arbitrary<number> {
  return fc.oneof(
    fc.integer({ min: 0, max: 4e12 }),
    fc.double(),
    fc.constantFrom(NaN, Infinity, -1, 8.65e15),
  );
}

function anyBlock(text: fc.Arbitrary<string>): fc.Arbitrary<Block> {
  const line = anyLine(text);
  const row = fc.array(line, { maxLength: 25 });
  const { block } = fc.letrec<{ block: Block }>((tie) => ({
    block: fc.oneof(
      { depthSize: "medium" },
      fc.record({ kind: fc.constant("text"), text: line }),
      fc.record({ kind: fc.constant("facts"), facts: fc.array(fc.tuple(text, line), { maxLength: 5 }) }),
      fc.record({ kind: fc.constant("table"), header: row, rows: fc.array(row, { maxLength: 6 }) }),
      fc.record({ kind: fc.constant("list"), items: fc.array(line, { maxLength: 6 }) }),
      fc.record({ kind: fc.constant("pre"), text }),
      fc.record({
        kind: fc.constant("details"),
        summary: line,
        blocks: fc.array(tie("block"), { maxLength: 3 }),
      }),
    ),
  }));
  return block;
}

function anyButton(text: fc.Arbitrary<string>): fc.Arbitrary<Button> {
  const handle = fc.stringMatching(/^[A-Za-z0-9_-]{1,48}$/);
  const action: fc.Arbitrary<Action> = fc.oneof(
    text.map((command) => ({ command })),
    fc.record({ handle, do: fc.constantFrom("approve", "reject", "undo", "choose") }),
    text.map((copy) => ({ copy })),
    text.map((url) => ({ url })),
    fc.constant({ dead: true as const }),
  );
  return fc.record({ label: text, action });
}

function hugeReply(): fc.Arbitrary<Reply> {
  const rows = fc.integer({ min: 600, max: 1500 });
  const cell = fc.constantFrom("Acme Corp", "😀".repeat(60), "e\u0301".repeat(60), "שלום");
  return fc.tuple(rows, cell, anyMark(), fc.integer({ min: 1, max: 30 })).map((
    [count, data, mark, width],
  ) => ({
    mark,
    title: [{ data, max: 9999 }],
    blocks: [
      { kind: "details", summary: "Folded", blocks: [{ kind: "list", items: Array(count).fill({ data }) }] },
      { kind: "table", rows: Array(count).fill(Array(width).fill({ code: data })) },
      { kind: "pre", text: `${data}\n`.repeat(count) },
    ],
    footer: data.repeat(50),
  }));
}
