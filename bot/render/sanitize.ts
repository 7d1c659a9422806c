import {
  type Block,
  type Button,
  type Inline,
  type Line,
  type Reply,
  rewordPicture,
} from "../../handlers/reply.ts";

/**
 * Text that came from outside, made safe to show. A name must not be able to break a line, hide or reorder
 * what stands beside it, look like a verdict of ours, or be mistaken for another name.
 */

/** Said in place of text of which nothing is left. */
export const NO_NAME = "(no name)";

/** Said after a name in which a word looks like another one that is written otherwise. */
const HINTS: readonly (readonly [hint: string, isDue: (line: string) => boolean])[] = [
  [" (⚠ mixed letters)", mixesAlphabets],
  [" (⚠ not Latin letters)", looksLatin],
  [" (⚠ capital I)", (line) => CAPITAL_I.test(line)],
];

/** Of a button, the hint at mixed alphabets included. */
const LABEL_MAX = 40;
/** Of a name, before it is cut to what a button has room for. */
const LONGEST_NAME = 80;
const CODE_MAX = 512;

/**
 * A vendor's or a person's words: one line, no marks of ours, at most `max` characters (graphemes) plus the
 * hint for mixed alphabets.
 */
export function sanitize(text: string, max = 80): string {
  const line = oneLine(text).replace(SEPARATORS, "-");
  if (line === "") return NO_NAME;
  return truncate(line, max) + hintFor(line);
}

/** Our own words: one line, marks kept, an outer space kept because pieces of a line are joined as they are. */
export function sanitizeOwn(text: string): string {
  if (!UNUSUAL.test(text)) return text;
  return capAccents(visible(text.replace(SPACES, " ")).normalize("NFC"));
}

/** An id or a value to copy. Never hinted at, because the hint would be copied along. */
export function sanitizeCode(text: string, max = CODE_MAX): string {
  const line = oneLine(text);
  return line === "" ? "–" : truncate(line, max);
}

/** What a button says. */
export function sanitizeLabel(text: string): string {
  const line = oneLine(text);
  if (line === "") return NO_NAME;
  const hint = hintFor(line);
  return truncate(line, LABEL_MAX - hint.length) + hint;
}

/**
 * A button's name with what tells it from namesakes behind it. The name is cut, in its middle where one of the `others`
 * begins alike, and has no dot to fake an end with.
 */
export function labelEnding(name: string, end: string, others: readonly string[] = []): string {
  const cleaned = sanitize(name.replace(/[·•∙⋅]/g, "-"), LONGEST_NAME);
  const [hint = ""] = HINTS.find(([one]) => cleaned.endsWith(one)) ?? [];
  const room = LABEL_MAX - end.length - hint.length;
  const whole = cleaned.slice(0, cleaned.length - hint.length);
  const cut = truncate(whole, room);
  const isShared = cut !== whole &&
    others.some((other) => other !== name && other.startsWith(name.slice(0, room - 1)));
  return (isShared ? withoutMiddle(whole, room) : cut) + end;
}

function withoutMiddle(text: string, max: number): string {
  const pieces = [...graphemesOf(text)].map(({ segment }) => segment);
  const first = Math.floor(max / 3);
  return `${pieces.slice(0, first).join("")}…${pieces.slice(first + 1 - max).join("")}`;
}

/** Preformatted text, line by line; indentation stays. */
export function sanitizeLines(text: string): string[] {
  return text.split(/\r\n|[\n-\r\u0085\u2028\u2029]/u).map((line) =>
    capAccents(line.replaceAll("\t", "  ").replace(/\p{Z}/gu, " ").replace(INVISIBLE, "").replace(MARKS, ""))
      .trimEnd()
  );
}

/** Text for the clipboard: as given, but for what nobody can see or Telegram cannot carry. */
export function sanitizeCopy(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(/[^\P{C}\n\t]|\p{DI}/gu, "").trim();
}

/** The first `max` graphemes, the last of them "…" when something was left out. */
export function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  const pieces: string[] = [];
  for (const { segment } of graphemesOf(text)) {
    pieces.push(segment);
    if (pieces.length > max) break;
  }
  const kept = pieces.length > max ? pieces.slice(0, max - 1).join("").trimEnd() + "…" : text;
  const units = max * UNITS_PER_GRAPHEME;
  return kept.length > units ? truncateUnits(kept, units - 1) + "…" : kept;
}

/** The longest beginning of `text` within `units` UTF-16 units that ends between graphemes. */
export function truncateUnits(text: string, units: number): string {
  if (text.length <= units) return text;
  let end = 0;
  // Whether a grapheme ends at `units` depends on the code point that follows, which may have two units.
  for (const { segment, index } of graphemesOf(text.slice(0, units + 2))) {
    if (index + segment.length > units) break;
    end = index + segment.length;
  }
  return end > 0 ? text.slice(0, end) : text.slice(0, units).replace(/\p{Cs}$/u, "");
}

let segmenter: Intl.Segmenter | undefined;

function graphemesOf(text: string): Intl.Segments {
  // Made when first needed: what it takes from ICU would slow down each start.
  segmenter ??= new Intl.Segmenter("und", { granularity: "grapheme" });
  return segmenter.segment(text);
}

/** Some alphabets have graphemes without end (Hangul, Indic conjuncts); this many units for each are enough. */
const UNITS_PER_GRAPHEME = 8;

/**
 * What may have to be cleaned: all but ASCII, Latin letters, dots, dashes and quotes, none of which is changed or hides
 * anything, and blanks that stand together.
 */
const UNUSUAL = /[^ -~·À-ž–-…]| {2}/;

/** Whatever ends or spaces a line. */
const SPACES = /[\t-\r\u0085\p{Z}]+/gu;

/**
 * Controls, bidi and other format characters, tags, variation selectors, fillers, private use, unassigned,
 * lone surrogates, the blank Braille pattern and the object placeholder.
 */
const INVISIBLE = /[\p{C}\p{DI}\u2800\uFFFC]/gu;

/** Signs that this bot, or a reader in a hurry, takes for a verdict, a warning or a fold. */
const MARKS = new RegExp(
  "[" +
    "\u{1F7E0}-\u{1F7EB}\u{1F534}\u{1F535}\u{1F532}\u{1F533}⚪⚫⬛⬜⬤●○◉◎◯■□◼◻" +
    "✅☑✔✓✗✘✖❌❎\u{1F5F8}\u{1F5F9}\u{1F197}" +
    "⛔\u{1F6AB}\u{1F6D1}⚠\u{1F6A8}❔❓❕❗‼⁉⁈⁇ℹ\u{1F6C8}⏳⌛▸▾▶▼►▹▿" +
    "]",
  "gu",
);

/** What stands between the fields of a line here. */
const SEPARATORS = /(?<=^| )[·•∙⋅|│]+(?= |$)/g;

function oneLine(text: string): string {
  if (!UNUSUAL.test(text)) return text.trim();
  const bare = text.replace(INVISIBLE_BUT_SPACES, "").replace(MARKS, "").replace(SPACES, " ").trim();
  return capAccents(bare.normalize("NFC").replace(/(^| )\p{M}+/gu, "$1")).replace(/ {2,}/g, " ").trim();
}

const INVISIBLE_BUT_SPACES = new RegExp(`(?![\\t-\\r\\u0085\\u2028\\u2029])${INVISIBLE.source}`, "gu");

/** Removes what cannot be seen, but not the emoji form (U+FE0F) of a mark of ours. */
function visible(text: string): string {
  return text.split(/(\p{Extended_Pictographic}\uFE0F)/u)
    .map((part, index) => index % 2 === 1 ? part : part.replace(INVISIBLE, ""))
    .join("").replace(/ {2,}/g, " ");
}

/** Two accents are language; more of the kind that fits any letter are a smear over the lines around. */
function capAccents(text: string): string {
  return text.replace(/(\p{sc=Zinh}{2})\p{sc=Zinh}+/gu, "$1").replace(/(\p{M}{8})\p{M}+/gu, "$1");
}

const ALPHABETS = [
  /\p{sc=Latin}/u,
  /\p{sc=Cyrillic}/u,
  /\p{sc=Greek}/u,
  /\p{sc=Armenian}/u,
  /\p{sc=Cherokee}/u,
];

function mixesAlphabets(line: string): boolean {
  if (!UNUSUAL.test(line)) return false;
  const words = line.match(/[\p{L}\p{M}]+/gu) ?? [];
  return words.some((word) => ALPHABETS.filter((alphabet) => alphabet.test(word)).length > 1);
}

/** Letters of other alphabets that nobody tells from Latin ones. */
const LIKE_LATIN = /^[АВЕЅІЈКМНОРСТУХаеѕіјкмнорсухүһԁԛԝѵΑΒΕΖΗΙΚΜΝΟΡΤΥΧΟονυ]{3,}$/u;

function looksLatin(line: string): boolean {
  if (!UNUSUAL.test(line)) return false;
  return (line.match(/[\p{L}\p{M}]+/gu) ?? []).some((word) => LIKE_LATIN.test(word));
}

/** Where a small L would stand: second in a capitalized word, or last after small letters. */
const CAPITAL_I = /(?<!\p{L})\p{Lu}I\p{Ll}{2}|\p{Ll}{2}I(?!\p{L})/u;

function hintFor(line: string): string {
  return HINTS.find(([, isDue]) => isDue(line))?.[0] ?? "";
}

/** Two values beside each other, so that nothing of them is unseen, and that they are seen to differ where they do. */
export function toldApart(now: Line, after: Line): readonly [Line, Line] {
  const unlike = JSON.stringify(now) !== JSON.stringify(after);
  const [was, is] = [spelt(now, spellUnseen), spelt(after, spellUnseen)];
  if (!unlike || shownText(was) !== shownText(is)) return [was, is];
  const [first, second] = [spelt(now, spellAll), spelt(after, spellAll)];
  if (shownText(first) !== shownText(second)) return [first, second];
  return [was, [...isPieces(is) ? is : [is], " (differs further on)"]];
}

/** Our own words stay: only what came from outside may hide something. */
function spelt(line: Line, spell: (text: string) => string): Line {
  if (isPieces(line)) return line.flatMap((piece) => spelt(piece, spell));
  if (typeof line === "string") return line;
  if ("bold" in line) return { ...line, bold: spelt(line.bold, spell) };
  if ("code" in line) return { ...line, code: spell(line.code) };
  return "data" in line ? { ...line, data: spell(line.data) } : line;
}

/** What nobody sees, by its code; lines and tabs are blanks to whoever reads. */
function spellUnseen(text: string): string {
  return text.replace(UNSEEN, codeOf);
}

const UNSEEN = new RegExp(`(?![\\t\\n\\r])(?:${INVISIBLE.source}|(?! )\\p{Z})|(?<= ) |^ | $`, "gu");

/** All that is no plain letter, digit or sign. */
function spellAll(text: string): string {
  return text.replace(/[^ -~]|(?<= ) |^ | $/gu, codeOf);
}

function codeOf(letter: string): string {
  return `⟨U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

function shownText(line: Line): string {
  if (isPieces(line)) return line.map(shownText).join("");
  if (typeof line === "string") return sanitizeOwn(line);
  if ("bold" in line) return shownText(line.bold);
  if ("code" in line) return sanitizeCode(line.code);
  return "data" in line ? sanitize(line.data, line.max) : JSON.stringify(line);
}

type Redact = (text: string) => string;

/**
 * A reply with `redact` over every word that people see. What the words hang on (kinds, marks, handles, commands) is
 * never touched: a secret may be a word like any other.
 */
export function redactReply(reply: Reply, redact: Redact): Reply {
  const { title, blocks, footer, buttons, file, picture } = reply;
  return {
    ...reply,
    title: redactLine(title, redact),
    ...(blocks && { blocks: blocks.map((block) => redactBlock(block, redact)) }),
    ...(footer !== undefined && { footer: redactLine(footer, redact) }),
    ...(buttons && { buttons: buttons.map((row) => row.map((button) => redactButton(button, redact))) }),
    ...(file && { file: { ...file, name: redact(file.name), content: redact(file.content) } }),
    ...(picture && { picture: rewordPicture(picture, redact) }),
  };
}

export function redactLine(line: Line, redact: Redact): Line {
  return isPieces(line) ? line.map((piece) => redactPiece(piece, redact)) : redactPiece(line, redact);
}

function redactPiece(piece: Inline, redact: Redact): Inline {
  if (typeof piece === "string") return redact(piece);
  if ("bold" in piece) return { ...piece, bold: redactLine(piece.bold, redact) };
  if ("code" in piece) return { ...piece, code: redact(piece.code) };
  return "data" in piece ? { ...piece, data: redact(piece.data) } : piece;
}

function redactBlock(block: Block, redact: Redact): Block {
  const lines = (row: readonly Line[]) => row.map((line) => redactLine(line, redact));
  switch (block.kind) {
    case "text":
      return { ...block, text: redactLine(block.text, redact) };
    case "facts":
      return {
        ...block,
        facts: block.facts.map(([label, value]) => [redact(label), redactLine(value, redact)]),
      };
    case "table":
      return { ...block, ...(block.header && { header: lines(block.header) }), rows: block.rows.map(lines) };
    case "list":
      return { ...block, items: lines(block.items) };
    case "details":
      return {
        ...block,
        summary: redactLine(block.summary, redact),
        blocks: block.blocks.map((inner) => redactBlock(inner, redact)),
      };
    case "pre":
      return { ...block, text: redact(block.text) };
  }
}

function redactButton({ action, ...button }: Button, redact: Redact): Button {
  const label = redact(button.label);
  return { ...button, label, action: "copy" in action ? { copy: redact(action.copy) } : action };
}

function isPieces(line: Line): line is readonly Inline[] {
  return Array.isArray(line);
}
