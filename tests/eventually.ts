/**
 * How long a test waits for what has to come. It only matters when something is stuck for good: no test may be red
 * because the machine is slow, so nothing here or elsewhere in the tests gives up sooner.
 */
export const HANG_MS = 120_000;

const LOOK_MS = 3;

/** Looks again until there is an answer other than undefined or false; for what the local Telegram does not see. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  what: string,
): Promise<Exclude<T, undefined | false>> {
  const until = performance.now() + HANG_MS;
  while (true) {
    const found = await look();
    if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
    if (performance.now() > until) throw new Error(`Waited ${HANG_MS} ms in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
