/** The database did not answer. What depends on it waits until it does; it is not decided without it. */
export class StoreUnavailable extends Error {
  constructor(cause: unknown) {
    super(`The database did not answer: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = "StoreUnavailable";
  }
}
