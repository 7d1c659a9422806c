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
  const words = error.data?.details || error.message;
  return { kind: kindOf(error.code, words), words };
}

function kindOf(code: number, words: string): FailureKind {
  if (/invalid api key|authorization header/i.test(words)) return "credentials_refused";
  return REFUSALS.get(code) ?? "unexpected_reply";
}

/**
 * The numbers which say that a request was not carried out. After any other, such as the -32000 of a server error,
 * it may have been all the same.
 */
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
