import { HIDDEN_MARK } from "../clients/secrets.ts";

/** Of half a credential, such as a client id: enough to tell two of them apart, and never most of one. */
export function inPart(text: string): string {
  return text.slice(0, Math.min(4, Math.floor(text.length / 3))) + HIDDEN_MARK;
}
