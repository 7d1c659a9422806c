import type { Clock } from "../clients/clock.ts";
import type { Reply } from "../handlers/reply.ts";
import type { UpdateContext } from "./context.ts";

/** Who waits longer than this is told that work is going on. */
const PATIENCE_MS = 1_500;

/** Gives the work up after a while, and leaves no timer behind. */
export async function withTimeout<T>(
  limitMs: number,
  clock: Clock,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const finished = new AbortController();
  const tooLate = new AbortController();
  const deadline = clock.sleep(limitMs, finished.signal)
    .then(() => tooLate.abort(new DOMException("It took too long", "TimeoutError")), () => {});
  try {
    return await work(tooLate.signal);
  } finally {
    finished.abort();
    await deadline;
  }
}

/** Shows `working` if the work takes long enough for someone to wonder. */
export async function withProgress<T>(
  ctx: UpdateContext,
  working: Reply,
  clock: Clock,
  work: () => Promise<T>,
  showing: { readonly sound?: boolean } = {},
): Promise<T> {
  const done = new AbortController();
  const patience = clock.sleep(PATIENCE_MS, done.signal).then(
    () => ctx.showMeanwhile(working, showing),
    () => {},
  );
  try {
    return await work();
  } finally {
    done.abort();
    await patience;
  }
}
