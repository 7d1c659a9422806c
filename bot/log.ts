import type { Redactor } from "./redact.ts";

/** Fields are ids, words and numbers; never a message text, a URL or a vendor's body. */
export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

const LEVELS = ["debug", "info", "warning", "error"] as const;
type Level = typeof LEVELS[number];

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
export function logToStdout(least: Level, redactor: Redactor): Log {
  const encoder = new TextEncoder();
  return logTo((line) => void Deno.stdout.writeSync(encoder.encode(`${line}\n`)), least, redactor);
}

/** The same, line by line through the console: some hosts read nothing else. */
export function logToConsole(least: Level, redactor: Redactor): Log {
  // deno-lint-ignore no-console -- it is what such a host reads
  return logTo((line, level) => console[level === "warning" ? "warn" : level](line), least, redactor);
}

function logTo(tell: (line: string, level: Level) => void, least: Level, redactor: Redactor): Log {
  const told = new Set<Level>(LEVELS.slice(LEVELS.indexOf(least)));
  return new Log((level, event, fields) => {
    if (!told.has(level)) return;
    const line = {
      "@timestamp": new Date().toISOString(),
      level: level.toUpperCase(),
      message: event,
      logger: "countersign",
      properties: redactor.deep(fields),
    };
    try {
      tell(JSON.stringify(line), level);
    } catch { /* a log that nobody reads any more stops nothing */ }
  });
}

/** Name and message only: an error object may drag a whole context, and with it the token, into the log. */
export function errorFields(error: unknown): Fields {
  if (!(error instanceof Error)) return { error: String(error).slice(0, 300) };
  const at = error.stack?.split("\n").find((line) => line.trimStart().startsWith("at "))?.trim();
  return { error: error.name, message: error.message.slice(0, 300), at };
}
