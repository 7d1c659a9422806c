import { median } from "./figures.ts";
import type { BenchOptions } from "./options.ts";
import { aim, print, timesTable } from "./print.ts";
import { inRounds, pause, PAUSE_MS, type Series } from "./rounds.ts";
import { openScene } from "./scene.ts";
import { sqlite } from "./stores.ts";
import { pageRoundTripMs, serveVendor } from "./vendor.ts";

const VENDOR_MS = 100;
const INTEGRATIONS = 14;

/** How long it takes from a command to the Telegram call that answers it, one at a time. */
export async function measureAnswers({ commands, folder }: BenchOptions): Promise<void> {
  await using vendor = serveVendor({ delayMs: VENDOR_MS });
  await using store = await sqlite.open(folder);
  const bitdefender = vendor.apiUrl(INTEGRATIONS);
  await using scene = await openScene({ database: store.url, vendors: { bitdefender } });
  const group = scene.groupIn();
  const series = await inRounds(commands, async () => {
    await pause();
    const ping = await group.say("/ping");
    await pause();
    const status = await group.say("/status bitdefender");
    await pause();
    return { ping: ping.ms, status: status.ms, alone: await pageRoundTripMs(bitdefender) };
  });
  await print(report(series));
}

function report({ ping, status, alone }: Series<Record<"ping" | "status" | "alone", number>>): string {
  const added = median(status) - median(alone);
  return `\n## From the command to the answer\n\n` +
    timesTable({
      "/ping": ping,
      "/status bitdefender": status,
      [`the vendor alone (${VENDOR_MS} ms and a bare fetch)`]: alone,
    }) +
    `\nFrom posting the update to the Bot API call with the answer having arrived; ${ping.length} of each, ` +
    `one at a time,\na pause of ${PAUSE_MS} ms before each, nothing cached.\n\n` +
    aim(`/status takes at most 10 ms longer than the vendor: ${added.toFixed(1)} ms`, added <= 10);
}
