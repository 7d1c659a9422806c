import { z } from "zod";
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
import { BadInput, type Context, type Nothing, operationsOf, type Plan, type Undo } from "../operation.ts";
import { fold, ifFound, NothingFits } from "../resolve.ts";
import { findItem, targetOf } from "../resource.ts";
import {
  catalogEntryIfAny,
  objections,
  refuse,
  spelledAs,
  unlistedParameters,
  unlistedWarning,
} from "./catalog.ts";
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
import { cardRows, judgeSettings, rowsBetween } from "./settings_diff.ts";

const input = z.object({
  id: z.string().meta({ positional: true, rest: true, placeholder: "id or name" }),
  ...settingsInput,
});

/** `warnings`: what else is doubtful; `unlisted`: parameters that the catalog does not know. */
interface UpdatePlan extends Plan<Image> {
  readonly after: PlannedSettings & Doubts;
}

type Doubts = { readonly warnings: readonly string[]; readonly unlisted: readonly string[] };

export const updateIntegration = operationsOf<AponoClient>("apono").change<typeof input, UpdatePlan>({
  verb: "update",
  target: "apono",
  summary: "Change an Apono integration",
  example: "/update apono Orders DB config.port=5433",
  risk: "write",
  input,
  secret: isSecretField,
  plan,
  render: ({ before, after: { warnings, unlisted, ...wanted } }) => ({
    title: ["Change the Apono integration ", { data: before.name }],
    done: ["the Apono integration ", { data: wanted.name }, " is changed"],
    rows: cardRows(before, wanted),
    breaks: consequences(before, wanted),
    sends: shownBody(wanted, before),
    warnings: [...warnings, ...unlisted.map((name) => unlistedWarning(name, wanted.type))],
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
  refuseNothing(asked);
  if (asked.type !== undefined && fold(asked.type) !== fold(present.type)) {
    throw new BadInput(
      `The type of an integration cannot be changed; ${present.name} stays ${present.type}.`,
    );
  }
  const { settings, ...doubts } = await checked(context, asked, present);
  if (rowsBetween(present, settings).length === 0) {
    return { nothing: ["Nothing to change: ", { data: present.name }, " is like that already."] };
  }
  await checkName(context, present, settings.name);
  return {
    input: { ...plainJson(typed), id: item.id },
    target: targetOf(integrations, item),
    before: present,
    after: { ...plannedSettings(context.client.api, item.type, settings), ...doubts },
  };
}

function refuseNothing({ config, ...rest }: AskedSettings): void {
  if (Object.keys(config).length + Object.keys(rest).length > 0) return;
  throw new BadInput("Say what to change, as in config.port=5433 or name=…, or send a document with it.");
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
  const entry = touched || unseen ? await catalogEntryIfAny(context, present.type) : undefined;
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

async function checkName(context: Context<AponoClient>, present: Image, name: string): Promise<void> {
  if (fold(name) === fold(present.name)) return;
  const twin = await byName(context, name);
  if (twin && twin.id !== present.id) throw nameTaken(twin);
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
  const now = plainJson(v4Body(before));
  const fields = differingNames(now, plainJson(v4Body(after))).filter((name) =>
    name !== "integration_config" && !(losesStore(before) && name === "secret_store_config")
  );
  const lost = lostBetween(before.config, after.config);
  const parameters = differingNames(before.config, after.config).filter((name) => !lost.includes(name));
  return {
    ...oldValues(now, fields),
    ...(parameters.length > 0 ? { integration_config: oldValues(before.config, parameters) } : {}),
  };
}

function oldValues(before: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, before[name] ?? null]));
}
