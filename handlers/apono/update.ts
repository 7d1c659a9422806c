import { z } from "zod";
import type { Apono } from "../../clients/apono.ts";
import type { Integration, Settings } from "../../clients/apono/integration.ts";
import { isReference, OWN_KIND } from "../../clients/apono/secret_store.ts";
import { v4Body } from "../../clients/apono/v4.ts";
import type { JsonObject } from "../../clients/json.ts";
import { ifFound } from "../if_found.ts";
import { BadInput, type Context, type Nothing, operationsOf, type Plan, type Undo } from "../operation.ts";
import { fold, NothingFits } from "../resolve.ts";
import { cardRows, named } from "./card.ts";
import { catalogEntryIfAny, objections, refuse, spelled, strangers } from "./catalog_check.ts";
import { keepsSecret, lostBetween, revealedConfig } from "./config_secret.ts";
import { byName, find } from "./find.ts";
import { bodyOf, type Image, imageOf, sentFor, type Wanted, wantedOf } from "./image.ts";
import { type Asked, askedFor, isSecretField, plainInput, settingsInput, settled } from "./request.ts";
import { completed, revealed } from "./secret_option.ts";
import { rowsBetween } from "./settings_rows.ts";
import { judge } from "./verdict.ts";

const input = z.object({
  id: z.string().meta({ positional: true, rest: true, placeholder: "id or name" }),
  ...settingsInput,
});

/** `warnings`: what the catalog makes doubtful. */
interface UpdatePlan extends Plan<Image> {
  readonly after: Wanted & { readonly warnings: readonly string[] };
}

export const updateIntegration = operationsOf<Apono>("apono").change<typeof input, UpdatePlan>({
  verb: "update",
  target: "apono",
  summary: "Change an Apono integration",
  example: "/update apono Orders DB config.port=5433",
  risk: "write",
  input,
  secret: isSecretField,
  plan,
  render: ({ before, after }) => {
    const { warnings, ...wanted } = after;
    return {
      title: ["Change the Apono integration ", named(before.name)],
      done: ["the Apono integration ", named(wanted.name), " is changed"],
      rows: cardRows(rowsBetween(before, wanted)),
      breaks: consequences(before, wanted),
      sends: bodyOf(wanted, before),
      warnings,
    };
  },
  async apply({ client, call }, { before, after }, secrets) {
    const secretStore = after.secretStore && revealed(after.secretStore, secrets);
    const present = keepsSecret(after.config) ? await client.integrations.get(before.id, call) : before;
    const config = revealedConfig(after.config, secrets, present.config);
    await client.integrations.update(before.id, sentFor({ ...after, config, secretStore }, before), call);
    return {};
  },
  async verify(context, { before, after }, receipt) {
    const seen = await ifFound(context.client.integrations.get(before.id, context.call));
    if (!seen) {
      return { state: "not applied", evidence: "Read back: Apono has no such integration any more." };
    }
    const image = imageOf(seen);
    return judge({ before, wanted: after, seen: image, answered: receipt !== undefined, after: image });
  },
  undo,
});

async function plan(context: Context<Apono>, typed: z.output<typeof input>): Promise<UpdatePlan | Nothing> {
  const asked = askedFor(typed);
  const present = imageOf(await findBefore(context, typed.id));
  refuseNothing(asked);
  if (asked.type !== undefined && fold(asked.type) !== fold(present.type)) {
    throw new BadInput(
      `The type of an integration cannot be changed; ${present.name} stays ${present.type}.`,
    );
  }
  const { settings, warnings } = await checked(context, asked, present);
  if (rowsBetween(present, settings).length === 0) {
    return { nothing: ["Nothing to change: ", named(present.name), " is like that already."] };
  }
  await checkName(context, present, settings.name);
  return {
    input: { ...plainInput(typed), id: present.id },
    target: { key: `apono:${present.id}`, id: present.id, name: present.name },
    before: present,
    after: { ...wantedOf(context.client.api, present.type, settings), warnings },
  };
}

function refuseNothing({ config, ...rest }: Asked): void {
  if (Object.keys(config).length + Object.keys(rest).length > 0) return;
  throw new BadInput("Say what to change, as in config.port=5433 or name=…, or send a document with it.");
}

/** The integration, and where nothing fits a name that ends in options, how parameters are typed. */
async function findBefore(context: Context<Apono>, query: string): Promise<Integration> {
  try {
    return await find(context, query);
  } catch (error) {
    const [, name, options] = /^(.*?)\s+([\w-]+=.*)$/.exec(query) ?? [];
    if (!(error instanceof NothingFits) || name === undefined || options === undefined) throw error;
    const [key = ""] = options.split("=");
    throw new BadInput(
      `/update apono has no option ${key}=. A parameter of the integration is typed config.${key}=…`,
      [`/update apono ${name} ${options.replace(/(^|\s)([\w-]+=)/g, "$1config.$2")}`],
    );
  }
}

/** The settings to be, once the catalog has nothing against what the change touches. */
async function checked(
  context: Context<Apono>,
  asked: Asked,
  present: Image,
): Promise<{ settings: Settings; warnings: readonly string[] }> {
  const touched = Object.keys(asked.config).length > 0 || asked.secretStore !== undefined;
  const unseen = context.client.api === "v2" && present.secretStore === null &&
    asked.secretStore === undefined;
  const entry = touched || unseen ? await catalogEntryIfAny(context, present.type) : undefined;
  const names = [...Object.keys(present.config), ...entry?.params.map(({ id }) => id) ?? []];
  const config = spelled(asked.config, [...new Set(names)]);
  const settings = settled({ ...withStore(asked, present), config }, present);
  if (unseen && entry?.requiresSecret) throw loses(present.name, "secret.<store>.<field>=…");
  const warnings = replacedUnseen(asked, present);
  if (!touched) return { settings, warnings };
  if (!entry) {
    const unchecked = `Apono's catalog no longer lists ${present.type}: nothing could be checked.`;
    return { settings, warnings: [...warnings, unchecked] };
  }
  const before = objections(entry, present);
  const found = objections(entry, settings);
  refuse(entry, found.filter((one) => !before.includes(one)));
  const unlisted = strangers(entry, config).map((name) =>
    `Apono's catalog lists no parameter ${name} for ${entry.type}: check the spelling.`
  );
  return { settings, warnings: [...warnings, ...found, ...unlisted] };
}

/** What Apono keeps itself is replaced as a whole, and it may not even say what that is. */
function replacedUnseen({ secretStore: asked }: Asked, { secretStore: present }: Image): readonly string[] {
  const isUnnamed = present?.kind === OWN_KIND && Object.keys(present.fields).length === 0;
  if (!isUnnamed || asked?.kind !== OWN_KIND) return [];
  return [
    "Apono does not say which secrets it keeps for this integration. All of them are replaced: only " +
    `${Object.keys(asked.fields).join(", ")} will be left.`,
  ];
}

function loses(name: string, options: string): BadInput {
  return new BadInput(
    `Apono does not show the secret of ${name}, and an update replaces the whole record: the secret would be lost. ` +
      `Add ${options} to set it again.`,
  );
}

/** An update replaces the whole record, so a secret that cannot be read has to be entered again with it. */
function withStore(asked: Asked, { name, secretStore }: Image): Asked {
  if (asked.secretStore) return { ...asked, secretStore: completed(asked.secretStore, secretStore) };
  if (asked.secretStore === null || secretStore === null || isReference(secretStore)) return asked;
  if (secretStore.kind !== OWN_KIND) {
    throw new BadInput(
      `${name} keeps its secret in ${secretStore.kind}, which this bot does not know and an update could lose. ` +
        "Change it in Apono itself.",
    );
  }
  const names = Object.keys(secretStore.fields);
  const options = (names.length > 0 ? names : ["<name>"]).map((field) => `secret.${OWN_KIND}.${field}=?`)
    .join(" ");
  throw loses(name, options);
}

async function checkName(context: Context<Apono>, present: Image, name: string): Promise<void> {
  if (fold(name) === fold(present.name)) return;
  const twin = await byName(context, name);
  if (!twin || twin.id === present.id) return;
  throw new BadInput(
    `Apono has an integration named "${twin.name}" already, and names are unique. Choose another.`,
  );
}

function consequences(before: Settings, after: Settings): readonly string[] {
  const connection = rowsBetween(before, after).some(({ label }) =>
    label === "Connector" || label === "Secret" || label.startsWith("config.")
  );
  return connection ? ["Apono connects with the new values at once: wrong ones stop access through it."] : [];
}

function undo({ before, after }: UpdatePlan): Undo {
  const document = wayBack(before, after);
  const lost = lostIn(before, after);
  if (losesStore(before) && after.secretStore?.kind === OWN_KIND) {
    return {
      possible: false,
      why: "the old secret cannot be read, and an update has to carry one: enter it with /update",
    };
  }
  if (Object.keys(document).length === 0) {
    return { possible: false, why: "only the secret changes, and the old one cannot be read" };
  }
  return {
    possible: true,
    how: lost.length > 0
      ? `the other old values are set again; ${lost.join(", ")} cannot be read and stays lost`
      : "the old values are set again",
    verb: "update",
    target: "apono",
    input: { id: before.id, document },
  };
}

/** What of the old state this bot cannot bring back. */
function lostIn(before: Settings, after: Settings): readonly string[] {
  return [
    ...(losesStore(before) ? ["the old secret"] : []),
    ...lostBetween(before.config, after.config).map((name) => `the old config.${name}`),
  ];
}

function losesStore({ secretStore }: Settings): boolean {
  return secretStore !== null && !isReference(secretStore);
}

/**
 * The vendor's own request body that takes the changed fields back; what was not there becomes null. An old
 * secret that cannot be read is left out.
 */
function wayBack(before: Settings, after: Settings): JsonObject {
  const now = plainInput(v4Body(before));
  const then = plainInput(v4Body(after));
  const fields = namesOf(now, then).filter((name) =>
    name !== "integration_config" && !(losesStore(before) && name === "secret_store_config")
  );
  const lost = lostBetween(before.config, after.config);
  const parameters = namesOf(plainInput(before.config), plainInput(after.config)).filter((name) =>
    !lost.includes(name)
  );
  const config = Object.fromEntries(parameters.map((name) => [name, before.config[name] ?? null]));
  return plainInput({
    ...Object.fromEntries(fields.map((name) => [name, now[name] ?? null])),
    ...(parameters.length > 0 ? { integration_config: config } : {}),
  });
}

/** The names under which two objects differ. */
function namesOf(one: JsonObject, other: JsonObject): readonly string[] {
  return Object.keys({ ...one, ...other }).filter((name) =>
    JSON.stringify(one[name]) !== JSON.stringify(other[name])
  );
}
