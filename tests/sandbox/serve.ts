/** A handler that listens on the loopback interface until it is disposed of. */
export interface Served extends AsyncDisposable {
  /** Without a trailing slash, e.g. "http://127.0.0.1:40123". */
  readonly url: string;
}

/**
 * Serves `handler` on 127.0.0.1, on a free port unless one is named. Disposing cuts what is still open, so that a handler that never
 * answers cannot hold up a test.
 */
export function serve(
  handler: (request: globalThis.Request) => Response | Promise<Response>,
  port = 0,
): Served {
  const end = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, signal: end.signal, onListen() {} },
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
