import type { Apono } from "../../clients/apono.ts";
import type { Integration, Sent, Settings } from "../../clients/apono/integration.ts";
import { v2Body } from "../../clients/apono/v2.ts";
import { v4Body } from "../../clients/apono/v4.ts";
import type { Json } from "../../clients/json.ts";
import { BadInput } from "../operation.ts";
import { concealed } from "./config_secret.ts";
import { shownConfig } from "./settings_rows.ts";

/** An integration as far as a person sets it, without secrets. Status and sync times move by themselves and are no part of it. */
export type Image = Settings & { readonly id: string; readonly type: string };

/** What is to be sent, and by which API. */
export type Wanted = Settings & { readonly api: "v4" | "v2"; readonly type: string };

export function imageOf(integration: Integration): Image {
  const { id, type, config } = integration;
  return { id, type, ...settingsOf(integration), config: concealed(config) };
}

export function wantedOf(api: Apono["api"], type: string, settings: Settings): Wanted {
  if (api === "v2") refuseBeyondV2(settings);
  return { api, type, ...settingsOf(settings) };
}

/**
 * The body for a state to become another. What is empty on both sides is left out: the vendor does not say
 * whether null differs from absent, and absent risks less.
 */
export function sentFor(after: Settings, before: Settings | null): Sent {
  const { name, config, ...rest } = settingsOf(after);
  const told = Object.entries(rest).filter(([key, value]) =>
    value !== null || (before && before[key as keyof typeof rest] !== null)
  );
  return { name, config, ...Object.fromEntries(told) };
}

/** The same body for the eyes of those who approve it. */
export function bodyOf({ api, type, ...settings }: Wanted, before: Settings | null): Json {
  const sent = { ...sentFor(settings, before), config: shownConfig(settings.config) };
  const body = api === "v2" ? v2Body(sent) : v4Body(sent);
  return JSON.parse(JSON.stringify(before ? body : { type, ...body }));
}

function settingsOf(settings: Settings): Settings {
  const { name, connectorId, config, secretStore, resourceTypes, accessDetails, owner, ownersMapping } =
    settings;
  return { name, connectorId, config, secretStore, resourceTypes, accessDetails, owner, ownersMapping };
}

function refuseBeyondV2({ owner, ownersMapping, secretStore }: Settings): void {
  const what = owner
    ? "owner"
    : ownersMapping
    ? "owners_mapping"
    : secretStore?.kind === "apono"
    ? "secret store apono"
    : null;
  if (what) {
    throw new BadInput(
      `This bot uses Apono's v2 API, which has no ${what}. Leave it out, or set it in Apono itself.`,
    );
  }
}
