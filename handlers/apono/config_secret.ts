import type { Config } from "../../clients/apono/integration.ts";
import type { Json } from "../../clients/json.ts";
import { ENTER_MARK, soundsSecret } from "../../clients/secrets.ts";
import { BadInput } from "../operation.ts";
import { NOT_SHOWN } from "../placeholder.ts";
import { holdsSecretField } from "../shown_value.ts";

/** A parameter by the names it is typed with, or by its path in a document of v4 or v2. */
const PARAMETER = /^(?:config|integration_config|metadata)\.(.+)$/i;

/** Whether a field is a parameter that is only ever `?` in the chat, or stands below one. */
export function isSecretParameter(field: string): boolean {
  return PARAMETER.exec(field)?.[1]?.split(".").some(soundsSecret) ?? false;
}

/** The parameters without those that are secrets: a plan keeps none, and what is to stay is read anew when it is sent. */
export function concealed(config: Config): Config {
  return mapped(config, (name, value) => holdsSecretField(name, value) ? NOT_SHOWN : value);
}

/** Whether a parameter, as planned, holds a secret that is entered on the secret page. */
export function asksFor(value: Json | undefined): boolean {
  return value === ENTER_MARK ||
    (typeof value === "object" && value !== null && Object.values(value).some(asksFor));
}

/** Whether some parameters stay as they are, unseen. */
export function keepsSecret(config: Config): boolean {
  return Object.values(config).includes(NOT_SHOWN);
}

/** The names of the parameters whose value, once changed, nobody can bring back. */
export function lostBetween(before: Config, after: Config): readonly string[] {
  return Object.keys(before).filter((name) => before[name] === NOT_SHOWN && after[name] !== NOT_SHOWN);
}

/** Throws `BadInput` for a secret in JSON text, in the middle of which none can be asked for. */
export function refuseHolding(config: Config): void {
  const found = Object.entries(config).find(([name, value]) =>
    typeof value === "string" && !soundsSecret(name) && holdsSecretField(name, value)
  );
  if (!found) return;
  throw new BadInput(
    `config.${found[0]} holds a secret and was not used. Put the secret into a secret store, ` +
      "secret.<store>.<field>=…, and change it at its source.",
  );
}

/** The parameters as they are sent: what was entered, and what is there now. Throws `BadInput` before anything is sent. */
export function revealedConfig(
  config: Config,
  secrets: Readonly<Record<string, string>>,
  present: Config,
): Config {
  const entered = new Map(
    Object.entries(secrets).flatMap(([field, value]) => {
      const name = PARAMETER.exec(field)?.[1];
      return name === undefined ? [] : [[name.toLowerCase(), value]];
    }),
  );
  return mapped(config, (name, value) => value === NOT_SHOWN ? present[name] : filled(value, name, entered));
}

function filled(value: Config[string], path: string, entered: ReadonlyMap<string, string>): Config[string] {
  if (value === ENTER_MARK) {
    const found = entered.get(path.toLowerCase());
    if (found === undefined) throw new BadInput(`config.${path} was not entered. Nothing was sent.`);
    return found;
  }
  if (Array.isArray(value)) return value.map((one, at) => filled(one, `${path}.${at}`, entered));
  if (typeof value !== "object" || value === null) return value;
  return mapped(value, (name, one) => filled(one, `${path}.${name}`, entered));
}

function mapped(
  config: Config,
  change: (name: string, value: Config[string]) => Config[string] | undefined,
): Record<string, Config[string]> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([name, value]) => {
      const changed = change(name, value);
      return changed === undefined ? [] : [[name, changed]];
    }),
  );
}
