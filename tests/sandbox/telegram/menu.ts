import { asObject, integerField, Malformed, stringField } from "./json_fields.ts";
import type { BotCommand, Fields } from "./message.ts";
import type { Parameters } from "./parameters.ts";
import { badRequest } from "./refusal.ts";
import { isAdministrator, type Room, type World } from "./world.ts";

/** The key under which a scope's commands are kept; refuses unknown scopes and chats. */
export function menuKey(world: World, parameters: Parameters): string {
  const value = parameters.json("scope");
  try {
    return `${scopeKey(world, value === undefined ? { type: "default" } : asObject(value))}/${
      parameters.text("language_code")
    }`;
  } catch (error) {
    if (error instanceof Malformed) throw badRequest(`Can't parse BotCommandScope: ${error.message}`);
    throw error;
  }
}

/** https://core.telegram.org/bots/api#setmycommands */
export function readCommands(parameters: Parameters, legacy: boolean): BotCommand[] {
  const value = parameters.json("commands");
  if (!Array.isArray(value)) throw badRequest("Expected an Array of BotCommand");
  if (value.length > 100) throw badRequest("BOT_COMMANDS_TOO_MUCH");
  return value.map((command) => readCommand(command, legacy));
}

/** What a person sees when typing "/" in a chat: the narrowest scope that was set wins. */
export function menuFor(world: World, room: Room, personId: number): readonly BotCommand[] {
  const { id, type } = room.chat;
  const administrators = isAdministrator(room, personId);
  const scopes = type === "private" ? [`chat:${id}`, "all_private_chats", "default"] : [
    `chat_member:${id}:${personId}`,
    ...(administrators ? [`chat_administrators:${id}`] : []),
    `chat:${id}`,
    ...(administrators ? ["all_chat_administrators"] : []),
    "all_group_chats",
    "default",
  ];
  const language = world.persons.get(personId)?.language_code ?? "";
  for (const scope of scopes) {
    const commands = world.menus.get(`${scope}/${language}`) ?? world.menus.get(`${scope}/`);
    if (commands) return commands;
  }
  return [];
}

function scopeKey(world: World, scope: Fields): string {
  const type = stringField(scope, "type");
  switch (type) {
    case "default":
    case "all_private_chats":
    case "all_group_chats":
    case "all_chat_administrators":
      return type;
    case "chat":
      return `${type}:${knownChat(world, integerField(scope, "chat_id"))}`;
    case "chat_administrators":
      return `${type}:${knownGroup(world, integerField(scope, "chat_id"))}`;
    case "chat_member":
      return `${type}:${knownGroup(world, integerField(scope, "chat_id"))}:${
        knownPerson(world, integerField(scope, "user_id"))
      }`;
    default:
      throw new Malformed("Unsupported type specified");
  }
}

function knownChat(world: World, id: number): number {
  if (!world.rooms.has(id)) throw badRequest("chat not found");
  return id;
}

function knownGroup(world: World, id: number): number {
  if (world.rooms.get(knownChat(world, id))?.chat.type === "private") {
    throw badRequest("can't use specified scope in private chats");
  }
  return id;
}

function knownPerson(world: World, id: number): number {
  if (!world.persons.has(id)) throw badRequest("user not found");
  return id;
}

function readCommand(value: unknown, legacy: boolean): BotCommand {
  try {
    const object = asObject(value);
    const command = stringField(object, "command").replace(/^\//, "");
    const description = stringField(object, "description");
    if (!/^[a-z0-9_]{1,32}$/.test(command)) throw badRequest("BOT_COMMAND_INVALID");
    if (description.trim() === "" || description.length > 256) {
      throw badRequest("BOT_COMMAND_DESCRIPTION_INVALID");
    }
    const isEphemeral = !legacy && object["is_ephemeral"] === true;
    return { command, description, ...(isEphemeral && { is_ephemeral: true as const }) };
  } catch (error) {
    if (error instanceof Malformed) throw badRequest(`Can't parse BotCommand: ${error.message}`);
    throw error;
  }
}
