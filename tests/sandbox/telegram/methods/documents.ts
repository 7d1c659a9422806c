import { formattedText } from "../formatted_text.ts";
import type { Document, Fields, Message, PhotoSize } from "../message.ts";
import type { Upload } from "../parameters.ts";
import { badRequest } from "../refusal.ts";
import type { World } from "../world.ts";
import { type Call, knowsUser } from "./call.ts";
import { send } from "./sending.ts";

const LONGEST_CAPTION = 1024;
const LARGEST_DOWNLOAD = 20 * 1024 * 1024;

/** https://core.telegram.org/bots/api#senddocument */
export function sendDocument(call: Call): Message {
  const document = documentOf(call);
  return send(call, { document, ...captionOf(call) });
}

/** Of width and height together. */
const LONGEST_SIDES = 10_000;
const STEEPEST = 20;
const LARGEST_PHOTO = 10 * 1024 * 1024;

/** https://core.telegram.org/bots/api#sendphoto */
export function sendPhoto(call: Call): Message {
  const photo = photoOf(call);
  return send(call, { photo: [photo], ...captionOf(call) });
}

function captionOf(call: Call): Pick<Message, "caption" | "caption_entities"> {
  const names = { text: "caption", entities: "caption_entities", knowsUser: knowsUser(call.world) };
  const { text: caption, entities } = formattedText(call.parameters, names);
  if (caption.length > LONGEST_CAPTION) throw badRequest("message caption is too long");
  return { ...(caption && { caption }), ...(entities.length > 0 && { caption_entities: entities }) };
}

function photoOf({ world, parameters }: Call): PhotoSize {
  const upload = parameters.upload("photo");
  if (!upload) throw badRequest("there is no photo in the request");
  if (upload.content.byteLength === 0) throw badRequest("file must be non-empty");
  if (upload.content.byteLength > LARGEST_PHOTO) throw badRequest("file is too big for a photo");
  const size = sizeOfPng(upload.content);
  if (!size) throw badRequest("IMAGE_PROCESS_FAILED");
  const [shorter, longer] = [Math.min(size.width, size.height), Math.max(size.width, size.height)];
  if (size.width + size.height > LONGEST_SIDES || longer > STEEPEST * shorter) {
    throw badRequest("PHOTO_INVALID_DIMENSIONS");
  }
  const { file_id, file_unique_id, file_size } = storeFile(world, upload);
  return { file_id, file_unique_id, file_size, ...size };
}

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Of the formats that Telegram takes this server reads the one that is sent to it. */
function sizeOfPng(content: Uint8Array): Pick<PhotoSize, "width" | "height"> | undefined {
  if (content.byteLength < 24 || PNG.some((byte, at) => content[at] !== byte)) return undefined;
  const view = new DataView(content.buffer, content.byteOffset);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** https://core.telegram.org/bots/api#getfile */
export function getFile({ world, parameters }: Call): Fields {
  const file = world.files.get(parameters.text("file_id"));
  if (!file) throw badRequest("invalid file_id");
  const { file_id, file_unique_id, file_size } = file.document;
  if (file_size > LARGEST_DOWNLOAD) throw badRequest("file is too big");
  return { file_id, file_unique_id, file_size, file_path: file.path };
}

/** Keeps a file and gives it its identifiers. */
export function storeFile(world: World, { name, mime, content }: Upload): Document {
  const number = world.files.size + 1;
  const document = {
    file_id: `BQACAgIAAxkBAAI${String(number).padStart(6, "0")}`,
    file_unique_id: `AgAD${String(number).padStart(6, "0")}`,
    file_name: name,
    mime_type: mime,
    file_size: content.byteLength,
  };
  const suffix = /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? "";
  world.files.set(document.file_id, { document, content, path: `documents/file_${number}${suffix}` });
  return document;
}

function documentOf({ world, parameters }: Call): Document {
  const upload = parameters.upload("document");
  if (upload) {
    if (upload.content.byteLength === 0) throw badRequest("file must be non-empty");
    return storeFile(world, upload);
  }
  const id = parameters.text("document");
  if (id === "") throw badRequest("there is no document in the request");
  const known = world.files.get(id);
  if (!known) throw badRequest("wrong file identifier/HTTP URL specified");
  return known.document;
}
