/** What is opened in private: a change by its code, or an alert. */
export interface DeepLink {
  readonly kind: "change" | "alert";
  readonly id: string;
}

const LETTERS = { change: "c", alert: "a" } as const;
const PAYLOAD = /^([ca])_([\w-]{1,60})$/;

/** The address that opens a chat with the bot; pressing Start there sends `/start` with what is to be shown. */
export function deepLink(botName: string, { kind, id }: DeepLink): string {
  return `https://t.me/${botName}?start=${LETTERS[kind]}_${id}`;
}

/** What came with `/start`. */
export function readDeepLink(payload: string): DeepLink | undefined {
  const [, letter, id] = PAYLOAD.exec(payload) ?? [];
  return id === undefined ? undefined : { kind: letter === "c" ? "change" : "alert", id };
}
