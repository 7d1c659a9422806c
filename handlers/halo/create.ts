import * as z from "zod";
import type { HaloClient } from "../../clients/halo.ts";
import { integrationName, type Product } from "../../clients/halo/product.ts";
import type { HaloIntegration } from "../../clients/halo/record.ts";
import type { JsonObject, Rows } from "../../clients/json.ts";
import { fold, ifFound } from "../resolve.ts";
import {
  BadInput,
  type Card,
  type ChangeOperation,
  type Context,
  operationsOf,
  type Plan,
  type Receipt,
  type Undo,
  type Verification,
} from "../operation.ts";
import {
  asDocument,
  bodyOf,
  compare,
  exampleField,
  fieldCommand,
  type FieldInput,
  fieldInputs,
  fieldRows,
  idOf,
  shownFields,
  type Wanted,
  wantedFields,
  warningsOf,
} from "./fields.ts";
import { newForm } from "./form.ts";
import { breaksOfNew, deletionsOf } from "./effect.ts";
import { called, deletedOf, idTyped, ofModule } from "./integration.ts";

const { change } = operationsOf<HaloClient>("halo");

/** The ids that already go by the new name: whoever comes later with that name is the one created. */
type Before = { readonly alike: readonly number[] };
interface CreatePlan extends Plan<Before> {
  readonly after: Wanted;
}

/** `/create <product>`: one more integration. */
export function creationOf(product: Product): ChangeOperation {
  return change({
    ...fieldCommand(product),
    danger: (made) => deletionsOf(product, made.after).length > 0,
    verb: "create",
    summary: `Add one ${product.label} integration`,
    example: `/create ${product.target} ${exampleField(product)}${exampleSecret(product)}`,
    input: z.object(fieldInputs),
    needs: [["fields"]],
    form: (context, known) => newForm(product, context, known),
    plan: (context, input) => plan(context, product, input),
    render: (made: CreatePlan) => render(product, made),
    async apply({ client, call }, { after }, secrets) {
      const saved = await client.save(product, bodyOf(product, after, secrets), call);
      return saved ? { data: { id: saved.id } } : {};
    },
    async verify(context, made, receipt) {
      return verdict(product, made, await findCreated(context, product, made, receipt), receipt);
    },
    undo: (made) => undo(product, made),
  });
}

function exampleSecret(product: Product): string {
  const secret = [...product.fields].find(([, kind]) => kind === "secret")?.[0];
  return secret ? ` ${secret}=?` : "";
}

async function plan(context: Context<HaloClient>, product: Product, input: FieldInput): Promise<CreatePlan> {
  const { items: records } = await ofModule(product, context.client.list(product, context.call));
  const id = idOf(input);
  if (id !== undefined) {
    throw new BadInput(`The document has an id. To change that integration: /update ${product.target} ${id}`);
  }
  const after = wantedFields(product, input, { like: records[0] ?? {}, now: {} });
  const { fields } = after;
  if (Object.keys(fields).length === 0) {
    throw new BadInput(`Type at least one field, such as ${exampleField(product)}.`);
  }
  const name = integrationName(fields);
  return {
    input: { document: asDocument(after) },
    target: { key: `${product.target}:new:${fold(name)}`, id: "new", name },
    before: { alike: records.filter((record) => isAlike(record, fields)).map(({ id }) => id).toSorted() },
    after,
  };
}

function isAlike(record: HaloIntegration, fields: JsonObject): boolean {
  return hasName(fields)
    ? fold(integrationName(record)) === fold(integrationName(fields))
    : compare(record, fields).differing.length === 0;
}

function hasName(fields: JsonObject): boolean {
  return integrationName(fields) !== integrationName({});
}

function render(product: Product, { target, before: { alike }, after }: CreatePlan): Card {
  const what = called(product, target.name);
  return {
    title: ["Add ", ...what],
    done: [...what, " is added"],
    rows: fieldRows(after, () => "none"),
    breaks: breaksOfNew(product, after),
    sends: [shownFields(after)],
    warnings: [
      ...warningsOf(after, {}),
      ...(alike.length > 0
        ? [`HaloPSA already has ${alike.length} of this name: id ${alike.join(", ")}.`]
        : []),
    ],
  };
}

/** By the id that HaloPSA returned; without one, whoever is new under that name. */
async function findCreated(
  context: Context<HaloClient>,
  product: Product,
  made: CreatePlan,
  receipt: Receipt | undefined,
): Promise<Rows<HaloIntegration>> {
  const id = receipt?.data?.id;
  if (typeof id === "number") {
    const record = await ifFound(context.client.get(product, id, context.call));
    return { items: record ? [record] : [], unread: [] };
  }
  const { items, unread } = await context.client.list(product, context.call);
  const isNew = (record: HaloIntegration) =>
    !made.before.alike.includes(record.id) && isAlike(record, made.after.fields);
  return { items: items.filter(isNew), unread };
}

function verdict(
  product: Product,
  made: CreatePlan,
  { items: found, unread }: Rows<HaloIntegration>,
  receipt: Receipt | undefined,
): Verification {
  const [record, ...others] = found;
  if (!record && unread.length > 0) {
    const evidence = `HaloPSA lists ${unread.length} that cannot be read: the new one may be among them.`;
    return { state: "unknown", evidence };
  }
  if (!record) return notFound(receipt);
  if (others.length > 0) {
    const ids = found.map(({ id }) => id).join(", ");
    return { state: "unknown", evidence: `HaloPSA lists ${found.length} new ones of this name: id ${ids}.` };
  }
  const { differing } = compare(record, made.after.fields);
  const differs = differing.length > 0 ? ` HaloPSA holds other values for ${differing.join(", ")}.` : "";
  return {
    state: "applied",
    evidence: [
      "Read back: ",
      ...called(product, integrationName(record)),
      " has id ",
      { code: String(record.id) },
      ".",
      differs,
    ],
    after: deletedOf(product, record),
  };
}

function notFound(receipt: Receipt | undefined): Verification {
  if (!receipt) return { state: "not applied", evidence: "HaloPSA lists no such new integration." };
  const id = receipt.data?.id;
  if (typeof id === "number") {
    return { state: "not applied", evidence: `HaloPSA took it as id ${id}, but has no such integration.` };
  }
  const evidence = "HaloPSA took it, but lists nothing of that name. It may spell it differently. " +
    "Look in HaloPSA before you ask again.";
  return { state: "unknown", evidence };
}

function undo(product: Product, plan: CreatePlan): Undo {
  const obstacle = obstacleByName(plan);
  if (obstacle) {
    return { possible: false, why: `Not by name, as ${obstacle}: /delete ${product.target} with its id.` };
  }
  const input = { id: plan.target.name };
  return { possible: true, how: "by deleting it", verb: "delete", target: product.target, input };
}

/** The way back is told before there is an id, so that it goes by the name. */
function obstacleByName({ target, before, after }: CreatePlan): string | undefined {
  if (!hasName(after.fields)) return "it has none";
  if (before.alike.length > 0) return "there are several";
  return idTyped(target.name) === undefined ? undefined : "it looks like an id";
}
