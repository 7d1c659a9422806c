import type { z } from "zod";
import type { CallOptions } from "../clients/http/contract.ts";
import type { Json, JsonObject } from "../clients/json.ts";
import type { FormFacts } from "./form.ts";
import type { Block, Line, Reply } from "./reply.ts";

/** `danger` destroys, disconnects, or invalidates a credential. */
export type Risk = "read" | "write" | "danger";

/** What an operation works with. */
export interface Context<Client> {
  readonly client: Client;
  /** Pass it to every client method. */
  readonly call: CallOptions;
  /** Epoch ms. */
  readonly now: number;
  /** What this bot recorded with an earlier `Verification.remember`. */
  recall(key: string): Promise<string | undefined>;
  /** The last changes made through this bot to a target (`Target.key`), newest first. */
  history(targetKey: string): Promise<readonly PastChange[]>;
  /** A status read that may be served again for `STATUS_CACHE_TTL`; `at` is when the vendor said it. */
  cached<T>(key: string, load: () => Promise<T>): Promise<{ value: T; at: number }>;
}

export interface PastChange {
  readonly code: string;
  readonly title: string;
  readonly state: string;
  readonly at: number;
  readonly requester: string;
}

/**
 * How input is typed. Each field of the zod object is one word of the command, in the order declared;
 * `.meta()` says which kind:
 * - `{ positional: true }` a word; with `{ rest: true }` it takes the rest of the line, and with
 *   `{ whole: true }` besides all of the line as it was typed, because another command is in it
 * - nothing: an option `key=value`
 * - `{ open: "config." }` a record that collects every `config.<name>=<value>`; `{ open: "" }` collects
 *   every `<name>=<value>` that no other field declares
 * - `{ drop: true }` a list of strings that collects every `-<name>`
 * - `{ document: true }` an object taken from a JSON document (caption or reply), absent otherwise
 * `{ placeholder: "aws account id" }` names the field in usage lines.
 */
export type Input = z.ZodObject;

/** What a value is, in words, and the names that take one. */
export type NamesOfKind = readonly [kind: string, names: readonly string[]];

interface Described {
  readonly verb: string;
  /** Null for commands without a target, such as `/find`. */
  readonly target: string | null;
  /** One line, for help, menu and README. */
  readonly summary: string;
  /** A whole command that works, for help. */
  readonly example: string;
  /** The names that an `open` field takes, by what their values are, for help. */
  readonly names?: readonly NamesOfKind[];
  /**
   * What has to be said besides what the input requires, as ways of which one is enough: `[["role"], ["key", "secret"]]`.
   * A document stands for all of it.
   */
  readonly needs?: readonly (readonly string[])[];
}

/** Something at the vendor that a field may name. */
export interface Candidate {
  /** What is typed for it; null where it only leads to others, which are asked for with its `within`. */
  readonly value: string | null;
  readonly name: string;
  /** What tells it from its namesakes, the most telling first: its type, address or company. */
  readonly about: readonly string[];
  readonly standing?: "problem" | "busy" | "unknown" | "off" | "fine";
  readonly within?: string;
}

/** What a field may name now, the worst first; undefined where it is better left out. */
export type Choices<Client> = (
  context: Context<Client>,
  within?: string,
) => Promise<readonly Candidate[] | undefined>;

/** By the field that names one of them. */
type ChoicesByField<Client> = Readonly<Record<string, Choices<Client>>>;

export interface ReadDefinition<Client, I extends Input, Output> extends Described {
  readonly input: I;
  readonly choices?: ChoicesByField<Client>;
  run(context: Context<Client>, input: z.output<I>): Promise<Output>;
  /** Pure. */
  render(output: Output, view: View): Reply;
}

export interface View {
  /** Epoch ms. */
  readonly now: number;
}

export interface Target {
  /** Stable and unique over all vendors, e.g. "ec2:55115935b1a43dcc4a7b23c6": freeze, history, one change at a time. */
  readonly key: string;
  readonly id: string;
  readonly name: string;
  /** The Bitdefender company it concerns, where there is one; the audit is filtered by it. */
  readonly company?: string;
}

/**
 * One resolved change and the state it was made against: plain JSON, stored and hashed.
 * `plan(context, plan.input)` made again later must give an equal plan as long as nothing has moved.
 */
export interface Plan<S extends Json = Json> {
  /** The input with every name resolved to an id. */
  readonly input: JsonObject;
  readonly target: Target;
  /** What the vendor says now, as far as the change touches or depends on it (names included, no secrets). */
  readonly before: S;
  /** What it is meant to be; what `verify` looks for. */
  readonly after: Json;
  /** What else has to be as it was for what was approved to run; neither changed nor taken back. */
  readonly depends?: Json;
}

/** There is nothing to change; says why. */
export interface Nothing {
  readonly nothing: Line;
}

/** What a plan looks like on a card. */
export interface Card {
  /** A question's worth of imperative: "Disable the EC2 integration of Acme Corp". */
  readonly title: Line;
  /** The same, done: "the EC2 integration of Acme Corp is disabled". */
  readonly done: Line;
  readonly rows: readonly { readonly label: string; readonly now: Line; readonly after: Line }[];
  /**
   * Whole sentences: what stops working, or what others will notice; empty only where it is known that nothing does.
   * `notKnown` says the rest.
   */
  readonly breaks: readonly Line[];
  /** What will be sent, secrets left out; folded. */
  readonly sends: Json;
  /** Warnings that must be read before approving (a conflict, a look-alike name). */
  readonly warnings?: readonly Line[];
  readonly details?: readonly Block[];
}

const MOST_NOT_KNOWN = 5;

/** For `Card.breaks`: the fields of which nobody has written down what they do. */
export function notKnown(fields: readonly string[]): readonly Line[] {
  if (fields.length === 0) return [];
  const more = fields.length - MOST_NOT_KNOWN;
  const rest = more > 0 ? ` and ${more} more` : "";
  return [`Not known for ${fields.slice(0, MOST_NOT_KNOWN).join(", ")}${rest}.`];
}

/** What the vendor answered to the write, as far as it may be kept. */
export interface Receipt {
  readonly data?: JsonObject;
  /**
   * A credential that the vendor made with this write: shown once, to the requester alone and never in a chat. Not
   * one that was there before and is answered again.
   */
  readonly personal?: readonly { readonly label: string; readonly value: string }[];
}

export interface Verification {
  /** `partly applied`: some fields are as asked, all others as before. */
  readonly state: "applied" | "partly applied" | "accepted" | "not applied" | "unknown";
  /** What was seen, or why nothing can be seen. */
  readonly evidence: Line;
  /** Nothing of it can be read back, now or later: nobody looks again. */
  readonly blind?: true;
  /** The state read back, in the shape of `Plan.before` of the operation that would undo this one. */
  readonly after?: Json;
  /** Kept by the bot under these keys once the change took effect; null forgets. */
  readonly remember?: Readonly<Record<string, string | null>>;
}

/** Where nothing can be read back, the vendor's word is all there is; without an answer there is not even that. */
export function unreadable(answered: boolean): Pick<Verification, "state" | "blind"> {
  return answered ? { state: "accepted" } : { state: "unknown", blind: true };
}

export type Undo =
  | {
    readonly possible: true;
    readonly how: Line;
    readonly verb: string;
    readonly target: string | null;
    readonly input: JsonObject;
  }
  | { readonly possible: false; readonly why: Line };

export interface ChangeDefinition<Client, I extends Input, P extends Plan> extends Described {
  readonly risk: "write" | "danger";
  /** Whether this one is dangerous although its kind is not. Pure. */
  danger?(plan: P): boolean;
  readonly input: I;
  readonly choices?: ChoicesByField<Client>;
  /**
   * Which fields are secret, by the name they are typed with (`new_password`, `secret.apono.password`) or by
   * their dotted path in a document. In chat such a field is only ever `?`; the value comes from the secret page
   * under the same name.
   */
  secret?(field: string): boolean;
  /**
   * What a form asks for, given the input as far as it is known; absent where none is offered. Reads what is there,
   * changes nothing, and throws as `plan` does.
   */
  form?(context: Context<Client>, known: JsonObject): Promise<FormFacts>;
  /** Resolves names, reads the state, computes the effect. Changes nothing. */
  plan(context: Context<Client>, input: z.output<I>): Promise<P | Nothing>;
  /** Pure. */
  render(plan: P): Card;
  /**
   * The one write. Secrets by field name. A `ClientError` with `ambiguous` set leads to a read-back, never to a second
   * call. Void where nothing of the answer is kept.
   */
  apply(
    context: Context<Client>,
    plan: P,
    secrets: Readonly<Record<string, string>>,
  ): Promise<Receipt | void>;
  /** Reads the vendor back. `receipt` is absent when no usable answer came (timeout, crash). */
  verify(context: Context<Client>, plan: P, receipt: Receipt | undefined): Promise<Verification>;
  /** Known before approval, because the card says it. */
  undo(plan: P): Undo;
}

/** Input that makes no sense; `message` says what is wrong and what to type instead. */
export class BadInput extends Error {
  /** `suggestions` are whole commands: those that read become buttons. */
  constructor(message: string, readonly suggestions: readonly string[] = []) {
    super(message);
    this.name = "BadInput";
  }
}

/** Something has to be named that the input lets out; the asker is offered what there is. */
export class ValueNeeded extends BadInput {
  /** `because`: what is to be known before it is said. */
  constructor(message: string, readonly field: string, readonly because: Line = "") {
    super(message);
  }
}

/** Several things fit: the asker picks one, and the same command goes on with `field` set to its id. */
export class ChoiceNeeded extends Error {
  constructor(
    readonly question: string,
    readonly field: string,
    readonly options: readonly {
      readonly id: string;
      readonly name: string;
      readonly about?: readonly string[];
    }[],
  ) {
    super(question);
    this.name = "ChoiceNeeded";
  }
}

/** An operation whose types are sealed: what the dispatcher, the help and the change engine work with. */
export type Operation = ReadOperation | ChangeOperation;

export interface ReadOperation extends Described {
  readonly vendor: string;
  readonly risk: "read";
  readonly input: Input;
  readonly choices?: ChoicesByField<unknown>;
  read(context: Context<unknown>, input: JsonObject): Promise<(view: View) => Reply>;
}

export interface ChangeOperation extends ChangeDefinition<unknown, Input, Plan> {
  readonly vendor: string;
  secret(field: string): boolean;
  apply(context: Context<unknown>, plan: Plan, secrets: Readonly<Record<string, string>>): Promise<Receipt>;
}

/** The risk of one change: of its kind, or of what it changes. */
export function riskOf(operation: Pick<ChangeOperation, "risk" | "danger">, plan: Plan): "write" | "danger" {
  return operation.danger?.(plan) ? "danger" : operation.risk;
}

/** How one vendor stands, in one line of `/status`. */
export interface Health {
  /** Fine is only what was seen to work: "unknown" where the vendor does not say, "absent" where nothing is set up. */
  readonly mark: "fine" | "attention" | "down" | "unknown" | "absent";
  /** The line after the vendor's name: "2 of 14 need action". */
  readonly summary: Line;
  /** Worst first. */
  readonly problems: readonly (readonly Line[])[];
  /** When the vendor said it, epoch ms. */
  readonly at: number;
}

/** What credentials that the vendor knows allow. */
export interface Proof {
  /** They are enough for the commands; if not, `says` what they lack. */
  readonly ok: boolean;
  readonly says: Line;
}

/**
 * Seals the rows of one vendor. The casts are sound because the registry hands an operation only the client it
 * asked for by `vendor`, and a plan only to the operation that made it.
 */
export function operationsOf<Client>(vendor: string): {
  read: <I extends Input, Output>(row: ReadDefinition<Client, I, Output>) => ReadOperation;
  change: <I extends Input, P extends Plan>(row: ChangeDefinition<Client, I, P>) => ChangeOperation;
} {
  return {
    read: ({ choices, ...row }) => ({
      ...row,
      ...(choices && { choices: choices as ChoicesByField<unknown> }),
      vendor,
      risk: "read",
      async read(context, input) {
        const output = await row.run(context as Context<Client>, row.input.parse(input));
        return (view) => row.render(output, view);
      },
    }),
    change: (row) => {
      const sealed = row as ChangeDefinition<unknown, Input, Plan>;
      return {
        ...sealed,
        vendor,
        secret: (field) => sealed.secret?.(field) ?? false,
        ...(sealed.form && { form: (context, known) => sealed.form!(afresh(context), known) }),
        plan: (context, input) => sealed.plan(afresh(context), row.input.parse(input)),
        apply: async (context, plan, secrets) => await sealed.apply(context, plan, secrets) ?? {},
        verify: (context, plan, receipt) => sealed.verify(afresh(context), plan, receipt),
      };
    },
  };
}

/** Plans and read-backs see today's truth: none of their reads is shared with one that began earlier. */
function afresh(context: Context<unknown>): Context<unknown> {
  return { ...context, call: { ...context.call, fresh: true } };
}
