import type { Method } from "./methods/call.ts";
import * as callbacks from "./methods/callbacks.ts";
import * as chats from "./methods/chats.ts";
import * as commands from "./methods/commands.ts";
import * as documents from "./methods/documents.ts";
import * as editing from "./methods/editing.ts";
import * as reactions from "./methods/reactions.ts";
import * as receiving from "./methods/receiving.ts";
import * as sending from "./methods/sending.ts";

const METHODS: Readonly<Record<string, Method>> = {
  getMe: receiving.getMe,
  getUpdates: receiving.getUpdates,
  setWebhook: receiving.setWebhook,
  deleteWebhook: receiving.deleteWebhook,
  getWebhookInfo: receiving.getWebhookInfo,
  setMyCommands: commands.setMyCommands,
  getMyCommands: commands.getMyCommands,
  deleteMyCommands: commands.deleteMyCommands,
  setMyDefaultAdministratorRights: commands.setMyDefaultAdministratorRights,
  sendMessage: sending.sendMessage,
  editMessageText: editing.editMessageText,
  editMessageReplyMarkup: editing.editMessageReplyMarkup,
  deleteMessage: editing.deleteMessage,
  answerCallbackQuery: callbacks.answerCallbackQuery,
  setMessageReaction: reactions.setMessageReaction,
  sendDocument: documents.sendDocument,
  sendPhoto: documents.sendPhoto,
  getFile: documents.getFile,
  sendChatAction: chats.sendChatAction,
  getChat: chats.getChat,
  getChatMember: chats.getChatMember,
  getChatAdministrators: chats.getChatAdministrators,
  leaveChat: chats.leaveChat,
  pinChatMessage: chats.pinChatMessage,
  unpinChatMessage: chats.unpinChatMessage,
};

/** Methods that servers before Bot API 10 do not have. */
const RECENT: Readonly<Record<string, Method>> = {
  sendRichMessage: sending.sendRichMessage,
  editEphemeralMessageText: editing.editEphemeralMessageText,
  editEphemeralMessageReplyMarkup: editing.editEphemeralMessageReplyMarkup,
  deleteEphemeralMessage: editing.deleteEphemeralMessage,
};

const BY_NAME = byLowerCase(METHODS);
const RECENT_BY_NAME = byLowerCase({ ...METHODS, ...RECENT });

/** The method of that name, in any letter case, as Telegram reads it. */
export function methodNamed(name: string, legacy: boolean): Method | undefined {
  return (legacy ? BY_NAME : RECENT_BY_NAME).get(name.toLowerCase());
}

function byLowerCase(methods: Readonly<Record<string, Method>>): ReadonlyMap<string, Method> {
  return new Map(Object.entries(methods).map(([name, method]) => [name.toLowerCase(), method]));
}
