/** A reply is a document; how it looks on a screen is decided by the renderers in `bot/`. */

/** The verdict, shown with its own mark and never without words beside it. */
export type Mark =
  | "fine"
  | "attention"
  | "down"
  | "absent"
  | "working"
  | "applied"
  | "refused"
  | "unknown"
  | "danger"
  | "question"
  | "info";

/** A piece of a line. Plain strings are our own words. */
export type Inline =
  | string
  | { readonly bold: Line }
  /** Ids and values to copy. */
  | { readonly code: string }
  /** A vendor's or a person's words: cleaned, cut to `max` characters (default 80), never markup. */
  | {
    readonly data: string;
    readonly max?: number;
    /** It is the name of this item (`Target.key`), which is not fine: a watch may know since when. */
    readonly item?: string;
    /** It calls this person, who is told even where they and the bot have never spoken. */
    readonly calls?: number;
  }
  /** An instant (epoch ms) in the reader's own zone; "relative" reads like "in 15 min", "deadline" "03:27 (in 15 min)", "moment" with the day. */
  | { readonly time: number; readonly as?: "clock" | "date" | "relative" | "deadline" | "moment" };

export type Line = Inline | readonly Inline[];

export interface Table {
  readonly kind: "table";
  readonly header?: readonly Line[];
  readonly rows: readonly (readonly Line[])[];
}

export type Block =
  | { readonly kind: "text"; readonly text: Line }
  | { readonly kind: "facts"; readonly facts: readonly (readonly [label: string, value: Line])[] }
  | Table
  | { readonly kind: "list"; readonly items: readonly Line[] }
  /** Folded until tapped. */
  | { readonly kind: "details"; readonly summary: Line; readonly blocks: readonly Block[] }
  /** Preformatted, for JSON and the like. */
  | { readonly kind: "pre"; readonly text: string };

/** What is done with what a handle names. */
export type HandleVerb =
  | "approve"
  | "reject"
  | "take_back"
  | "pass"
  | "stop"
  | "undo"
  | "extend"
  | "return"
  | "choose"
  | "page"
  | "pick"
  | "ack"
  | "mute"
  | "have";

/** What a press asks for. None of these carries a right: every press is judged anew. */
export type Action =
  /** Types this command for the presser; reads only. */
  | { readonly command: string }
  /** A random handle the store knows, and what to do with it. */
  | { readonly handle: string; readonly do: HandleVerb }
  | { readonly copy: string }
  | { readonly url: string }
  /** A button that only says what happened. */
  | { readonly dead: true };

export interface Button {
  readonly label: string;
  /** How what it names stands. */
  readonly mark?: Mark;
  readonly action: Action;
  readonly style?: "success" | "danger" | "primary";
}

export interface Attachment {
  readonly name: string;
  readonly mime: string;
  readonly content: string;
}

/** A picture that says the same as the text above it; drawn when it is sent. */
export type Picture = StatesPicture | MonthsPicture;

/** How things stood over time, a row each. */
export interface StatesPicture {
  readonly kind: "states";
  readonly title: string;
  /** Epoch ms. */
  readonly from: number;
  readonly until: number;
  /** What is written below which instants. */
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  readonly rows: readonly {
    readonly name: string;
    /** At the end of the row, such as "98.2 %". */
    readonly value: string;
    readonly spans: readonly {
      readonly state: "fine" | "attention" | "down" | "off" | "unknown";
      readonly from: number;
      readonly until: number;
    }[];
  }[];
  readonly footer: string;
}

/** Numbers by month, a row of bars each. */
export interface MonthsPicture {
  readonly kind: "months";
  readonly title: string;
  readonly months: readonly string[];
  /** Null: not known. */
  readonly rows: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
  readonly footer: string;
}

export interface Reply {
  readonly mark: Mark;
  /** The verdict in words: the first line, and all that a lock screen shows. */
  readonly title: Line;
  readonly blocks?: readonly Block[];
  readonly footer?: Line;
  /** Rows of buttons. */
  readonly buttons?: readonly (readonly Button[])[];
  /** Asks for an answer in words, with this in the empty line; then there are no buttons. */
  readonly asks?: string;
  /** The command that it is a list of: words that somebody answers it with narrow the list down. */
  readonly narrows?: string;
  /** Goes along as a document message. */
  readonly file?: Attachment;
  /** Goes along as a photo. */
  readonly picture?: Picture;
  /** Concerns only the asker: ephemeral in groups where the server can, else a normal reply. */
  readonly personal?: boolean;
}

/** A picture with every word of it changed by `change`. */
export function rewordPicture(picture: Picture, change: (words: string) => string): Picture {
  const common = { title: change(picture.title), footer: change(picture.footer) };
  return picture.kind === "states"
    ? {
      ...picture,
      ...common,
      rows: picture.rows.map((row) => ({ ...row, name: change(row.name), value: change(row.value) })),
    }
    : { ...picture, ...common, rows: picture.rows.map((row) => ({ ...row, name: change(row.name) })) };
}

/** One line of several pieces, each of which may itself be a line. */
export function line(...pieces: readonly Line[]): Inline[] {
  return pieces.flatMap((piece) => (isInline(piece) ? [piece] : line(...piece)));
}

/** Several lines as one, with `by` between them. */
export function joinLines(lines: readonly Line[], by: string): Inline[] {
  return lines.flatMap((one, at) => (at === 0 ? line(one) : line(by, one)));
}

export function textBlock(text: Line): Block {
  return { kind: "text", text };
}

function isInline(piece: Line): piece is Inline {
  return !Array.isArray(piece);
}
