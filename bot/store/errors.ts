import type { DatabaseConfig } from "../settings.ts";

/** The database did not answer. What depends on it waits until it does; it is not decided without it. */
export class StoreUnavailable extends Error {
  constructor(cause: unknown) {
    super(`The database did not answer: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = "StoreUnavailable";
  }
}

/** Why the database cannot be used, as a sentence that says what to do. */
export class StoreOpenError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreOpenError";
  }
}

/** What a newer version adds is no harm to the one before it; what it takes away, it takes away a version later. */
export class NewerSchema extends StoreOpenError {}

/** The same of whatever went wrong; nothing of the address is quoted but where it leads. */
export function storeOpenError(config: DatabaseConfig, error: unknown): StoreOpenError {
  if (error instanceof StoreOpenError) return error;
  const [place, advice] = config.kind === "sqlite"
    ? [config.path, "check the path in DATABASE_URL, and that this user may write the file and its folder"]
    : [serverOf(config.url), "check DATABASE_URL, that Postgres runs there, and what this user may do"];
  return new StoreOpenError(`The database ${place} cannot be used (${reasonOf(error)}): ${advice}.`, {
    cause: error,
  });
}

function serverOf(address: string): string {
  const url = URL.parse(address);
  return url ? `${url.host}${url.pathname}` : "of DATABASE_URL";
}

function reasonOf(error: unknown): string {
  if (error instanceof StoreUnavailable) return reasonOf(error.cause);
  if (error instanceof Deno.errors.NotCapable) return "Deno was not permitted to open it";
  // A name with several addresses fails with one error for each and no words of its own.
  if (error instanceof AggregateError && error.message === "") return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
