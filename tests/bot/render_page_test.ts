import assert from "node:assert/strict";
import fc from "fast-check";
import { pageOf } from "../../bot/render/keyboard.ts";
import type { Reply } from "../../handlers/reply.ts";

function listOf(count: number): Reply {
  const rows = Array.from({ length: count }, (_, index) => [String(index + 1)]);
  return {
    mark: "fine",
    title: `${count} integrations`,
    blocks: [{ kind: "table", header: ["Name"], rows }, { kind: "text", text: "after" }],
    buttons: [[{ label: "Refresh", action: { command: "/list halo" } }]],
  };
}

Deno.test("pageOf shows the rows asked for, says which they are, and turns both ways", () => {
  const { reply, page, pages } = pageOf(listOf(143), { page: 2, handle: "q8Zk" });
  assert.deepEqual([page, pages], [2, 15]);
  assert.deepEqual(reply.blocks, [
    {
      kind: "table",
      header: ["Name"],
      rows: ["11", "12", "13", "14", "15", "16", "17", "18", "19", "20"].map((row) => [row]),
    },
    { kind: "text", text: "rows 11–20 of 143" },
    { kind: "text", text: "after" },
  ]);
  assert.deepEqual(reply.buttons, [
    [
      { label: "‹ Back", action: { handle: "q8Zk:1", do: "page" } },
      { label: "Next ›", action: { handle: "q8Zk:3", do: "page" } },
    ],
    [{ label: "Refresh", action: { command: "/list halo" } }],
  ]);
});

Deno.test("pageOf returns a reply that fits as it is", () => {
  const reply = listOf(10);
  assert.deepEqual(pageOf(reply, { handle: "q8Zk" }), { reply, page: 1, pages: 1 });
});

Deno.test("pageOf takes a page out of range as the nearest one", () => {
  assert.equal(pageOf(listOf(21), { page: 99 }).page, 3);
  assert.equal(pageOf(listOf(21), { page: -1 }).page, 1);
  assert.equal(pageOf(listOf(21), { page: NaN }).page, 1);
});

Deno.test("pageOf names a lone last row and finds a table inside details", () => {
  const inner = listOf(31);
  const reply: Reply = {
    ...inner,
    blocks: [{ kind: "details", summary: "All", blocks: inner.blocks ?? [] }],
  };
  const [details] = pageOf(reply, { page: 4 }).reply.blocks ?? [];
  assert.ok(details?.kind === "details");
  assert.deepEqual(details.blocks[1], { kind: "text", text: "row 31 of 31" });
});

Deno.test("pageOf leaves a folded table whole that is not very long", () => {
  const reply: Reply = {
    ...listOf(0),
    blocks: [{ kind: "details", summary: "All", blocks: listOf(30).blocks ?? [] }],
  };
  assert.deepEqual(pageOf(reply, { handle: "q8Zk" }), { reply, page: 1, pages: 1 });
});

Deno.test("pageOf shows every row on exactly one page", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 30 }), (count, size) => {
    const seen: unknown[] = [];
    const { pages } = pageOf(listOf(count), { size });
    for (let page = 1; page <= pages; page++) {
      const [table] = pageOf(listOf(count), { page, size }).reply.blocks ?? [];
      assert.ok(table?.kind === "table" && table.rows.length <= size);
      seen.push(...table.rows.flat());
    }
    assert.deepEqual(seen, Array.from({ length: count }, (_, index) => String(index + 1)));
  }));
});
