import { z } from "zod";

const SECONDS = /^(-?\d+)(?:\.(\d+))?$/;
const NANOS_PER_MS = 1_000_000;

/**
 * An instant of Apono as epoch ms, or null. v4 writes ISO 8601; v2 writes "{seconds}.{nanos}" as a number or as
 * text. A fraction of nine digits counts nanoseconds, a shorter one is a decimal fraction: JSON numbers lose
 * their last digits on the way. A form nobody documents becomes null rather than failing a whole list.
 */
export const instant = z.unknown().optional().transform(readInstant);

export function readInstant(value: unknown): number | null {
  if (typeof value === "number") return fromSeconds(String(value));
  if (typeof value !== "string") return null;
  const text = value.replace(/^"|"$/g, "").trim();
  if (SECONDS.test(text)) return fromSeconds(text);
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

function fromSeconds(text: string): number | null {
  const [, seconds, fraction = ""] = text.match(SECONDS) ?? [];
  if (seconds === undefined) return null;
  const ms = fraction.length === 9 ? Number(fraction) / NANOS_PER_MS : Number(`0.${fraction || 0}`) * 1_000;
  return Number(seconds) * 1_000 + Math.floor(ms);
}
