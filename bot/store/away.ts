/** The database did not answer. What depends on it waits until it does; it is not decided without it. */
export class StoreAway extends Error {
  constructor(cause: unknown) {
    super(`The database did not answer: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = "StoreAway";
  }
}

/** The same query, failing as `StoreAway`. */
export async function orAway<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw new StoreAway(error);
  }
}
