import { type RawBuilder, sql } from "kysely";

/**
 * A state as part of the statement. As a parameter it would keep SQLite from using an index of just the rows in
 * that state, and each look at what waits would walk all that ever was.
 */
export function literal<const State extends string>(state: State): RawBuilder<State> {
  return sql.lit(state);
}
