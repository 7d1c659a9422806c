import { createOpsRamp, type Installation } from "../sandbox/opsramp.ts";
import { OPSRAMP_SECRET } from "./ours.ts";

/** More than fit on a page of a list. */
const INSTALLED = 24;
const UNLIMITED = { get: Infinity, search: Infinity, write: Infinity };

/** The sandbox's OpsRamp, with integrations to enable and disable, and without limits of its own. */
export function createBenchOpsRamp(): ReturnType<typeof createOpsRamp> {
  const installations = Array.from({ length: INSTALLED }, (_, index): Installation => ({
    id: installedId(index),
    displayName: `Integration ${index + 1}`,
    integration: { id: "CUSTOM", name: "Custom" },
    category: "CUSTOM",
    status: "enabled",
  }));
  return createOpsRamp({ clientSecret: OPSRAMP_SECRET, rates: UNLIMITED, installations });
}

export function installedId(index: number): string {
  return `INTG-09623113-d32e-48eb-8993-${String(index).padStart(12, "0")}`;
}
