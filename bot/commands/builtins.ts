import { aboutCommands } from "./about.ts";
import { auditCommands } from "./audit.ts";
import { board } from "./board.ts";
import type { Builtin } from "./builtin.ts";
import { changeCommands } from "./changes.ts";
import { doctor } from "./doctor.ts";
import { every } from "./every.ts";
import { freezeCommands } from "./freeze.ts";
import { handover } from "./handover.ts";
import { holdCommands } from "./hold.ts";
import { ownCommands } from "./own.ts";
import { history } from "./history.ts";
import { policyCommands } from "./policy.ts";
import { overview } from "./status.ts";
import { watchCommands } from "./watch.ts";

/** The bot's own commands, in the order in which they are listed. */
export const builtins: readonly Builtin[] = [
  overview,
  ...changeCommands,
  ...freezeCommands,
  handover,
  board,
  history,
  every,
  ...holdCommands,
  ...watchCommands,
  ...auditCommands,
  ...ownCommands,
  ...policyCommands,
  ...aboutCommands,
  doctor,
];
