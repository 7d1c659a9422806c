import type { Api } from "grammy";
import type { Clock } from "../../clients/clock.ts";
import type { Json } from "../../clients/json.ts";
import { faultIn, faultInWords } from "../../handlers/json_fault.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import { secretsMentioned } from "../parser/secret_scan.ts";
import { pacedByTelegram, telegramRefusal } from "../telegram/api.ts";
import type { AttachedFile } from "../telegram/update.ts";

export const MOST_DOCUMENT_BYTES = 1024 * 1024;
const DOWNLOAD_MS = 15_000;

/** What came with a command, or why it cannot be used. */
export interface Document {
  readonly document?: Json;
  readonly documentError?: string;
  /** Of one that cannot be used: the names in it under which secrets may stand. */
  readonly documentSecrets?: readonly string[];
  /** Nobody looked through it, so it may hold any secret. */
  readonly documentUnseen?: true;
}

/** What came with a command that takes none: nobody looks into it. */
export const NOT_TAKEN: Document = { documentError: "The command takes no document." };

/** What a file holds that was sent as a JSON document. */
export async function documentOf(
  { bot: { api }, config, clock, telegramHttp, log }: Pick<
    Deps,
    "bot" | "config" | "clock" | "telegramHttp" | "log"
  >,
  file: AttachedFile,
): Promise<Document> {
  if ((file.file_size ?? 0) > MOST_DOCUMENT_BYTES) return TOO_LARGE;
  let bytes: Uint8Array | undefined;
  try {
    const path = await pathOf(file.file_id, api, clock);
    if (!path) return unseen("Telegram did not hand over the document.");
    bytes = await download(`${config.apiRoot}/file/bot${config.token}/${path}`, telegramHttp.fetch);
  } catch (error) {
    log.warning("document_not_fetched", errorFields(error));
    return unseen("The document could not be fetched from Telegram.");
  }
  if (!bytes) return TOO_LARGE;
  const text = decoded(bytes);
  const read = readDocument(text);
  return read.document === undefined ? { ...read, documentSecrets: secretsMentioned(text) } : read;
}

function readDocument(text: string): Document {
  const fault = faultIn(text);
  if (fault) return { documentError: `The document ${faultInWords(fault)}. Correct it and send it again.` };
  const document = JSON.parse(text) as Json;
  const documentError = excessIn(document);
  return documentError === undefined ? { document } : { documentError };
}

/** JSON is UTF-8; some editors save it as UTF-16, others in the letters of Western Europe. */
function decoded(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if ((first === 0xFE && second === 0xFF) || first === 0) return new TextDecoder("utf-16be").decode(bytes);
  if ((first === 0xFF && second === 0xFE) || second === 0) return new TextDecoder("utf-16le").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function unseen(documentError: string): Document {
  return { documentError, documentUnseen: true };
}

const TOO_LARGE = unseen("The document is larger than 1 MiB. Send only what changes.");

/** Undefined when Telegram does not know the file, or no longer. */
async function pathOf(fileId: string, api: Api, clock: Clock): Promise<string | undefined> {
  try {
    return (await pacedByTelegram(clock, () => api.getFile(fileId))).file_path;
  } catch (error) {
    if (telegramRefusal(error)?.code === 400) return undefined;
    throw error;
  }
}

/** More than any vendor's body has; whoever looks through one has to name the place of each value. */
const MOST_LEVELS = 64;
const MOST_VALUES = 10_000;
const MOST_NAMED = 1_000;

/** What there is too much of, as a sentence; undefined for what can be looked through in no time. */
function excessIn(document: Json): string | undefined {
  let values = 0;
  function look(value: Json, level: number, named: number): string | undefined {
    if (named > MOST_NAMED) return tooLong();
    if (value === null || typeof value !== "object") return undefined;
    if (level > MOST_LEVELS) return TOO_DEEP;
    const inner = Object.values(value);
    values += inner.length;
    if (values > MOST_VALUES) return tooMany();
    for (const [at, key] of Object.keys(value).entries()) {
      const excess = look(inner[at] ?? null, level + 1, named + key.length);
      if (excess !== undefined) return excess;
    }
    return undefined;
  }
  return look(document, 1, 0);
}

const TOO_DEEP = `The document is nested more than ${MOST_LEVELS} levels deep. Send only what changes.`;
// Made when they are said: what writes numbers for people takes 6 MB of memory from its first use on.
const tooMany = () =>
  `The document has more than ${MOST_VALUES.toLocaleString("en")} values. Send only what changes.`;
const tooLong = () => {
  const most = MOST_NAMED.toLocaleString("en");
  return `Names in the document are, one within the other, longer than ${most} characters. Send only fields that the vendor has.`;
};

/** Undefined when it is larger than we take; the size Telegram states is not relied on. */
async function download(url: string, send: typeof fetch): Promise<Uint8Array | undefined> {
  const response = await send(url, { signal: AbortSignal.timeout(DOWNLOAD_MS), redirect: "error" });
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(`Telegram answered ${response.status} to a download`);
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of response.body) {
    size += part.length;
    if (size > MOST_DOCUMENT_BYTES) return undefined;
    parts.push(part);
  }
  return await new Blob(parts).bytes();
}
