import { DatabaseSync } from "node:sqlite";

const COMMITS = 101;

/** How long a small transaction takes until it is on the disk of this folder, as long as the bot waits for it (WAL, full sync). */
export function commitMs(folder: string): { median: number; slowest: number } {
  const path = `${folder}/commit-${crypto.randomUUID()}.db`;
  using database = new DatabaseSync(path);
  database.exec("pragma journal_mode = wal; pragma synchronous = full; create table rows (body text)");
  const insert = database.prepare("insert into rows values (?)");
  const body = "x".repeat(400);
  const times = Array.from({ length: COMMITS }, () => {
    const startedAt = performance.now();
    insert.run(body);
    return performance.now() - startedAt;
  }).sort((one, other) => one - other);
  return { median: times[COMMITS >> 1] ?? 0, slowest: times.at(-1) ?? 0 };
}
