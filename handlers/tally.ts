import { figure } from "./figure.ts";

export interface Tally {
  readonly all: number;
  readonly problems: number;
  /** What works, and the vendor's word for that. */
  readonly working: readonly [count: number, word: string];
  /** Switched off by someone on purpose: neither a problem nor at work. */
  readonly disabled?: number;
  /** What the problems want. */
  readonly need?: "attention" | "action";
}

/** One rule for all vendors: "2 of 14 need action", "7 of 9 working · 2 disabled". */
export function tally({ all, problems, working, disabled = 0, need = "attention" }: Tally): string {
  const count = problems > 0
    ? `${figure(problems)} of ${figure(all)} need${problems === 1 ? "s" : ""} ${need}`
    : `${figure(working[0])} of ${figure(all)} ${working[1]}`;
  return count + andDisabled(disabled);
}

/** For the end of a count. */
export function andDisabled(count: number): string {
  return count > 0 ? ` · ${figure(count)} disabled` : "";
}
