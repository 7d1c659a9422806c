import assert from "node:assert/strict";
import fc from "fast-check";
import { keyboard, parseCallback } from "../../bot/render/keyboard.ts";
import type { Action } from "../../handlers/reply.ts";

const OPTIONS = { store: () => "Stored-1", dead: true };

Deno.test("keyboard writes each kind of button", () => {
  const rows = [
    [{ label: "Approve", action: { handle: "q8Zk", do: "approve" }, style: "success" }, {
      label: "Reject",
      action: { handle: "q8Zk", do: "reject" },
      style: "danger",
    }],
    [{ label: "Refresh", action: { command: "/status ec2" } }, {
      label: "Copy",
      action: { copy: "5e93-g188" },
    }],
    [{ label: "Enter it", action: { url: "https://bot.example/secret/1" } }, {
      label: "Gone",
      action: { dead: true },
    }],
  ] as const;
  assert.deepEqual(keyboard(rows, OPTIONS), {
    inline_keyboard: [
      [{ text: "Approve", style: "success", callback_data: "a:q8Zk" }, {
        text: "Reject",
        style: "danger",
        callback_data: "r:q8Zk",
      }],
      [{ text: "Refresh", callback_data: "c:/status ec2" }, {
        text: "Copy",
        copy_text: { text: "5e93-g188" },
      }],
      [{ text: "Enter it", url: "https://bot.example/secret/1" }, { text: "Gone", disabled: {} }],
    ],
  });
});

Deno.test("keyboard leaves out what cannot work, and rows that are empty then", () => {
  const left = [{ copy: "" }, { copy: "x".repeat(257) }, { url: "javascript:alert(1)" }, {
    url: "no address",
  }, {
    command: "\n",
  }];
  assert.equal(keyboard([left.map((action) => ({ label: "x", action })), []], OPTIONS), undefined);
  assert.equal(keyboard(undefined, OPTIONS), undefined);
});

Deno.test("keyboard leaves out dead buttons where they are not known", () => {
  assert.equal(
    keyboard([[{ label: "Gone", action: { dead: true } }]], { ...OPTIONS, dead: false }),
    undefined,
  );
});

Deno.test("keyboard stores a command that is too long for a button", () => {
  const stored: string[] = [];
  const command = `/disable ec2 ${"ü".repeat(40)}`;
  const store = (command: string) => `S${stored.push(command)}`;
  const markup = keyboard([[{ label: "Again", action: { command } }]], { store, dead: true });
  assert.deepEqual(markup?.inline_keyboard, [[{ text: "Again", callback_data: "h:S1" }]]);
  assert.deepEqual(stored, [command]);
  assert.deepEqual(parseCallback("h:S1"), { kind: "stored", handle: "S1" });
});

Deno.test("keyboard refuses a handle that would not come back as it was", () => {
  for (const handle of ["", "a:b", "x".repeat(49), "ü"]) {
    const rows = [[{ label: "Approve", action: { handle, do: "approve" } as const }]];
    assert.throws(() => keyboard(rows, OPTIONS), RangeError, handle);
  }
});

Deno.test("keyboard breaks long rows and stops at a hundred buttons", () => {
  const row = Array(9).fill({ label: "x", action: { command: "/ping" } });
  assert.deepEqual(keyboard([row], OPTIONS)?.inline_keyboard.map((row) => row.length), [8, 1]);
  assert.equal(keyboard(Array(30).fill(row), OPTIONS)?.inline_keyboard.flat().length, 100);
});

Deno.test("parseCallback reads back what keyboard wrote", () => {
  fc.assert(
    fc.property(anyAction(), (action) => {
      const button = keyboard([[{ label: "x", action }]], OPTIONS)?.inline_keyboard[0]?.[0];
      assert.ok(button && "callback_data" in button);
      assert.deepEqual(parseCallback(button.callback_data), expected(action));
    }),
    { numRuns: 300 },
  );
});

Deno.test("parseCallback knows nothing of what no keyboard here wrote", () => {
  const foreign = [
    "",
    "a",
    "a:",
    "a:ü",
    "z:q8Zk",
    "p:q8Zk",
    "p:q8Zk:0",
    "p:q8Zk:1:2",
    "c:",
    "c:a\nb",
    "c: /x",
    `a:${"x".repeat(63)}`,
    `c:/${"ü".repeat(31)}`,
  ];
  for (const data of foreign) assert.equal(parseCallback(data), undefined, JSON.stringify(data));
  fc.assert(fc.property(fc.string({ unit: "binary" }), (data) => {
    const press = parseCallback(data);
    assert.ok(press === undefined || /^[chaurkp]:/.test(data));
  }));
});

function anyAction(): fc.Arbitrary<Extract<Action, { handle: string } | { command: string }>> {
  const handle = fc.stringMatching(/^[A-Za-z0-9_-]{1,48}$/);
  return fc.oneof(
    fc.stringMatching(/^\/[a-z0-9ü]{1,12}( [a-z0-9=]{1,8}){0,2}$/).map((command) => ({ command })),
    fc.record({ handle, do: fc.constantFrom("approve", "reject", "undo", "choose") }),
    fc.record({
      handle: fc.tuple(handle, fc.integer({ min: 1, max: 9999 })).map((parts) => parts.join(":")),
      do: fc.constant("page"),
    }),
  );
}

function expected(action: Extract<Action, { handle: string } | { command: string }>): unknown {
  if ("command" in action) return { kind: "command", command: action.command };
  if (action.do !== "page") return { kind: "handle", do: action.do, handle: action.handle };
  const [handle, page] = action.handle.split(":");
  return { kind: "handle", do: "page", handle, page: Number(page) };
}
