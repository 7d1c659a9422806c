import { configureSync, getLogger, jsonLinesFormatter, type LogLevel, resetSync } from "@logtape/logtape";
import type { Redactor } from "./redact.ts";

/** Fields are ids, words and numbers; never a message text, a URL or a vendor's body. */
export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warning(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

/** JSON lines on standard output, one event each, every secret of ours covered. */
export function createLog(level: LogLevel, redactor: Redactor): Log {
  const encoder = new TextEncoder();
  resetSync();
  configureSync({
    sinks: { lines: (record) => void Deno.stdout.writeSync(encoder.encode(jsonLinesFormatter(record))) },
    loggers: [
      { category: "countersign", lowestLevel: level, sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
    ],
  });
  const logger = getLogger("countersign");
  const fields = (given: Fields = {}) => redactor.deep({ ...given });
  return {
    debug: (event, given) => logger.debug(event, fields(given)),
    info: (event, given) => logger.info(event, fields(given)),
    warning: (event, given) => logger.warn(event, fields(given)),
    error: (event, given) => logger.error(event, fields(given)),
  };
}

/** Name and message only: an error object may drag a whole context, and with it the token, into the log. */
export function errorFields(error: unknown): Fields {
  if (!(error instanceof Error)) return { error: String(error).slice(0, 300) };
  const at = error.stack?.split("\n").find((line) => line.trimStart().startsWith("at "))?.trim();
  return { error: error.name, message: error.message.slice(0, 300), at };
}
