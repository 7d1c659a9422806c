import { HaloClient, type HaloOptions } from "../../clients/halo.ts";
import type { CallEvent, CallOptions } from "../../clients/http/contract.ts";
import { createFakeClock, type FakeClock } from "../clock.ts";
import {
  createHalo as createEmulator,
  type Halo as Emulator,
  type HaloOptions as World,
} from "../sandbox/halo.ts";
import { serve } from "../sandbox/serve.ts";

/** An emulated HaloPSA on loopback and a client that speaks to it. */
export interface Fixture extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly client: HaloClient;
  readonly clock: FakeClock;
  readonly events: readonly CallEvent[];
  readonly call: CallOptions;
  /** The calls to the API so far, token requests left out. */
  asked(): readonly string[];
}

/** 2026-01-01T03:00:00Z */
export const NIGHT = Date.UTC(2026, 0, 1, 3);

export function openFixture(world: World = {}, options: Partial<HaloOptions> = {}): Fixture {
  const clock = createFakeClock({ start: NIGHT });
  const emulator = createEmulator({ now: clock.now, ...world });
  const served = serve(emulator.fetch);
  const events: CallEvent[] = [];
  const client = new HaloClient({
    apiUrl: `${served.url}/api`,
    authUrl: `${served.url}/auth`,
    clientId: "client",
    clientSecret: "client-secret",
    clock,
    timeoutMs: 20_000,
    onCall: (event) => events.push(event),
    ...options,
  });
  return {
    emulator,
    client,
    clock,
    events,
    call: { signal: new AbortController().signal },
    asked: () =>
      emulator.calls.filter(({ path }) => path !== "/auth/token").map(({ method, path }) =>
        `${method} ${path}`
      ),
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}
