import { z } from "zod";
import type { AponoClient, AponoPermission, AponoResource } from "../../clients/apono.ts";
import type { Listed } from "../../clients/apono/integration.ts";
import { countOf } from "../format.ts";
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
  render: (found) => render(found, "resource", RESOURCE_COLUMNS),
});

export const showPermissions = read<typeof input, Found<AponoPermission>>({
  verb: "permissions",
  target: null,
  summary: "List the permissions of an Apono integration",
  example: "/permissions Orders DB type=postgresql-database",
  input,
  run: (context, asked) =>
    found(context, asked, (id, type, call) => context.client.permissions(id, type, call)),
  render: (found) => render(found, "permission", PERMISSION_COLUMNS),
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
  { name, type, ...list }: Found<T>,
  noun: string,
  columns: readonly CsvColumn<T>[],
): Reply {
  const about: Inline[] = [" in ", { data: name }, ...(type ? [" of type ", { data: type }] : [])];
  const count = list.items.length;
  if (count === 0) return { mark: "info", title: [`No ${noun}s`, ...about] };
  return {
    mark: "info",
    title: [countOf(count, noun), ...about],
    ...longTable(list, columns, `apono-${noun}s.csv`),
  };
}

const RESOURCE_COLUMNS: readonly CsvColumn<AponoResource>[] = [
  { title: "Name", text: ({ name }) => name },
  { title: "Type", text: ({ type }) => type },
  { title: "Status", text: stateOf },
  { title: "Id", text: ({ id }) => id, cell: ({ id }) => ({ code: id }) },
];

const PERMISSION_COLUMNS: readonly CsvColumn<AponoPermission>[] = [
  { title: "Name", text: ({ name }) => name },
  { title: "Type", text: ({ resourceType }) => resourceType },
  { title: "Id", text: ({ id }) => id, cell: ({ id }) => ({ code: id }) },
];

function stateOf({ status, message }: AponoResource): string {
  const word = status ? statusWord(status) : "";
  return message ? `${word}: ${message}` : word;
}
