import { GROUP } from "./update.ts";

/** A call of the Bot API that has arrived as a whole. */
export interface ApiCall {
  readonly method: string;
  /** By `performance.now()`. */
  readonly at: number;
  /** What the call says, and how it says it; empty for files. */
  readonly payload: Payload;
  readonly json: string;
  /** The message that was sent or edited. */
  readonly messageId: number;
}

/** As much of what the bot sends as is looked at here. */
export interface Payload {
  readonly chat_id?: number;
  readonly message_id?: number;
  readonly callback_query_id?: string;
  readonly reply_parameters?: { readonly message_id: number };
  readonly ephemeral_message_parameters?: { readonly receiver_user_id: number };
  readonly reply_markup?: {
    readonly inline_keyboard:
      readonly (readonly { readonly text: string; readonly callback_data?: string }[])[];
  };
}

/**
 * The least of a Bot API server that our bot can start and answer on. The sandbox's own checks every call, which
 * would be measured along.
 */
export interface TelegramStandIn extends AsyncDisposable {
  readonly url: string;
  /** Resolves to the next call of this kind. Rejects when it does not come in a while. */
  next(isWanted: (call: ApiCall) => boolean): Promise<ApiCall>;
}

/** Longer than anything that is measured here may take. */
const PATIENCE_MS = 15_000;
const ME = { id: 123456, is_bot: true, first_name: "Bench", username: "bench_bot" };

export function serveTelegram(): TelegramStandIn {
  const waiting = new Set<(call: ApiCall) => void>();
  let messageId = 0;

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const method = request.url.slice(request.url.lastIndexOf("/") + 1);
    const body = await request.arrayBuffer();
    const at = performance.now();
    const isJson = request.headers.get("content-type")?.startsWith("application/json");
    const json = isJson ? new TextDecoder().decode(body) : "{}";
    const payload = JSON.parse(json) as Payload;
    const call = { method, at, payload, json, messageId: payload.message_id ?? ++messageId };
    for (const look of waiting) look(call);
    return Response.json({ ok: true, result: resultOf(call) });
  });

  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    next: (isWanted) =>
      new Promise((resolve, reject) => {
        const end = (settle: () => void) => {
          clearTimeout(timer);
          waiting.delete(look);
          settle();
        };
        const look = (call: ApiCall) => isWanted(call) && end(() => resolve(call));
        const timer = setTimeout(
          () =>
            end(() =>
              reject(new Error(`The bot called nothing like ${isWanted} for ${PATIENCE_MS / 1000} s`))
            ),
          PATIENCE_MS,
        );
        waiting.add(look);
      }),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function resultOf({ method, messageId, payload }: ApiCall): unknown {
  if (method === "getMe") return ME;
  if (!method.startsWith("send") && !method.startsWith("edit")) return true;
  return {
    message_id: messageId,
    date: 0,
    chat: { id: payload.chat_id ?? GROUP, type: "supergroup", title: "On call" },
  };
}
