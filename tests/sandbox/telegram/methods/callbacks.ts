import { badRequest } from "../refusal.ts";
import type { Call } from "./call.ts";

/** After this long the presser's app has given up. */
const ANSWERED_WITHIN_MS = 60_000;
const LONGEST_ANSWER = 200;

/** https://core.telegram.org/bots/api#answercallbackquery */
export function answerCallbackQuery({ world, parameters }: Call): true {
  const callback = world.callbacks.get(parameters.text("callback_query_id"));
  const isOpen = callback && !callback.answer && world.now() - callback.at <= ANSWERED_WITHIN_MS;
  if (!isOpen) {
    throw badRequest("query is too old and response timeout expired or query ID is invalid");
  }
  const text = parameters.text("text");
  const url = parameters.text("url");
  if (text.length > LONGEST_ANSWER) throw badRequest("message is too long");
  if (
    url !== "" && !url.toLowerCase().startsWith(`https://t.me/${world.bot.username.toLowerCase()}?start=`)
  ) {
    throw badRequest("URL_INVALID");
  }
  callback.answer = { show_alert: parameters.flag("show_alert"), ...(text && { text }), ...(url && { url }) };
  return true;
}
