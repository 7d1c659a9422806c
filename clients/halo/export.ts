import { z } from "zod";
import { anyJson, type Json } from "./record.ts";

/**
 * How Tenable's export stands. HaloPSA leaves the answer of `/Tenable/Status` undocumented; `words` keeps what
 * it said, `data` the whole of it. "unclear" is an answer that we cannot read, never a guess.
 */
export interface ExportStatus {
  readonly state: "none" | "running" | "finished" | "cancelled" | "failed" | "unclear";
  readonly id: string | null;
  readonly words: string;
  readonly error: string | null;
  readonly data: Json;
}

export const exportStatus: z.ZodType<ExportStatus> = anyJson.transform((data) => {
  const latest = latestOf(data);
  if (latest === undefined) return { state: "none", id: null, words: "", error: null, data };
  const words = textOf(latest, ["export_progress", "status", "state", "progress"]) ?? "";
  const error = textOf(latest, ["progress_error", "error"]) || null;
  return {
    state: stateOf(words, error, latest.ready_for_import === true),
    id: textOf(latest, ["export_id", "export_uuid", "uuid", "id"]),
    words,
    error,
    data,
  };
});

type JsonRecord = { readonly [key: string]: Json };

/** In this order: "not started" must not read as "started". */
const STATES: readonly (readonly [RegExp, ExportStatus["state"]])[] = [
  [/^\s*(none|idle|no export.*|not started)\s*$/i, "none"],
  [/cancel/i, "cancelled"],
  [/error|fail/i, "failed"],
  [/finish|complete|ready|done|^100\s*%?$/i, "finished"],
  [/queue|process|progress|running|pending|start|^\d{1,2}(\.\d+)?\s*%?$/i, "running"],
];

function stateOf(words: string, error: string | null, ready: boolean): ExportStatus["state"] {
  if (error) return "failed";
  if (ready) return "finished";
  return STATES.find(([pattern]) => pattern.test(words))?.[1] ?? "unclear";
}

/** The newest of several exports is the one that matters. */
function latestOf(data: Json): JsonRecord | undefined {
  if (typeof data === "string") return data === "" ? undefined : { status: data };
  const list = Array.isArray(data)
    ? data
    : isRecord(data) && Array.isArray(data.exports)
    ? data.exports
    : [data];
  const records = list.filter(isRecord).filter((record) => Object.keys(record).length > 0);
  return records.toSorted((a, b) => dateOf(b).localeCompare(dateOf(a)))[0];
}

function dateOf(record: JsonRecord): string {
  return textOf(record, ["export_date", "created", "date"]) ?? "";
}

function textOf(record: JsonRecord, names: readonly string[]): string | null {
  const value = names.map((name) => record[name]).find((found) => found !== undefined && found !== null);
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

function isRecord(value: Json): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
