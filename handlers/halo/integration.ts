import type { HaloClient } from "../../clients/halo.ts";
import { integrationName, type Product } from "../../clients/halo/product.ts";
import type { HaloIntegration } from "../../clients/halo/record.ts";
import type { CallOptions } from "../../clients/http/contract.ts";
import { BadInput, type Target } from "../operation.ts";
import type { Inline } from "../reply.ts";
import { fold, ifFound, resolve } from "../resolve.ts";
import { ofModule } from "./module.ts";
import { isInt32 } from "./value.ts";

/**
 * The integration that `query` means: its id, its name, or part of the name (the address where a product has
 * no names). Digits alone are an id, or a whole name: never a part of one.
 */
export async function locate(
  client: HaloClient,
  product: Product,
  query: string,
  call: CallOptions,
): Promise<HaloIntegration> {
  const typed = idTyped(query);
  const known = typed === undefined ? undefined : await ifFound(client.get(product, typed, call));
  if (known) return known;
  const candidates = (await ofModule(product, client.list(product, call))).map((record) => ({
    id: String(record.id),
    name: integrationName(record),
  }));
  const usable = DIGITS.test(query.trim())
    ? candidates.filter(({ name }) => fold(name) === fold(query))
    : candidates;
  const { id } = resolve(query.trim(), usable, {
    noun: `${product.label} integration`,
    plural: `${product.label} integrations`,
    field: "id",
    find: `/list ${product.target}`,
  });
  return await client.get(product, Number(id), call);
}

/** The one that was typed, or the one in the vendor's own request body; where both are given, they are the same. */
export async function locateEither(
  client: HaloClient,
  product: Product,
  { typed, document }: { readonly typed: string | undefined; readonly document: number | undefined },
  call: CallOptions,
): Promise<HaloIntegration> {
  if (typed === undefined && document === undefined) {
    throw new BadInput(`Say which one: its id or its name. Type /list ${product.target} to see them.`);
  }
  const record = await locate(client, product, typed ?? String(document), call);
  if (document !== undefined && record.id !== document) {
    throw new BadInput(`The document is for id ${document}, the command for another. Leave one of them out.`);
  }
  return record;
}

const DIGITS = /^#?(\d+)$/;

/** What was typed as an id; larger numbers than HaloPSA's ids are none. */
export function idTyped(query: string): number | undefined {
  const digits = DIGITS.exec(query.trim())?.[1];
  return digits !== undefined && isInt32(Number(digits)) ? Number(digits) : undefined;
}

export function targetOf(product: Product, id: number, name: string): Target {
  return { key: `${product.target}:${id}`, id: String(id), name };
}

/** How a sentence speaks of one integration. */
export function called(product: Product, name: string): readonly Inline[] {
  return ["the ", product.label, " integration ", { data: name }];
}
