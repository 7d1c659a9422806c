import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { CallEvent } from "../clients/http.ts";
import type { ReasonCode } from "./access/reason_codes.ts";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];

/** prom-client reads these from /proc, which the bot may not: they would stay at 0. */
const FROM_PROC = [
  "process_resident_memory_bytes",
  "process_virtual_memory_bytes",
  "process_heap_bytes",
  "process_open_fds",
  "process_max_fds",
];

/** What Prometheus is told. Labels come from closed lists, never from people or vendors. */
export interface Metrics {
  readonly updates: Counter<"result">;
  letIn(accepted: number, repeated: number): void;
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
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of FROM_PROC) registry.removeSingleMetric(name);
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory size in bytes.",
    registers,
    collect() {
      this.set(Deno.memoryUsage().rss);
    },
  });
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name: `countersign_${name}`, help, labelNames, registers });
  const updates = counter("updates_total", "Updates received, by what became of them at the door", "result");
  const refusals = counter("refusals_total", "Refused messages and presses, by reason code", "reason");
  const vendorCalls = counter(
    "vendor_calls_total",
    "Attempts at vendor calls, by outcome",
    "vendor",
    "operation",
    "outcome",
  );
  const vendorSeconds = new Histogram({
    name: "countersign_vendor_call_seconds",
    help: "How long one attempt at a vendor call took",
    labelNames: ["vendor", "operation"],
    buckets: SECONDS,
    registers,
  });
  return {
    updates,
    letIn(accepted, repeated) {
      updates.inc({ result: "accepted" }, accepted);
      updates.inc({ result: "repeated" }, repeated);
    },
    answerSeconds: new Histogram({
      name: "countersign_answer_seconds",
      help: "From the update's arrival to its answer being handed to the sender",
      buckets: SECONDS,
      registers,
    }),
    telegramCalls: counter("telegram_calls_total", "Bot API calls, by outcome", "method", "outcome"),
    changes: counter("changes_total", "Changes that reached a state", "state"),
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
