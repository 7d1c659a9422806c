import * as z from "zod";
import type { Json } from "../clients/json.ts";

export const invocationShape = z.object({
  verb: z.string(),
  target: z.string().nullable(),
  input: z.record(z.string(), z.json() as z.ZodType<Json>),
  /** Secret fields still to be entered on the secret page. */
  asked: z.array(z.string()).readonly(),
  reason: z.string().optional(),
  ticket: z.string().optional(),
  /** For how long, as a duration; for good where it is absent. */
  for: z.string().optional(),
  /** When it shall run, as a time of day or a day with one; as soon as it is approved where it is absent. */
  at: z.string().optional(),
  /** Only its card is wanted, for the asker alone. */
  onlyPlan: z.boolean().optional(),
  /** The code of the change that this one takes back. */
  undoOf: z.string().optional(),
  /** Where the secrets of this request are kept; also the future handle of its card. */
  handle: z.string().optional(),
  /** Filled in on a page before it is asked for. */
  onPage: z.boolean().optional(),
  /** The field that is asked for before anything else. */
  ask: z.string().optional(),
  /** The message that asked, to answer to. */
  messageId: z.number().optional(),
}).readonly();

/** What someone asked for, as plain data: stored while a question is open, and asked again from there. */
export type Invocation = z.output<typeof invocationShape>;
