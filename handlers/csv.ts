type Cell = string | number | boolean | null | undefined;

/** RFC 4180, with cells that a spreadsheet would take for a formula made harmless. */
export function toCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [header, ...rows].map((row) => `${csvRow(row)}\r\n`).join("");
}

/** One row, without its end. */
export function csvRow(cells: readonly Cell[]): string {
  return cells.map(cell).join(",");
}

function cell(value: Cell): string {
  if (typeof value !== "string") return String(value ?? "");
  const harmless = value.replace(FORMULA, "'$&");
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/**
 * What begins a formula, at the start or where a spreadsheet set to another separator would begin a cell. It looks
 * back from the sign, and not ahead from every separator: that would take long where there are many of them.
 */
const FORMULA = /^[\t\r\n]|[=+\-@＝＋－＠](?<=(?:^|[;,\t\r\n])["\s]*.)/g;
