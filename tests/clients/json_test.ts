import assert from "node:assert/strict";
import * as z from "zod";
import { arrayOf, numeric, rowsOf } from "../../clients/json.ts";

const monitor = z.object({ id: numeric, name: z.string() });

Deno.test("an odd row is counted and named, and hides no other", () => {
  const rows = [
    { id: 1, name: "Lisbon" },
    { id: [], name: "Porto" },
    { id: "2", name: "Faro" },
    { id: 7, name: null },
    { name: null },
    null,
    { id: {}, name: "https://ana:hunter2@example.com" },
  ];
  assert.deepEqual(rowsOf(monitor).parse(rows), {
    items: [{ id: 1, name: "Lisbon" }, { id: 2, name: "Faro" }],
    unread: ["Porto", "id 7", "row 5", "row 6", "••••••"],
  });
  assert.deepEqual(rowsOf(monitor).parse([]), { items: [], unread: [] });
});

Deno.test("what is no list of such rows fails with its first few mistakes, however many it has", () => {
  const ones = Array.from({ length: 1_000_000 }, () => 1);
  let judged = 0;
  const counting = monitor.or(z.unknown().refine(() => ++judged < 0));
  for (const list of [rowsOf(counting), arrayOf(counting)]) {
    const { error } = list.safeParse(ones);
    assert.equal(error?.issues.length, 3);
    assert.deepEqual(error.issues[0]?.path, [0]);
  }
  assert.ok(judged < 200, `judged ${judged} rows`);
  for (const answer of [[1], { id: 1 }, "text", null]) assert.ok(!rowsOf(monitor).safeParse(answer).success);
  assert.ok(!arrayOf(monitor).safeParse([{ id: 1, name: "Lisbon" }, {}]).success);
  assert.deepEqual(arrayOf(monitor).parse([{ id: 1, name: "Lisbon" }]), [{ id: 1, name: "Lisbon" }]);
});

Deno.test("a numeric text is a number, and no other text is", () => {
  assert.equal(numeric.parse("443"), 443);
  assert.equal(numeric.parse(-1.5), -1.5);
  for (const text of ["", "0x10", "1e3", "12 px", null]) assert.ok(!numeric.safeParse(text).success);
});
