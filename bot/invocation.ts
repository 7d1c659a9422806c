import { z } from "zod";
import type { JsonObject } from "../clients/json.ts";

/** What someone asked for, as plain data: stored while a question is open, and asked again from there. */
export interface Invocation {
  readonly verb: string;
  readonly target: string | null;
  readonly input: JsonObject;
  /** Secret fields still to be entered on the secret page. */
  readonly asked: readonly string[];
  readonly reason?: string | undefined;
  readonly ticket?: string | undefined;
  /** The code of the change that this one takes back. */
  readonly undoOf?: string | undefined;
  /** Where the secrets of this request are kept; also the future handle of its card. */
  readonly handle?: string | undefined;
  /** The message that asked, to answer to. */
  readonly messageId?: number | undefined;
}

export const invocationShape: z.ZodType<Invocation> = z.object({
  verb: z.string(),
  target: z.string().nullable(),
  input: z.record(z.string(), z.json()),
  asked: z.array(z.string()),
  reason: z.string().optional(),
  ticket: z.string().optional(),
  undoOf: z.string().optional(),
  handle: z.string().optional(),
  messageId: z.number().optional(),
});
