import { GROUP, PERSON, SECRET, TOKEN } from "./update.ts";

export const VENDOR_KEY = "bench-gravityzone-key";

export interface Surroundings {
  readonly telegramUrl: string;
  /** Path of the SQLite file. */
  readonly database: string;
  /** GravityZone's Access URL. */
  readonly vendorUrl?: string;
}

/** What an operator would put into `.env`; status reads are not cached, so that each one asks the vendor. */
export function ourEnvironment({ telegramUrl, database, vendorUrl }: Surroundings): Record<string, string> {
  return {
    TELEGRAM_BOT_TOKEN: TOKEN,
    TELEGRAM_API_ROOT: telegramUrl,
    TELEGRAM_WEBHOOK_SECRET: SECRET,
    PUBLIC_URL: "https://bench.example",
    ADMIN_CHATS: String(GROUP),
    OPERATORS: String(PERSON),
    APPROVERS: String(PERSON),
    DATABASE_URL: `sqlite:${database}`,
    STATUS_CACHE_TTL: "0",
    ...(vendorUrl && { BITDEFENDER_API_URL: vendorUrl, BITDEFENDER_API_KEY: VENDOR_KEY }),
  };
}
