import { excusedRepeats, findings, repeatedDecisions, unansweredCommands, untold } from "./accounts.ts";
import type { Campaign } from "./campaign.ts";

/** The figures of a campaign, and whether every promise was kept. */
export interface Report {
  readonly text: string;
  readonly broken: readonly string[];
}

export function report(campaign: Campaign): Report {
  const { evidence, incidents } = campaign;
  const { proof } = evidence.records;
  const found = findings(evidence);
  const broken = [
    ...found.flatMap(({ what, broken }) => broken.map((place) => `${what}: ${place}`)),
    ...(proof.intact ? [] : [`the audit is broken at row ${proof.row}: ${proof.why}`]),
    ...incidents,
  ];
  const promises = found.map(({ what, broken }): Row => [what, String(broken.length)]);
  const rows: Row[] = [...traffic(campaign), ...changes(campaign), ...promises, [
    "audit chain",
    proof.intact ? `verified, ${proof.rows} rows` : `broken at row ${proof.row}`,
  ]];
  return { text: [...aligned(rows), ...broken.map((one) => `BROKEN ${one}`), ""].join("\n"), broken };
}

type Row = readonly [what: string, figure: string];

function traffic(campaign: Campaign): Row[] {
  const { evidence, telegram, vendors, kills, pauses, repeatedPosts } = campaign;
  const { deeds, updates, sent } = evidence;
  const excused = excusedRepeats(evidence);
  const unanswered = unansweredCommands(evidence).length;
  return [
    ["replicas killed (kill -9)", String(kills)],
    ["replicas paused past their leases (SIGSTOP)", String(pauses)],
    ["updates sent", String(updates.size)],
    ["updates posted twice, or 200 lost", String(repeatedPosts)],
    ["commands answered", `${deeds.commands.length - unanswered} of ${deeds.commands.length}`],
    ["decisions tried", String(deeds.decisions.length)],
    ["decisions handled again after a death, refused", String(repeatedDecisions(evidence))],
    ["slowest update handled after", `${(slowest(campaign) / 1000).toFixed(1)} s`],
    ["messages sent", String(sent.length)],
    ["  twice, as Telegram's answer was lost", String(excused.answerLost)],
    ["  twice, as the sender died before noting it", String(excused.senderDied)],
    ["  twice, and taken back as the sender had slept", String(excused.takenBack)],
    ["calls to Telegram", `${telegram.calls}, spoilt: ${spoilt(telegram.faults)}`],
    ["calls to vendors", `${vendors.calls}, spoilt: ${spoilt(vendors.faults)}`],
  ];
}

function changes({ evidence: { records, writes } }: Campaign): Row[] {
  const times = (event: string) => String(records.audit.filter((row) => row.event === event).length);
  const ended = records.loans.filter(({ ended_at }) => ended_at !== null);
  const scheduled = records.changes.filter(({ scheduled_at }) => scheduled_at !== null);
  const states = Map.groupBy(records.changes, ({ state }) => state);
  const spoiltWrites = writes.filter(({ fault }) => fault !== undefined && fault !== "slow");
  return [
    ["changes asked for", String(records.changes.length)],
    ...[...states].map(([state, all]): Row => [`  ${state}`, String(all.length)]).toSorted(),
    ["  unknown, as no look can tell", String(untold(records).length)],
    ["votes that did not decide", times("vote")],
    ["  taken back", times("take_back")],
    ["stopped before the run", times("stop")],
    ["scheduled, and run", String(scheduled.filter(({ state }) => RAN.has(state)).length)],
    ["loans begun", String(records.loans.length)],
    ["  given 1 h more, cut short", `${times("loan_extended")}, ${times("loan_cut_short")}`],
    ...[...Map.groupBy(ended, ({ outcome }) => outcome ?? "")]
      .map(([outcome, all]): Row => [`  ${outcome.replace("_", " ")}`, String(all.length)]).toSorted(),
    ["  open, and people know why", String(records.loans.length - ended.length)],
    ["vendor writes", String(writes.length)],
    ["  whose answer was spoilt", String(spoiltWrites.length)],
    ["  which took effect all the same", String(spoiltWrites.filter(({ effective }) => effective).length)],
  ];
}

const RAN: ReadonlySet<string> = new Set(["applied", "partly applied", "accepted", "not applied", "unknown"]);

function slowest({ evidence: { records } }: Campaign): number {
  return Math.max(0, ...records.updates.map((row) => (row.finished_at ?? row.received_at) - row.received_at));
}

function spoilt(faults: ReadonlyMap<string, number>): string {
  return [...faults].toSorted().map(([fault, times]) => `${fault} ${times}`).join(", ") || "none";
}

function aligned(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map(([what]) => what.length));
  return rows.map(([what, figure]) => `${what.padEnd(width)}  ${figure}`);
}
