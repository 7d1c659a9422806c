import type { CallEvent, CallOptions } from "../../clients/http/contract.ts";
import { OpsRampClient, type OpsRampOptions } from "../../clients/opsramp.ts";
import { createFakeClock, type FakeClock } from "../clock.ts";
import {
  createOpsRamp as createEmulator,
  type OpsRamp as Emulator,
  type OpsRampCall,
  type OpsRampOptions as World,
} from "../sandbox/opsramp.ts";
import { serve } from "../sandbox/serve.ts";

/** An emulated OpsRamp on loopback and a client that speaks to it. */
export interface Fixture extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly client: OpsRampClient;
  readonly clock: FakeClock;
  readonly events: readonly CallEvent[];
  readonly call: CallOptions;
  /** The calls so far, by operation. */
  asked(): readonly string[];
  /** The one call that changed something. */
  written(): OpsRampCall | undefined;
}

export const NIGHT = Date.UTC(2026, 0, 1, 3);
export const SERVICE_DESK = "INTG-9c584c86-4ba9-4006-9ee2-c41a07b7c761";
export const CUSTOM = "INTG-58431d1c-1bdc-4a68-a49f-34435ead1d14";
export const SMAX = "INTG-3f62e5c1-643b-41e3-a836-11c616e6f5df";
export const STAGING = "INTG-5d0f3f0a-3f54-4a39-8b0c-9c6a3f6f0f21";
export const VCENTER = "INTG-77b3f6de-19ab-4b53-b5bd-0a52e5f6f3c8";

const WRITES = ["update", "enable", "disable"];

export function openFixture(world: World = {}, options: Partial<OpsRampOptions> = {}): Fixture {
  const clock = createFakeClock({ start: NIGHT });
  const emulator = createEmulator({ now: clock.now, ...world });
  const served = serve(emulator.fetch);
  const events: CallEvent[] = [];
  const client = new OpsRampClient({
    apiUrl: served.url + (world.prefix ?? ""),
    tenantId: "client_8",
    clientId: "key",
    clientSecret: "secret",
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
    asked: () => emulator.calls.map(({ operation }) => operation),
    written: () => emulator.calls.findLast(({ operation }) => WRITES.includes(operation)),
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}
