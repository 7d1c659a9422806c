import * as z from "zod";
import type { HaloClient } from "../../clients/halo.ts";
import type { Product } from "../../clients/halo/product.ts";
import type { Json } from "../../clients/json.ts";
import { operationsOf, type ReadOperation } from "../operation.ts";
import type { Line, Reply } from "../reply.ts";
import { ofModule } from "./integration.ts";
import { valueLine } from "./sync.ts";

const { read } = operationsOf<HaloClient>("halo");

/** What HaloPSA can serve live. */
export type LiveProduct = Product & { readonly live: string };

export function isLive(product: Product): product is LiveProduct {
  return product.live !== null;
}

/** `/live <product>`: what the product itself says now; a summary, and the whole as a file. */
export function liveOperation(product: LiveProduct): ReadOperation {
  return read({
    verb: "live",
    target: product.target,
    summary: `What ${product.label} itself says now`,
    example: `/live ${product.target}`,
    input: z.object({}),
    run: ({ client, call }) => ofModule(product, client.live(product, call)),
    render: (data) => render(product, data),
  });
}

/** Top-level facts of a JSON nobody documented. */
export function jsonFacts(data: Json): readonly (readonly [string, Line])[] {
  if (typeof data !== "object" || data === null) return [["answer", valueLine(data)]];
  if (!Array.isArray(data)) {
    return Object.entries(data).slice(0, MOST_FACTS).map(([name, value]) => [name, short(value)]);
  }
  const [first] = data;
  const fields = typeof first === "object" && first !== null ? Object.keys(first) : [];
  return [
    ["entries", String(data.length)],
    ...(fields.length > 0 ? [["fields", { data: fields.join(", "), max: 200 }] as const] : []),
  ];
}

const MOST_FACTS = 12;

function short(value: Json): Line {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? `${Object.keys(value).length} fields` : valueLine(value);
}

function render(product: Product, data: Json): Reply {
  if (data === null) {
    return { mark: "info", title: `${product.label} returned no live data`, blocks: [] };
  }
  return {
    mark: "info",
    title: Array.isArray(data)
      ? `${product.label}: live data, ${data.length} ${data.length === 1 ? "entry" : "entries"}`
      : `${product.label}: live data`,
    blocks: [{ kind: "facts", facts: jsonFacts(data) }],
    footer: "The whole answer is in the file; what looks like a secret is masked.",
    file: {
      name: `${product.target}-live.json`,
      mime: "application/json",
      content: JSON.stringify(data, null, 2),
    },
  };
}
