/** What is used here of npm's `telegram-test-api`: its own types miss that the module is the class itself. */
export default class TelegramServer {
  constructor(config: { host: string; port: number; storage: "RAM"; storeTimeout: number });
  start(): Promise<unknown>;
  stop(): Promise<unknown>;
  getClient(
    token: string,
    options: { chatId: number; userId: number; type: "group" | "private"; timeout: number },
  ): Client;
}

export interface Client {
  makeMessage(text: string): object;
  sendMessage(message: object): Promise<unknown>;
  /** What the bot has said in this chat and nobody has looked at yet; waits until there is something. */
  getUpdates(): Promise<{
    readonly result: readonly {
      readonly messageId: number;
      readonly message: { readonly text?: string; readonly reply_markup?: unknown };
    }[];
  }>;
}
