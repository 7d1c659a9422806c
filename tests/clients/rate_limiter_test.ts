import assert from "node:assert/strict";
import type { RateLimits } from "../../clients/http/contract.ts";
import { RateLimiter } from "../../clients/http/limits.ts";
import { createFakeClock } from "../clock.ts";

const wide: RateLimits = { concurrency: 100, burst: 1_000, perSecond: 1_000 };
const never = new AbortController().signal;

/** Lets everything run that can run without anybody letting go. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("acquire lets a burst out at once and the rest at the rate", async () => {
  const clock = createFakeClock();
  const start = clock.now();
  const limiter = new RateLimiter({ ...wide, burst: 3, perSecond: 2 }, clock);
  const left: number[] = [];
  for (let call = 0; call < 6; call++) {
    await limiter.acquire(never);
    left.push(clock.now() - start);
  }
  assert.deepEqual(left, [0, 0, 0, 500, 1_000, 1_500]);
});

Deno.test("acquire fills the bucket up while nobody calls, but not beyond the burst", async () => {
  const clock = createFakeClock();
  const limiter = new RateLimiter({ ...wide, burst: 2, perSecond: 1 }, clock);
  await limiter.acquire(never);
  await limiter.acquire(never);
  clock.advance(60_000);
  const start = clock.now();
  for (let call = 0; call < 3; call++) await limiter.acquire(never);
  assert.equal(clock.now() - start, 1_000);
});

Deno.test("acquire survives a clock that is set back", async () => {
  const clock = createFakeClock();
  const limiter = new RateLimiter({ ...wide, burst: 2, perSecond: 1 }, clock);
  await limiter.acquire(never);
  clock.advance(-3_600_000);
  const start = clock.now();
  await limiter.acquire(never);
  await limiter.acquire(never);
  assert.equal(clock.now() - start, 1_000);
});

Deno.test("acquire lets no more calls out at the same time than the concurrency", async () => {
  const limiter = new RateLimiter({ ...wide, concurrency: 2 }, createFakeClock());
  const order: number[] = [];
  const acquired = [0, 1, 2, 3].map(async (call) => {
    const release = await limiter.acquire(never);
    order.push(call);
    return release;
  });
  await settle();
  assert.deepEqual(order, [0, 1]);
  const release = await acquired[1];
  release?.();
  release?.();
  await settle();
  assert.deepEqual(order, [0, 1, 2], "letting go twice frees one place");
  (await acquired[0])?.();
  await settle();
  assert.deepEqual(order, [0, 1, 2, 3]);
});

Deno.test("acquire keeps the order when someone in line gives up", async () => {
  const limiter = new RateLimiter({ ...wide, concurrency: 1 }, createFakeClock());
  const order: string[] = [];
  const abort = new AbortController();
  const release = await limiter.acquire(never);
  const queue = [
    limiter.acquire(never).then((next) => (order.push("a"), next())),
    limiter.acquire(abort.signal).then(() => order.push("b"), () => order.push("b gave up")),
    limiter.acquire(never).then((next) => (order.push("c"), next())),
  ];
  await settle();
  abort.abort();
  await settle();
  assert.deepEqual(order, ["b gave up"], "nobody overtakes a");
  release();
  await Promise.all(queue);
  assert.deepEqual(order, ["b gave up", "a", "c"]);
});

Deno.test("acquire goes on when the first in line gives up", async () => {
  const limiter = new RateLimiter({ ...wide, concurrency: 1 }, createFakeClock());
  const abort = new AbortController();
  const release = await limiter.acquire(never);
  const first = limiter.acquire(abort.signal);
  const second = limiter.acquire(never);
  await settle();
  abort.abort(new Error("enough"));
  await assert.rejects(first, { message: "enough" });
  release();
  (await second)();
});

Deno.test("acquire gives up a wait for the rate when its signal aborts", async () => {
  const clock = createFakeClock();
  const limiter = new RateLimiter({ ...wide, burst: 1, perSecond: 1 }, clock);
  await limiter.acquire(never);
  const abort = new AbortController();
  const waiting = limiter.acquire(abort.signal);
  abort.abort(new Error("enough"));
  await assert.rejects(waiting, { message: "enough" });
  await limiter.acquire(never);
});

Deno.test("pause holds everyone back until it is over; a shorter one does not shorten it", async () => {
  const clock = createFakeClock();
  const limiter = new RateLimiter(wide, clock);
  const start = clock.now();
  limiter.pause(4_000);
  limiter.pause(1_000);
  assert.equal(limiter.pausedFor(), 4_000);
  await limiter.acquire(never);
  assert.equal(clock.now() - start, 4_000);
  assert.equal(limiter.pausedFor(), 0);
});
