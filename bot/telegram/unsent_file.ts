import { type Attachment, type Line, line } from "../../handlers/reply.ts";
import { type Outgoing, PRIORITY } from "../store/messages.ts";
import type { MessagesTable } from "../store/schema.ts";
import type { Refusal } from "./api.ts";

/** Says below an answer that its file will not come. Said again it stays the same message. */
export function unsentFile(
  row: MessagesTable,
  messageId: number | null,
  file: Attachment,
  { code, description }: Refusal,
): Outgoing {
  return {
    key: `unsent:${row.key}`,
    chatId: row.chat_id,
    threadId: row.thread_id ?? undefined,
    replyTo: messageId ?? row.reply_to ?? undefined,
    receiverId: row.receiver_id ?? undefined,
    reply: {
      mark: "attention",
      title: line("The file could not be sent: ", { code: file.name }),
      blocks: [{
        kind: "text",
        text: line(
          "Telegram said: “",
          { data: description, max: 120 },
          "”. The answer above stands without it.",
        ),
      }, { kind: "text", text: instead(code, row.chat_id > 0) }],
    },
    priority: PRIORITY.answer,
    trace: row.trace ?? undefined,
  };
}

const TOO_LARGE = 413;

function instead(code: number, isPrivate: boolean): Line {
  if (code === TOO_LARGE) return "Ask for less: one company, one vendor or one id instead of all.";
  if (isPrivate) return "Send the command again, or ask for one company or one id instead of all.";
  return "Send the command again, to me in a private chat if this one takes no files. /doctor shows the bot's rights.";
}
