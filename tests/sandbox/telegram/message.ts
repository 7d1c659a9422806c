/** The Bot API's objects as this server stores and answers them; https://core.telegram.org/bots/api#available-types */

export type Fields = Record<string, unknown>;

export interface User {
  readonly id: number;
  readonly is_bot: boolean;
  readonly first_name: string;
  readonly last_name?: string;
  readonly username?: string;
  readonly language_code?: string;
}

export interface Chat {
  readonly id: number;
  readonly type: "private" | "group" | "supergroup" | "channel";
  readonly title?: string;
  readonly first_name?: string;
  readonly username?: string;
  readonly is_forum?: true;
}

export interface Entity {
  readonly type: string;
  /** UTF-16 code units. */
  readonly offset: number;
  readonly length: number;
  readonly url?: string;
  readonly language?: string;
  readonly user?: User;
  readonly custom_emoji_id?: string;
  readonly unix_time?: number;
  readonly date_time_format?: string;
}

export interface Button {
  readonly text: string;
  readonly style?: "success" | "danger" | "primary";
  readonly callback_data?: string;
  readonly url?: string;
  readonly copy_text?: { readonly text: string };
  readonly disabled?: Fields;
  readonly [action: string]: unknown;
}

export interface InlineKeyboard {
  readonly inline_keyboard: readonly (readonly Button[])[];
}

/** A rich block or a piece of rich text, checked on the way in; `type` tells which. */
export interface RichNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface RichMessage {
  readonly blocks: readonly RichNode[];
  readonly is_rtl?: true;
}

export interface Document {
  readonly file_id: string;
  readonly file_unique_id: string;
  readonly file_name?: string;
  readonly mime_type?: string;
  readonly file_size: number;
}

export interface PhotoSize {
  readonly file_id: string;
  readonly file_unique_id: string;
  readonly file_size: number;
  readonly width: number;
  readonly height: number;
}

export interface Message {
  /** 0 for ephemeral messages. */
  message_id: number;
  message_thread_id?: number;
  is_topic_message?: true;
  from?: User;
  sender_chat?: Chat;
  /** Epoch seconds. */
  date: number;
  edit_date?: number;
  chat: Chat;
  receiver_user?: User;
  ephemeral_message_id?: number;
  forward_origin?: Fields;
  via_bot?: User;
  reply_to_message?: Message;
  text?: string;
  entities?: readonly Entity[];
  rich_message?: RichMessage;
  document?: Document;
  photo?: readonly PhotoSize[];
  caption?: string;
  caption_entities?: readonly Entity[];
  reply_markup?: InlineKeyboard;
  new_chat_members?: readonly User[];
  left_chat_member?: User;
  migrate_to_chat_id?: number;
  migrate_from_chat_id?: number;
  has_protected_content?: true;
  /** Whatever else a test puts into a message. */
  [field: string]: unknown;
}

export interface CallbackQuery {
  readonly id: string;
  readonly from: User;
  readonly message: Message | { readonly chat: Chat; readonly message_id: number; readonly date: 0 };
  readonly chat_instance: string;
  readonly data: string;
}

export interface Update {
  readonly update_id: number;
  readonly message?: Message;
  readonly edited_message?: Message;
  readonly callback_query?: CallbackQuery;
  readonly [kind: string]: unknown;
}

export interface BotCommand {
  readonly command: string;
  readonly description: string;
  readonly is_ephemeral?: true;
}

/** True for messages that only their sender and one receiver can see. */
export function isEphemeral(message: Message): boolean {
  return message.ephemeral_message_id !== undefined;
}
