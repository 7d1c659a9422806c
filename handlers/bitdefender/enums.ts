/** The vendor's numbers in the vendor's words; a number that is not documented is shown as it is. */

export const statusWord = worded({
  0: "Not licensed",
  1: "Available",
  2: "Stopped",
  3: "Action required",
  4: "Pending",
  5: "Active",
  6: "Error",
  7: "License usage reached",
});

export const integrationTypeWord = worded({ 1: "VMware" });

export const viewTypeWord = worded({ 1: "VMs and Templates", 2: "Hosts and Clusters" });

export const companyTypeWord = worded({ 0: "Partner", 1: "Customer" });

export const ACTIVE = 5;

/** Worst first. Unknown statuses stand with the problems: nobody has said that they are harmless. */
const SEVERITY = [6, 3, 7, 0, 2];
const HARMLESS = [4, 1, ACTIVE];

export function isProblem(status: number): boolean {
  return !HARMLESS.includes(status);
}

/** For sorting: lower is worse. */
export function severity(status: number): number {
  if (SEVERITY.includes(status)) return SEVERITY.indexOf(status);
  return SEVERITY.length + 1 + HARMLESS.indexOf(status);
}

function worded(words: Readonly<Record<number, string>>): (value: number) => string {
  return (value) => words[value] ?? `Unknown (${value})`;
}
