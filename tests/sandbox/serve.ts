/** A handler that listens on the loopback interface until it is disposed of. */
export interface Served extends AsyncDisposable {
  /** Without a trailing slash, e.g. "http://127.0.0.1:40123". */
  readonly url: string;
}

/**
 * Serves `handler` on a free port of 127.0.0.1. Disposing cuts what is still open, so that a handler that never
 * answers cannot hold up a test.
 */
export function serve(handler: (request: globalThis.Request) => Response | Promise<Response>): Served {
  const end = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, signal: end.signal, onListen() {} },
    (request) => handler(request),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      end.abort();
      await server.finished;
    },
  };
}
