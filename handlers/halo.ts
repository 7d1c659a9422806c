import type { Halo } from "../clients/halo.ts";
import type { Product } from "../clients/halo/product.ts";
import { PRODUCTS } from "../clients/halo/products.ts";
import { createOperation } from "./halo/create.ts";
import { deleteOperation } from "./halo/delete.ts";
import { exportOperations } from "./halo/export.ts";
import { isLive, liveOperation } from "./halo/live.ts";
import { showOperation } from "./halo/show.ts";
import { healthOf, listOperation, probe, statusOfAll, statusOfOne } from "./halo/status.ts";
import { switchOperation } from "./halo/switch.ts";
import { updateOperation } from "./halo/update.ts";
import { webhookOperation } from "./halo/webhook.ts";
import type { Operation, Vendor } from "./operation.ts";

export const halo: Vendor<Halo> = haloWith(PRODUCTS);

/** HaloPSA with these products behind it: one more product is one more row. */
export function haloWith(products: readonly Product[]): Vendor<Halo> {
  const targets = products.map(({ target, aliases }) => [target, aliases] as const);
  return {
    name: "halo",
    label: "HaloPSA",
    targets: { halo: ["halopsa"], ...Object.fromEntries(targets) },
    environment: ["HALO_API_URL", "HALO_AUTH_URL", "HALO_CLIENT_ID", "HALO_CLIENT_SECRET"],
    credentials: ["HALO_CLIENT_ID", "HALO_CLIENT_SECRET"],
    operations: [statusOfAll(products), ...products.flatMap(operationsFor)],
    health: (context) => healthOf(context, products),
    probe: (client, call) => probe(client, products, call),
  };
}

function operationsFor(product: Product): readonly Operation[] {
  return [
    statusOfOne(product),
    listOperation(product),
    showOperation(product),
    ...(isLive(product) ? [liveOperation(product)] : []),
    createOperation(product),
    updateOperation(product),
    deleteOperation(product),
    switchOperation(product, true),
    switchOperation(product, false),
    ...(product.target === "kaseya"
      ? [webhookOperation(product, "create"), webhookOperation(product, "delete")]
      : []),
    ...(product.target === "tenable" ? exportOperations(product) : []),
  ];
}
