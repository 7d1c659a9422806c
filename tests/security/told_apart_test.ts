import assert from "node:assert/strict";
import { ANA, type Fixture, openFixture, textOf } from "../approvals/fixture.ts";

const LONG = "x".repeat(245);

/** What the name is, what it is to be, and how the card shows the two. */
const NAMES: readonly (readonly [now: string, after: string, shown: string])[] = [
  ["Armis\u00a0One", "Armis One", "Armis⟨U+00A0⟩One  Armis One"],
  ["Armis  One", "Armis One", "Armis ⟨U+0020⟩One  Armis One"],
  ["Caf\u00e9", "Cafe\u0301", "Caf⟨U+00E9⟩  Cafe⟨U+0301⟩"],
  ["Armis\nOne", "Armis One", "Armis⟨U+000A⟩One  Armis One"],
  ["Armis", "Soph\u200bos", "Armis  Soph⟨U+200B⟩os"],
  ["Globex", "GIobex", "Globex  GIobex (⚠ capital I)"],
  ["Armis", "Ѕорһоѕ", "Armis  Ѕорһоѕ (⚠ not Latin letters)"],
  [`${LONG}a`, `${LONG}b`, "… (differs further on)"],
];

async function cardOf(fixture: Fixture, now: string, after: string): Promise<string> {
  const [record] = fixture.halo.records["ArmisDetails"] ?? [];
  Object.assign(record ?? {}, { name: now });
  const { code, card } = await fixture.ask("/update armis 4", {
    document: { name: "body.json", content: { name: after } },
  });
  const text = textOf(card);
  await fixture.say(ANA, `/withdraw ${code}`);
  return text;
}

Deno.test("two values that read the same are told apart on the card, and look-alikes are pointed out", async () => {
  await using fixture = await openFixture();
  for (const [now, after, shown] of NAMES) {
    const text = (await cardOf(fixture, now, after)).replace(/ {2,}/g, "  ");
    assert.ok(text.includes(shown), `${shown} is not in\n${text}`);
  }
});
