import type * as LogTape from "@logtape/logtape";
import type { Redactor } from "./redact.ts";

/** Fields are ids, words and numbers; never a message text, a URL or a vendor's body. */
export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** From the least to the most. */
const LEVELS = ["debug", "info", "warning", "error"] as const;
type Level = (typeof LEVELS)[number];

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
export function logToStdout(level: Level, redactor: Redactor): LineLog {
  const encoder = new TextEncoder();
  return new LineLog(
    ({ jsonLinesFormatter }) => (record) =>
      void Deno.stdout.writeSync(encoder.encode(jsonLinesFormatter(record))),
    level,
    redactor,
  );
}

/** The same, line by line through the console: some hosts read nothing else. */
export function logToConsole(level: Level, redactor: Redactor): LineLog {
  return new LineLog(
    ({ getConsoleSink, jsonLinesFormatter }) =>
      getConsoleSink({ formatter: (record) => [jsonLinesFormatter(record).trimEnd()] }),
    level,
    redactor,
  );
}

type Line = Parameters<LogTape.Logger["emit"]>[0];

/**
 * A log whose lines a library writes. It is loaded with the first of them, since a start has no need of it: until it is
 * there lines wait, as they were when they were logged.
 */
export class LineLog extends Log {
  private readonly waiting: Line[] = [];
  private loading: Promise<void> | undefined;
  private logger: LogTape.Logger | undefined;

  constructor(
    private readonly sink: (library: typeof LogTape) => LogTape.Sink,
    lowestLevel: Level,
    redactor: Redactor,
  ) {
    const lowest = LEVELS.indexOf(lowestLevel);
    super((level, event, fields) => {
      if (LEVELS.indexOf(level) < lowest) return;
      this.take({
        timestamp: Date.now(),
        level,
        message: [event],
        rawMessage: event,
        properties: redactor.deep({ ...fields }),
      });
    });
  }

  /** Resolves once all that was logged is written; from then on each line is written at once. */
  written(): Promise<void> {
    return this.loading ??= this.load();
  }

  private take(line: Line): void {
    if (this.logger) return this.logger.emit(line);
    this.waiting.push(line);
    void this.written();
  }

  private async load(): Promise<void> {
    using _held = this.holdUncaught();
    const library = await import("@logtape/logtape");
    library.resetSync();
    library.configureSync({
      sinks: { lines: this.sink(library) },
      loggers: [
        // What is too low was left out when it was logged.
        { category: "countersign", lowestLevel: LEVELS[0], sinks: ["lines"] },
        { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
      ],
    });
    const logger = library.getLogger("countersign");
    this.waiting.splice(0).forEach((line) => logger.emit(line));
    this.logger = logger;
  }

  /** Until this is disposed of, an error that ends the process ends it once all that was logged is written. */
  private holdUncaught(): Disposable {
    const held = new AbortController();
    const hold = (event: ErrorEvent | PromiseRejectionEvent) => {
      event.preventDefault();
      void this.written().finally(() => {
        throw event instanceof ErrorEvent ? event.error : event.reason;
      });
    };
    for (const type of ["error", "unhandledrejection"] as const) {
      addEventListener(type, hold, { signal: held.signal });
    }
    return { [Symbol.dispose]: () => held.abort() };
  }
}

/** Names and messages only: an error object may drag a whole context, and with it the token, into the log. */
export function errorFields(error: unknown): Fields {
  if (!(error instanceof Error)) return { error: String(error).slice(0, 300) };
  const at = error.stack?.split("\n").find((line) => line.trimStart().startsWith("at "))?.trim();
  return { error: error.name, message: error.message.slice(0, 300), because: messageWithin(error), at };
}

/** grammY says that Telegram could not be reached, and keeps why within. What names an address or quotes stays there. */
function messageWithin(error: Error): string | undefined {
  if (!("error" in error && error.error instanceof Error)) return undefined;
  const { name, message } = error.error;
  return name === "SyntaxError" || message.includes("://") ? undefined : message.slice(0, 300);
}
