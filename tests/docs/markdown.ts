export type Cells = readonly string[];

/** A table; `deno fmt` pads it. */
export function table(header: Cells, rows: readonly Cells[]): string {
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.map(cell).join(" | ")} |`).join(
    "\n",
  );
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** A pipe ends a cell even inside code, and what looks like a tag disappears outside of it. */
function cell(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("|", "\\|")
    .split("`").map((part, index) => index % 2 === 0 ? part.replaceAll("<", "&lt;") : part).join("`");
}
