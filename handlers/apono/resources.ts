import { z } from "zod";
import type { AponoClient } from "../../clients/apono.ts";
import type { AponoPermission, AponoResource, Listed } from "../../clients/apono/answers.ts";
import { type Context, operationsOf } from "../operation.ts";
import type { Inline, Reply } from "../reply.ts";
import { locateItem } from "../resource.ts";
import { integrations } from "./integrations.ts";
import { type CsvColumn, longTable } from "./long_table.ts";
import { statusWord } from "./status_word.ts";

const { read } = operationsOf<AponoClient>("apono");

const input = z.object({
  id: z.string().meta({ positional: true, rest: true, placeholder: "apono id or name" }),
  type: z.string().optional().meta({ placeholder: "resource type" }),
});

type Asked = z.output<typeof input>;

interface Found<T> extends Listed<T> {
  readonly name: string;
  readonly type: string | undefined;
}

export const showResources = read<typeof input, Found<AponoResource>>({
  verb: "resources",
  target: null,
  summary: "List the resources of an Apono integration",
  example: "/resources Orders DB type=postgresql-database",
  input,
  run: (context, asked) =>
    found(context, asked, (id, type, call) => context.client.resources(id, type, call)),
  render: (found) => render(found, ["resource", "resources"], RESOURCE_COLUMNS, "apono-resources.csv"),
});

export const showPermissions = read<typeof input, Found<AponoPermission>>({
  verb: "permissions",
  target: null,
  summary: "List the permissions of an Apono integration",
  example: "/permissions Orders DB type=postgresql-database",
  input,
  run: (context, asked) =>
    found(context, asked, (id, type, call) => context.client.permissions(id, type, call)),
  render: (found) =>
    render(found, ["permission", "permissions"], PERMISSION_COLUMNS, "apono-permissions.csv"),
});

async function found<T>(
  context: Context<AponoClient>,
  { id, type }: Asked,
  list: (id: string, type: string | undefined, call: Context<AponoClient>["call"]) => Promise<Listed<T>>,
): Promise<Found<T>> {
  const integration = await locateItem(integrations, context, id);
  return { ...await list(integration.id, type, context.call), name: integration.name, type };
}

function render<T>(
  { items, missing, name, type }: Found<T>,
  [one, many]: readonly [string, string],
  columns: readonly CsvColumn<T>[],
  fileName: string,
): Reply {
  const about: Inline[] = [" in ", { data: name }, ...(type ? [" of type ", { data: type }] : [])];
  if (items.length === 0) return { mark: "info", title: [`No ${many}`, ...about] };
  const { blocks = [], ...rest } = longTable(items, columns, fileName);
  const note = { kind: "text", text: `Apono counts ${missing} more but did not return them.` } as const;
  return {
    mark: "info",
    title: [items.length === 1 ? `1 ${one}` : `${items.length} ${many}`, ...about],
    blocks: missing > 0 ? [...blocks, note] : blocks,
    ...rest,
  };
}

const RESOURCE_COLUMNS: readonly CsvColumn<AponoResource>[] = [
  { title: "Name", cell: ({ name }) => ({ data: name }), text: ({ name }) => name },
  { title: "Type", cell: ({ type }) => ({ data: type }), text: ({ type }) => type },
  { title: "Status", cell: (resource) => ({ data: stateOf(resource) }), text: stateOf },
  { title: "Id", cell: ({ id }) => ({ code: id }), text: ({ id }) => id },
];

const PERMISSION_COLUMNS: readonly CsvColumn<AponoPermission>[] = [
  { title: "Name", cell: ({ name }) => ({ data: name }), text: ({ name }) => name },
  {
    title: "Type",
    cell: ({ resourceType }) => ({ data: resourceType }),
    text: ({ resourceType }) => resourceType,
  },
  { title: "Id", cell: ({ id }) => ({ code: id }), text: ({ id }) => id },
];

function stateOf({ status, message }: AponoResource): string {
  const word = status ? statusWord(status) : "";
  return message ? `${word}: ${message}` : word;
}
