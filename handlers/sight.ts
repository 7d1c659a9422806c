/** How something that is watched stands. What the vendor did not say is `unknown`, never `fine`. */
export type ItemState = "fine" | "attention" | "down" | "off" | "unknown";

/** Something of an item that is known to end, such as its token. */
export interface End {
  readonly what: string;
  /** Epoch ms. */
  readonly at: number;
}

/** One item of a vendor as a watch sees it at one moment. */
export interface SeenItem {
  /** What its changes are filed under (`Target.key`): the same one for as long as the vendor knows it. */
  readonly key: string;
  /** The target of its commands. */
  readonly target: string;
  readonly id: string;
  readonly name: string;
  readonly company?: { readonly id: string | null; readonly name: string | null };
  readonly state: ItemState;
  /** How it stands, in a word: "failing". */
  readonly word: string;
  /** What the vendor says of it. */
  readonly words?: string;
  readonly ends?: readonly End[];
}

/** All items of a vendor at one moment. */
export interface VendorSight {
  readonly items: readonly SeenItem[];
  /** Targets of which not every item was told: those that are missing are not known, and not gone. */
  readonly partial: readonly string[];
  /** When the vendor said it, epoch ms. */
  readonly at: number;
}

/** What may help when an item does not stand well. */
export interface Remedy {
  /** On a button, or before the command where there is something to type. */
  readonly label: string;
  /** A whole command; a change becomes a card, as if it was typed. */
  readonly command: string;
  /** It asks for something that only a person knows, so that it is shown and not pressed. */
  readonly typed?: true;
}

/** What is known of an item when help is looked for. */
export interface Ailing {
  readonly target: string;
  /** Null: the vendor as a whole. */
  readonly id: string | null;
  readonly word: string;
  /** What the vendor says of it. */
  readonly words?: string | null;
}

const LONGEST_WORDS = 300;

/** A vendor's words as they may be kept: on one line, cut, and nothing where nothing is said. */
export function keptWords(words: string | null | undefined): string | undefined {
  const bare = words?.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  if (!bare) return undefined;
  const letters = [...bare];
  return letters.length > LONGEST_WORDS ? `${letters.slice(0, LONGEST_WORDS - 1).join("")}…` : bare;
}
