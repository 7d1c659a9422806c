import type { BotCommandScope, ChatAdministratorRights } from "grammy/types";
import { createHash } from "node:crypto";
import { errorFields } from "../log.ts";
import type { Command } from "../parser/command.ts";
import { truncate } from "../render/sanitize.ts";
import type { Store } from "../store/database.ts";
import { remember } from "../store/kept_values.ts";
import { type Connection, telegramRefusal } from "./api.ts";

/** A command, and what it takes to be allowed it, where that is not told by its risk. */
type Listed = Command & { readonly need?: Right; readonly offeredTo?: readonly Right[] };
type Right = "identify" | "read" | "request" | "approve";

/** Who may ask for changes and approve them; undefined: whoever is a member. */
export interface Lists {
  readonly operators: ReadonlySet<number> | undefined;
  readonly approvers: ReadonlySet<number> | undefined;
}

interface MenuEntry {
  readonly command: string;
  readonly description: string;
}

/** What is offered in one place, to whoever is meant there. */
interface Menu {
  readonly scope: BotCommandScope;
  readonly entries: readonly MenuEntry[];
  readonly digest: string;
}

/** What somebody sees of whom the bot knows nothing: neither a vendor nor a rule. */
const FOR_ANYONE: ReadonlySet<string> = new Set(["start", "help", "whoami"]);

/** The menus of all places: in the admin chats, there for each who may do more, and in private. */
export function menusFor(
  commands: readonly Listed[],
  adminChats: readonly number[],
  { operators, approvers }: Lists,
): readonly Menu[] {
  const has = (person: number | undefined, right: Right) => {
    const list = right === "request" ? operators : right === "approve" ? approvers : undefined;
    return list === undefined ? true : person !== undefined && list.has(person);
  };
  const may = (person: number | undefined) => ({ need, risk, offeredTo }: Listed) =>
    (offeredTo ?? [need ?? (risk === "read" ? "read" : "request")]).some((right) => has(person, right));
  const listed = [...new Set([...operators ?? [], ...approvers ?? []])];
  const groups = adminChats.filter((id) => id < 0);
  const offerOf = (offered: readonly Listed[]) => {
    const entries = entriesFor(offered);
    return { entries, digest: digestOf(entries) };
  };
  // Of hundreds of people most may do the same.
  const offers = new Map<string, ReturnType<typeof offerOf>>();
  const menuOf = (scope: BotCommandScope, person?: number): Menu => {
    const rights = `${has(person, "request")} ${has(person, "approve")}`;
    const offer = offers.get(rights) ?? offerOf(commands.filter(may(person)));
    offers.set(rights, offer);
    return { scope, ...offer };
  };
  return [
    { scope: { type: "all_private_chats" }, ...offerOf(commands.filter(({ verb }) => FOR_ANYONE.has(verb))) },
    ...groups.map((chat_id) => menuOf({ type: "chat", chat_id })),
    ...groups.flatMap((chat_id) =>
      listed.map((user_id) => menuOf({ type: "chat_member", chat_id, user_id }, user_id))
    ),
    // A private chat has its person's id.
    ...[...new Set([...adminChats.filter((id) => id > 0), ...listed])]
      .map((id) => menuOf({ type: "chat", chat_id: id }, id)),
  ];
}

/** Limits of Telegram's `setMyCommands`. */
const MENU_NAME = /^[a-z0-9_]{1,32}$/;
const LONGEST_DESCRIPTION = 256;
const MOST_ENTRIES = 100;

/** One entry for each verb, in the order of the commands. */
export function entriesFor(commands: readonly Command[]): readonly MenuEntry[] {
  return [...new Set(commands.map((command) => command.verb))]
    .filter((verb) => MENU_NAME.test(verb))
    .slice(0, MOST_ENTRIES)
    .map((verb) => ({ command: verb, description: descriptionOf(verb, commands) }));
}

function descriptionOf(verb: string, commands: readonly Command[]): string {
  const ofVerb = commands.filter((command) => command.verb === verb);
  const [first] = ofVerb;
  const alone = ofVerb.find((command) => command.target === null) ??
    (ofVerb.length === 1 ? first : undefined);
  const targets = [...new Set(ofVerb.flatMap((command) => command.target?.split(" ")[0] ?? []))];
  const text = alone?.summary || `${verb.charAt(0).toUpperCase()}${verb.slice(1)} ${targets.join(", ")}`;
  return truncate(text, LONGEST_DESCRIPTION);
}

/** Where what Telegram was told of rights is remembered; elsewhere it is the menu's scope. */
const RIGHTS = "rights";

/**
 * Brings Telegram's menus to what they shall be: what it was told before is not told again, and a menu that nobody
 * shall see any more goes. `attempt` says whether Telegram took it; what it refuses is tried again at the next start.
 */
export async function renewMenus(
  telegram: Connection & { readonly store: Store },
  menus: readonly Menu[],
  attempt: (call: () => Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  const { bot: { api }, config, store, log } = telegram;
  // Another bot knows nothing of what this one was told.
  const prefix = `menu:${config.botId}:`;
  const known = await store.db.selectFrom("memory").select(["key", "value"])
    .where("key", "like", `${prefix}%`).execute();
  const told = new Map(known.map(({ key, value }) => [key.slice(prefix.length), value]));
  const tell = async (place: string, digest: string | null, call: () => Promise<unknown>) => {
    if ((told.get(place) ?? null) === digest) return;
    try {
      await attempt(call);
      await remember(store, store.db, { [prefix + place]: digest });
    } catch (error) {
      // Who has never written to the bot, or has left the group, has no menu there.
      if (!telegramRefusal(error)) throw error;
      log.info("menu_not_set", { place, ...errorFields(error) });
    }
  };
  const wanted = new Set([RIGHTS, ...menus.map(({ scope }) => JSON.stringify(scope))]);
  await Promise.all([
    ...menus.map(({ scope, entries, digest }) =>
      tell(JSON.stringify(scope), digest, () => api.setMyCommands([...entries], { scope }))
    ),
    ...[...told.keys()].filter((place) => !wanted.has(place)).map((place) =>
      tell(place, null, () => api.deleteMyCommands({ scope: JSON.parse(place) as BotCommandScope }))
    ),
    tell(
      RIGHTS,
      digestOf(WANTED_RIGHTS),
      () => api.setMyDefaultAdministratorRights({ rights: WANTED_RIGHTS }),
    ),
  ]);
}

function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("base64url").slice(0, 22);
}

/** What whoever makes the bot an administrator is offered: to delete a message that held a secret. */
const WANTED_RIGHTS: ChatAdministratorRights = {
  is_anonymous: false,
  can_manage_chat: false,
  can_delete_messages: true,
  can_manage_video_chats: false,
  can_restrict_members: false,
  can_promote_members: false,
  can_change_info: false,
  can_invite_users: false,
  can_send_welcome_messages: false,
  can_post_stories: false,
  can_edit_stories: false,
  can_delete_stories: false,
};
