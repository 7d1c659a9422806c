import { type ChildOptions, deno } from "./child.ts";
import { ANA, BEN, GROUP, SECRET, TOKEN } from "./update.ts";

/** Where the bot finds the vendors; those left out are not set up. */
export interface VendorUrls {
  /** GravityZone's Access URL. */
  readonly bitdefender?: string;
  readonly apono?: string;
  readonly opsramp?: string;
  readonly halo?: string;
}

export interface Surroundings {
  readonly telegramUrl: string;
  /** For `DATABASE_URL`. */
  readonly database: string;
  readonly vendors?: VendorUrls;
  readonly chats?: readonly number[];
}

/**
 * What an operator would put into `.env`; status reads are not cached, so that each one asks the vendor, and what is
 * dangerous does not wait to be stopped.
 */
export function ourEnvironment(surroundings: Surroundings): Record<string, string> {
  const { telegramUrl, database, vendors = {}, chats = [GROUP] } = surroundings;
  return {
    TELEGRAM_BOT_TOKEN: TOKEN,
    TELEGRAM_API_ROOT: telegramUrl,
    TELEGRAM_WEBHOOK_SECRET: SECRET,
    PUBLIC_URL: "https://bench.example",
    ADMIN_CHATS: chats.join(),
    OPERATORS: `${ANA},${BEN}`,
    APPROVERS: `${ANA},${BEN}`,
    DATABASE_URL: database,
    STATUS_CACHE_TTL: "0",
    GRACE: "0",
    ...vendorEnvironment(vendors),
  };
}

/** The bot as a process of its own. */
export function ours(surroundings: Surroundings): ChildOptions {
  return { command: deno("../../bot/main.ts"), environment: ourEnvironment(surroundings) };
}

/** No part of what the vendors say: what is a secret of ours is taken out of every message. */
export const APONO_TOKEN = "bench-apono-token";
export const OPSRAMP_SECRET = "bench-opsramp-secret";
export const HALO_SECRET = "bench-halo-secret";

function vendorEnvironment({ bitdefender, apono, opsramp, halo }: VendorUrls): Record<string, string> {
  return {
    ...(bitdefender && { BITDEFENDER_API_URL: bitdefender, BITDEFENDER_API_KEY: "bench-gravityzone-key" }),
    ...(apono && { APONO_API_URL: apono, APONO_API_TOKEN: APONO_TOKEN }),
    ...(opsramp && {
      OPSRAMP_API_URL: opsramp,
      OPSRAMP_TENANT_ID: "client_8",
      OPSRAMP_CLIENT_ID: "key",
      OPSRAMP_CLIENT_SECRET: OPSRAMP_SECRET,
    }),
    ...(halo && {
      HALO_API_URL: `${halo}/api`,
      HALO_AUTH_URL: `${halo}/auth`,
      HALO_CLIENT_ID: "client",
      HALO_CLIENT_SECRET: HALO_SECRET,
    }),
  };
}
