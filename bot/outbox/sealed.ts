import type { Reply } from "../../handlers/reply.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import type { MessagesTable } from "../store/schema.ts";
import type { Vault } from "../vault.ts";

/** Ciphertext of what may be seen in a message by one person only, bound to the message's key. */
export async function sealReply(vault: Vault, reply: Reply, key: string): Promise<string> {
  return await vault.seal(JSON.stringify(reply), key);
}

/** What `sealReply` was given; undefined where nothing was, or with a key that is gone. */
export async function openReply(
  { vault, log }: Pick<Deps, "vault" | "log">,
  { key, sealed, trace }: MessagesTable,
): Promise<Reply | undefined> {
  if (sealed === null || !vault) return undefined;
  try {
    return JSON.parse(await vault.open(sealed, key)) as Reply;
  } catch (error) {
    log.error("message_unreadable", { key, trace, ...errorFields(error) });
    return undefined;
  }
}
