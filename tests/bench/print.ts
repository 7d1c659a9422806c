const encoder = new TextEncoder();

export async function print(text: string): Promise<void> {
  await new Blob([encoder.encode(text)]).stream().pipeTo(Deno.stdout.writable, { preventClose: true });
}

/** A Markdown table, so that it can be pasted as it is; the first column to the left, figures to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((cell, column) =>
    Math.max(3, cell.length, ...rows.map((row) => row[column]?.length ?? 0))
  );
  const line = (cells: readonly string[]) =>
    `| ${
      widths.map((width, column) =>
        column === 0 ? (cells[column] ?? "").padEnd(width) : (cells[column] ?? "").padStart(width)
      ).join(" | ")
    } |\n`;
  const rule = widths.map((width, column) => column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`);
  return line(header) + line(rule) + rows.map(line).join("");
}

/** One aim, and whether it is met. */
export function aim(what: string, isMet: boolean): string {
  return `${isMet ? "met   " : "missed"}  ${what}\n`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** "3.1 to 4.8" */
export function range(values: readonly number[], digits = 0): string {
  return `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
}

export function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
