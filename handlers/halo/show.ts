import { z } from "zod";
import type { HaloClient } from "../../clients/halo.ts";
import type { Product } from "../../clients/halo/product.ts";
import type { HaloIntegration } from "../../clients/halo/record.ts";
import { operationsOf, type ReadOperation } from "../operation.ts";
import type { Block, Mark, Reply } from "../reply.ts";
import { locate } from "./integration.ts";
import { fieldLine } from "./shown.ts";
import { isProblem, reasonOf, type Sync, syncOf } from "./sync.ts";

const { read } = operationsOf<HaloClient>("halo");

/** How an integration is named in a command: the last words of the line. */
export const idInput = z.string().min(1).meta({ positional: true, rest: true, placeholder: "id or name" });

/** `/show`: every field that HaloPSA returned, secrets masked. */
export function showOperation(product: Product): ReadOperation {
  return read({
    verb: "show",
    target: product.target,
    summary: `One ${product.label} integration, all fields`,
    example: `/show ${product.target} 1`,
    input: z.object({ id: idInput }),
    run: ({ client, call }, { id }) => locate(client, product, id, call),
    render: (record, { now }) => render(product, record, now),
  });
}

function render(product: Product, record: HaloIntegration, now: number): Reply {
  const sync = syncOf(product, record, now);
  const present = [...product.fields.keys()].filter((field) => field in record && field !== "_warning");
  const lists = present.filter((field) => Array.isArray(record[field]) && record[field].length > 0);
  const unread = [...product.fields].filter(([field, kind]) => kind === "secret" && !(field in record));
  return {
    mark: markOf(sync),
    title: [product.label, " ", { data: sync.name }, `: ${sync.state}`],
    blocks: [
      ...(isProblem(sync) || sync.lastError ? [{ kind: "text", text: reasonOf(sync) } as const] : []),
      {
        kind: "facts",
        facts: present.map((field) => [field, fieldLine(product, field, record[field])]),
      },
      ...warningOf(record),
      ...lists.map((field): Block => ({
        kind: "details",
        summary: field,
        blocks: [{ kind: "pre", text: JSON.stringify(record[field], null, 2) }],
      })),
    ],
    footer: unread.length > 0 ? `Write-only, never shown: ${unread.map(([field]) => field).join(", ")}` : "",
  };
}

function markOf(sync: Sync): Mark {
  if (isProblem(sync)) return "attention";
  if (sync.state === "syncing") return "fine";
  return sync.state === "off" ? "absent" : "unknown";
}

function warningOf(record: HaloIntegration): readonly Block[] {
  const warning = record._warning;
  if (typeof warning !== "string" || warning === "") return [];
  return [{ kind: "text", text: ["HaloPSA warns: ", { data: warning, max: 300 }] }];
}
