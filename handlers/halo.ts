import { HaloClient } from "../clients/halo.ts";
import type { Product } from "../clients/halo/product.ts";
import { PRODUCTS } from "../clients/halo/products.ts";
import { creationOf } from "./halo/create.ts";
import { exportOperations } from "./halo/export.ts";
import { isLive, liveOperation } from "./halo/live.ts";
import { healthOf, overviewOf, probe, sightOf } from "./halo/overview.ts";
import { integrationsOf, webhookOperations } from "./halo/integration.ts";
import { syncRemedies } from "./halo/sync.ts";
import { updateOperation } from "./halo/update.ts";
import type { Operation } from "./operation.ts";
import { resourceOperations } from "./resource_operations.ts";
import { setups } from "./setups.ts";
import { defineVendor, type Vendor } from "./vendor.ts";

export const halo = haloWith(PRODUCTS);

/** HaloPSA with these products behind it: one more product is one more row. */
export function haloWith(products: readonly Product[]): Vendor {
  const targets = products.map(({ target, aliases }) => [target, aliases] as const);
  return defineVendor({
    ...setups.halo,
    label: "HaloPSA",
    targets: { halo: ["halopsa"], ...Object.fromEntries(targets) },
    labels: Object.fromEntries(products.map(({ target, label }) => [target, label])),
    connect: ({ tenant, ...settings }, shared) =>
      new HaloClient({ ...settings, ...shared, ...(tenant !== undefined && { tenant }) }),
    operations: [overviewOf(products), ...products.flatMap(operationsFor)],
    health: (context) => healthOf(context, products),
    sight: (context) => sightOf(context, products),
    remedies(ailing) {
      const product = products.find(({ target }) => target === ailing.target);
      return product ? syncRemedies(product, ailing) : [];
    },
    probe: (client, call) => probe(client, products, call),
  });
}

function operationsFor(product: Product): readonly Operation[] {
  const [status, list, show, ...changes] = resourceOperations(integrationsOf(product));
  return [
    status,
    list,
    show,
    ...(isLive(product) ? [liveOperation(product)] : []),
    creationOf(product),
    updateOperation(product),
    ...changes,
    ...(product.target === "kaseya" ? webhookOperations(product) : []),
    ...(product.target === "tenable" ? exportOperations(product) : []),
  ];
}
