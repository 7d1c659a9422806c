import { z } from "zod";
import type { HaloClient } from "../../clients/halo.ts";
import { integrationName, type Product, spelled } from "../../clients/halo/product.ts";
import type { HaloIntegration } from "../../clients/halo/record.ts";
import {
  type Card,
  type ChangeOperation,
  type Context,
  type Nothing,
  operationsOf,
  type Plan,
  type Verification,
} from "../operation.ts";
import type { Inline } from "../reply.ts";
import { ifFound } from "../resolve.ts";
import { called, locate, targetOf } from "./integration.ts";
import { idInput } from "./show.ts";

const { change } = operationsOf<HaloClient>("halo");

/** `enabled` is null when HaloPSA does not return the flag. */
type Before = {
  readonly id: number;
  readonly name: string;
  readonly flag: string;
  readonly enabled: boolean | null;
};
type SwitchPlan = Plan<Before>;

/** `/enable` and `/disable <product>`: the product's own sync flag, and nothing but it. */
export function switchOperation(product: Product, on: boolean): ChangeOperation {
  const verb = on ? "enable" : "disable";
  return change({
    verb,
    target: product.target,
    summary: `Turn the sync of one ${product.label} integration ${on ? "on" : "off"}`,
    example: `/${verb} ${product.target} 1`,
    risk: "write",
    input: z.object({ id: idInput }),
    plan: (context, { id }) => plan(context, product, id, on),
    render: (made: SwitchPlan) => render(product, made, on),
    async apply({ client, call }, { before }) {
      await client.save(product, { id: before.id, [before.flag]: on }, call);
      return {};
    },
    async verify(context, { before }, receipt) {
      const record = await ifFound(context.client.get(product, before.id, context.call));
      return verdict(product, record, on, receipt !== undefined);
    },
    undo: ({ before }) => ({
      possible: true,
      how: on ? "by turning it off" : "by turning it on",
      verb: on ? "disable" : "enable",
      target: product.target,
      input: { id: String(before.id) },
    }),
  });
}

async function plan(
  context: Context<HaloClient>,
  product: Product,
  query: string,
  on: boolean,
): Promise<SwitchPlan | Nothing> {
  const record = await locate(context.client, product, query, context.call);
  const before = beforeOf(product, record);
  if (before.enabled === on) {
    return {
      nothing: ["The sync of ", ...called(product, before.name), ` is already ${on ? "on" : "off"}.`],
    };
  }
  return {
    input: { id: String(record.id) },
    target: targetOf(product, record.id, before.name),
    before,
    after: { [before.flag]: on },
  };
}

/** The flag goes by the name that HaloPSA returned; by the documented one when it returned none. */
function beforeOf(product: Product, record: HaloIntegration): Before {
  const flag = spelled(product, product.sync.enabled[0] ?? "", record);
  const enabled = record[flag];
  return {
    id: record.id,
    name: integrationName(record),
    flag,
    enabled: typeof enabled === "boolean" ? enabled : null,
  };
}

function render(product: Product, { before }: SwitchPlan, on: boolean): Card {
  const what: readonly Inline[] = ["the sync of ", ...called(product, before.name)];
  const now = before.enabled === null ? "not shown by HaloPSA" : before.enabled ? "on" : "off";
  return {
    title: [on ? "Turn on " : "Turn off ", ...what],
    done: [...what, on ? " is on" : " is off"],
    rows: [{ label: before.flag, now, after: on ? "on" : "off" }],
    breaks: on
      ? []
      : [`Changes in ${product.label} no longer reach HaloPSA through it; what it holds stays.`],
    sends: [{ id: before.id, [before.flag]: on }],
  };
}

function verdict(
  product: Product,
  record: HaloIntegration | undefined,
  on: boolean,
  answered: boolean,
): Verification {
  if (!record) return { state: "not applied", evidence: "HaloPSA has no such integration any more." };
  const after = beforeOf(product, record);
  if (after.enabled === null) {
    return {
      state: answered ? "accepted" : "unknown",
      evidence: `HaloPSA does not return ${after.flag}.`,
      after,
    };
  }
  return {
    state: after.enabled === on ? "applied" : "not applied",
    evidence: `Read back: ${after.flag} is ${after.enabled}.`,
    after,
  };
}
