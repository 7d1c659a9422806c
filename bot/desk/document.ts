import type { Api } from "grammy";
import type { Message } from "grammy/types";
import type { Json } from "../../handlers/operation.ts";

export const MOST_DOCUMENT_BYTES = 1024 * 1024;
const DOWNLOAD_MS = 15_000;

/** What came with a command, or why it cannot be used. */
export interface Document {
  readonly document?: Json;
  readonly documentError?: string;
}

/** The JSON document of a message, or of the message it replies to; undefined when there is none. */
export async function documentOf(
  message: Message,
  api: Api,
  fileRoot: string,
): Promise<Document | undefined> {
  const file = message.document ?? message.reply_to_message?.document;
  if (!file) return undefined;
  if ((file.file_size ?? 0) > MOST_DOCUMENT_BYTES) return TOO_LARGE;
  const { file_path } = await api.getFile(file.file_id);
  if (!file_path) return { documentError: "Telegram did not hand over the document. Send it again." };
  const bytes = await download(`${fileRoot}/${file_path}`);
  if (!bytes) return TOO_LARGE;
  try {
    return { document: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Json };
  } catch (error) {
    const where = error instanceof SyntaxError ? positionIn(error.message) : "";
    return { documentError: `The document is not valid JSON${where}. Mend it and send it again.` };
  }
}

const TOO_LARGE: Document = { documentError: "The document is larger than 1 MiB. Send only what changes." };

/** Undefined when it is larger than we take; the size Telegram states is not relied on. */
async function download(url: string): Promise<Uint8Array | undefined> {
  const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_MS), redirect: "error" });
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(`Telegram answered ${response.status} to a download`);
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body) {
    size += part.length;
    if (size > MOST_DOCUMENT_BYTES) return undefined;
    parts.push(part);
  }
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Where the parser stopped; its message may quote the document, so nothing else of it is repeated. */
function positionIn(message: string): string {
  const [, position] = /at position (\d+)/.exec(message) ?? [];
  return position === undefined ? "" : ` (at character ${position})`;
}
