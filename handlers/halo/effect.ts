import type { Product } from "../../clients/halo/product.ts";
import type { Json, JsonObject } from "../../clients/json.ts";
import { notKnown } from "../operation.ts";
import type { Line } from "../reply.ts";
import type { Wanted } from "./fields.ts";

/** What it does to give a field a value. */
interface Effect {
  /** It deletes or disconnects. */
  readonly danger?: true;
  /** Nothing where it is known that nobody notices. */
  readonly says?: string;
}

type Rule = (label: string, value: Json) => Effect;

/** Where and as whom HaloPSA signs in to the product. */
const SIGN_IN = [
  "url",
  "server_url",
  "username",
  "client_id",
  "token_id",
  "key",
  "manageengine_clientid",
  "region",
];

const ALERTS: Rule = (label, value) =>
  value === true ? {} : { danger: true, says: `Alerts of ${label} no longer become tickets in HaloPSA.` };

/** What each sync does for as long as one of these is on. */
const DELETING: Readonly<Record<string, (label: string) => string>> = {
  delete_devices: (label) =>
    `HaloPSA removes the devices that ${label} no longer has, and nothing here brings them back.`,
  delete_status: (label) => `The devices that ${label} no longer has get another status in HaloPSA.`,
  deactivateclients: (label) => `HaloPSA deactivates the clients that ${label} no longer has.`,
  deactivateassets: (label) => `HaloPSA deactivates the assets that ${label} no longer has.`,
};

/** As far as HaloPSA's page "RMM & Security Endpoints" says what a field does. */
const RULES: Readonly<Record<string, Rule>> = {
  name: () => ({}),
  ...Object.fromEntries(Object.entries(DELETING).map(([name, says]) => [name, whenOn(says)])),
  enable_alerts: ALERTS,
  enable_webhooks: ALERTS,
};

function whenOn(says: (label: string) => string): Rule {
  return (label, value) => isOff(value) ? {} : { danger: true, says: says(label) };
}

/** Those of its switches that are on and delete or disconnect something with each sync. */
export function deletingSwitches(
  { fields }: Pick<Product, "fields">,
  record: Readonly<Record<string, Json>>,
): JsonObject {
  return Object.fromEntries(
    Object.entries(record).filter(([name, value]) =>
      Object.hasOwn(DELETING, name) && fields.has(name) && !isOff(value)
    ),
  );
}

/** What begins with the sync, as far as it can be known, where these switches are on. */
export function effectsOfSync({ label }: Product, switches: JsonObject): readonly Line[] {
  return [
    ...Object.keys(switches).flatMap((name) => DELETING[name]?.(label) ?? []),
    "What else the next sync changes in HaloPSA is not known.",
  ];
}

/** Whether the fields turn the sync on. */
export function turnsSyncOn({ sync }: Product, { fields }: Wanted): boolean {
  return sync.enabled.some((flag) => fields[flag] === true);
}

function isOff(value: Json): boolean {
  return value === false || value === null || value === 0 || value === "";
}

/** Undefined where nobody has written down what the field does. */
function effectOf(product: Product, name: string, value: Json): Effect | undefined {
  const { label, sync } = product;
  if (sync.enabled.includes(name)) {
    return value === true ? {} : { says: `HaloPSA stops syncing with ${label} through it.` };
  }
  if (SIGN_IN.includes(name)) {
    return isOff(value)
      ? { danger: true, says: `Without ${name} HaloPSA cannot sign in to ${label} any more.` }
      : { says: `If the new address or credentials are wrong, the next sync with ${label} fails.` };
  }
  return RULES[name]?.(label, value);
}

/** Whether any of the fields deletes or disconnects, or lets the sync do so by the switches that are on. */
export function isDanger(product: Product, { fields }: Wanted, switches: JsonObject): boolean {
  return Object.keys(switches).length > 0 ||
    Object.entries(fields).some(([name, value]) => effectOf(product, name, value)?.danger);
}

/** What the fields do to an integration that is there, by which switches are on where they turn its sync on. */
export function breaksOf(product: Product, wanted: Wanted, switches: JsonObject): readonly Line[] {
  const { fields, secrets } = wanted;
  const effects = Object.entries(fields).map(([name, value]) => ({
    name,
    is: effectOf(product, name, value),
  }));
  const secret = secrets.length > 0 ? [effectOf(product, "url", "new")] : [];
  const said = [
    ...[...effects.map(({ is }) => is), ...secret].flatMap((is) => is?.says ?? []),
    ...(turnsSyncOn(product, wanted) ? effectsOfSync(product, switches) : []),
  ];
  return [...new Set(said), ...notKnown(effects.filter(({ is }) => !is).map(({ name }) => name))];
}

/** Of a new one only what it begins to do can be noticed: nothing is there yet that could stop. */
export function deletionsOf(product: Product, { fields }: Wanted): readonly Line[] {
  return Object.entries(fields).filter(([, value]) => !isOff(value)).flatMap(([name, value]) => {
    const effect = effectOf(product, name, value);
    return effect?.danger ? effect.says ?? [] : [];
  });
}

/** As `breaksOf`, of one that is not there yet. */
export function breaksOfNew(product: Product, wanted: Wanted): readonly Line[] {
  const first = turnsSyncOn(product, wanted) ? ["What its first sync changes in HaloPSA is not known."] : [];
  return [...deletionsOf(product, wanted), ...first];
}
