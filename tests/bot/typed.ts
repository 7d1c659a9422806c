import { BEN, GROUP } from "../sandbox/stage.ts";

/** What Ben types in the group now, as Telegram posts it; `padding` makes it as long as is wanted. */
export function typed(text: string, updateId = 1, padding = ""): string {
  return JSON.stringify({
    update_id: updateId,
    message: {
      message_id: 1,
      date: Math.floor(Date.now() / 1000),
      chat: { id: GROUP, type: "group", title: "On-call" },
      from: { id: BEN, is_bot: false, first_name: "Ben" },
      text,
      padding,
    },
  });
}
