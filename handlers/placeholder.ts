import { ENTER_MARK, HIDDEN_MARK } from "../clients/secrets.ts";

/** Stands for a value that is shown to nobody. */
export const NOT_SHOWN = "hidden";
export const SET_BUT_NOT_SHOWN = `set, ${NOT_SHOWN}`;
export const UNREADABLE = "cannot be read";
export const ENTERED_PRIVATELY = "new value, entered privately";
/** Follows what is shown of a value, such as an address without its key. */
export const REST_NOT_SHOWN = "(the rest is hidden)";

const WHOLE: ReadonlySet<string> = new Set([
  ENTER_MARK,
  NOT_SHOWN,
  SET_BUT_NOT_SHOWN,
  UNREADABLE,
  ENTERED_PRIVATELY,
]);
const WITHIN = [HIDDEN_MARK, REST_NOT_SHOWN];

/**
 * Whether a text is what our own replies show in place of a value: copied from there and sent, it would overwrite
 * the value that it stands for. A secret field may hold `ENTER_MARK`, so do not ask about those.
 */
export function isPlaceholder(text: string): boolean {
  return WHOLE.has(text.trim()) || WITHIN.some((part) => text.includes(part));
}
