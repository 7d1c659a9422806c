/** What the servers are sent: the same bytes for each of them. */

export const SECRET = "bench-webhook-secret-0123456789abcdef";
export const TOKEN = "123456:bench";
export const PATH = "/telegram";
export const GROUP = -1001234567890;
export const PERSON = 101;

/** A person's words to the others in the admin group, as JSON: nothing the bot answers. */
export function talk(updateId: number): string {
  return update(updateId, "the deploy went through, dashboards look good again");
}

/** A command of an operator in the admin group, as JSON. */
export function command(updateId: number, text: string): string {
  return update(updateId, text, [{
    offset: 0,
    length: text.split(" ")[0]?.length ?? 0,
    type: "bot_command",
  }]);
}

function update(updateId: number, text: string, entities?: readonly object[]): string {
  return JSON.stringify({
    update_id: updateId,
    message: {
      message_id: updateId,
      date: Math.floor(Date.now() / 1000),
      chat: { id: GROUP, type: "supergroup", title: "On call" },
      from: { id: PERSON, is_bot: false, first_name: "Ana", language_code: "en" },
      text,
      ...(entities && { entities }),
    },
  });
}
