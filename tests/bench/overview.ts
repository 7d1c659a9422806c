import { createApono } from "../sandbox/apono.ts";
import { createHalo } from "../sandbox/halo.ts";
import { inARow, roundTripMs, serveDelayed } from "./delayed.ts";
import { median } from "./figures.ts";
import { createBenchOpsRamp } from "./opsramp.ts";
import type { BenchOptions } from "./options.ts";
import { APONO_TOKEN, HALO_SECRET } from "./ours.ts";
import { aim, print, timesTable } from "./print.ts";
import { inRounds, pause, PAUSE_MS, type Series } from "./rounds.ts";
import { openScene } from "./scene.ts";
import { sqlite } from "./stores.ts";
import { serveVendor } from "./vendor.ts";

const DELAYS_MS = { bitdefender: 50, apono: 100, opsramp: 200, halo: 400 };
const INTEGRATIONS = 14;
const WARM_UP = 2;

/** `/status` over all four vendors, each with its own delay. */
export async function measureOverview({ commands, folder }: BenchOptions): Promise<void> {
  await using bitdefender = serveVendor({ delayMs: DELAYS_MS.bitdefender });
  await using apono = serveDelayed(createApono({ token: APONO_TOKEN }).fetch, DELAYS_MS.apono);
  await using opsramp = serveDelayed(createBenchOpsRamp().fetch, DELAYS_MS.opsramp);
  await using halo = serveDelayed(
    createHalo({ clientSecret: HALO_SECRET, rate: Infinity }).fetch,
    DELAYS_MS.halo,
  );
  await using store = await sqlite.open(folder);
  await using scene = await openScene({
    database: store.url,
    vendors: {
      bitdefender: bitdefender.apiUrl(INTEGRATIONS),
      apono: apono.url,
      opsramp: opsramp.url,
      halo: halo.url,
    },
  });
  const group = scene.groupIn();
  const series = await inRounds(commands, async () => {
    await pause();
    halo.takeCalls();
    const { ms, completeMs } = await group.sayAndWait("/status", "no answer yet");
    const calls = halo.takeCalls();
    await pause();
    return {
      first: ms,
      complete: completeMs,
      calls: calls.length,
      waves: inARow(calls),
      alone: await roundTripMs(halo.url),
    };
  }, WARM_UP);
  await print(report(series));
}

type Figure = "first" | "complete" | "calls" | "waves" | "alone";

function report({ first, complete, alone, ...asked }: Series<Record<Figure, number>>): string {
  const [calls, waves] = [median(asked.calls), median(asked.waves)];
  const added = median(complete) - waves * median(alone);
  return `\n## /status over four vendors\n\n` +
    timesTable({
      "the first part is shown": first,
      "the whole answer is shown": complete,
      [`the slowest vendor alone (${DELAYS_MS.halo} ms and a bare fetch)`]: alone,
    }) +
    `\nBitdefender answers after ${DELAYS_MS.bitdefender} ms, Apono after ${DELAYS_MS.apono}, OpsRamp after ` +
    `${DELAYS_MS.opsramp}, HaloPSA after ${DELAYS_MS.halo};\ntokens are at hand, nothing is cached. HaloPSA gets ` +
    `${calls} calls, so side by side that they take the time of ${waves}.\n` +
    `${first.length} times, a pause of ${PAUSE_MS} ms before each.\n\n` +
    aim(`/status takes at most 15 ms longer than the slowest vendor: ${added.toFixed(1)} ms`, added <= 15);
}
