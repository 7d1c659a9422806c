/** What goes wrong with a call instead of, or after, doing it. */
export type HaloFault =
  | {
    readonly kind: "status";
    readonly status: number;
    readonly body?: unknown;
    readonly headers?: HeadersInit;
  }
  | { readonly kind: "hang" | "cut" | "malformed" }
  | {
    readonly kind:
      | "apply-then-hang"
      | "apply-then-cut"
      | "apply-then-401"
      | "apply-then-500"
      | "apply-then-429";
  };

export const RATE_LIMIT_WORDS = "Rate Limit Reached - 300 Requests per rolling 5 minute window";

export async function faulty(fault: HaloFault, request: Request): Promise<Response> {
  switch (fault.kind) {
    case "status":
      return respond(fault.status, fault.body, fault.headers);
    case "malformed":
      return new Response('[{"id":1,"na', { headers: { "content-type": "application/json" } });
    case "apply-then-401":
      return respond(401);
    case "apply-then-500":
      return respond(500, { ClassName: "System.Exception", Message: "Please contact the administrator" });
    case "apply-then-429":
      return respond(429, { error: RATE_LIMIT_WORDS });
    case "cut":
    case "apply-then-cut":
      return cut();
    case "hang":
    case "apply-then-hang":
      return await untilGone(request);
  }
}

/** Text as it is, nothing as an empty body, anything else as JSON. */
export function respond(status: number, body?: unknown, headers: HeadersInit = {}): Response {
  if (body === undefined) return new Response(null, { status, headers });
  if (typeof body === "string") return new Response(body, { status, headers });
  const response = new Response(JSON.stringify(body), { status, headers });
  response.headers.set("content-type", "application/json; charset=utf-8");
  return response;
}

/** Promises a body and breaks the connection instead. */
function cut(): Response {
  const body = new ReadableStream({ start: (controller) => controller.error("cut") });
  return new Response(body, { headers: { "content-type": "application/json" } });
}

function untilGone(request: Request): Promise<Response> {
  return new Promise((resolve) => {
    request.signal.addEventListener("abort", () => resolve(new Response(null, { status: 503 })), {
      once: true,
    });
  });
}
