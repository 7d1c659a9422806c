import { ClientError } from "../../clients/errors.ts";
import { UnsafePathValue } from "../../clients/path.ts";
import { BadInput, ChoiceNeeded } from "../../handlers/operation.ts";
import type { Reply } from "../../handlers/reply.ts";
import type { Vocabulary } from "../command/route.ts";
import { badInputReply, vendorFailureReply } from "../failure.ts";
import type { Store } from "../store/store.ts";
import type { Turn } from "../turn.ts";
import type { Invocation } from "./invocation.ts";
import { choiceReply } from "./questions.ts";

export interface SetbackOptions {
  readonly store: Store;
  readonly turn: Turn;
  /** What was asked for; a choice goes on with it. */
  readonly invocation: Invocation;
  readonly vocabulary: Vocabulary;
}

/** What is answered when a read or a plan came to nothing. Throws on what nobody foresaw. */
export function setbackReply(error: unknown, { store, turn, invocation, vocabulary }: SetbackOptions): Reply {
  if (error instanceof ChoiceNeeded) return choiceReply(store, turn, invocation, error);
  if (error instanceof BadInput) return badInputReply(error, vocabulary);
  if (error instanceof UnsafePathValue) {
    return badInputReply({ message: error.message, suggestions: [] }, vocabulary);
  }
  if (error instanceof ClientError) return vendorFailureReply(error, turn.trace);
  throw error;
}
