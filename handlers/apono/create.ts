import * as z from "zod";
import type { AponoClient } from "../../clients/apono.ts";
import type { Settings } from "../../clients/apono/integration.ts";
import { plainJson } from "../../clients/json.ts";
import { quoted } from "../comparison.ts";
import {
  type Context,
  operationsOf,
  type Plan,
  type Receipt,
  ValueNeeded,
  type Verification,
} from "../operation.ts";
import { line } from "../reply.ts";
import { fold, ifFound } from "../resolve.ts";
import {
  catalogEntry,
  objections,
  refuse,
  spelledAs,
  typeChoices,
  unlistedParameters,
  unlistedWarning,
} from "./catalog.ts";
import { connectorDoubts } from "./connectors.ts";
import { creationForm } from "./form.ts";
import { byName, nameTaken } from "./integrations.ts";
import { askedFor, completed, settingsInput, settled } from "./request.ts";
import {
  imageOf,
  isSecretField,
  type PlannedSettings,
  plannedSettings,
  sentFor,
  settingsToSend,
  shownBody,
} from "./settings.ts";
import { addressDoubts, cardRows, rowsBetween, valueOr } from "./settings_diff.ts";

const input = z.object({ type: z.string().optional(), ...settingsInput });

/** `unlisted`: parameters that the catalog does not know; `warnings`: what else is doubtful. */
type Doubts = { readonly unlisted: readonly string[]; readonly warnings: readonly string[] };

interface CreatePlan extends Plan<null> {
  readonly after: PlannedSettings & Doubts;
}

export const createIntegration = operationsOf<AponoClient>("apono").change<typeof input, CreatePlan>({
  verb: "create",
  target: "apono",
  summary: "Create an Apono integration",
  example:
    "/create apono type=postgresql name=Orders connector=eu-west config.hostname=db.example.com secret.aws.region=eu-west-1 secret.aws.secret_id=prod/orders",
  risk: "write",
  input,
  choices: { type: typeChoices },
  needs: [["type", "name"]],
  secret: isSecretField,
  form: creationForm,
  plan,
  // Plans of before have no such warnings.
  render: ({ after: { unlisted, warnings = [], ...wanted } }) => ({
    title: ["Create the Apono integration ", { data: wanted.name }],
    done: ["the Apono integration ", { data: wanted.name }, " is created"],
    rows: [{ label: "Type", now: "none", after: { code: wanted.type } }, ...cardRows(null, wanted)],
    breaks: [],
    sends: shownBody(wanted, null),
    warnings: [
      ...addressDoubts(null, wanted),
      ...warnings,
      ...unlisted.map((name) => unlistedWarning(name, wanted.type)),
    ],
  }),
  async apply({ client, call }, { after }, secrets) {
    const sent = sentFor(settingsToSend(after, secrets, {}), null);
    const { id } = await client.integrations.create(after.type, sent, call);
    return { data: { id } };
  },
  verify,
  undo: ({ after }) => ({
    possible: true,
    how: "the integration is deleted again",
    verb: "delete",
    target: "apono",
    input: { id: after.name },
  }),
});

async function plan(context: Context<AponoClient>, typed: z.output<typeof input>): Promise<CreatePlan> {
  const asked = askedFor(typed);
  const type = typed.type ?? asked.type;
  if (!type) {
    throw new ValueNeeded("Which type of integration? Add type=…; /catalog lists the types.", "type");
  }
  if (asked.name === undefined) throw new ValueNeeded("An integration needs a name: add name=…", "name");
  const entry = await catalogEntry(context, type);
  const twin = await byName(context, asked.name);
  const config = spelledAs(asked.config, entry.params.map(({ id }) => id));
  const store = asked.secretStore && { secretStore: completed(asked.secretStore, null) };
  const settings = settled({ ...asked, ...store, config }, { ...EMPTY, name: asked.name });
  refuse(entry, objections(entry, settings));
  if (twin) throw nameTaken(twin);
  return {
    input: { ...plainJson(typed), type: entry.type },
    target: { key: `apono:new:${fold(settings.name)}`, id: "new", name: settings.name },
    before: null,
    after: {
      ...plannedSettings(context.client.api, entry.type, settings),
      unlisted: unlistedParameters(entry, settings.config),
      warnings: await connectorDoubts(context, settings.connectorId),
    },
  };
}

const EMPTY: Settings = {
  name: "",
  connectorId: null,
  config: {},
  secretStore: null,
  resourceTypes: null,
  accessDetails: null,
  owner: null,
  ownersMapping: null,
};

async function verify(
  context: Context<AponoClient>,
  { after }: CreatePlan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const id = receipt?.data?.id;
  const seen = typeof id === "string"
    ? await ifFound(context.client.integrations.get(id, context.call))
    : await byName(context, after.name);
  if (!seen || seen.type !== after.type) {
    return {
      state: "not applied",
      evidence: ["Read back: Apono has no integration named ", { data: after.name }, "."],
    };
  }
  const image = imageOf(seen);
  const found = ["Read back: ", { data: seen.name }, " is there as ", { code: seen.id }];
  const asked = new Set(rowsBetween(null, after).map(({ label }) => label));
  const others = rowsBetween(image, after).filter(({ label, unreadable }) => asked.has(label) && !unreadable);
  if (others.length === 0) return { state: "applied", evidence: found, after: image };
  const values = others.flatMap(({ label, now }, at) =>
    line(at === 0 ? "" : ", ", `${label} is `, quoted(valueOr(now, "none")))
  );
  return { state: "unknown", evidence: [...found, ", but ", ...values, "."], after: image };
}
