import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { CallEvent } from "../clients/http.ts";
import type { ReasonCode } from "./people/reasons.ts";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];

/** What Prometheus is told. Labels come from closed lists, never from people or vendors. */
export interface Metrics {
  readonly updates: Counter<"result">;
  readonly answerSeconds: Histogram;
  readonly refusals: Counter<"reason">;
  readonly telegramCalls: Counter<"method" | "outcome">;
  readonly changes: Counter<"state">;
  readonly inboxAge: Gauge;
  refused(reason: ReasonCode): void;
  vendorCall(event: CallEvent): void;
  text(): Promise<string>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const refusals = new Counter({
    name: "countersign_refusals_total",
    help: "Refused messages and presses, by reason code",
    labelNames: ["reason"],
    registers,
  });
  const vendorCalls = new Counter({
    name: "countersign_vendor_calls_total",
    help: "Attempts at vendor calls, by outcome",
    labelNames: ["vendor", "operation", "outcome"],
    registers,
  });
  const vendorSeconds = new Histogram({
    name: "countersign_vendor_call_seconds",
    help: "How long one attempt at a vendor call took",
    labelNames: ["vendor", "operation"],
    buckets: SECONDS,
    registers,
  });
  return {
    updates: new Counter({
      name: "countersign_updates_total",
      help: "Updates received, by what became of them at the door",
      labelNames: ["result"],
      registers,
    }),
    answerSeconds: new Histogram({
      name: "countersign_answer_seconds",
      help: "From the update's arrival to its answer being handed to the sender",
      buckets: SECONDS,
      registers,
    }),
    telegramCalls: new Counter({
      name: "countersign_telegram_calls_total",
      help: "Bot API calls, by outcome",
      labelNames: ["method", "outcome"],
      registers,
    }),
    changes: new Counter({
      name: "countersign_changes_total",
      help: "Changes that reached a state",
      labelNames: ["state"],
      registers,
    }),
    inboxAge: new Gauge({
      name: "countersign_inbox_age_seconds",
      help: "Age of the oldest update that is not handled yet",
      registers,
    }),
    refusals,
    refused: (reason) => refusals.inc({ reason }),
    vendorCall({ vendor, operation, outcome, durationMs }) {
      vendorCalls.inc({ vendor, operation, outcome });
      vendorSeconds.observe({ vendor, operation }, durationMs / 1000);
    },
    text: () => registry.metrics(),
  };
}
