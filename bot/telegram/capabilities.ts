import { NOT_IMPLEMENTED, type Refusal } from "./api.ts";

/** What this server understands, learnt from what it takes and refuses; undefined is not known yet. */
export interface Capabilities {
  /** True once a rich message was taken. */
  rich: boolean | undefined;
  /** How many messages were refused as rich and taken as plain. */
  takenAsPlain: number;
  /** Date-time entities in plain messages. */
  dateTimes: boolean;
  /** True once a private answer in a group was seen to be private; until then nothing secret relies on it. */
  ephemeral: boolean | undefined;
}

export function unknownCapabilities(): Capabilities {
  return { rich: undefined, takenAsPlain: 0, dateTimes: true, ephemeral: undefined };
}

/** One odd message may be refused by any server; so many, with none ever taken, are refused by this one. */
const NOT_BY_CHANCE = 3;

/** A message was refused as rich and then taken as plain: is it the server, or only this message? */
export function learnFromPlain(capabilities: Capabilities, { code, description }: Refusal): void {
  const isMethodMissing = code === 404 || code === NOT_IMPLEMENTED;
  if (!isMethodMissing && capabilities.rich) return;
  capabilities.takenAsPlain += 1;
  const isServer = isMethodMissing || NAMES_THE_FORM.test(description) ||
    capabilities.takenAsPlain >= NOT_BY_CHANCE;
  if (isServer) capabilities.rich = false;
}

/** An old server reads an edit with `rich_message` as one without a text. */
const NAMES_THE_FORM = /rich|unsupported|not supported|message text is empty/i;

/** A message was refused as one person's own and then taken as everyone's. */
export function learnFromPublic(capabilities: Capabilities, { description }: Refusal): void {
  // Where it worked before, or names whom it is for, another one may still be taken.
  if (capabilities.ephemeral || NAMES_THE_RECEIVER.test(description)) return;
  capabilities.ephemeral = false;
}

const NAMES_THE_RECEIVER =
  /PARTICIPANT|(USER|PEER|QUERY)_ID_INVALID|(user|member) not found|query is too old/i;
