import type { BenchStore } from "./stores.ts";
import { ANA, BEN, GROUP, talk } from "./update.ts";

/** Ids below those of the bench's own updates. */
const FIRST_ID = 10_000_000;
/** Finished updates are kept for two days; these all came within one. */
const SPREAD_MS = 86_400_000;
/** A message as long as people write them; with it an update has 400 bytes. */
const WORDS =
  "db-7 was out of connections for two minutes, the pool is back to normal, we raised the limit to 400 and " +
  "nobody noticed; the ticket has the graphs, please have a look before the stand-up";
const STEPS = ["asked", "approve", "claim", "send", "apply"] as const;
const STATES = ["pending", "approved", "executing", "executing", "applied"] as const;

/**
 * So many audit rows, and as many finished updates, as of a bot that has been at work for long: five rows of a change,
 * the updates among them talk. The hashes are no chain, which nobody looks at but `/audit verify`. Statements are
 * such that both kinds of database understand them.
 */
export async function writePast(store: BenchStore, rows: number): Promise<void> {
  await store.run(auditRows(rows));
  await store.run(
    `insert into chain_head (name, seq, hash) select 'audit', seq, hash from audit where seq = ${rows}`,
  );
  await store.run(finishedUpdates(rows));
  await store.settle();
}

function auditRows(rows: number): string {
  const [step, detail] = ["i % 5", `'${"5f".repeat(32)}'`];
  return `${numbered(rows)}
    insert into audit (seq, at, event, code, person_id, person_name, chat_id, operation, target, state, detail, trace, prev, hash)
    select i, ${Date.now() - SPREAD_MS} + i, ${choice(step, STEPS)}, ${text("100000 + i / 5")},
      case ${step} when 0 then ${ANA} when 1 then ${BEN} end,
      case ${step} when 0 then 'Ana' when 1 then 'Ben' end,
      case when ${step} < 2 then ${GROUP} end,
      'disable opsramp',
      'opsramp:INTG-09623113-d32e-48eb-8993-' || ${text("100000000000 + i / 5")} || ' Service Desk',
      ${choice(step, STATES)}, ${detail}, 'T' || ${text("100000 + i / 5")},
      ${hash("i - 1")}, ${hash("i")}
    from numbers`;
}

function finishedUpdates(rows: number): string {
  const [placeholder, now] = [1_234_567_890, Date.now()];
  return `${numbered(rows)}
    insert into inbox (update_id, lane, body, received_at, state, claimed_by, claimed_until, attempts, finished_at)
    select ${FIRST_ID} + i, 'chat:${GROUP}',
      replace('${talk(placeholder, GROUP, WORDS)}', '${placeholder}', ${text(`${FIRST_ID} + i`)}),
      ${now - SPREAD_MS} + i, 'done', null, ${now - SPREAD_MS} + i, 1, ${now - SPREAD_MS} + i + 5
    from numbers`;
}

function numbered(rows: number): string {
  return `with recursive numbers(i) as (select 1 union all select i + 1 from numbers where i < ${rows})`;
}

/** One of these words by the value of an expression, from 0. */
function choice(by: string, words: readonly string[]): string {
  return `case ${by} ${words.map((word, index) => `when ${index} then '${word}'`).join(" ")} end`;
}

function text(expression: string): string {
  return `cast(${expression} as text)`;
}

/** As long as a hash, and as hard to compress as a count. */
function hash(expression: string): string {
  return `'${"c0de".repeat(12)}' || ${text(`1000000000000000 + ${expression}`)}`;
}
