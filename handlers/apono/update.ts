import * as z from "zod";
import type { AponoClient } from "../../clients/apono.ts";
import {
  type AponoIntegration,
  isReference,
  OWN_KIND,
  type SecretStore,
  type Settings,
} from "../../clients/apono/integration.ts";
import { v4Body } from "../../clients/apono/versions.ts";
import { differingNames, type JsonObject, plainJson } from "../../clients/json.ts";
import {
  BadInput,
  type Card,
  type Context,
  type Nothing,
  notKnown,
  operationsOf,
  type Plan,
  type Undo,
} from "../operation.ts";
import { fold, ifFound, NothingFits } from "../resolve.ts";
import { findItem, targetOf } from "../resource.ts";
import { objections, refuse, spelledAs, unlistedParameters, unlistedWarning } from "./catalog.ts";
import { connectorDoubts } from "./connectors.ts";
import { updateForm } from "./form.ts";
import { byName, integrations, nameTaken } from "./integrations.ts";
import { askedFor, type AskedSettings, completed, settingsInput, settled } from "./request.ts";
import {
  type Image,
  imageOf,
  isSecretField,
  keepsSecret,
  lostBetween,
  type PlannedSettings,
  plannedSettings,
  sentFor,
  settingsToSend,
  shownBody,
} from "./settings.ts";
import { itemChoices } from "../resource.ts";
import { addressDoubts, cardRows, judgeSettings, rowsBetween } from "./settings_diff.ts";

const input = z.object({
  id: z.string().meta({ positional: true, rest: true, placeholder: "id or name" }),
  ...settingsInput,
});

/** `unlisted`: parameters that the catalog does not know; `warnings`: what else is doubtful. */
type Doubts = { readonly warnings: readonly string[]; readonly unlisted: readonly string[] };

interface UpdatePlan extends Plan<Image> {
  readonly after: PlannedSettings & Doubts;
}

export const updateIntegration = operationsOf<AponoClient>("apono").change<typeof input, UpdatePlan>({
  verb: "update",
  target: "apono",
  summary: "Change an Apono integration",
  example: "/update apono Orders DB config.port=5433",
  risk: "write",
  input,
  choices: { id: itemChoices(integrations) },
  needs: [["config"], ["name"], ["connector"], ["secret"], ["resource_types"], ["access_details"]],
  secret: isSecretField,
  form: updateForm,
  plan,
  render: ({ before, after: { warnings, unlisted, ...wanted } }) => ({
    title: ["Change the Apono integration ", { data: before.name }],
    done: ["the Apono integration ", { data: wanted.name }, " is changed"],
    rows: cardRows(before, wanted),
    breaks: consequences(before, wanted),
    sends: shownBody(wanted, before),
    warnings: [
      ...addressDoubts(before, wanted),
      ...warnings,
      ...unlisted.map((name) => unlistedWarning(name, wanted.type)),
    ],
  }),
  async apply({ client, call }, { before, after }, secrets) {
    const present = keepsSecret(after) ? await client.integrations.get(before.id, call) : before;
    const sent = sentFor(settingsToSend(after, secrets, present.config), before);
    await client.integrations.update(before.id, sent, call);
    return {};
  },
  async verify({ client, call }, { before, after }, receipt) {
    const seen = await ifFound(client.integrations.get(before.id, call));
    if (!seen) {
      return { state: "not applied", evidence: "Read back: Apono has no such integration any more." };
    }
    return judgeSettings({ before, wanted: after, seen: imageOf(seen), answered: receipt !== undefined });
  },
  undo,
});

async function plan(
  context: Context<AponoClient>,
  typed: z.output<typeof input>,
): Promise<UpdatePlan | Nothing> {
  const asked = askedFor(typed);
  const item = await findBefore(context, typed.id);
  const present = imageOf(item);
  const { config, ...others } = asked;
  if (Object.keys(config).length + Object.keys(others).length === 0) {
    throw new BadInput("Type what to change, as in config.port=5433 or name=…, or send a document with it.");
  }
  if (asked.type !== undefined && fold(asked.type) !== fold(present.type)) {
    throw new BadInput(
      `The type of an integration cannot be changed; ${present.name} stays ${present.type}.`,
    );
  }
  const { settings, ...doubts } = await checked(context, asked, present);
  if (rowsBetween(present, settings).length === 0) {
    return { nothing: ["Nothing to change: ", { data: present.name }, " is like that already."] };
  }
  const doubtful = await connectorDoubts(context, settings.connectorId);
  const isRenamed = fold(settings.name) !== fold(present.name);
  const twin = isRenamed ? await byName(context, settings.name) : undefined;
  if (twin && twin.id !== present.id) throw nameTaken(twin);
  return {
    input: { ...plainJson(typed), id: item.id },
    target: targetOf(integrations, item),
    before: present,
    after: {
      ...plannedSettings(context.client.api, item.type, settings),
      ...doubts,
      warnings: [...doubts.warnings, ...doubtful],
    },
  };
}

/** The integration, and where nothing fits a name that ends in options, how parameters are typed. */
async function findBefore(context: Context<AponoClient>, query: string): Promise<AponoIntegration> {
  try {
    return await findItem(integrations, context, query);
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
  context: Context<AponoClient>,
  asked: AskedSettings,
  present: Image,
): Promise<Doubts & { readonly settings: Settings }> {
  const touched = Object.keys(asked.config).length > 0 || asked.secretStore !== undefined;
  const unseen = context.client.api === "v2" && present.secretStore === null &&
    asked.secretStore === undefined;
  const entry = touched || unseen
    ? await ifFound(context.client.catalogType(present.type, context.call))
    : undefined;
  const names = [...Object.keys(present.config), ...entry?.params.map(({ id }) => id) ?? []];
  const config = spelledAs(asked.config, [...new Set(names)]);
  const settings = settled({ ...asked, ...storeToSend(asked, present), config }, present);
  if (unseen && entry?.requiresSecret) throw losesSecret(present.name, "secret.<store>.<field>=…");
  const warnings = replacedUnseen(asked, present);
  if (!touched) return { settings, warnings, unlisted: [] };
  if (!entry) {
    const unchecked = `Apono's catalog no longer lists ${present.type}: nothing could be checked.`;
    return { settings, warnings: [...warnings, unchecked], unlisted: [] };
  }
  const before = objections(entry, present);
  const found = objections(entry, settings);
  refuse(entry, found.filter((one) => !before.includes(one)));
  return { settings, warnings: [...warnings, ...found], unlisted: unlistedParameters(entry, config) };
}

/** What Apono keeps itself is replaced as a whole, and it may not even say what that is. */
function replacedUnseen(
  { secretStore: asked }: AskedSettings,
  { secretStore: present }: Image,
): readonly string[] {
  const isUnnamed = present?.kind === OWN_KIND && Object.keys(present.fields).length === 0;
  if (!isUnnamed || asked?.kind !== OWN_KIND) return [];
  return [
    "Apono does not say which secrets it keeps for this integration. All of them are replaced: only " +
    `${Object.keys(asked.fields).join(", ")} will be left.`,
  ];
}

function losesSecret(name: string, options: string): BadInput {
  return new BadInput(
    `Apono does not show the secret of ${name}, and an update replaces the whole record: the secret would be lost. ` +
      `Add ${options} to set it again.`,
  );
}

/**
 * The store to send, where it is not the present one. An update replaces the whole record, so a secret that cannot
 * be read has to be entered again with it.
 */
function storeToSend(asked: AskedSettings, { name, secretStore }: Image): { secretStore?: SecretStore } {
  if (asked.secretStore) return { secretStore: completed(asked.secretStore, secretStore) };
  if (asked.secretStore === null || secretStore === null || isReference(secretStore)) return {};
  if (secretStore.kind !== OWN_KIND) {
    throw new BadInput(
      `${name} keeps its secret in ${secretStore.kind}, which this bot does not know and an update could lose. ` +
        "Change it in Apono itself.",
    );
  }
  const names = Object.keys(secretStore.fields);
  const options = (names.length > 0 ? names : ["<name>"]).map((field) => `secret.${OWN_KIND}.${field}=?`)
    .join(" ");
  throw losesSecret(name, options);
}

function touchesConnection(before: Settings, after: Settings): boolean {
  return rowsBetween(before, after).some(({ label }) =>
    label === "Connector" || label === "Secret" || label.startsWith("config.")
  );
}

function consequences(before: Settings, after: Settings): Card["breaks"] {
  const changed = new Set(rowsBetween(before, after).map(({ label }) => label));
  const gone = (before.resourceTypes ?? []).filter((type) => !after.resourceTypes?.includes(type));
  return [
    ...(touchesConnection(before, after)
      ? ["Apono connects with the new values at once: wrong ones stop access through it."]
      : []),
    ...(changed.has("Resource types") && gone.length > 0
      ? [["Apono no longer gives access to ", { data: gone.join(", "), max: 200 }, "."]]
      : []),
    ...(changed.has("Owner") || changed.has("Owners by tag")
      ? ["Access flows that ask the owner ask the new one."]
      : []),
    ...notKnown(changed.has("Name") ? ["the name, where access flows go by it"] : []),
  ];
}

/**
 * The vendor's own request body takes the changed fields back; what was not there becomes null. An old secret that
 * cannot be read is left out.
 */
function undo({ before, after }: UpdatePlan): Undo {
  const losesStore = before.secretStore !== null && !isReference(before.secretStore);
  if (losesStore && after.secretStore?.kind === OWN_KIND) {
    return {
      possible: false,
      why: "the old secret cannot be read, and an update has to carry one: enter it with /update",
    };
  }
  const lost = lostBetween(before.config, after.config);
  const parameters = changedFrom(before.config, after.config, lost);
  const fields = changedFrom(plainJson(v4Body(before)), plainJson(v4Body(after)), [
    "integration_config",
    ...losesStore ? ["secret_store_config"] : [],
  ]);
  const document = {
    ...fields,
    ...Object.keys(parameters).length > 0 && { integration_config: parameters },
  };
  if (Object.keys(document).length === 0) {
    return { possible: false, why: "only the secret changes, and the old one cannot be read" };
  }
  const gone = [...losesStore ? ["the old secret"] : [], ...lost.map((name) => `the old config.${name}`)];
  return {
    possible: true,
    how: gone.length > 0
      ? `the other old values are set again, but not ${gone.join(", ")}`
      : "the old values are set again",
    verb: "update",
    target: "apono",
    input: { id: before.id, document },
  };
}

/** The old values of what changes. */
function changedFrom(before: JsonObject, after: JsonObject, except: readonly string[]): JsonObject {
  const names = differingNames(before, after).filter((name) => !except.includes(name));
  return Object.fromEntries(names.map((name) => [name, before[name] ?? null]));
}
