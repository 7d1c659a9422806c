import { z } from "zod";
import { ClientError, type FailureKind } from "../errors.ts";

/** Why the vendor said no, inside an answer that is otherwise fine. */
export class RpcError extends Error {
  constructor(readonly code: number, readonly words: string) {
    super(`JSON-RPC error ${code}`);
    this.name = "RpcError";
  }

  get kind(): FailureKind {
    if (/invalid api key|authorization header/i.test(this.words)) return "credentials_refused";
    // A key without the area is refused with HTTP 403 or with this code, depending on the tenant's age.
    if (this.code === -32001) return "rights_refused";
    if (this.code === -32002) return "not_found";
    if (this.code === -32003) return "rate_limited";
    return "rejected";
  }
}

/** Tested before `result`, because it comes with HTTP 200. */
export const failedAnswer = z.object({
  error: z.object({
    code: z.number(),
    message: z.string().catch(""),
    data: z.object({ details: z.string().optional() }).optional().catch(undefined),
  }).transform(({ code, message, data }) => new RpcError(code, data?.details || message)),
});

/** True when the tenant does not know the method any more. */
export function isNotOffered(error: unknown): boolean {
  return error instanceof ClientError && isMethodNotFound(error.failure.cause);
}

export function isMethodNotFound(cause: unknown): boolean {
  return cause instanceof RpcError && cause.code === -32601;
}
