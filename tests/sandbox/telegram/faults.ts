import type { Parameters } from "./parameters.ts";
import { Refusal } from "./refusal.ts";

/** One planned misbehaviour of the server; used up by the first call that fits. */
export interface Fault {
  /** A method's name, or "/file" for a download; every method when absent. */
  readonly method?: string;
  readonly chat?: number;
  /** Only calls that carry this parameter. */
  readonly having?: string;
  /** The HTTP status and error_code of the answer. */
  readonly status?: number;
  readonly description?: string;
  /** Seconds; with status 429. */
  readonly retryAfter?: number;
  /** Where else a download is said to be. */
  readonly location?: string;
  /** Cuts the connection instead of answering. */
  readonly drop?: true;
  /** "accepted": the call takes effect first, then the answer is lost or replaced. */
  readonly after?: "accepted";
  /** A parameter that the server does not know, and so acts as if it were not there. */
  readonly ignoring?: string;
  /** The call waits for this before anything else happens to it. */
  readonly hold?: Promise<unknown>;
  /** How many calls it spoils; default 1. */
  readonly times?: number;
}

export interface Faults {
  push(...faults: Fault[]): void;
  /** The first fault that fits, used up once. */
  take(method: string, parameters: Pick<Parameters, "integer" | "has">): Fault | undefined;
  /** How many are left; a test may want to know that all were met. */
  left(): number;
  clear(): void;
}

/** Under this name downloads go wrong. */
export const DOWNLOAD = "/file";

const WORDS: Readonly<Record<number, string>> = {
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

export function createFaults(): Faults {
  let planned: { fault: Fault; left: number }[] = [];
  return {
    push(...faults) {
      planned.push(...faults.map((fault) => ({ fault, left: fault.times ?? 1 })));
    },
    take(method, parameters) {
      const found = planned.find(({ fault }) =>
        (fault.method === undefined
          ? method !== DOWNLOAD
          : fault.method.toLowerCase() === method.toLowerCase()) &&
        (fault.chat === undefined || fault.chat === parameters.integer("chat_id")) &&
        (fault.having === undefined || parameters.has(fault.having))
      );
      if (!found) return undefined;
      found.left -= 1;
      planned = planned.filter(({ left }) => left > 0);
      return found.fault;
    },
    left: () => planned.reduce((sum, { left }) => sum + left, 0),
    clear() {
      planned = [];
    },
  };
}

/** The answer a fault asks for, or undefined when it only delays. */
export function faultRefusal(fault: Fault): Refusal | undefined {
  const status = fault.status ?? (fault.retryAfter === undefined ? undefined : 429);
  if (status === undefined) return undefined;
  const words = WORDS[status] ?? "Internal Server Error";
  if (status !== 429) return new Refusal(status, fault.description ?? words);
  const retry_after = fault.retryAfter ?? 1;
  return new Refusal(429, fault.description ?? `${words}: retry after ${retry_after}`, { retry_after });
}
