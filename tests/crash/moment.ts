import {
  ColumnNode,
  InsertQueryNode,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type QueryId,
  type RootOperationNode,
  TableNode,
  UpdateQueryNode,
} from "kysely";
import * as z from "zod";
import type { Store } from "../../bot/store/database.ts";
import type { GroupCommitDriver } from "../../bot/store/group_commit.ts";
import { storeWith } from "../approvals/database.ts";

/** A point in a process's life, named by what it writes there or by what happens outside. */
export const momentShape = z.object({
  /**
   * "audit approve": the transaction that appends this event. "insert inbox", "update messages.sent_version": any
   * other write of this table, or of this column. "webhook": an update is taken, or its answer is about to go out.
   * "vendor write": a vendor's answer to a write has arrived.
   */
  at: z.string(),
  /**
   * Right before the commit, or right after it. `joined`, on SQLite: the transaction's own savepoint is released, and the
   * commit that it shares with others is still to come.
   */
  when: z.enum(["before", "joined", "after"]),
  /** Which time; the first is 1. */
  nth: z.int().positive().default(1),
});
export type Moment = z.input<typeof momentShape>;

export type Watch = (what: string, when: Moment["when"]) => void;

/**
 * The same store, telling of every write right before and right after it is committed. SQLite's tells it itself, so that
 * statements that do not pass through Kysely are seen as well.
 */
export function watched(store: Store, tell: Watch): Store {
  const driver = store["driver"];
  if (driver) {
    watchDriver(driver, tell);
    return store;
  }
  return storeWith(store, {
    db: store.db.withPlugin(createWatcher(tell)),
    async transaction(work) {
      const seen: string[] = [];
      const note: Watch = (what, when) => when === "before" && seen.push(what);
      const result = await store.transaction(async (transaction) => {
        const done = await work(transaction.withPlugin(createWatcher(note)));
        for (const what of seen) tell(what, "before");
        return done;
      });
      for (const what of seen) tell(what, "after");
      return result;
    },
  });
}

type Member = Parameters<GroupCommitDriver["execute"]>[0];

function watchDriver(driver: GroupCommitDriver, tell: Watch): void {
  const execute = driver.execute.bind(driver);
  const commit = driver.commitTransaction.bind(driver);
  const written = new WeakMap<Member, string[]>();
  const told = async <T>(writes: readonly string[], commit: () => Promise<T>) => {
    for (const what of writes) tell(what, "before");
    const committed = commit();
    for (const what of writes) tell(what, "joined");
    const result = await committed;
    for (const what of writes) tell(what, "after");
    return result;
  };
  driver.execute = (connection, query) => {
    const writes = writesOf(query.query);
    if (!connection.isTransaction) return told(writes, () => execute(connection, query));
    written.set(connection, [...written.get(connection) ?? [], ...writes]);
    return execute(connection, query);
  };
  driver.commitTransaction = (connection) => told(written.get(connection) ?? [], () => commit(connection));
}

function createWatcher(tell: Watch): KyselyPlugin {
  const underWay = new WeakMap<QueryId, readonly string[]>();
  return {
    transformQuery({ node, queryId }: PluginTransformQueryArgs) {
      const writes = writesOf(node);
      underWay.set(queryId, writes);
      for (const what of writes) tell(what, "before");
      return node;
    },
    transformResult({ result, queryId }) {
      for (const what of underWay.get(queryId) ?? []) tell(what, "after");
      return Promise.resolve(result);
    },
  };
}

function writesOf(node: RootOperationNode): string[] {
  if (UpdateQueryNode.is(node) && node.table && TableNode.is(node.table)) {
    const table = node.table.table.identifier.name;
    return node.updates?.flatMap(({ column }) =>
      ColumnNode.is(column) ? [`update ${table}.${column.column.name}`] : []
    ) ?? [];
  }
  if (!InsertQueryNode.is(node)) return [];
  const table = node.into?.table.identifier.name ?? "";
  return table === "audit" ? eventsOf(node).map((event) => `audit ${event}`) : [`insert ${table}`];
}

/** The events among the rows that go into the audit. */
function eventsOf({ columns = [], values }: InsertQueryNode): string[] {
  const place = columns.findIndex(({ column }) => column.name === "event");
  if (values?.kind !== "ValuesNode" || !("values" in values)) return [];
  const rows = values.values as readonly { readonly values: readonly unknown[] }[];
  return rows.map((row) => {
    const value = row.values[place];
    return typeof value === "object" && value !== null && "value" in value
      ? String(value.value)
      : String(value);
  });
}
