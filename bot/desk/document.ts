import type { Api } from "grammy";
import type { Message } from "grammy/types";
import type { Json } from "../../handlers/operation.ts";
import { refusalOf } from "../telegram/api.ts";

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
  const path = await pathOf(file.file_id, api);
  if (!path) return { documentError: "Telegram did not hand over the document. Send it again." };
  const bytes = await download(`${fileRoot}/${path}`);
  if (!bytes) return TOO_LARGE;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return isTooDeep(text) ? TOO_DEEP : { document: JSON.parse(text) as Json };
  } catch (error) {
    const where = error instanceof SyntaxError ? positionIn(error.message) : "";
    return { documentError: `The document is not valid JSON${where}. Mend it and send it again.` };
  }
}

/** More than any vendor's body has; what nests without end would exhaust whoever walks through it. */
const MOST_LEVELS = 64;

const TOO_DEEP: Document = {
  documentError: `The document is nested more than ${MOST_LEVELS} levels deep. Send only what changes.`,
};

const TOO_LARGE: Document = { documentError: "The document is larger than 1 MiB. Send only what changes." };

/** Undefined when Telegram does not know the file, or no longer. */
async function pathOf(fileId: string, api: Api): Promise<string | undefined> {
  try {
    return (await api.getFile(fileId)).file_path;
  } catch (error) {
    if (refusalOf(error)?.code === 400) return undefined;
    throw error;
  }
}

/** Counts the brackets that stand outside of strings. */
function isTooDeep(text: string): boolean {
  let level = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === "[" || token === "{") level++;
    else if (token === "]" || token === "}") level--;
    if (level > MOST_LEVELS) return true;
  }
  return false;
}

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
