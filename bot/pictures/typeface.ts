import anyAscii from "any-ascii";

/** Code points in a row whose glyphs are in a row too. */
interface Group {
  readonly first: number;
  readonly last: number;
  readonly glyph: number;
}

/** The format of a character map for all of Unicode. */
const SEGMENTED_COVERAGE = 12;

/** Which letters a TrueType font has, and how wide they are. */
export class Typeface {
  private readonly groups: readonly Group[];
  private readonly advances: readonly number[];
  private readonly unitsPerEm: number;

  /** Throws when the font has no character map of the kind that knows all of Unicode. */
  constructor(font: Uint8Array<ArrayBuffer>) {
    const view = new DataView(font.buffer, font.byteOffset, font.byteLength);
    const table = tablesOf(view);
    this.groups = groupsOf(view, table("cmap"));
    this.unitsPerEm = view.getUint16(table("head") + 18);
    const widths = table("hmtx");
    this.advances = Array.from(
      { length: view.getUint16(table("hhea") + 34) },
      (_, index) => view.getUint16(widths + 4 * index),
    );
  }

  /** The text in letters of the font: those it lacks are written in Latin ones, signs without any are left out. */
  spell(text: string): string {
    return Array.from(text.normalize("NFC"), (letter) => {
      if (this.groupOf(letter)) return letter;
      if (!/\p{L}|\p{M}|\p{N}|\p{P}|\p{Sc}/u.test(letter)) return "";
      return anyAscii(letter) || (/\p{L}|\p{N}/u.test(letter) ? "?" : "");
    }).join("");
  }

  widthOf(text: string, size: number): number {
    const units = Array.from(text, (letter) => {
      const group = this.groupOf(letter);
      const glyph = group ? group.glyph + (letter.codePointAt(0) ?? 0) - group.first : 0;
      return this.advances[Math.min(glyph, this.advances.length - 1)] ?? 0;
    });
    return units.reduce((sum, each) => sum + each, 0) * size / this.unitsPerEm;
  }

  private groupOf(letter: string): Group | undefined {
    const point = letter.codePointAt(0) ?? 0;
    let [low, high] = [0, this.groups.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const group = this.groups[middle];
      if (!group || point < group.first) high = middle - 1;
      else if (point > group.last) low = middle + 1;
      else return group;
    }
    return undefined;
  }
}

function tablesOf(view: DataView): (tag: string) => number {
  const ascii = new TextDecoder();
  const places = new Map(
    Array.from({ length: view.getUint16(4) }, (_, index) => {
      const at = 12 + 16 * index;
      return [ascii.decode(new Uint8Array(view.buffer, view.byteOffset + at, 4)), view.getUint32(at + 8)];
    }),
  );
  return (tag) => {
    const place = places.get(tag);
    if (place === undefined) throw new Error(`The font has no table ${tag}`);
    return place;
  };
}

function groupsOf(view: DataView, start: number): Group[] {
  const maps = Array.from(
    { length: view.getUint16(start + 2) },
    (_, index) => start + view.getUint32(start + 8 + 8 * index),
  );
  const map = maps.find((at) => view.getUint16(at) === SEGMENTED_COVERAGE);
  if (map === undefined) throw new Error("The font's character map is of a kind that is not read here");
  return Array.from({ length: view.getUint32(map + 12) }, (_, index) => {
    const at = map + 16 + 12 * index;
    return { first: view.getUint32(at), last: view.getUint32(at + 4), glyph: view.getUint32(at + 8) };
  });
}
