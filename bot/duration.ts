const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** "15m", "2h30m", "90s", "1d" or "0" in milliseconds; undefined when it is none of these. */
export function duration(text: string): number | undefined {
  const words = text.trim().toLowerCase();
  if (words === "0") return 0;
  if (!/^(\d+(ms|s|m|h|d))+$/.test(words)) return undefined;
  let total = 0;
  for (const [, amount, unit] of words.matchAll(/(\d+)(ms|s|m|h|d)/g)) {
    total += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return total;
}
