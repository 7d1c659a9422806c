import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  SelectQueryNode,
} from "kysely";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";

/** The file in which SQLite keeps what is committed, until a checkpoint. */
export interface WriteAheadLog {
  /** Resolves when all that it holds is on the disk. */
  flush(): Promise<void>;
  close(): void;
}

/**
 * One SQLite connection whose writers share commits. What is written within one turn of the event loop is committed
 * together at its end, and nobody is told that it is written before the disk has it: thirty updates that come in
 * together wait for that once. A transaction is a savepoint within, so that one that fails is taken back alone.
 *
 * SQLite itself waits for the disk only at a checkpoint. The log is flushed by a thread that holds up nobody; commits
 * that come meanwhile share the next flush.
 *
 * One at a time is at work, as on any SQLite connection. Who reads sees what is about to be committed. Whoever acts on
 * that records it first, in a commit that holds both, or that reaches the disk later.
 */
export class GroupCommitDriver implements Driver {
  private readonly statements: PreparedStatements;
  /** Those who wait until the connection is free. */
  private readonly waiting: (() => void)[] = [];
  private isTaken = false;
  /** What the writers of the open transaction wait for. */
  private group: PromiseWithResolvers<void> | undefined;
  /** Whoever has a savepoint open: until it is closed nothing can be committed. */
  private member: Connection | undefined;
  private isDue = false;
  /** Those committed since the flush under way began. */
  private readonly unflushed: PromiseWithResolvers<void>[] = [];
  private flushing: Promise<void> | undefined;
  /** Somebody has joined the group in this turn of the event loop. */
  private hasGrown = false;

  /** `log`: absent where nothing outlives the process. */
  constructor(private readonly database: DatabaseSync, private readonly log?: WriteAheadLog) {
    this.statements = new PreparedStatements(database);
  }

  async init(): Promise<void> {}

  /** The transaction that is open, if there is one. */
  get transaction(): DatabaseConnection | undefined {
    return this.member;
  }

  /** Runs one statement by itself. */
  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const connection = await this.acquireConnection();
    try {
      return await connection.executeQuery(query);
    } finally {
      this.handOver(connection);
    }
  }

  async acquireConnection(): Promise<Connection> {
    if (this.isTaken) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.isTaken = true;
    return new Connection(this);
  }

  releaseConnection(connection: Connection): Promise<void> {
    this.handOver(connection);
    return Promise.resolve();
  }

  async beginTransaction(connection: Connection): Promise<void> {
    this.hasGrown = true;
    if (!this.group) await this.openGroup();
    this.member = connection;
    connection.isTransaction = true;
    this.statements.run("savepoint member");
  }

  async commitTransaction(connection: Connection): Promise<void> {
    const { group } = this;
    if (!group) throw new Error(ENDED);
    this.statements.run("release member");
    this.handOver(connection);
    await group.promise;
  }

  /** After a commit that failed there is nothing left to take back. */
  rollbackTransaction(connection: Connection): Promise<void> {
    this.takeBack(connection);
    return Promise.resolve();
  }

  async destroy(): Promise<void> {
    for (this.commitWhatIsOver(); this.flushing; this.commitWhatIsOver()) await this.flushing;
    this.log?.close();
    this.database.close();
  }

  /** Resolves when the rows are read, or what is written is on disk. */
  async execute(
    connection: Connection,
    { query, sql, parameters }: CompiledQuery,
  ): Promise<QueryResult<unknown>> {
    if (connection.isTransaction) {
      if (connection.isOver || !this.group) throw new Error(ENDED);
      return this.run(sql, parameters);
    }
    if (SelectQueryNode.is(query)) return await onceFree(() => this.run(sql, parameters));
    if (NEVER_IN_TRANSACTION.test(sql)) {
      this.commit();
      return this.runPatiently(sql, parameters);
    }
    this.hasGrown = true;
    const { promise } = this.group ?? await this.openGroup();
    const result = this.run(sql, parameters);
    this.handOver(connection);
    await promise;
    return result;
  }

  stream({ sql, parameters }: CompiledQuery): Iterable<unknown> {
    return this.statements.of(sql).iterate(...parameters as SQLInputValue[]);
  }

  private run(sql: string, parameters: readonly unknown[]): QueryResult<unknown> {
    try {
      return this.statements.run(sql, parameters);
    } catch (error) {
      // A full disk ends the transaction for all its writers, not only for who noticed it.
      if (this.group && !this.database.isTransaction) this.endGroup()?.reject(error);
      throw error;
    }
  }

  /** While another process writes, this one goes on with all else. */
  private async openGroup(): Promise<PromiseWithResolvers<void>> {
    // A deferred one that reads first and writes later fails at once when another process wrote in between.
    await onceFree(() => this.statements.run("begin immediate"));
    const group = Promise.withResolvers<void>();
    // A writer that failed does not wait for the others.
    group.promise.catch(() => {});
    this.commitOnceQuiet(group, 0);
    return this.group = group;
  }

  /** What is not worth trying again and again: SQLite itself waits for the others. */
  private runPatiently(sql: string, parameters: readonly unknown[]): QueryResult<unknown> {
    this.statements.run(`pragma busy_timeout = ${BUSY_MS}`);
    try {
      return this.run(sql, parameters);
    } finally {
      this.statements.run("pragma busy_timeout = 0");
    }
  }

  /** What a writer wakes in one turn of the event loop joins in the next. */
  private commitOnceQuiet(group: PromiseWithResolvers<void>, turns: number): void {
    setImmediate(() => {
      if (this.group !== group) return;
      if (this.hasGrown && turns < MOST_TURNS) {
        this.hasGrown = false;
        return this.commitOnceQuiet(group, turns + 1);
      }
      this.isDue = true;
      this.commitIfFree();
    });
  }

  private commitIfFree(): void {
    if (this.isDue && !this.member) this.commit();
  }

  private commit(): void {
    if (!this.group) return;
    try {
      this.statements.run("commit");
      this.flushFor(this.endGroup());
    } catch (error) {
      if (this.database.isTransaction) this.statements.run("rollback");
      this.endGroup()?.reject(error);
    }
  }

  /** SQLite would commit a transaction that is under way as far as it has come. */
  private commitWhatIsOver(): void {
    if (this.member) this.takeBack(this.member);
    this.commit();
  }

  private takeBack(connection: Connection): void {
    if (connection.isOver || !this.group) return;
    this.statements.run("rollback to member");
    this.statements.run("release member");
    this.handOver(connection);
  }

  private endGroup(): PromiseWithResolvers<void> | undefined {
    const { group } = this;
    this.group = undefined;
    this.isDue = false;
    return group;
  }

  private flushFor(group: PromiseWithResolvers<void> | undefined): void {
    const { log, unflushed } = this;
    if (!group) return;
    if (!log) return group.resolve();
    unflushed.push(group);
    this.flushing ??= this.flushAll(log);
  }

  /** One flush after the other, each for all that was committed before it began. */
  private async flushAll(log: WriteAheadLog): Promise<void> {
    while (this.unflushed.length > 0) {
      const groups = this.unflushed.splice(0);
      const settle = await log.flush().then(
        () => (group: PromiseWithResolvers<void>) => group.resolve(),
        (error) => (group: PromiseWithResolvers<void>) => group.reject(error),
      );
      groups.forEach(settle);
    }
    this.flushing = undefined;
  }

  /** Lets the next one at the connection, which need not wait for the disk. */
  private handOver(connection: Connection): void {
    if (connection.isOver) return;
    connection.isOver = true;
    if (this.member === connection) this.member = undefined;
    this.commitIfFree();
    const next = this.waiting.shift();
    if (next) next();
    else this.isTaken = false;
  }
}

/** How long this process waits for another one that has locked the file. */
export const BUSY_MS = 5000;
const LOOK_MS = 5;

/** Tries until no other process is in the way. */
export async function onceFree<T>(attempt: () => T): Promise<T> {
  for (let waitedMs = 0;; waitedMs += LOOK_MS) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || waitedMs >= BUSY_MS) throw error;
    }
    await sleep(LOOK_MS);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && error.message.includes("database is locked");
}

const ENDED = "SQLite has ended the transaction";

/** Whoever waits for the disk does not wait for a crowd without end. */
const MOST_TURNS = 2;

const NEVER_IN_TRANSACTION = /^\s*(pragma|vacuum)\b/i;

/** One user's time at the connection. */
class Connection implements DatabaseConnection {
  isTransaction = false;
  isOver = false;

  constructor(private readonly driver: GroupCommitDriver) {}

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.driver.execute(this, query) as Promise<QueryResult<R>>;
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    for (const row of this.driver.stream(query)) yield { rows: [row as R] };
  }
}

/** More than the bot's own; those whose lists vary in length are many. */
const MOST_PREPARED = 300;

/** Kept, because preparing a statement costs more than running it. */
class PreparedStatements {
  private readonly known = new Map<string, StatementSync>();
  private readonly readers = new WeakMap<StatementSync, boolean>();

  constructor(private readonly database: DatabaseSync) {}

  of(sql: string): StatementSync {
    const known = this.known.get(sql);
    if (known) return known;
    if (this.known.size >= MOST_PREPARED) this.known.clear();
    const statement = this.database.prepare(sql);
    this.known.set(sql, statement);
    this.readers.set(statement, statement.columns().length > 0);
    return statement;
  }

  run(sql: string, parameters: readonly unknown[] = []): QueryResult<unknown> {
    const statement = this.of(sql);
    const values = parameters as SQLInputValue[];
    if (this.readers.get(statement)) return { rows: statement.all(...values) };
    const { changes, lastInsertRowid } = statement.run(...values);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }
}
