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
const SECRETS = ["tests/changes/secrets_test.ts", "tests/changes/literal_secret_test.ts"];
export const SPEAKERS = ["tests/bot/access_test.ts", MISSING];
export const APPROVAL = [
  "tests/changes/machine_test.ts",
  "tests/changes/approval_test.ts",
  "tests/changes/button_test.ts",
  MISSING,
  ...SECRETS,
];
export const EXECUTION = [
  "tests/changes/execution_test.ts",
  MISSING,
  "tests/crash/due_test.ts",
  ...SECRETS,
  "tests/changes/fault_test.ts",
  "tests/changes/late_test.ts",
  "tests/crash/kill_slow.ts",
];
export const REQUESTS = [
  "tests/changes/card_test.ts",
  "tests/changes/undo_test.ts",
  "tests/changes/button_test.ts",
  MISSING,
  ...SECRETS,
  "tests/changes/execution_test.ts",
];
