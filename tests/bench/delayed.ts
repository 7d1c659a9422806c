import { serve } from "../sandbox/serve.ts";

/** A vendor on loopback whose answers take this long, whatever it takes to make them up. */
export interface Delayed extends AsyncDisposable {
  readonly url: string;
  /** The calls since this was last asked. */
  takeCalls(): readonly VendorCall[];
}

/** When it came and when it was answered, by `performance.now()`. */
export interface VendorCall {
  readonly from: number;
  readonly to: number;
}

export function serveDelayed(
  handler: (request: Request) => Response | Promise<Response>,
  delayMs: number,
): Delayed {
  const calls: VendorCall[] = [];
  const served = serve(async (request) => {
    const from = performance.now();
    const due = delayMs > 0 ? new Promise((resolve) => setTimeout(resolve, delayMs)) : undefined;
    const answer = await handler(request);
    await due;
    calls.push({ from, to: performance.now() });
    return answer;
  });
  return {
    url: served.url,
    takeCalls: () => calls.splice(0),
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}

/** How many of the calls had to wait for one another: those that went out side by side count once. */
export function inARow(calls: readonly VendorCall[]): number {
  let [count, freeFrom] = [0, -Infinity];
  for (const { from, to } of calls.toSorted((one, other) => one.to - other.to)) {
    if (from < freeFrom) continue;
    count++;
    freeFrom = to;
  }
  return count;
}

/** What one call costs a caller that does nothing with the answer, in ms. */
export async function roundTripMs(url: string, init?: RequestInit): Promise<number> {
  const startedAt = performance.now();
  const answer = await fetch(url, init);
  await answer.arrayBuffer();
  return performance.now() - startedAt;
}
