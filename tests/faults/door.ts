import type { Chance } from "./chance.ts";
import type { Fleet } from "./fleet.ts";
import { type Parcel, unpack, type Weather } from "./proxy.ts";

/** What stands before the replicas: passes Telegram's posts on as a load balancer does. */
export interface Door {
  readonly handler: (request: Request) => Promise<Response>;
  /** The updates that a replica has answered 200, by their ids. */
  readonly accepted: ReadonlySet<number>;
  /** Posts that reached two replicas at the same time, or whose 200 did not get back to Telegram. */
  readonly repeats: number;
  /** Answers that are neither 200 nor 503. */
  readonly odd: readonly number[];
}

const SHARES = { twice: 0.04, "answer lost": 0.03 };

export function createDoor(options: { chance: Chance; weather: Weather; fleet: () => Fleet }): Door {
  const { chance, weather, fleet } = options;
  const accepted = new Set<number>();
  const odd: number[] = [];
  let repeats = 0;

  async function deliver(parcel: Parcel): Promise<number> {
    const { alive } = fleet();
    const status = alive.length === 0 ? 503 : await post(chance.pick(alive).url, parcel);
    const { update_id } = JSON.parse(parcel.body) as { update_id: number };
    if (status === 200) accepted.add(update_id);
    else if (status !== 503) odd.push(status);
    return status;
  }

  async function handler(request: Request): Promise<Response> {
    const parcel = await unpack(request);
    const fault = weather.calm ? undefined : chance.draw(SHARES);
    if (fault) repeats++;
    const copies = await Promise.all(
      Array.from({ length: fault === "twice" ? 2 : 1 }, () => deliver(parcel)),
    );
    const status = fault === "answer lost" ? 503 : copies[0] ?? 503;
    return new Response(null, { status });
  }

  return {
    handler,
    accepted,
    odd,
    get repeats() {
      return repeats;
    },
  };
}

/** A replica that dies meanwhile is a 503 to Telegram. */
async function post(to: string, parcel: Parcel): Promise<number> {
  const request = parcel.request();
  try {
    const answer = await fetch(`${to}${new URL(request.url).pathname}`, {
      method: request.method,
      headers: request.headers,
      body: parcel.body,
    });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return 503;
  }
}
