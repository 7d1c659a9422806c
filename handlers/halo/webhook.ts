import { z } from "zod";
import type { HaloClient } from "../../clients/halo.ts";
import { integrationName, type Product } from "../../clients/halo/product.ts";
import type { HaloIntegration } from "../../clients/halo/record.ts";
import { ifFound } from "../resolve.ts";
import {
  type Card,
  type ChangeOperation,
  type Context,
  type Nothing,
  operationsOf,
  type Plan,
  type Verification,
} from "../operation.ts";
import { findItem, targetOf } from "../resource.ts";
import { called, integrationsOf } from "./integration.ts";
import { idInput } from "../resource_operations.ts";

const { change } = operationsOf<HaloClient>("halo");

/** `webhook` is null when there is none, and "not shown" when HaloPSA does not say. */
type Before = { readonly id: number; readonly name: string; readonly webhook: number | null | "not shown" };
type WebhookPlan = Plan<Before>;

/** `/webhook kaseya create` and `delete`: how Kaseya's alerts reach HaloPSA. */
export function webhookOperation(product: Product, verb: "create" | "delete"): ChangeOperation {
  const creates = verb === "create";
  const target = `${product.target} ${verb}`;
  return change({
    verb: "webhook",
    target,
    summary: creates
      ? `Let ${product.label} send its alerts to HaloPSA`
      : `Stop ${product.label} from sending alerts to HaloPSA`,
    example: creates ? `/webhook ${target} 2` : `/webhook ${target} 2 reason="moved to another desk"`,
    risk: creates ? "write" : "danger",
    input: z.object({ id: idInput }),
    plan: (context, { id }) => plan(context, product, id, creates),
    render: (made: WebhookPlan) => render(product, made, creates),
    async apply({ client, call }, { before }) {
      await client.switchWebhook(before.id, creates, call);
      return {};
    },
    async verify(context, { before }, receipt) {
      const record = await ifFound(context.client.get(product, before.id, context.call));
      return verdict(record, creates, receipt !== undefined);
    },
    undo: ({ before }) => ({
      possible: true,
      how: creates ? "by deleting the webhook" : "by registering a new webhook",
      verb: "webhook",
      target: `${product.target} ${creates ? "delete" : "create"}`,
      input: { id: String(before.id) },
    }),
  });
}

async function plan(
  context: Context<HaloClient>,
  product: Product,
  query: string,
  creates: boolean,
): Promise<WebhookPlan | Nothing> {
  const record = await findItem(integrationsOf(product), context, query);
  const before = beforeOf(record);
  if (before.webhook !== "not shown" && (before.webhook !== null) === creates) {
    const already = creates ? ` already has webhook ${before.webhook}.` : " has no webhook.";
    return { nothing: ["Nothing to change: ", ...called(product, { data: before.name }), already] };
  }
  return {
    input: { id: String(record.id) },
    target: targetOf(integrationsOf(product), record),
    before,
    after: { webhook: creates },
  };
}

function beforeOf(record: HaloIntegration): Before {
  const id = record.webhook_id;
  const webhook = id === undefined ? "not shown" : typeof id === "number" && id > 0 ? id : null;
  return { id: record.id, name: integrationName(record), webhook };
}

function render(product: Product, { before }: WebhookPlan, creates: boolean): Card {
  const what = called(product, { data: before.name });
  return {
    title: [creates ? "Register the alert webhook of " : "Delete the alert webhook of ", ...what],
    done: ["the alert webhook of ", ...what, creates ? " is registered" : " is deleted"],
    rows: [{
      label: "Webhook",
      now: before.webhook === null ? "none" : String(before.webhook),
      after: creates ? "registered" : "deleted",
    }],
    breaks: creates ? [] : [`Alerts of ${product.label} no longer become tickets in HaloPSA.`],
    sends: creates
      ? { post: `/KaseyaVSAX/CreateWebhook/${before.id}` }
      : { delete: `/KaseyaVSAX/DeleteWebhook/${before.id}` },
  };
}

function verdict(record: HaloIntegration | undefined, creates: boolean, answered: boolean): Verification {
  if (!record) return { state: "not applied", evidence: "HaloPSA has no such integration any more." };
  const after = beforeOf(record);
  if (after.webhook === "not shown") {
    return {
      state: answered ? "accepted" : "unknown",
      evidence: "HaloPSA does not return webhook_id.",
      after,
    };
  }
  const seen = after.webhook === null ? "no webhook" : `webhook ${after.webhook}`;
  const applied = (after.webhook !== null) === creates;
  return { state: applied ? "applied" : "not applied", evidence: `Read back: ${seen}.`, after };
}
