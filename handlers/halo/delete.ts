import { z } from "zod";
import type { HaloClient } from "../../clients/halo.ts";
import { integrationName, type Product } from "../../clients/halo/product.ts";
import type { HaloIntegration } from "../../clients/halo/record.ts";
import type { JsonObject } from "../../clients/json.ts";
import { HIDDEN_MARK } from "../../clients/secrets.ts";
import {
  type Card,
  type ChangeOperation,
  type Context,
  operationsOf,
  type Plan,
  type Undo,
  type Verification,
} from "../operation.ts";
import { ifFound } from "../resolve.ts";
import { called, locate, targetOf } from "./integration.ts";
import { idInput } from "./show.ts";

const { change } = operationsOf<HaloClient>("halo");

/** The settings that go away; what a sync writes by itself is left out, it moves while people decide. */
type Before = { readonly id: number; readonly name: string; readonly settings: JsonObject };
type DeletePlan = Plan<Before>;

/** `/delete <product>`: the configuration, its mappings and its stored credentials. */
export function deleteOperation(product: Product): ChangeOperation {
  return change({
    verb: "delete",
    target: product.target,
    summary: `Delete one ${product.label} integration`,
    example: `/delete ${product.target} 1 reason="replaced"`,
    risk: "danger",
    input: z.object({ id: idInput }),
    plan: (context, { id }) => plan(context, product, id),
    render: (made: DeletePlan) => render(product, made),
    async apply({ client, call }, { before }) {
      await client.remove(product, before.id, call);
      return {};
    },
    async verify(context, { before }): Promise<Verification> {
      const record = await ifFound(context.client.get(product, before.id, context.call));
      return record ? { state: "not applied", evidence: "Read back: HaloPSA still has it." } : {
        state: "applied",
        evidence: `Read back: HaloPSA has no ${product.label} integration ${before.id}.`,
      };
    },
    undo: (made) => undo(product, made),
  });
}

/** The state that deleting `record` is made against. */
export function deletionBefore(product: Product, record: HaloIntegration): Before {
  const settings = Object.entries(record).filter(([field]) => {
    const kind = product.fields.get(field);
    return kind !== undefined && kind !== "shown" && kind !== "secret";
  });
  return { id: record.id, name: integrationName(record), settings: Object.fromEntries(settings) };
}

async function plan(context: Context<HaloClient>, product: Product, query: string): Promise<DeletePlan> {
  const record = await locate(context.client, product, query, context.call);
  const before = deletionBefore(product, record);
  return {
    input: { id: String(record.id) },
    target: targetOf(product, record.id, before.name),
    before,
    after: null,
  };
}

function render(product: Product, { before }: DeletePlan): Card {
  const what = called(product, before.name);
  const { enable_alerts: alerts, enable_webhooks: webhooks } = before.settings;
  return {
    title: ["Delete ", ...what],
    done: [...what, " is deleted"],
    rows: [{ label: "Integration", now: ["id ", { code: String(before.id) }], after: "deleted" }],
    breaks: [
      `HaloPSA no longer syncs with ${product.label} through it; its mappings and credentials are lost.`,
      ...(alerts === true || webhooks === true
        ? [`Alerts of ${product.label} no longer become tickets.`]
        : []),
    ],
    sends: { delete: `/${product.details}/${before.id}` },
    details: [{
      kind: "details",
      summary: "Its settings, to set it up again",
      blocks: [{ kind: "pre", text: JSON.stringify(documentOf(before), null, 2) }],
    }],
  };
}

function undo(product: Product, { before }: DeletePlan): Undo {
  const secrets = [...product.fields].filter(([, kind]) => kind === "secret").map(([field]) => field);
  if (secrets.length > 0) {
    const why = `its secrets cannot be read (${secrets.join(", ")}). To set it up again, send /create ` +
      `${product.target} with its settings as a document and the secrets as =?`;
    return { possible: false, why };
  }
  return {
    possible: true,
    how: "by creating it again, under a new id",
    verb: "create",
    target: product.target,
    input: { document: documentOf(before) },
  };
}

function documentOf({ settings }: Before): JsonObject {
  const usable = Object.entries(settings).filter(([, value]) =>
    value !== null && !JSON.stringify(value).includes(HIDDEN_MARK)
  );
  return Object.fromEntries(usable);
}
