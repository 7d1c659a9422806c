import type { BotCommand } from "../message.ts";
import { menuKey, readCommands } from "../menu.ts";
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
