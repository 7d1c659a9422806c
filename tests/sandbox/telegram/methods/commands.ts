import type { BotCommand } from "../message.ts";
import { asObject, Malformed } from "../json_fields.ts";
import { menuKey, readCommands } from "../menu.ts";
import { badRequest } from "../refusal.ts";
import type { Call } from "./call.ts";

/** https://core.telegram.org/bots/api#setmycommands */
export function setMyCommands({ world, parameters }: Call): true {
  const commands = readCommands(parameters, world.legacy);
  const key = menuKey(world, parameters);
  if (commands.length > 0) world.menus.set(key, commands);
  else world.menus.delete(key);
  return true;
}

/** https://core.telegram.org/bots/api#getmycommands */
export function getMyCommands({ world, parameters }: Call): readonly BotCommand[] {
  return world.menus.get(menuKey(world, parameters)) ?? [];
}

/** https://core.telegram.org/bots/api#deletemycommands */
export function deleteMyCommands({ world, parameters }: Call): true {
  world.menus.delete(menuKey(world, parameters));
  return true;
}

/** https://core.telegram.org/bots/api#setmydefaultadministratorrights */
export function setMyDefaultAdministratorRights({ world, parameters }: Call): true {
  const rights = parameters.json("rights");
  try {
    const named = rights === undefined ? {} : asObject(rights);
    const odd = Object.entries(named).find(([, value]) => typeof value !== "boolean");
    if (odd) throw new Malformed(`Field "${odd[0]}" must be of type Boolean`);
    world.defaultRights = Object.keys(named).filter((right) => named[right] === true);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw badRequest(`Can't parse ChatAdministratorRights: ${error.message}`);
  }
  return true;
}
