/** One guard, and the smallest edit that takes it away. */
export interface Guard {
  /** What it keeps out or makes sure of. */
  readonly name: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Where it has to be missed: test files or folders. */
  readonly tests: readonly string[];
}

/** Guards of one file. A row is: what it is for, what stands there, what stands there instead (default: nothing). */
export function guardsOf(
  file: string,
  tests: readonly string[],
  rows: readonly (readonly [name: string, find: string, replace?: string])[],
): Guard[] {
  return rows.map(([name, find, replace = ""]) => ({ name, file, find, replace, tests }));
}

/** Where the guards of a part have to be missed, the most likely place first. */
const MISSING = "tests/crash/guards_test.ts";
const SECRETS = ["tests/approvals/secrets_test.ts", "tests/approvals/literal_secret_test.ts"];
export const SPEAKERS = ["tests/bot/access_test.ts", MISSING];
export const APPROVAL = [
  "tests/approvals/state_machine_test.ts",
  "tests/approvals/approval_test.ts",
  "tests/approvals/button_test.ts",
  MISSING,
  ...SECRETS,
];
/** What an approval covers, whose it is, and what ends that cannot end. */
export const BOUNDS = [
  "tests/approvals/covered_test.ts",
  "tests/approvals/two_groups_test.ts",
  "tests/approvals/take_over_test.ts",
  "tests/approvals/settle_test.ts",
];
export const EXECUTION = [
  "tests/approvals/execution_test.ts",
  MISSING,
  "tests/crash/due_test.ts",
  ...SECRETS,
  "tests/approvals/fault_test.ts",
  "tests/approvals/late_test.ts",
  "tests/crash/kill_slow.ts",
];
/** When what is approved begins, and what keeps it from that. */
export const STOPS = [
  "tests/approvals/stop_test.ts",
  "tests/approvals/schedule_test.ts",
  "tests/approvals/state_machine_test.ts",
];
/** What is made for a time, and is taken back. */
export const LOANS = [
  "tests/approvals/loan_test.ts",
  "tests/approvals/loan_trouble_test.ts",
  "tests/approvals/schedule_test.ts",
  "tests/approvals/covered_test.ts",
  MISSING,
];
export const HOLDS = ["tests/approvals/hold_test.ts", "tests/approvals/live_card_test.ts"];
export const FREEZES = [
  "tests/approvals/freeze_test.ts",
  "tests/approvals/freeze_planned_test.ts",
  "tests/approvals/freeze_replaced_test.ts",
];
export const REQUESTS = [
  "tests/approvals/card_test.ts",
  "tests/approvals/undo_test.ts",
  "tests/approvals/button_test.ts",
  MISSING,
  ...SECRETS,
  "tests/approvals/execution_test.ts",
];
