import type { Reply } from "../../handlers/reply.ts";
import type { AuditFilter } from "../store/audit.ts";

/** Lower goes first when Telegram slows us down. */
export const PRIORITY = { decision: 0, outcome: 1, answer: 2, edit: 3 } as const;

/** Where a message goes and what it says. The same key later means: edit it. */
export interface Outgoing {
  readonly key: string;
  readonly chatId: number;
  readonly threadId?: number | undefined;
  readonly replyTo?: number | undefined;
  /** The person an ephemeral message is for. */
  readonly receiverId?: number | undefined;
  readonly callbackQueryId?: string | undefined;
  readonly reply: Reply;
  readonly priority: number;
  /** Somebody must act on it, so it is heard as well as seen: true for few. */
  readonly sound?: boolean;
  readonly trace?: string | undefined;
  /** Rows of the audit that go along as files. */
  readonly export?: AuditFilter | undefined;
  /** What only this person may see, by `sealReply`; everywhere else `reply` stands for it. */
  readonly sealed?: string | undefined;
  /** The update whose command this answers: answers of one chat leave in the order of their commands. */
  readonly answers?: number;
}
