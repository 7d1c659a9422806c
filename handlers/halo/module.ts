import type { Product } from "../../clients/halo/product.ts";
import { ifFound } from "../resolve.ts";
import { BadInput } from "../operation.ts";

/**
 * The answer to a question about the whole product. HaloPSA knows nothing of what it asks for only where the tenant
 * has no such module: nothing that was typed is to blame.
 */
export async function ofModule<T>(product: Product, answer: Promise<T>): Promise<T> {
  const found = await ifFound(answer.then((value) => ({ value })));
  if (found) return found.value;
  throw new BadInput(
    `This HaloPSA has no ${product.label} module. Type /status halo to see what it has, ` +
      "or have someone who administers HaloPSA add it.",
  );
}
