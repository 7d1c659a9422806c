import { z } from "zod";
import { ClientError, type FailureKind } from "../errors.ts";

/** That the vendor said no inside an answer, by its number; what it said is data. */
export class RpcError extends Error {
  constructor(readonly code: number) {
    super(`JSON-RPC error ${code}`);
    this.name = "RpcError";
  }

  /** The tenant does not know the method any more. */
  get notOffered(): boolean {
    return this.code === -32601;
  }
}

export interface RpcRefusal {
  readonly cause: RpcError;
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
  return { cause: new RpcError(error.code), kind: kindOf(error.code, words), words };
}

function kindOf(code: number, words: string): FailureKind {
  if (/invalid api key|authorization header/i.test(words)) return "credentials_refused";
  // A key without the area is refused with HTTP 403 or with this code, depending on the tenant's age.
  if (code === -32001) return "rights_refused";
  if (code === -32002) return "not_found";
  if (code === -32003) return "rate_limited";
  return "rejected";
}

export function isNotOffered(error: unknown): boolean {
  return error instanceof ClientError && error.failure.cause instanceof RpcError &&
    error.failure.cause.notOffered;
}
