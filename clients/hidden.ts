/** Stands where a secret would be. Nothing that holds it is ever sent back to a vendor. */
export const HIDDEN = "••••••";
