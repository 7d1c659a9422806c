import assert from "node:assert/strict";
import { renderPlain } from "../../bot/render/plain.ts";
import { renderRich } from "../../bot/render/rich.ts";
import { toText } from "../../bot/render/text.ts";
import type { Reply } from "../../handlers/reply.ts";

const OPTIONS = { store: () => "Stored-1", dateTimeEntities: true };
const AT = Date.UTC(2026, 10, 21, 3, 27);

const STATUS: Reply = {
  mark: "down",
  title: "2 of 4 vendors need attention",
  blocks: [
    {
      kind: "table",
      rows: [
        ["🔴", "OpsRamp", ["not reachable · next try ", { time: AT, as: "relative" }]],
        ["🟡", "Bitdefender", "2 of 14 need action"],
        ["🟢", "Apono", "31 of 31 active"],
      ],
    },
    {
      kind: "details",
      summary: "Bitdefender (2)",
      blocks: [{
        kind: "table",
        header: ["Name", "Status", "Company"],
        rows: [
          [{ data: "vcenter-eu" }, "Action required", { data: "Acme Corp" }],
          [{ data: "vcenter.us" }, "Error", { data: "Globex" }],
        ],
      }],
    },
  ],
  footer: ["as of ", { time: AT, as: "clock" }, " · Bitdefender 8 s old"],
  buttons: [[{ label: "Refresh", action: { command: "/status" } }]],
};

const CARD: Reply = {
  mark: "danger",
  title: ["Disable the EC2 integration of ", { data: "Acme Corp" }, "?"],
  blocks: [
    { kind: "text", text: { code: "55115935b1a43dcc4a7b23c6" } },
    {
      kind: "table",
      header: ["", "now", "after"],
      rows: [["Integration", ["AWS account ", { code: "111222345123" }], "disabled"], [
        "External ID",
        "5e93…g188",
        "kept",
      ]],
    },
    {
      kind: "facts",
      facts: [["Undo", "yes, with role/test"], ["Why", ['"', { data: "off-boarding" }, '"']]],
    },
    { kind: "details", summary: "what will be sent", blocks: [{ kind: "pre", text: '{\n  "id": 1\n}' }] },
  ],
};

Deno.test("renderPlain says the status worst first, folds the list, and keeps a name from becoming a link", () => {
  const { text, entities, rest, reply_markup } = renderPlain(STATUS, OPTIONS);
  assert.equal(
    text,
    `🔴 2 of 4 vendors need attention

🔴 OpsRamp · not reachable · next try 2026-11-21 03:27 UTC
🟡 Bitdefender · 2 of 14 need action
🟢 Apono · 31 of 31 active

Bitdefender (2)
Name · Status · Company
vcenter-eu · Action required · Acme Corp
vcenter.us · Error · Globex

as of 2026-11-21 03:27 UTC · Bitdefender 8 s old`,
  );
  assert.deepEqual(entities.map(({ type, offset, length }) => [type, text.slice(offset, offset + length)]), [
    ["bold", "🔴 2 of 4 vendors need attention"],
    ["date_time", "2026-11-21 03:27 UTC"],
    ["expandable_blockquote", text.slice(text.indexOf("Bitdefender (2)"), text.indexOf("\n\nas of"))],
    ["bold", "Bitdefender (2)"],
    ["bold", "Name · Status · Company"],
    ["code", "vcenter.us"],
    ["date_time", "2026-11-21 03:27 UTC"],
  ]);
  assert.equal(rest, undefined);
  assert.deepEqual(reply_markup?.inline_keyboard, [[{ text: "Refresh", callback_data: "c:/status" }]]);
});

Deno.test("renderPlain sets times only as text for servers that do not know them", () => {
  const { entities } = renderPlain(STATUS, { ...OPTIONS, dateTimeEntities: false });
  assert.deepEqual(entities.filter(({ type }) => type === "date_time"), []);
});

Deno.test("A deadline is a clock and a countdown, and says no word twice where neither is shown", () => {
  const until = ["until ", { time: AT, as: "deadline" }] as const;
  const reply: Reply = {
    mark: "info",
    title: "Waits",
    blocks: [{ kind: "facts", facts: [["Needs", until]] }],
  };
  const words = "until 03:27 UTC (2026-11-21)";
  assert.ok(toText(reply).includes(words));
  assert.ok(renderPlain(reply, { ...OPTIONS, dateTimeEntities: false }).text.includes(words));
  const [, table] = renderRich(reply, OPTIONS).rich_message.blocks ?? [];
  assert.ok(table?.type === "table");
  assert.deepEqual(table.cells[0]?.[1]?.text, [
    "until ",
    { type: "date_time", text: "03:27 UTC", unix_time: AT / 1000, date_time_format: "t" },
    " (",
    { type: "date_time", text: "2026-11-21", unix_time: AT / 1000, date_time_format: "r" },
    ")",
  ]);
});

Deno.test("renderPlain says what a plan changes, names the columns in each row, and spells out the danger", () => {
  assert.equal(
    renderPlain(CARD, OPTIONS).text,
    `⚠️ Disable the EC2 integration of Acme Corp? · danger
55115935b1a43dcc4a7b23c6

Integration · now AWS account 111222345123 · after disabled
External ID · now 5e93…g188 · after kept

Undo: yes, with role/test
Why: "off-boarding"

what will be sent
{
  "id": 1
}`,
  );
});

Deno.test("renderRich makes blocks of a plan card", () => {
  const left = { align: "left", valign: "top" } as const;
  assert.deepEqual(renderRich(CARD, OPTIONS), {
    rich_message: {
      blocks: [
        {
          type: "paragraph",
          text: { type: "bold", text: "⚠️ Disable the EC2 integration of Acme Corp? · danger" },
        },
        { type: "paragraph", text: { type: "code", text: "55115935b1a43dcc4a7b23c6" } },
        {
          type: "table",
          cells: [
            [{ is_header: true, ...left }, { text: "now", is_header: true, ...left }, {
              text: "after",
              is_header: true,
              ...left,
            }],
            [
              { text: "Integration", ...left },
              { text: ["AWS account ", { type: "code", text: "111222345123" }], ...left },
              { text: "disabled", ...left },
            ],
            [{ text: "External ID", ...left }, { text: "5e93…g188", ...left }, { text: "kept", ...left }],
          ],
          is_compact: true,
        },
        {
          type: "table",
          cells: [
            [{ text: "Undo", is_header: true, ...left }, { text: "yes, with role/test", ...left }],
            [{ text: "Why", is_header: true, ...left }, { text: '"off-boarding"', ...left }],
          ],
          is_compact: true,
        },
        { type: "details", summary: "what will be sent", blocks: [{ type: "pre", text: '{\n  "id": 1\n}' }] },
      ],
      skip_entity_detection: true,
    },
  });
});

Deno.test("renderRich gives times in the reader's zone with UTC underneath", () => {
  const { blocks } = renderRich(STATUS, OPTIONS).rich_message;
  assert.deepEqual(blocks?.at(-1), {
    type: "footer",
    text: [
      "as of ",
      { type: "date_time", text: "2026-11-21 03:27 UTC", unix_time: AT / 1000, date_time_format: "t" },
      " · Bitdefender 8 s old",
    ],
  });
});

Deno.test("renderRich sets a column of numbers to the right", () => {
  const table = {
    kind: "table",
    header: ["Kind", "Hours"],
    rows: [["small", "12"], ["large", "1,204.5"]],
  } as const;
  const block = renderRich({ mark: "fine", title: "Usage", blocks: [table] }, OPTIONS).rich_message.blocks
    ?.[1];
  assert.ok(block?.type === "table");
  assert.deepEqual(block.cells.map((row) => row.map((cell) => cell.align)), Array(3).fill(["left", "right"]));
});

const SHORT: readonly (readonly [string, Reply, string])[] = [
  [
    "an outcome",
    {
      mark: "applied",
      title: ["Applied: the EC2 integration of ", { data: "Acme Corp" }, " is disabled"],
      blocks: [{ kind: "text", text: "Read back: Acme Corp is no longer listed" }],
      footer: "Ana asked · Ben approved · done in 1.2 s · K7Q2X",
    },
    "✅ Applied: the EC2 integration of Acme Corp is disabled\nRead back: Acme Corp is no longer listed\n" +
    "Ana asked · Ben approved · done in 1.2 s · K7Q2X",
  ],
  [
    "a refusal",
    {
      mark: "refused",
      title: "You asked for this change, so someone else has to approve it.",
      blocks: [{ kind: "text", text: "Who can: Ben, Chidi. To take it back: /withdraw K7Q2X" }],
    },
    "⛔ You asked for this change, so someone else has to approve it.\nWho can: Ben, Chidi. To take it back: /withdraw K7Q2X",
  ],
  [
    "several matches",
    { mark: "question", title: ['"', { data: "acme" }, '" fits 3 companies. Which one?'] },
    '🟡 "acme" fits 3 companies. Which one?',
  ],
  [
    "an error",
    {
      mark: "down",
      title: "GravityZone refused our key (401)",
      blocks: [{ kind: "text", text: "Nothing was read or changed." }],
      footer: ["ref ", { code: "7F3K2" }],
    },
    "🔴 GravityZone refused our key (401)\nNothing was read or changed.\nref 7F3K2",
  ],
  ["a mark without words", { mark: "unknown", title: " " }, "❔ Unknown"],
];

for (const [name, reply, text] of SHORT) {
  Deno.test(`renderPlain says ${name}`, () => {
    assert.equal(renderPlain(reply, OPTIONS).text, text);
    assert.equal(toText(reply), `${text}\n`);
  });
}

Deno.test("toText aligns tables and opens details", () => {
  assert.equal(
    toText(STATUS),
    `🔴 2 of 4 vendors need attention

🔴  OpsRamp      not reachable · next try 2026-11-21 03:27 UTC
🟡  Bitdefender  2 of 14 need action
🟢  Apono        31 of 31 active

▾ Bitdefender (2)
  Name        Status           Company
  ──────────  ───────────────  ─────────
  vcenter-eu  Action required  Acme Corp
  vcenter.us  Error            Globex

as of 2026-11-21 03:27 UTC · Bitdefender 8 s old
`,
  );
});

Deno.test("renderPlain cuts at a row, says how many are left out, and gives all of them as a file", () => {
  const rows = Array.from({ length: 143 }, (_, index) => [`integration-${index + 1}`, "x".repeat(40)]);
  const reply: Reply = {
    mark: "fine",
    title: "143 of 143 active",
    blocks: [{ kind: "table", rows }],
    footer: "end",
  };
  const { text, rest } = renderPlain(reply, OPTIONS);
  const shown = text.split("\n").filter((line) => line.startsWith("integration-"));
  assert.deepEqual(shown, rows.slice(0, shown.length).map((row) => row.join(" · ")));
  assert.ok(
    text.endsWith(`\n\n… ${143 - shown.length} of 143 rows left out here; the file has everything.\nend`),
    text,
  );
  assert.deepEqual({ ...rest, content: "" }, { name: "answer.txt", mime: "text/plain", content: "" });
  assert.equal(rest?.content.split("\n").filter((line) => line.startsWith("integration-")).length, 143);
});

Deno.test("renderRich gives a line that is too long as a file too", () => {
  const reply: Reply = { mark: "info", title: "Long", blocks: [{ kind: "text", text: "word ".repeat(400) }] };
  const { rich_message, rest } = renderRich(reply, OPTIONS);
  assert.deepEqual(rich_message.blocks?.at(-1), {
    type: "paragraph",
    text: "… Long lines are shortened here; the file has everything.",
  });
  assert.ok(rest?.content.includes("word ".repeat(400).trim()));
});

Deno.test("renderRich leaves nothing out before the bytes that Telegram takes are used up", () => {
  const texts = (sign: string, count: number) =>
    Array.from({ length: count }, () => ({ kind: "text", text: sign.repeat(1000) }) as const);
  for (const [sign, most] of [["x", 32], ["é", 16], ["…", 10]] as const) {
    for (const [count, fits] of [[most, true], [most + 1, false]] as const) {
      const { rest } = renderRich({ mark: "fine", title: "All", blocks: texts(sign, count) }, OPTIONS);
      assert.equal(rest === undefined, fits, `${count} thousand ${sign}`);
    }
  }
});

Deno.test("renderPlain cuts before the entities that Telegram would drop", () => {
  const items = Array.from({ length: 200 }, (_, index) => ({ code: `i${index}` }));
  const reply: Reply = { mark: "info", title: "200 ids", blocks: [{ kind: "list", items }] };
  const { text, entities, rest } = renderPlain(reply, OPTIONS);
  assert.equal(entities.length, 100);
  assert.ok(text.endsWith("… 101 of 200 items left out here; the file has everything."), text);
  assert.ok(rest);
});
