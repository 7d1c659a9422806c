import * as z from "zod";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { anyJson } from "./record.ts";

/**
 * How Tenable's newest export stands. HaloPSA leaves the answer of `/Tenable/Status` undocumented; `words` keeps
 * what it said, `data` all of that export. "unclear" is an answer that we cannot read, never a guess.
 */
export interface ExportStatus {
  readonly state: "none" | "running" | "finished" | "cancelled" | "failed" | "unclear";
  readonly id: string | null;
  readonly words: string;
  readonly error: string | null;
  readonly data: Json;
  /** How many exports the answer tells of. */
  readonly count: number;
}

export const exportStatus: z.ZodType<ExportStatus> = anyJson.transform((data) => {
  const records = newestFirst(data);
  const [newest] = records;
  if (newest === undefined) return { state: "none", id: null, words: "", error: null, data, count: 0 };
  const error = textOf(newest, ["progress_error", "error"]) || null;
  const words = textOf(newest, ["export_progress", "status", "state", "progress"]) ?? "";
  const isProgress = words === textOf(newest, ["export_progress", "progress"]);
  return {
    state: stateOf(isProgress ? words.replace(/\d$/, "$&%") : words, error, newest),
    id: textOf(newest, ["export_id", "export_uuid", "uuid", "id"]),
    words,
    error,
    data: newest,
    count: records.length,
  };
});

/**
 * Whole words only: "Incomplete" and "Not finished" say something else. A bare number is a percentage where it is
 * called a progress, and means nothing to us anywhere else.
 */
const STATES: readonly (readonly [RegExp, ExportStatus["state"]])[] = [
  [/^(none|idle|no exports?|no exports? (running|found|in progress)|not started)$/, "none"],
  [/^(cancell?ed|aborted)( by .+)?$/, "cancelled"],
  [/^(error|failed|failure)(:.*)?$/, "failed"],
  [/^(finished|completed?|done|ready|100(\.0+)?\s*%)$/, "finished"],
  [
    /^((queued|processing|in progress|running|pending|started|starting|exporting)[\s:(]*)?(\d{1,2}(\.\d+)?\s*%)?\)?$/,
    "running",
  ],
];

function stateOf(words: string, error: string | null, newest: JsonObject): ExportStatus["state"] {
  if (error) return "failed";
  if (newest.ready_for_import === true) return "finished";
  const plain = words.trim().toLowerCase().replace(/[.…!]+$/, "").replaceAll("_", " ");
  return plain === "" ? "unclear" : STATES.find(([pattern]) => pattern.test(plain))?.[1] ?? "unclear";
}

function newestFirst(data: Json): readonly JsonObject[] {
  if (typeof data === "string") return data === "" ? [] : [{ status: data }];
  const list = Array.isArray(data)
    ? data
    : isJsonObject(data) && Array.isArray(data.exports)
    ? data.exports
    : [data];
  return list.filter(isJsonObject).filter((record) => Object.keys(record).length > 0)
    .toSorted((a, b) => dateOf(b).localeCompare(dateOf(a)) || Number(b.id) - Number(a.id) || 0);
}

function dateOf(record: JsonObject): string {
  return textOf(record, ["export_date", "created", "date"]) ?? "";
}

function textOf(record: JsonObject, names: readonly string[]): string | null {
  const value = names.map((name) => record[name]).find((found) => found !== undefined && found !== null);
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}
