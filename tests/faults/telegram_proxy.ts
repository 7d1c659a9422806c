import type { Chance } from "./chance.ts";
import { cut, dawdle, unpack, type Weather } from "./proxy.ts";

/** A message that Telegram took from a replica. */
export interface Sent {
  readonly chat: number;
  readonly id: number;
  readonly ephemeral: boolean;
  /** The number of the replica. */
  readonly by: number;
  /** Epoch ms. */
  readonly at: number;
  /** The bot never got the answer that it was taken. */
  readonly answerLost: boolean;
  /** The bot deleted it again. */
  takenBack?: true;
}

export interface TelegramProxy {
  /** The API root's path is `/<number of the replica>`, so that it is known who calls. */
  readonly handler: (request: Request) => Promise<Response>;
  readonly sent: readonly Sent[];
  /** How often each fault happened. */
  readonly faults: ReadonlyMap<string, number>;
  readonly calls: number;
}

export interface TelegramRoadOptions {
  readonly chance: Chance;
  readonly weather: Weather;
  readonly telegram: (request: Request) => Response | Promise<Response>;
}

const SHARES = { "429": 0.015, "502": 0.03, dropped: 0.02, "answer lost": 0.03, slow: 0.05 };
/** Calls that a bot makes while it works; those at its start are left alone, or nobody would be there. */
const SPOILT = /^(send|edit|answer|getChat)/;
const SENDS = /^send(Rich)?Message$/;

/** The way from the bots to Telegram. */
export function createTelegramProxy({ chance, weather, telegram }: TelegramRoadOptions): TelegramProxy {
  const sent: Sent[] = [];
  const faults = new Map<string, number>();
  let calls = 0;

  async function handler(request: Request): Promise<Response> {
    const [, number = "", ...rest] = new URL(request.url).pathname.split("/");
    const parcel = await unpack(request);
    const method = rest.at(-1) ?? "";
    const fault = weather.calm || !SPOILT.test(method) ? undefined : chance.draw(SHARES);
    calls++;
    if (fault) faults.set(fault, (faults.get(fault) ?? 0) + 1);
    if (fault === "429") return refusal(429, { retry_after: 1 });
    if (fault === "502") return refusal(502);
    if (fault === "dropped") return cut();
    if (fault === "slow") await dawdle(chance, 250);
    const answer = await telegram(parcel.request(`/${rest.join("/")}`));
    const answerLost = fault === "answer lost";
    if (/^delete(Ephemeral)?Message$/.test(method) && answer.ok) noteDeletion(JSON.parse(parcel.body));
    if (SENDS.test(method) && answer.ok) await note(answer.clone(), Number(number), answerLost);
    if (!answerLost) return answer;
    await answer.body?.cancel();
    return cut();
  }

  async function note(answer: Response, by: number, answerLost: boolean): Promise<void> {
    const { result } = await answer.json() as {
      result: { message_id: number; ephemeral_message_id?: number; chat: { id: number } };
    };
    const ephemeral = result.ephemeral_message_id !== undefined;
    const id = result.ephemeral_message_id ?? result.message_id;
    sent.push({ chat: result.chat.id, id, ephemeral, by, at: Date.now(), answerLost });
  }

  function noteDeletion(
    { chat_id, message_id, ephemeral_message_id }: Readonly<Record<string, number>>,
  ): void {
    const isEphemeral = ephemeral_message_id !== undefined;
    const id = ephemeral_message_id ?? message_id;
    const gone = sent.find((one) => one.chat === chat_id && one.ephemeral === isEphemeral && one.id === id);
    if (gone) gone.takenBack = true;
  }

  return {
    handler,
    sent,
    faults,
    get calls() {
      return calls;
    },
  };
}

function refusal(code: number, parameters?: { retry_after: number }): Response {
  const body = { ok: false, error_code: code, description: "Not now", ...(parameters && { parameters }) };
  return Response.json(body, { status: code });
}
