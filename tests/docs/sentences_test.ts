import assert from "node:assert/strict";
import { allSentences, sentencesIn } from "./sentences.ts";

Deno.test("sentencesIn reads a line as it is shown, with what is put in left open", () => {
  const source = `
    import { x } from "not a sentence";
    type State = "on its way" | "done";
    const first = ["The sync of ", { data: name }, " is off."];
    const second = \`\${count} more need attention\`;
    const third = "Nothing was sent. " + next + ".";
    const words = ["one word", "another word"];
    const fourth = found ? "It is there." : line("No one ", what, " fits.");
    await sql\`select all from it\`;
  `;
  assert.deepEqual(sentencesIn("some.ts", source).map(({ text }) => text), [
    "The sync of ‹…› is off.",
    "‹…› more need attention",
    "Nothing was sent. ‹…›.",
    "one word",
    "another word",
    "It is there.",
    "No one ‹…› fits.",
  ]);
  assert.equal(sentencesIn("some.ts", source)[0]?.at, "some.ts:4");
});

/** What was said once, and is said in plainer words by now. */
const QUAINT = [
  /\bloaded anew\b/,
  /\bentered anew\b/,
  /\breads go on\b/,
  /\bwhat it holds stays\b/,
  /\bmend it\b/i,
  /\bof before\b/,
  /\bnot said\b/i,
  /\bno longer good\b/,
];

Deno.test("no sentence of the bot goes back to words that were quaint", async () => {
  const sentences = await allSentences();
  assert.ok(sentences.length > 1_000, `${sentences.length} sentences`);
  const found = sentences.filter(({ text }) => QUAINT.some((words) => words.test(text)));
  assert.deepEqual(found, []);
});
