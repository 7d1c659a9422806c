import { GROUP } from "./update.ts";

/**
 * The least of a Bot API server that our bot can start and answer on. The sandbox's own checks every call, which
 * would be measured along.
 */
export interface TelegramStandIn extends AsyncDisposable {
  readonly url: string;
  /** Resolves to the `performance.now()` at which the next call of one of these methods has arrived as a whole. */
  next(...methods: readonly string[]): Promise<number>;
}

export const SHOWING = ["sendRichMessage", "sendMessage", "editMessageText"] as const;

const ME = { id: 123456, is_bot: true, first_name: "Bench", username: "bench_bot" };

export function serveTelegram(): TelegramStandIn {
  let waiting: { methods: readonly string[]; resolve: (at: number) => void }[] = [];
  let messageId = 0;

  function arrived(method: string): void {
    const at = performance.now();
    for (const { methods, resolve } of waiting) if (methods.includes(method)) resolve(at);
    waiting = waiting.filter(({ methods }) => !methods.includes(method));
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const method = request.url.slice(request.url.lastIndexOf("/") + 1);
    await request.arrayBuffer();
    arrived(method);
    return Response.json({ ok: true, result: resultOf(method, ++messageId) });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    next: (...methods) => new Promise((resolve) => void waiting.push({ methods, resolve })),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function resultOf(method: string, messageId: number): unknown {
  if (method === "getMe") return ME;
  if (!method.startsWith("send") && !method.startsWith("edit")) return true;
  return { message_id: messageId, date: 0, chat: { id: GROUP, type: "supergroup", title: "On call" } };
}
