import type { z } from "zod";
import type { Input, Risk } from "../../handlers/operation.ts";
import type { Command } from "../command/command.ts";
import type { Need } from "../people/access.ts";
import type { Turn } from "../turn.ts";

/** A command of the bot itself: described like an operation, and acting by itself. */
export interface Builtin extends Command {
  /** What the person must be allowed to do. */
  readonly need: Need;
  execute(turn: Turn, input: unknown): Promise<void> | void;
}

interface Row<I extends Input> {
  readonly verb: string;
  readonly target?: string;
  readonly summary: string;
  readonly example: string;
  readonly need: Need;
  /** "read": it changes nothing, so it may be offered as a button. */
  readonly risk?: Extract<Risk, "read">;
  readonly input: I;
  execute(turn: Turn, input: z.output<I>): Promise<void> | void;
}

/** Seals a row's types; its input has passed its schema when it gets here. */
export function builtin<I extends Input>({ target, execute, ...row }: Row<I>): Builtin {
  return { ...row, target: target ?? null, execute: (turn, input) => execute(turn, row.input.parse(input)) };
}

export function isBuiltin(command: Command): command is Builtin {
  return "execute" in command;
}
