import type { Fields, Update } from "../message.ts";
import { badRequest, Refusal } from "../refusal.ts";
import { webhookSettings } from "../webhook.ts";
import type { Call } from "./call.ts";

/** https://core.telegram.org/bots/api#getme */
export function getMe({ world }: Call): Fields {
  return {
    ...world.bot,
    can_join_groups: true,
    supports_guest_queries: false,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
    has_topics_enabled: false,
    allows_users_to_create_topics: false,
    can_manage_bots: false,
    supports_join_request_queries: false,
  };
}

/** https://core.telegram.org/bots/api#getupdates */
export function getUpdates(call: Call): Promise<Update[]> {
  const { parameters, updates, webhook } = call;
  if (webhook.settings) {
    throw new Refusal(
      409,
      "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    );
  }
  setAllowed(call);
  const limit = parameters.integer("limit") ?? 100;
  return updates.poll({
    offset: parameters.integer("offset") ?? 0,
    limit: limit >= 1 && limit <= 100 ? limit : 100,
    timeoutMs: Math.min(Math.max(parameters.integer("timeout") ?? 0, 0), 50) * 1000,
  });
}

/** https://core.telegram.org/bots/api#setwebhook */
export function setWebhook(call: Call): true {
  const { parameters, updates, webhook } = call;
  const url = parameters.text("url").trim();
  if (url === "") return deleteWebhook(call);
  const settings = webhookSettings({
    url,
    secret: parameters.text("secret_token"),
    maxConnections: parameters.integer("max_connections") ?? 40,
  });
  setAllowed(call);
  if (parameters.flag("drop_pending_updates")) updates.drop();
  webhook.settings = settings;
  return true;
}

/** https://core.telegram.org/bots/api#deletewebhook */
export function deleteWebhook({ parameters, updates, webhook }: Call): true {
  if (parameters.flag("drop_pending_updates")) updates.drop();
  webhook.settings = undefined;
  return true;
}

/** https://core.telegram.org/bots/api#getwebhookinfo */
export function getWebhookInfo({ updates, webhook }: Call): Fields {
  const { settings, lastError } = webhook;
  return {
    url: settings?.url ?? "",
    has_custom_certificate: false,
    pending_update_count: updates.pending().length,
    ...(settings && { max_connections: settings.maxConnections, ip_address: "127.0.0.1" }),
    ...(lastError && { last_error_date: lastError.date, last_error_message: lastError.message }),
    ...(updates.allowed && { allowed_updates: updates.allowed }),
  };
}

/** An absent list keeps the setting, an empty one brings back the default. */
function setAllowed({ parameters, updates }: Call): void {
  const value = parameters.json("allowed_updates");
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) throw badRequest("Can't parse allowed_updates: expected an Array of String");
  updates.allowed = value.length > 0 ? value.map(String) : undefined;
}
