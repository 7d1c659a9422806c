import {
  configureSync,
  getConsoleSink,
  getLogger,
  jsonLinesFormatter,
  type LogLevel,
  resetSync,
  type Sink,
} from "@logtape/logtape";
import type { Redactor } from "./redact.ts";

/** Fields are ids, words and numbers; never a message text, a URL or a vendor's body. */
export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

type Level = "debug" | "info" | "warning" | "error";

/** What happened, one event each, told to whoever writes it. */
export class Log {
  constructor(private readonly write: (level: Level, event: string, fields: Fields) => void) {}

  debug(event: string, fields: Fields = {}): void {
    this.write("debug", event, fields);
  }

  info(event: string, fields: Fields = {}): void {
    this.write("info", event, fields);
  }

  warning(event: string, fields: Fields = {}): void {
    this.write("warning", event, fields);
  }

  error(event: string, fields: Fields = {}): void {
    this.write("error", event, fields);
  }
}

/** A log of JSON lines on standard output, every secret of ours redacted. */
export function logToStdout(level: LogLevel, redactor: Redactor): Log {
  const encoder = new TextEncoder();
  return logTo(
    (record) => void Deno.stdout.writeSync(encoder.encode(jsonLinesFormatter(record))),
    level,
    redactor,
  );
}

/** The same, line by line through the console: some hosts read nothing else. */
export function logToConsole(level: LogLevel, redactor: Redactor): Log {
  return logTo(
    getConsoleSink({ formatter: (record) => [jsonLinesFormatter(record).trimEnd()] }),
    level,
    redactor,
  );
}

function logTo(lines: Sink, level: LogLevel, redactor: Redactor): Log {
  resetSync();
  configureSync({
    sinks: { lines },
    loggers: [
      { category: "countersign", lowestLevel: level, sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
    ],
  });
  const logger = getLogger("countersign");
  return new Log((at, event, fields) => logger[at](event, redactor.deep({ ...fields })));
}

/** Name and message only: an error object may drag a whole context, and with it the token, into the log. */
export function errorFields(error: unknown): Fields {
  if (!(error instanceof Error)) return { error: String(error).slice(0, 300) };
  const at = error.stack?.split("\n").find((line) => line.trimStart().startsWith("at "))?.trim();
  return { error: error.name, message: error.message.slice(0, 300), at };
}
