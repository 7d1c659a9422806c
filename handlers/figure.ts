const grouped = new Intl.NumberFormat("en-US");

/** A count as people read it: 12,345. */
export function figure(value: number): string {
  return grouped.format(value);
}
