import {
  asObject,
  integerField,
  Malformed,
  objectField,
  optionalString,
  stringField,
} from "./json_fields.ts";
import { isWebUrl, urlComplaint } from "./links.ts";
import type { Entity, Fields, User } from "./message.ts";
import type { Parameters } from "./parameters.ts";
import { badRequest, notEmulated } from "./refusal.ts";

export interface FormattedText {
  readonly text: string;
  readonly entities: readonly Entity[];
}

/** "r", or a week day, a date and a time in this order, each at most once; empty shows the text as it is. */
export const DATE_TIME_FORMAT = /^(r|w?[dD]?[tT]?)$/;

/** Entities beyond this many are dropped without a word. */
const MOST_ENTITIES = 100;
/** Types that servers find by themselves; sent in, they are taken without further fields. */
const DETECTED = ["mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"];
const PLAIN = [
  "bold",
  "italic",
  "underline",
  "strikethrough",
  "spoiler",
  "blockquote",
  "expandable_blockquote",
  "code",
];

/**
 * Text and entities of a call, checked as Telegram checks them: offsets inside the text and on character
 * borders, known types, their own fields. Unlike Telegram, which cuts entities that cross each other into pieces,
 * this refuses them: a sender that makes such has a fault.
 */
export function formattedText(parameters: Parameters, names: {
  text: string;
  entities: string;
  knowsUser: (id: number) => boolean;
}): FormattedText {
  const mode = parameters.text("parse_mode").toLowerCase();
  if (["markdown", "markdownv2", "html"].includes(mode)) throw notEmulated(`parse_mode ${mode}`);
  if (mode !== "" && mode !== "none") throw badRequest("unsupported parse_mode");
  const text = cleaned(parameters.text(names.text));
  const given = parameters.json(names.entities);
  const entities = Array.isArray(given) ? given.map(readEntity) : [];
  for (const entity of entities) {
    checkPlace(entity, text);
    if (entity.user && !names.knowsUser(entity.user.id)) throw badRequest("user not found");
  }
  const kept = entities.filter((entity) => entity.length > 0);
  refuseCrossing(kept);
  return trimmed({
    text,
    entities: [...kept, ...detected(text, kept)].sort(byPlace).slice(0, MOST_ENTITIES),
  });
}

/** Commands, mentions and web addresses that a server marks in any text. */
export function detected(text: string, taken: readonly Entity[] = []): Entity[] {
  const patterns: readonly [type: string, pattern: RegExp][] = [
    ["bot_command", /(?<![\w/<>])\/[A-Za-z0-9_]{1,64}(@[A-Za-z0-9_]{3,32})?(?![\w/<>])/g],
    ["url", /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)]/g],
    ["mention", /(?<![\w/@])@[A-Za-z][A-Za-z0-9_]{3,31}\b/g],
  ];
  const found: Entity[] = [];
  for (const [type, pattern] of patterns) {
    for (const match of text.matchAll(pattern)) {
      const entity = { type, offset: match.index, length: match[0].length };
      if (![...taken, ...found].some((other) => overlap(entity, other))) found.push(entity);
    }
  }
  return found.sort(byPlace);
}

function readEntity(value: unknown): Entity {
  try {
    const object = asObject(value);
    const place = { offset: integerField(object, "offset"), length: integerField(object, "length") };
    return { ...readType(object), ...place };
  } catch (error) {
    if (error instanceof Malformed) throw badRequest(`Can't parse MessageEntity: ${error.message}`);
    throw error;
  }
}

function readType(object: Fields): Omit<Entity, "offset" | "length"> {
  const type = stringField(object, "type");
  if (PLAIN.includes(type) || DETECTED.includes(type)) return { type };
  switch (type) {
    case "pre": {
      const language = optionalString(object, "language");
      return { type, ...(language && { language }) };
    }
    case "text_link":
      return { type, url: checkedLink(stringField(object, "url")) };
    case "text_mention": {
      const user = objectField(object, "user");
      return { type, user: { ...user, id: integerField(user, "id") } as User };
    }
    case "custom_emoji":
      return { type, custom_emoji_id: checkedEmoji(stringField(object, "custom_emoji_id")) };
    case "date_time":
      return { type, ...readDateTime(object) };
    default:
      throw new Malformed("Unsupported type specified");
  }
}

/** The two fields that every date-time has, in entities and in rich text. */
export function readDateTime(object: Fields): { unix_time: number; date_time_format: string } {
  const unix_time = integerField(object, "unix_time");
  const date_time_format = optionalString(object, "date_time_format") ?? "";
  if (unix_time <= 0) throw new Malformed('Field "unix_time" must be a valid Unix time');
  if (!DATE_TIME_FORMAT.test(date_time_format)) throw new Malformed("Invalid date-time format specified");
  return { unix_time, date_time_format };
}

function checkedLink(url: string): string {
  const complaint = urlComplaint(url);
  if (complaint) throw badRequest(`entity URL '${url}' is invalid: ${complaint}`);
  return isWebUrl(url) && !url.includes("://") ? `http://${url}` : url;
}

function checkedEmoji(id: string): string {
  const isInt64 = /^-?\d{1,19}$/.test(id) && BigInt.asIntN(64, BigInt(id)) === BigInt(id);
  if (!isInt64) throw new Malformed('Field "custom_emoji_id" must be a valid Number');
  return id;
}

function checkPlace({ offset, length }: Entity, text: string): void {
  const end = offset + length;
  if (offset < 0) throw badRequest(`receive an entity with incorrect offset ${offset}`);
  if (length < 0) throw badRequest(`receive an entity with incorrect length ${length}`);
  if (offset > text.length) {
    throw badRequest(`entity begins after the end of the text at UTF-16 offset ${offset}`);
  }
  if (end > text.length) {
    throw badRequest(
      `entity beginning at UTF-16 offset ${offset} ends after the end of the text at UTF-16 offset ${end}`,
    );
  }
  if (splitsCharacter(text, offset)) {
    throw badRequest(`entity begins in a middle of a UTF-16 symbol at UTF-16 offset ${offset}`);
  }
  if (splitsCharacter(text, end)) {
    throw badRequest(
      `entity beginning at UTF-16 offset ${offset} ends in a middle of a UTF-16 symbol at UTF-16 offset ${end}`,
    );
  }
}

function splitsCharacter(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1);
  const at = text.charCodeAt(index);
  return before >= 0xd800 && before < 0xdc00 && at >= 0xdc00 && at < 0xe000;
}

function refuseCrossing(entities: readonly Entity[]): void {
  const sorted = [...entities].sort(byPlace);
  for (const [index, outer] of sorted.entries()) {
    for (const inner of sorted.slice(index + 1)) {
      if (overlap(outer, inner) && inner.offset + inner.length > outer.offset + outer.length) {
        throw badRequest(`entities ${outer.type} and ${inner.type} cross at UTF-16 offset ${inner.offset}`);
      }
    }
  }
}

function overlap(one: Omit<Entity, "type">, other: Omit<Entity, "type">): boolean {
  return one.offset < other.offset + other.length && other.offset < one.offset + one.length;
}

/** Outer ones first. */
function byPlace(one: Entity, other: Entity): number {
  return one.offset - other.offset || other.length - one.length;
}

/** Control characters become spaces, lone surrogates are not text at all. */
function cleaned(text: string): string {
  if (!text.isWellFormed()) throw badRequest("strings must be encoded in UTF-8");
  // deno-lint-ignore no-control-regex -- Telegram shows a blank for each control character
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, " ");
}

/** Servers store text without white space around it; entities move and shrink with it. */
function trimmed({ text, entities }: FormattedText): FormattedText {
  const start = Math.min(text.length - text.trimStart().length, entities[0]?.offset ?? Infinity);
  const end = text.trimEnd().length;
  const moved = entities.map((entity) => ({
    ...entity,
    offset: entity.offset - start,
    length: Math.min(entity.offset + entity.length, end) - entity.offset,
  }));
  return { text: text.slice(start, end), entities: moved.filter((entity) => entity.length > 0) };
}
