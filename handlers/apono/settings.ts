import type { AponoClient } from "../../clients/apono.ts";
import {
  type AponoIntegration,
  OWN_KIND,
  type Sent,
  type Settings,
} from "../../clients/apono/integration.ts";
import { v2Body, v4Body } from "../../clients/apono/versions.ts";
import { isJsonObject, type Json, type JsonObject, plainJson } from "../../clients/json.ts";
import { ENTER_MARK, soundsSecret } from "../../clients/secrets.ts";
import { canBeGiven } from "../address.ts";
import { holdsSecretField, NOT_SHOWN, shownValue } from "../mask.ts";
import { BadInput } from "../operation.ts";

/** An integration as far as a person sets it, without secrets. Status and sync times move by themselves and are no part of it. */
export type Image = Settings & { readonly id: string; readonly type: string };

/** What is to be sent, and by which API. */
export type PlannedSettings = Settings & { readonly api: "v4" | "v2"; readonly type: string };

export function imageOf(integration: AponoIntegration): Image {
  const { id, type, config } = integration;
  const hidden = mapped(config, (name, value) => holdsSecretField(name, value) ? NOT_SHOWN : value);
  return { id, type, ...settingsOf(integration), config: hidden };
}

/** Throws `BadInput` for what the account's API has no place for. */
export function plannedSettings(api: AponoClient["api"], type: string, settings: Settings): PlannedSettings {
  const missing = settings.owner
    ? "owner"
    : settings.ownersMapping
    ? "owners_mapping"
    : settings.secretStore?.kind === OWN_KIND
    ? `secret store ${OWN_KIND}`
    : null;
  if (api === "v2" && missing) {
    throw new BadInput(
      `This bot uses Apono's v2 API, which has no ${missing}. Leave it out, or set it in Apono itself.`,
    );
  }
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
export function shownBody({ api, type, ...settings }: PlannedSettings, before: Settings | null): Json {
  const config = mapped(settings.config, (name, value) => shownValue(name, value) as Json);
  const sent = { ...sentFor(settings, before), config };
  return plainJson({ ...(before ? {} : { type }), ...(api === "v2" ? v2Body(sent) : v4Body(sent)) });
}

/** A parameter by the names it is typed with, or by its path in a document of v4 or v2. */
const PARAMETER = /^(?:config|integration_config|metadata)\.(.+)$/i;
/** A field of Apono's own store, typed or in a document. */
const STORED = /^(?:secret\.apono|secret_store_config\.apono\.parameters)\.(.+)$/i;

/** Which fields are only ever `?` in the chat: what Apono's own store holds, and parameters that sound like secrets. */
export function isSecretField(field: string): boolean {
  return STORED.test(field) || (PARAMETER.exec(field)?.[1]?.split(".").some(soundsSecret) ?? false);
}

/** Whether a parameter, as planned, holds a secret that is entered on the secret page. */
export function isAskedFor(value: Json | undefined): boolean {
  return value === ENTER_MARK ||
    (typeof value === "object" && value !== null && Object.values(value).some(isAskedFor));
}

/** Whether some parameters stay as they are, unseen. */
export function keepsSecret({ config }: Settings): boolean {
  return Object.values(config).includes(NOT_SHOWN);
}

/** The names of the parameters whose value, once changed, nobody can bring back: unseen, or not to be typed. */
export function lostBetween(before: JsonObject, after: JsonObject): readonly string[] {
  return Object.keys(before).filter((name) =>
    (before[name] === NOT_SHOWN || !canBeGiven(before[name] ?? null)) && before[name] !== after[name]
  );
}

/**
 * The settings as they are sent: with what was entered, and with what is there now where that is to stay. Throws
 * `BadInput` before anything is sent.
 */
export function settingsToSend<T extends Settings>(
  settings: T,
  secrets: Readonly<Record<string, string>>,
  present: JsonObject,
): T {
  const parameter = entered(secrets, PARAMETER, "config");
  const stored = entered(secrets, STORED, `secret.${OWN_KIND}`);
  const { config, secretStore: store } = settings;
  return {
    ...settings,
    config: mapped(
      config,
      (name, value) => value === NOT_SHOWN ? present[name] : filled(value, name, parameter),
    ),
    secretStore: store?.kind === OWN_KIND
      ? {
        kind: OWN_KIND,
        fields: Object.fromEntries(Object.keys(store.fields).map((name) => [name, stored(name)])),
      }
      : store,
  };
}

/** Finds what was entered for a field of one kind by the rest of its name, letter case aside. */
function entered(
  secrets: Readonly<Record<string, string>>,
  kind: RegExp,
  typedAs: string,
): (name: string) => string {
  const values = new Map(
    Object.entries(secrets).map(([field, value]) => [kind.exec(field)?.[1]?.toLowerCase(), value]),
  );
  return (name) => {
    const value = values.get(name.toLowerCase());
    if (value === undefined) throw new BadInput(`${typedAs}.${name} was not entered. Nothing was sent.`);
    return value;
  };
}

function filled(value: Json, path: string, valueOf: (path: string) => string): Json {
  if (value === ENTER_MARK) return valueOf(path);
  if (Array.isArray(value)) return value.map((one, at) => filled(one, `${path}.${at}`, valueOf));
  if (!isJsonObject(value)) return value;
  return mapped(value, (name, one) => filled(one, `${path}.${name}`, valueOf));
}

/** The parameters, each with its new value; undefined takes one away. */
function mapped(
  config: JsonObject,
  change: (name: string, value: Json) => Json | undefined,
): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([name, value]) => {
      const changed = change(name, value);
      return changed === undefined ? [] : [[name, changed]];
    }),
  );
}

function settingsOf(settings: Settings): Settings {
  const { name, connectorId, config, secretStore, resourceTypes, accessDetails, owner, ownersMapping } =
    settings;
  return { name, connectorId, config, secretStore, resourceTypes, accessDetails, owner, ownersMapping };
}
