import { z } from "zod";
import type { FailureKind } from "../errors.ts";

export interface RpcRefusal {
  readonly kind: FailureKind;
  readonly words: string;
}

const failedAnswer = z.object({
  error: z.object({
    code: z.number(),
    message: z.string().catch(""),
    data: z.object({ details: z.string().optional() }).optional().catch(undefined),
  }),
});

/** Why the vendor said no, if it did; most often it does so with HTTP 200. */
export function errorIn(body: unknown): RpcRefusal | undefined {
  const error = failedAnswer.safeParse(body).data?.error;
  if (!error) return undefined;
  const details = error.data?.details;
  const words = details || error.message;
  return { kind: kindOf(error.code, words, Boolean(details)), words };
}

function kindOf(code: number, words: string, isExplained: boolean): FailureKind {
  if (/invalid api key|authorization header/i.test(words)) return "credentials_refused";
  if (code === SERVER_ERROR && isExplained) return "rejected";
  return REFUSALS.get(code) ?? "unexpected_reply";
}

/** GravityZone's usual number for what it does not want to do; without a reason it may have failed half-way. */
const SERVER_ERROR = -32000;

/** The numbers which say that a request was not carried out. After any other it may have been all the same. */
const REFUSALS: ReadonlyMap<number, FailureKind> = new Map([
  [-32700, "rejected"],
  [-32600, "rejected"],
  [-32601, "not_offered"],
  [-32602, "rejected"],
  // A key without the area is refused with HTTP 403 or with this code, depending on the tenant's age.
  [-32001, "rights_refused"],
  [-32002, "not_found"],
  [-32003, "rate_limited"],
]);
