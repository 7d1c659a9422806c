import { type Api, InputFile } from "grammy";
import { createHash } from "node:crypto";
import { type Attachment, type Line, line, type Picture, textBlock } from "../../handlers/reply.ts";
import type { Deps } from "../deps.ts";
import { type AuditFilter, auditRows, countAudit, csvLines, jsonLines } from "../store/audit.ts";
import type { MessagesTable } from "../store/schema.ts";
import { below, inTopic, isFinal, type TelegramRefusal, telegramRefusal } from "../telegram/api.ts";
import { type Delivered, putMessage } from "./messages.ts";
import { type Outgoing, PRIORITY } from "./outgoing.ts";

/** A file as it is sent; what it holds is made anew for each attempt. */
interface OutboxFile {
  readonly kind: "document" | "photo";
  readonly name: string;
  /** Tells it from another file of the same message. */
  readonly identity: string;
  readonly content: () => Uint8Array | AsyncIterable<Uint8Array> | Promise<Uint8Array>;
}

/** What a reply has beside its text. */
export interface Enclosed {
  readonly files: readonly Attachment[];
  readonly picture?: Picture | undefined;
}

/** Beyond this many rows the files are compressed: Telegram takes up to 50 MB. */
const PLAIN_ROWS = 50_000;

/** Who brings the files of one message. */
export interface Courier {
  readonly row: MessagesTable;
  readonly deps: Pick<Deps, "bot" | "redactor" | "store" | "log" | "capabilities">;
  /** Without them the message is worth nothing: a refusal of one is a refusal of all. */
  readonly mustArrive: boolean;
  /** Throws when somebody else has the message by now. */
  readonly stillMine: () => Promise<void>;
}

/**
 * Brings the files that are not there yet, in their order; `note` is told after each how far it got, and before the
 * first: if a file fails, the retry must edit the text, not send it again, nor any file that came.
 */
export async function bringFiles(
  courier: Courier,
  { files: attached, picture }: Enclosed,
  sent: Delivered,
  note: (sent: Delivered) => Promise<void>,
): Promise<void> {
  const files = [
    ...(picture ? [photoOf(picture)] : []),
    ...attached.map((file) => fileOf(courier, file)),
    ...await exported(courier),
  ];
  const digests = files.map((_, index) => digestOf(files.slice(0, index + 1)));
  const there = digests.lastIndexOf(sent.file_sent ?? "") + 1;
  if (there === files.length) return;
  await note(sent);
  for (const [index, file] of files.entries()) {
    if (index < there) continue;
    await sendFile(courier, file, sent).catch(async (error) => {
      const refusal = error instanceof NotDrawn ? error.refusal : telegramRefusal(error);
      if (courier.mustArrive || !refusal || !isFinal(refusal)) throw error;
      await sayFileRefused(courier, file, sent, refusal);
    });
    await note({ ...sent, file_sent: digests[index] ?? null });
  }
}

function fileOf({ deps: { redactor } }: Courier, { name, content }: Attachment): OutboxFile {
  return {
    kind: "document",
    name,
    identity: content,
    content: () => new TextEncoder().encode(redactor.text(content)),
  };
}

/** Drawing is loaded with the first picture: most bots that run never send one. */
function photoOf(picture: Picture): OutboxFile {
  return {
    kind: "photo",
    name: "picture.png",
    identity: JSON.stringify(picture),
    async content() {
      try {
        return await (await import("../pictures/draw.ts")).draw(picture);
      } catch (cause) {
        throw new NotDrawn("The picture could not be drawn", { cause });
      }
    },
  };
}

/** The text above says the same: it stands without its picture. */
class NotDrawn extends Error {
  readonly refusal: TelegramRefusal = { code: 400, description: this.message };
}

/** Streams rows of the audit, so that a million of them fit into memory. */
async function exported({ row, deps: { store: { db } } }: Courier): Promise<OutboxFile[]> {
  if (row.export === null) return [];
  const filter = JSON.parse(row.export) as AuditFilter;
  const isLong = (await countAudit(db, filter)).rows > PLAIN_ROWS;
  return ([["audit.jsonl", jsonLines], ["audit.csv", csvLines]] as const).map(([name, lines]) => ({
    kind: "document",
    name: isLong ? `${name}.gz` : name,
    identity: row.export ?? "",
    content: () => isLong ? gzip(lines(auditRows(db, filter))) : lines(auditRows(db, filter)),
  }));
}

async function* gzip(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = ReadableStream.from(bytes) as ReadableStream<Uint8Array<ArrayBuffer>>;
  yield* source.pipeThrough(new CompressionStream("gzip"));
}

/** Where its message went: to one person's eyes only, or to everyone's. */
async function sendFile(
  courier: Courier,
  file: OutboxFile,
  { message_id, ephemeral_id }: Delivered,
): Promise<void> {
  const { row, stillMine } = courier;
  await stillMine();
  const place = { ...SILENT, ...(row.thread_id === null ? {} : { message_thread_id: row.thread_id }) };
  if (ephemeral_id !== null && row.receiver_id !== null) {
    return await sendToOne(courier, file, { ...place, receiver: row.receiver_id });
  }
  await upload(courier, row.chat_id, file, { ...place, ...below(message_id ?? row.reply_to) });
}

const SILENT = { disable_notification: true } as const;

type Uploading = NonNullable<Parameters<Api["sendDocument"]>[2]>;

async function upload(
  { deps: { bot: { api } } }: Courier,
  chatId: number,
  { kind, name, content }: Omit<OutboxFile, "identity">,
  options: Uploading,
): Promise<Sent> {
  const send = async (where: Uploading): Promise<Sent> => {
    const file = new InputFile(await content(), name);
    return await (kind === "photo"
      ? api.sendPhoto(chatId, file, where)
      : api.sendDocument(chatId, file, where));
  };
  return await inTopic(options as Uploading & { readonly message_thread_id?: number }, send);
}

type Sent = Awaited<ReturnType<Api["sendDocument"] | Api["sendPhoto"]>>;

/** In the group, if Telegram keeps it from the others there; else in private, or not at all. */
async function sendToOne(
  courier: Courier,
  file: OutboxFile,
  { receiver, ...place }: Uploading & { readonly receiver: number },
): Promise<void> {
  const { row: { chat_id }, deps: { log }, stillMine } = courier;
  const only = { ...place, ephemeral_message_parameters: { receiver_user_id: receiver } };
  try {
    if (await keepsFilesPrivate(courier, only)) return void await upload(courier, chat_id, file, only);
  } catch (error) {
    const refusal = telegramRefusal(error);
    if (!refusal || !isFinal(refusal)) throw error;
    log.info("no_private_file_in_group", { chat: chat_id, description: refusal.description });
  }
  await stillMine();
  await upload(courier, receiver, file, SILENT);
}

/**
 * Whether the server keeps a file from the others too: tried out once, with a file that anyone may read. A server
 * that does not know the wish shows it to everyone.
 */
async function keepsFilesPrivate(courier: Courier, only: Uploading): Promise<boolean> {
  const { row: { chat_id, receiver_id }, deps: { bot: { api }, capabilities } } = courier;
  if (capabilities.ephemeralFiles !== undefined) return capabilities.ephemeralFiles;
  const { ephemeral_message_id, message_id } = await upload(courier, chat_id, TRIAL, only);
  capabilities.ephemeralFiles = ephemeral_message_id !== undefined;
  if (ephemeral_message_id === undefined) await api.deleteMessage(chat_id, message_id);
  else {
    await api.raw.deleteEphemeralMessage({
      chat_id,
      receiver_user_id: receiver_id ?? 0,
      ephemeral_message_id,
    });
  }
  return capabilities.ephemeralFiles;
}

const TRIAL: Omit<OutboxFile, "identity"> = {
  kind: "document",
  name: "file.txt",
  content: () => new TextEncoder().encode("A file follows."),
};

/** The text that the file belongs to stands. */
async function sayFileRefused(
  { row, deps: { store, log } }: Courier,
  file: OutboxFile,
  { message_id }: Delivered,
  refusal: TelegramRefusal,
): Promise<void> {
  const { code, description } = refusal;
  log.warning("file_refused", { key: row.key, trace: row.trace, code, description });
  await putMessage(store, store.db, unsentFile(row, message_id, file, refusal));
}

function digestOf(files: readonly OutboxFile[]): string {
  return createHash("sha256").update(JSON.stringify(files.map((file) => [file.name, file.identity]))).digest(
    "hex",
  );
}

/** Says below an answer that its file will not come. Said again it stays the same message. */
function unsentFile(
  row: MessagesTable,
  messageId: number | null,
  file: OutboxFile,
  { code, description }: TelegramRefusal,
): Outgoing {
  return {
    key: `unsent:${row.key}`,
    chatId: row.chat_id,
    threadId: row.thread_id ?? undefined,
    replyTo: messageId ?? row.reply_to ?? undefined,
    receiverId: row.receiver_id ?? undefined,
    reply: {
      mark: "attention",
      ...(file.kind === "photo"
        ? {
          title: "The picture could not be sent",
          blocks: [textBlock(line(reason(description), " The answer above says the same in words."))],
        }
        : {
          title: line("The file could not be sent: ", { code: file.name }),
          blocks: [
            textBlock(line(reason(description), " The answer above stands without it.")),
            textBlock(instead(code, row.chat_id > 0)),
          ],
        }),
    },
    priority: PRIORITY.answer,
    trace: row.trace ?? undefined,
  };
}

function reason(description: string): Line {
  return line("Telegram said: “", { data: description, max: 120 }, "”.");
}

const TOO_LARGE = 413;

function instead(code: number, isPrivate: boolean): Line {
  if (code === TOO_LARGE) return "Ask for less: one company, one vendor or one id instead of all.";
  if (isPrivate) return "Send the command again, or ask for one company or one id instead of all.";
  return "Send the command again, to me in a private chat if this one takes no files. /doctor shows the bot's rights.";
}
