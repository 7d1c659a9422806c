/** A JSON-RPC error of the vendor's table, thrown by a method and answered inside HTTP 200. */
export class RpcRefusal extends Error {
  constructor(readonly code: number, message: string, readonly details?: string) {
    super(message);
    this.name = "RpcRefusal";
  }
}

export const parseError = (): RpcRefusal => new RpcRefusal(-32700, "Parse error");
export const invalidRequest = (details: string): RpcRefusal =>
  new RpcRefusal(-32600, "Invalid Request", details);
export const methodNotFound = (): RpcRefusal =>
  new RpcRefusal(-32601, "Method not found", "The selected API is not available.");
export const invalidParams = (details: string): RpcRefusal =>
  new RpcRefusal(-32602, "Invalid params", details);
export const serverError = (details: string): RpcRefusal => new RpcRefusal(-32000, "Server error", details);
export const tooManyRequests = (): RpcRefusal =>
  new RpcRefusal(-32003, "Too many requests", "API requests limit exceeded.");

export type RpcId = string | number | null;

export function resultBody(id: RpcId, result: unknown): Record<string, unknown> {
  return { id, jsonrpc: "2.0", result };
}

export function errorBody(id: RpcId, refusal: RpcRefusal): Record<string, unknown> {
  const data = refusal.details === undefined ? {} : { data: { details: refusal.details } };
  return { id, jsonrpc: "2.0", error: { code: refusal.code, message: refusal.message, ...data } };
}
