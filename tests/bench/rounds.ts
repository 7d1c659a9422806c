/** Not measured, because things are slower at first. */
const WARM_UP = 5;
/** The vendors' clients ask five times a second in the long run; slower than that, nothing is held back. */
export const PAUSE_MS = 110;

export type Series<Figures> = { readonly [Name in keyof Figures]: readonly number[] };

/** Does the same again and again, and gathers what each figure was every time. */
export async function inRounds<Figures extends Readonly<Record<string, number>>>(
  rounds: number,
  measure: () => Promise<Figures>,
  warmUp = WARM_UP,
): Promise<Series<Figures>> {
  for (let round = 0; round < warmUp; round++) await measure();
  const all: Figures[] = [];
  for (let round = 0; round < rounds; round++) all.push(await measure());
  return seriesOf(all);
}

/** One list of each figure instead of a list of figures. */
export function seriesOf<Figures extends Readonly<Record<string, number>>>(
  all: readonly Figures[],
): Series<Figures> {
  const names = Object.keys(all[0] ?? {}) as (keyof Figures)[];
  const entries = names.map((name) => [name, all.map((figures) => figures[name])]);
  return Object.fromEntries(entries) as Series<Figures>;
}

export function pause(ms = PAUSE_MS): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
