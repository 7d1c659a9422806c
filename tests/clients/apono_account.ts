import assert from "node:assert/strict";
import { AponoClient } from "../../clients/apono.ts";
import type { CallOptions } from "../../clients/http/contract.ts";
import { createFakeClock, type FakeClock } from "../clock.ts";
import { type AponoEmulator, type AponoOptions, createApono as createEmulator } from "../sandbox/apono.ts";
import { serve } from "../sandbox/serve.ts";
import { patient } from "./calling.ts";

export const TOKEN = "aup_test-token-7Qx";
/** Long enough for a busy machine; tests in which nobody answers choose their own. */
const TIMEOUT_MS = 10_000;

/** An emulated account and a client that is signed in to it. */
export interface Account extends AsyncDisposable {
  readonly emulator: AponoEmulator;
  readonly client: AponoClient;
  readonly clock: FakeClock;
  readonly call: CallOptions;
}

export interface AccountOptions extends AponoOptions {
  readonly api?: "v4" | "v2";
  /** What the client sends; the account accepts `TOKEN`. */
  readonly token?: string;
  readonly timeoutMs?: number;
}

export function openAccount(
  { api = "v4", token = TOKEN, timeoutMs = TIMEOUT_MS, ...options }: AccountOptions = {},
): Account {
  const clock = createFakeClock();
  const emulator = createEmulator({ token: TOKEN, now: clock.now, ...options });
  const served = serve(emulator.fetch);
  const apiUrl = served.url + (options.prefix ?? "");
  return {
    emulator,
    clock,
    client: new AponoClient({ apiUrl, token, api, clock, timeoutMs }),
    call: patient(),
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}

export function idOf(emulator: AponoEmulator, name: string): string {
  return emulator.world.integrations.find((stored) => stored.name === name)?.id ?? assert.fail(name);
}
