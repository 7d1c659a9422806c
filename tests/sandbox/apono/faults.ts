/** What goes wrong with a call instead of, or after, doing it. */
export type AponoFault =
  | {
    readonly kind: "status";
    readonly status: number;
    readonly body?: unknown;
    readonly headers?: HeadersInit;
  }
  | { readonly kind: "hang" | "cut" | "malformed" }
  | { readonly kind: "apply-then-hang" | "apply-then-cut" | "apply-then-500" };

export async function faulty(fault: AponoFault, request: Request): Promise<Response> {
  switch (fault.kind) {
    case "status":
      return withBody(fault);
    case "malformed":
      return new Response('{"items": [{"id"', { headers: { "content-type": "application/json" } });
    case "apply-then-500":
      return Response.json({ status: "500", code: "InternalServerError" }, { status: 500 });
    case "cut":
    case "apply-then-cut":
      return cut();
    case "hang":
    case "apply-then-hang":
      return await untilGone(request);
  }
}

function withBody({ status, body, headers = {} }: Extract<AponoFault, { kind: "status" }>): Response {
  if (typeof body === "string") return new Response(body, { status, headers });
  return body === undefined
    ? new Response(null, { status, headers })
    : Response.json(body, { status, headers });
}

/** Promises more of a body than it sends, which breaks the connection. */
function cut(): Response {
  const body = new ReadableStream({ start: (controller) => controller.close() });
  return new Response(body, { headers: { "content-type": "application/json", "content-length": "512" } });
}

function untilGone(request: Request): Promise<Response> {
  return new Promise((resolve) => {
    const gone = () => resolve(new Response(null, { status: 503 }));
    request.signal.addEventListener("abort", gone, { once: true });
  });
}
