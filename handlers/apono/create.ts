import { z } from "zod";
import type { Apono } from "../../clients/apono.ts";
import type { Settings } from "../../clients/apono/integration.ts";
import { quoted } from "../comparison.ts";
import { ifFound } from "../if_found.ts";
import {
  BadInput,
  type Context,
  operationsOf,
  type Plan,
  type Receipt,
  type Verification,
} from "../operation.ts";
import { line } from "../reply.ts";
import { fold } from "../resolve.ts";
import { cardRows, named, valueOr } from "./card.ts";
import { catalogEntry, objections, refuse, spelled, strangers } from "./catalog_check.ts";
import { revealedConfig } from "./config_secret.ts";
import { byName } from "./find.ts";
import { bodyOf, imageOf, sentFor, type Wanted, wantedOf } from "./image.ts";
import { type Asked, askedFor, isSecretField, plainInput, settingsInput, settled } from "./request.ts";
import { completed, revealed } from "./secret_option.ts";
import { rowsBetween } from "./settings_rows.ts";

const input = z.object({ type: z.string().optional(), ...settingsInput });

/** `strangers`: parameters that the catalog does not know. */
interface CreatePlan extends Plan<null> {
  readonly after: Wanted & { readonly strangers: readonly string[] };
}

export const createIntegration = operationsOf<Apono>("apono").change<typeof input, CreatePlan>({
  verb: "create",
  target: "apono",
  summary: "Create an Apono integration",
  example:
    "/create apono type=postgresql name=Orders connector=eu-west config.hostname=db.example.com secret.aws.region=eu-west-1 secret.aws.secret_id=prod/orders",
  risk: "write",
  input,
  secret: isSecretField,
  plan,
  render: (plan) => {
    const { strangers: unlisted, ...wanted } = plan.after;
    return {
      title: ["Create the Apono integration ", named(wanted.name)],
      done: ["the Apono integration ", named(wanted.name), " is created"],
      rows: [
        { label: "Type", now: "none", after: { code: wanted.type } },
        ...cardRows(rowsBetween(null, wanted)),
      ],
      breaks: [],
      sends: bodyOf(wanted, null),
      warnings: unlisted.map((name) => [
        "Apono's catalog lists no parameter ",
        { code: name },
        " for ",
        { code: wanted.type },
        ": check the spelling.",
      ]),
    };
  },
  async apply({ client, call }, { after }, secrets): Promise<Receipt> {
    const store = after.secretStore && revealed(after.secretStore, secrets);
    const config = revealedConfig(after.config, secrets, {});
    const created = await client.integrations.create(
      after.type,
      sentFor({ ...after, config, secretStore: store }, null),
      call,
    );
    return { data: { id: created.id } };
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

async function plan(context: Context<Apono>, typed: z.output<typeof input>): Promise<CreatePlan> {
  const asked = askedFor(typed);
  const type = typed.type ?? asked.type;
  if (!type) throw new BadInput("Which type of integration? Add type=…; /catalog lists the types.");
  if (asked.name === undefined) throw new BadInput("An integration needs a name: add name=…");
  const [entry, twin] = await Promise.all([catalogEntry(context, type), byName(context, asked.name)]);
  const config = spelled(asked.config, entry.params.map(({ id }) => id));
  const settings = settled({ ...withStore(asked), config }, { ...EMPTY, name: asked.name });
  refuse(entry, objections(entry, settings));
  if (twin) {
    throw new BadInput(
      `Apono has an integration named "${twin.name}" already, and names are unique. Choose another.`,
    );
  }
  return {
    input: { ...plainInput(typed), type: entry.type },
    target: { key: `apono:new:${fold(settings.name)}`, id: "new", name: settings.name },
    before: null,
    after: {
      ...wantedOf(context.client.api, entry.type, settings),
      strangers: strangers(entry, settings.config),
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

function withStore(asked: Asked): Asked {
  return asked.secretStore ? { ...asked, secretStore: completed(asked.secretStore, null) } : asked;
}

async function verify(
  context: Context<Apono>,
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
      evidence: ["Read back: Apono has no integration named ", named(after.name), "."],
    };
  }
  const found = ["Read back: ", named(seen.name), " is there as ", { code: seen.id }];
  const asked = new Set(rowsBetween(null, after).map(({ label }) => label));
  const others = rowsBetween(imageOf(seen), after).filter(({ label, unreadable }) =>
    asked.has(label) && !unreadable
  );
  if (others.length === 0) return { state: "applied", evidence: found, after: imageOf(seen) };
  const values = others.flatMap(({ label, now }, at) =>
    line(at === 0 ? "" : ", ", `${label} is `, quoted(valueOr(now, "none")))
  );
  return { state: "unknown", evidence: [...found, ", but ", ...values, "."], after: imageOf(seen) };
}
