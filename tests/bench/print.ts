import { median, quantile } from "./figures.ts";

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

/** How long each of several things took, in ms. */
export function timesTable(times: Readonly<Record<string, readonly number[]>>): string {
  return table(
    ["", "median ms", "p90 ms", "slowest ms"],
    Object.entries(times).map(([label, values]) => [
      label,
      ...[median(values), quantile(values, 0.9), Math.max(...values)].map((value) => value.toFixed(1)),
    ]),
  );
}

/** One aim, and whether it is met. */
export function aim(what: string, isMet: boolean): string {
  return `- ${isMet ? "met" : "missed"}: ${what}\n`;
}
