import { type Line, line, type Mark, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Deps } from "../deps.ts";
import { type Outgoing, PRIORITY } from "../outbox/outgoing.ts";
import { openReply, sealReply } from "../outbox/sealed.ts";
import type { MessagesTable } from "../store/schema.ts";
import type { Vault } from "../vault.ts";

/** The way to one of the bot's pages, for one person alone. */
export interface PageLink {
  /** Of the message that brings it. */
  readonly key: string;
  readonly personId: number;
  readonly mark: Mark;
  readonly title: Line;
  /** What waits there. */
  readonly about: readonly Line[];
  readonly url: string;
  readonly expiresAt: number;
  /** What anyone may read; stands in the group until Telegram is seen to keep it from the others. */
  readonly placeholder: Reply;
  readonly trace: string | undefined;
}

/** Brings it in private. The store has the link as ciphertext, until it was sent. */
export async function privateLetter(vault: Vault, link: PageLink): Promise<Outgoing> {
  const { key, personId: chatId, placeholder: reply, trace } = link;
  const sealed = await sealReply(vault, linkReply(link), key);
  return { key, chatId, reply, sealed, priority: PRIORITY.answer, sound: true, trace };
}

/**
 * The same link for a message in the group, where the person cannot be written to: it is shown only to this person,
 * or not at all. Undefined when it cannot be had any more.
 */
export async function resealed(
  deps: Pick<Deps, "vault" | "log">,
  letter: MessagesTable,
  key: string,
): Promise<string | undefined> {
  const reply = await openReply(deps, letter);
  return reply && deps.vault && await sealReply(deps.vault, reply, key);
}

function linkReply({ mark, title, about, url, expiresAt }: PageLink): Reply {
  const until = line("It works once and until ", { time: expiresAt }, ". Do not pass it on.");
  return {
    mark,
    title,
    blocks: [...about, { code: url }, until].map(textBlock),
    buttons: [[{ label: "Open the page", action: { url } }]],
    personal: true,
  };
}
