import type { Chance } from "./chance.ts";

/** The network between the bots and the others: it delays, refuses and cuts until it is calmed. */
export interface Weather {
  calm: boolean;
}

/** A request that may be passed on more than once, and looked into. */
export interface Parcel {
  readonly body: string;
  /** With another path, when one is named. */
  request(path?: string): Request;
}

export async function unpack(request: Request): Promise<Parcel> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  return {
    body: new TextDecoder().decode(bytes),
    request(path) {
      const url = new URL(request.url);
      return new Request(path === undefined ? url : new URL(path, url), {
        method: request.method,
        headers: request.headers,
        ...(["GET", "HEAD"].includes(request.method) ? {} : { body: bytes }),
      });
    },
  };
}

/** More is announced than comes, so the connection is cut: before the first byte of the body, or in the middle. */
export function cut(begun = ""): Response {
  const bytes = new TextEncoder().encode(begun);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
  return new Response(body, {
    headers: { "content-type": "application/json", "content-length": String(bytes.length + 64) },
  });
}

export function dawdle(chance: Chance, mostMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, chance.between(20, mostMs)));
}
