import type { Inline } from "./reply.ts";

/** When the vendor said it and, once that is a while ago, how old it is. */
export function asOf(at: number, now: number): readonly Inline[] {
  const seconds = Math.round((now - at) / 1000);
  const when: readonly Inline[] = ["as of ", { time: at, as: "clock" }];
  return seconds < 1 ? when : [...when, ` · ${seconds} s old`];
}
