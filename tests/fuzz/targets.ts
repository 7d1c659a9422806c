import type { Target } from "./campaign.ts";
import { commandTarget } from "./commands.ts";
import { documentTarget } from "./documents.ts";
import { entryTarget } from "./entries.ts";
import { formTarget } from "./forms.ts";
import { halfCommandTarget } from "./half_commands.ts";
import { pressTarget } from "./presses.ts";
import { readTarget } from "./reads.ts";
import { updateTarget } from "./updates.ts";
import { writeTarget } from "./writes.ts";

/** Every door, in the order of the table. */
export const targets: readonly Target[] = [
  updateTarget,
  commandTarget,
  pressTarget,
  halfCommandTarget,
  readTarget,
  writeTarget,
  entryTarget,
  formTarget,
  documentTarget,
].map((target) => target as Target);
