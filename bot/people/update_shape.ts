import { z } from "zod";

const chat = z.looseObject({ id: z.int(), type: z.string() });

const user = z.looseObject({ id: z.int(), is_bot: z.boolean(), first_name: z.string() });

const document = z.looseObject({ file_id: z.string(), file_size: z.int().optional() });

const message = z.looseObject({
  message_id: z.int(),
  message_thread_id: z.int().optional(),
  date: z.int(),
  chat,
  from: user.optional(),
  text: z.string().optional(),
  caption: z.string().optional(),
  document: document.optional(),
  reply_to_message: z.looseObject({ document: document.optional() }).optional(),
  migrate_to_chat_id: z.int().optional(),
  migrate_from_chat_id: z.int().optional(),
});

const member = z.looseObject({ chat, from: user, new_chat_member: z.looseObject({ status: z.string() }) });

const press = z.looseObject({
  id: z.string(),
  from: user,
  data: z.string().optional(),
  message: z.looseObject({ message_id: z.int(), message_thread_id: z.int().optional(), chat }).optional(),
});

/** All that is read of an update. */
export const updateShape = z.looseObject({
  update_id: z.int(),
  message: message.optional(),
  edited_message: message.optional(),
  channel_post: message.optional(),
  edited_channel_post: message.optional(),
  business_message: message.optional(),
  edited_business_message: message.optional(),
  guest_message: message.optional(),
  callback_query: press.optional(),
  my_chat_member: member.optional(),
  chat_member: member.optional(),
});
