import { z } from "zod";
import { ENTER_MARK } from "../secrets.ts";

/**
 * Where an integration's secret is kept. All kinds but `apono` are references to a place outside of Apono and
 * may be shown. Values that Apono keeps itself are replaced by `ENTER_MARK` at the border.
 */
export type SecretStore = {
  readonly kind: string;
  readonly fields: Readonly<Record<string, string>>;
};

/** The kind whose fields are the secrets themselves. */
export const OWN_KIND = "apono";

/** The kinds that refer to a secret kept elsewhere, with the fields each needs. */
export const REFERENCE_KINDS: Readonly<Record<string, readonly string[]>> = {
  aws: ["region", "secret_id"],
  gcp: ["project", "secret_id"],
  azure: ["vault_url", "name"],
  kubernetes: ["namespace", "name"],
  hashicorp_vault: ["secret_engine", "path"],
};

/** True for a store that can be read, and so written back or restored. */
export function isReference(store: SecretStore): boolean {
  return store.kind in REFERENCE_KINDS;
}

/** v4: the key is the kind; the kinds not in use are absent or null. */
export const v4SecretStore = z.record(z.string(), z.unknown()).nullish().transform((stores) => {
  const used = Object.entries(stores ?? {}).find(([, fields]) =>
    typeof fields === "object" && fields !== null
  );
  return used ? readStore(used[0], used[1] as Readonly<Record<string, unknown>>) : null;
});

/** v2: a `type` beside the fields. */
export const v2SecretStore = z.looseObject({ type: z.string() }).nullish().transform((secret) =>
  secret ? readStore(secret.type.toLowerCase(), secret) : null
);

export function toV4(store: SecretStore): unknown {
  return { [store.kind]: store.kind === OWN_KIND ? { parameters: store.fields } : store.fields };
}

export function toV2(store: SecretStore): unknown {
  return { type: store.kind.toUpperCase(), ...store.fields };
}

function readStore(kind: string, fields: Readonly<Record<string, unknown>>): SecretStore {
  const documented = REFERENCE_KINDS[kind];
  if (!documented) return { kind, fields: namesOf(fields.parameters) };
  const shown = documented.flatMap((name) => typeof fields[name] === "string" ? [[name, fields[name]]] : []);
  return { kind, fields: Object.fromEntries(shown) };
}

function namesOf(parameters: unknown): Readonly<Record<string, string>> {
  if (typeof parameters !== "object" || parameters === null) return {};
  return Object.fromEntries(Object.keys(parameters).map((name) => [name, ENTER_MARK]));
}
