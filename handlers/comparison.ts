import type { Verification } from "./operation.ts";
import { type Inline, joinLines, type Line, line } from "./reply.ts";

/** A changed field that was read back: as it was asked for, as it was before, or what else it is now. */
export interface Compared {
  readonly label: Inline;
  readonly is: "asked" | "before" | { readonly now: Line };
  /** What it is, where it is as asked and the label does not say it. */
  readonly value?: Line;
}

/** Of many fields the first few are told with their values. */
const MOST_TOLD = 6;

/**
 * What the fields that can be read, at least one, say of the whole change. Only the old state in each of them means
 * that nothing was changed: a vendor may take a part, or keep a value in its own spelling, of which nobody can say
 * whether it is what was asked for.
 */
export function judged(fields: readonly Compared[]): Pick<Verification, "state" | "evidence"> {
  const asked = fields.filter(({ is }) => is === "asked");
  const before = fields.filter(({ is }) => is === "before");
  const others = fields.flatMap(({ label, is }) => typeof is === "string" ? [] : [{ label, now: is.now }]);
  const parts: readonly Line[] = [
    ...askedParts(asked),
    ...(before.length > 0 ? [line(labelsOf(before), " unchanged")] : []),
    ...(others.length > 0
      ? [line(
        joinLines(others.map(({ label, now }) => line(label, " is now ", quoted(now))), ", "),
        `, neither the old nor the new value${others.length > 1 ? "s" : ""}`,
      )]
      : []),
  ];
  const evidence = line("Read back: ", joinLines(parts, "; "), ".");
  if (others.length > 0) return { state: "unknown", evidence };
  if (before.length === 0) return { state: "applied", evidence };
  return { state: asked.length === 0 ? "not applied" : "partly applied", evidence };
}

function askedParts(asked: readonly Compared[]): readonly Line[] {
  const told = asked.filter(({ value }) => value !== undefined).slice(0, MOST_TOLD);
  const rest = asked.filter((one) => !told.includes(one));
  return [
    ...(told.length > 0
      ? [joinLines(told.map(({ label, value = "" }) => line(label, " is now ", quoted(value))), ", ")]
      : []),
    ...(rest.length > 0 ? [line(labelsOf(rest), " as asked")] : []),
  ];
}

/** The labels with commas between them. */
function labelsOf(fields: readonly Pick<Compared, "label">[]): readonly Inline[] {
  return joinLines(fields.map(({ label }) => label), ", ");
}

/** A vendor's words between quotation marks, ours as they are. */
export function quoted(value: Line): Line {
  return typeof value === "object" && "data" in value ? ["“", value, "”"] : value;
}
