import type { Halo } from "../../clients/halo.ts";
import { nameOf, type Product } from "../../clients/halo/product.ts";
import type { Integration } from "../../clients/halo/record.ts";
import type { CallOptions } from "../../clients/http.ts";
import { ifFound } from "../if_found.ts";
import { BadInput, type Target } from "../operation.ts";
import type { Inline } from "../reply.ts";
import { fold, resolve } from "../resolve.ts";
import { ofModule } from "./module.ts";

/**
 * The integration that `query` means: its id, its name, or part of the name (the address where a product has
 * no names). Digits alone are an id, or a whole name: never a part of one.
 */
export async function locate(
  client: Halo,
  product: Product,
  query: string,
  call: CallOptions,
): Promise<Integration> {
  const digits = /^#?(\d{1,10})$/.exec(query.trim())?.[1];
  const known = digits === undefined ? undefined : await ifFound(client.get(product, Number(digits), call));
  if (known) return known;
  const candidates = (await ofModule(product, client.list(product, call))).map((record) => ({
    id: String(record.id),
    name: nameOf(record),
  }));
  const usable = digits === undefined
    ? candidates
    : candidates.filter(({ name }) => fold(name) === fold(query));
  const { id } = resolve(query.trim(), usable, {
    noun: `${product.label} integration`,
    plural: `${product.label} integrations`,
    field: "id",
    find: `/list ${product.target}`,
  });
  return await client.get(product, Number(id), call);
}

export function targetOf(product: Product, id: number, name: string): Target {
  return { key: `${product.target}:${id}`, id: String(id), name };
}

/** How a sentence speaks of one integration. */
export function called(product: Product, name: string): readonly Inline[] {
  return ["the ", product.label, " integration ", { data: name }];
}

/** The id as typed, or the one in the vendor's own request body. */
export function idIn(product: Product, typed: string | undefined, document: number | undefined): string {
  if (typed === undefined && document === undefined) {
    throw new BadInput(`Say which one: its id or its name. Type /list ${product.target} to see them.`);
  }
  if (typed !== undefined && document !== undefined && typed.replace("#", "") !== String(document)) {
    throw new BadInput(`The document is for id ${document}, the command for another. Leave one of them out.`);
  }
  return typed ?? String(document);
}
