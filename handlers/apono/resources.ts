import * as z from "zod";
import type { AponoClient, AponoPermission, AponoResource } from "../../clients/apono.ts";
import type { Listed } from "../../clients/apono/integration.ts";
import type { CallOptions } from "../../clients/http/contract.ts";
import { countOf } from "../format.ts";
import { narrowed, nothingLeft, thatFit } from "../narrow.ts";
import { operationsOf, type ReadOperation } from "../operation.ts";
import type { Inline, Line, Reply } from "../reply.ts";
import { itemChoices, locateItem, type TableColumn, unseenIn } from "../resource.ts";
import { integrations } from "./integrations.ts";
import { countListed, type CsvColumn, fileWanted, longTable } from "./long_table.ts";
import { statusWord } from "./status_word.ts";

export const showResources = listOperation<AponoResource>(
  "resource",
  (client, id, type, call) => client.resources(id, type, call),
  [
    { title: "Name", text: ({ name }) => name },
    { title: "Type", text: ({ type }) => type },
    { title: "Status", text: stateOf },
    { title: "Id", text: ({ id }) => id },
  ],
  // Two columns are what a phone has room for.
  [
    { title: "Resource", cell: ({ name, type }) => named(name, type) },
    { title: "Status", cell: (resource) => ({ data: stateOf(resource), max: 80 }) },
  ],
);

export const showPermissions = listOperation<AponoPermission>(
  "permission",
  (client, id, type, call) => client.permissions(id, type, call),
  [
    { title: "Name", text: ({ name }) => name },
    { title: "Type", text: ({ resourceType }) => resourceType },
    { title: "Id", text: ({ id }) => id },
  ],
  [{ title: "Permission", cell: ({ name, resourceType }) => named(name, resourceType) }],
);

function named(name: string, type: string): Line {
  return [{ bold: { data: name, max: 60 } }, " · ", { data: type, max: 30 }];
}

/** `/resources` and `/permissions`: what there is of one integration. */
function listOperation<T extends { readonly id: string; readonly name: string }>(
  noun: "resource" | "permission",
  list: (
    client: AponoClient,
    id: string,
    type: string | undefined,
    call: CallOptions,
  ) => Promise<Listed<T>>,
  columns: readonly CsvColumn<T>[],
  seen: readonly TableColumn<T>[],
): ReadOperation {
  return operationsOf<AponoClient>("apono").read({
    verb: `${noun}s`,
    target: null,
    summary: `List the ${noun}s of an Apono integration`,
    example: `/${noun}s Orders DB type=postgresql-database`,
    input: z.object({
      id: z.string().meta({ positional: true, rest: true, placeholder: "apono id or name" }),
      type: z.string().optional().meta({ placeholder: "resource type" }),
      part: z.string().optional().meta({ placeholder: "words", spaced: true }),
      file: fileWanted,
    }),
    choices: { id: itemChoices(integrations) },
    async run(context, { id, type, part, file }) {
      const { id: integration, name } = await locateItem(integrations, context, id);
      return { found: await list(context.client, integration, type, context.call), name, type, part, file };
    },
    render({ found, name, type, part, file }): Reply {
      const about: Inline[] = [" in ", { data: name }, ...(type ? [" of type ", { data: type }] : [])];
      if (found.items.length === 0 && unseenIn(found) === 0) {
        return { mark: "info", title: [`No ${noun}s`, ...about] };
      }
      const narrows = `/${noun}s ${name} part=`;
      const { fits, near } = narrowed(part, found.items, (one) => columns.map(({ text }) => text(one)));
      if (part !== undefined && fits.length === 0) return nothingLeft(noun, part, near, narrows);
      const table = longTable({ ...found, items: fits }, columns, `apono-${noun}s.csv`, {
        seen,
        id: (one) => [one.name, one.id],
        file: file === "csv",
        command: `/${noun}s ${name}`,
      });
      const count = part === undefined
        ? countListed(found, noun)
        : countOf(fits.length, noun) + thatFit(part, fits.length);
      return { mark: "info", title: [count, ...about], narrows, ...table };
    },
  });
}

function stateOf({ status, message }: AponoResource): string {
  const word = status ? statusWord(status) : "";
  return message ? `${word}: ${message}` : word;
}
