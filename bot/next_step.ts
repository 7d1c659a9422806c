import { type Failure, nextStep as nextStepIn } from "../clients/errors.ts";
import { vendors } from "../handlers/registry.ts";

/** What to do next after a vendor failed, in one sentence that names the variables to look at. */
export function nextStep(failure: Failure): string {
  const vendor = Object.values(vendors).find(({ label, system = label }) => system === failure.vendor);
  return nextStepIn(failure, vendor?.credentials);
}
