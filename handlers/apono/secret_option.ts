import { OWN_KIND, REFERENCE_KINDS, type SecretStore } from "../../clients/apono/secret_store.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import { BadInput } from "../operation.ts";

/**
 * The store that `secret.<store>.<field>=…` and the document ask for together, or undefined when neither says
 * anything. Throws `BadInput` for two stores, for unknown ones, and for a secret that was typed.
 */
export function askedStore(
  options: Readonly<Record<string, string>>,
  document: SecretStore | null | undefined,
): SecretStore | null | undefined {
  const typed = Object.entries(options).map(([name, value]) => ({ ...named(name), value }));
  const kinds = new Set(typed.map(({ kind }) => kind));
  if (document) kinds.add(document.kind);
  const [kind, ...others] = kinds;
  if (kind === undefined) return document;
  if (others.length > 0) {
    throw new BadInput(
      `A secret is in exactly one store; these are ${kinds.size}: ${[...kinds].join(", ")}.`,
    );
  }
  if (kind !== OWN_KIND && !(kind in REFERENCE_KINDS)) throw unknownKind(kind);
  const fields = Object.fromEntries(typed.map(({ field, value }) => [field, value]));
  if (kind === OWN_KIND) checkHidden(fields, "secret.apono.");
  return { kind, fields: { ...document?.fields, ...fields } };
}

/** Fills in what is not asked for from a store of the same kind, and says what is missing then. */
export function completed(asked: SecretStore, present: SecretStore | null): SecretStore {
  if (asked.kind === OWN_KIND) return completedOwn(asked, present);
  const needed = REFERENCE_KINDS[asked.kind] ?? [];
  const fields = { ...(present?.kind === asked.kind ? present.fields : {}), ...asked.fields };
  const unknown = Object.keys(fields).find((name) => !needed.includes(name));
  if (unknown) {
    throw new BadInput(`The store ${asked.kind} has no ${unknown}, only ${needed.join(" and ")}.`);
  }
  const marked = needed.find((name) => fields[name] === ENTER_MARK);
  if (marked) {
    throw new BadInput(`${marked} only says where the secret is: type it, secret.${asked.kind}.${marked}=…`);
  }
  const missing = needed.find((name) => !fields[name]);
  if (missing) {
    throw new BadInput(
      `The store ${asked.kind} also needs ${missing}: add secret.${asked.kind}.${missing}=…`,
    );
  }
  return { kind: asked.kind, fields };
}

/** Refuses what is not the mark for "entered on the secret page", without repeating it. */
export function checkHidden(fields: Readonly<Record<string, string>>, prefix: string): void {
  const typed = Object.entries(fields).find(([, value]) => value !== ENTER_MARK);
  if (!typed) return;
  throw new BadInput(
    `${prefix}${typed[0]} is a secret and was not used. Write ${prefix}${
      typed[0]
    }=? and enter it on the page ` +
      "you get a link to. What was typed here should be changed at its source.",
  );
}

/** The values that were entered, in the place of their marks. Throws `BadInput` before anything is sent. */
export function revealed(store: SecretStore, secrets: Readonly<Record<string, string>>): SecretStore {
  if (store.kind !== OWN_KIND) return store;
  const entered = new Map(Object.entries(secrets).map(([field, value]) => [field.toLowerCase(), value]));
  const fields = Object.keys(store.fields).map((name) => {
    const value = entered.get(`secret.apono.${name}`.toLowerCase()) ??
      entered.get(`secret_store_config.apono.parameters.${name}`.toLowerCase());
    if (value === undefined) throw new BadInput(`secret.apono.${name} was not entered. Nothing was sent.`);
    return [name, value];
  });
  return { kind: store.kind, fields: Object.fromEntries(fields) };
}

function completedOwn(asked: SecretStore, present: SecretStore | null): SecretStore {
  const names = present?.kind === OWN_KIND ? Object.keys(present.fields) : [];
  const missing = names.find((name) => !(name in asked.fields));
  if (missing) {
    throw new BadInput(`Apono would lose ${missing}: enter it as well, with secret.apono.${missing}=?`);
  }
  return asked;
}

function named(option: string): { kind: string; field: string } {
  const [kind = "", ...rest] = option.split(".");
  const field = rest.join(".");
  if (field === "") {
    throw new BadInput(
      `secret.${option} names no field. Write secret.<store>.<field>, e.g. secret.aws.region=eu-west-1.`,
    );
  }
  const known = kind.toLowerCase();
  return { kind: known, field: known === OWN_KIND ? field : field.toLowerCase() };
}

function unknownKind(kind: string): BadInput {
  const kinds = [...Object.keys(REFERENCE_KINDS), OWN_KIND];
  return new BadInput(`Apono knows no secret store ${kind}, only ${kinds.join(", ")}.`);
}
