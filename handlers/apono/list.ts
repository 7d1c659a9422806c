import * as z from "zod";
import type { AponoClient } from "../../clients/apono.ts";
import { type AponoIntegration, type Filter, fits, type Listed } from "../../clients/apono/integration.ts";
import { countOf } from "../format.ts";
import { narrowed, narrowingWords, nothingLeft, thatFit } from "../narrow.ts";
import { BadInput, type Context, operationsOf } from "../operation.ts";
import type { Reply } from "../reply.ts";
import { type TableColumn, unseenIn } from "../resource.ts";
import { countListed, type CsvColumn, fileWanted, longTable } from "./long_table.ts";
import { commaSeparated } from "./request.ts";
import { isKnownStatus, standingOf, statusWord } from "./status_word.ts";

const input = z.object({
  words: narrowingWords,
  name: z.string().optional().meta({ placeholder: "name or part*" }),
  type: z.string().optional().meta({ placeholder: "type,type" }),
  status: z.string().optional().meta({ placeholder: "status,status" }),
  category: z.string().optional(),
  connector: z.string().optional().meta({ placeholder: "connector id" }),
  file: fileWanted,
});

type Asked = z.output<typeof input>;

const NOUN = "Apono integration";

export const listIntegrations = operationsOf<AponoClient>("apono").read({
  verb: "list",
  target: "apono",
  summary: "List Apono integrations",
  example: "/list apono type=postgresql status=error,warning",
  input,
  run: async (context, asked) => ({
    ...await list(context, asked),
    asked,
    isFilteredHere: context.client.api === "v2" && Object.keys(filterOf(asked)).length > 0,
  }),
  render({ asked, isFilteredHere, ...found }): Reply {
    if (found.items.length === 0 && unseenIn(found) === 0) return nothingFound(asked);
    const { words } = asked;
    const { fits, near } = narrowed(words, found.items, sayingsOf);
    if (words !== undefined && fits.length === 0) return nothingLeft(NOUN, words, near, "/list apono");
    const items = fits.toSorted(byStanding);
    return {
      mark: "info",
      narrows: "/list apono",
      // Of what did not come nobody knows whether it fits.
      title: words !== undefined
        ? countOf(items.length, NOUN) + thatFit(words, items.length)
        : isFilteredHere && unseenIn(found) > 0
        ? `${countOf(items.length, NOUN)} of those that came ${items.length === 1 ? "fits" : "fit"}`
        : countListed(found, NOUN),
      ...longTable({ ...found, items }, COLUMNS, "apono-integrations.csv", {
        seen: SEEN,
        id: ({ name, id }) => [name, id],
        file: asked.file === "csv",
        command: "/list apono",
      }),
    };
  },
});

async function list({ client, call }: Context<AponoClient>, asked: Asked): Promise<Listed<AponoIntegration>> {
  if (client.api === "v2" && asked.category !== undefined) {
    throw new BadInput("This bot uses Apono's v2 API, which has no categories. Leave category= out.");
  }
  const filter = filterOf(asked);
  const found = await client.integrations.list(filter, call);
  if (found.items.length === 0 && unseenIn(found) === 0) {
    refuseUnheardOf(filter, (await client.integrations.list({}, call)).items);
  }
  return found;
}

/** Refuses a value that no integration has: a slip of the pen would read as if there were nothing to see. */
function refuseUnheardOf(filter: Filter, all: readonly AponoIntegration[]): void {
  for (const [name, valueOf] of FILTERS) {
    const strange = filter[name]?.find((word) =>
      !all.some((one) => fits(one, { [name]: [word] })) && !(name === "status" && isKnownStatus(word))
    );
    if (strange === undefined) continue;
    const present = [...new Set(all.flatMap((one) => valueOf(one) ?? []))].toSorted();
    if (present.length === 0) return;
    throw new BadInput(
      `No Apono integration has the ${name} "${strange}". There are ${someOf(present)}.`,
      present.slice(0, 3).map((value) => `/list apono ${name}=${value}`),
    );
  }
}

const FILTERS = [
  ["status", ({ status }: AponoIntegration) => statusWord(status)],
  ["type", ({ type }: AponoIntegration) => type],
  ["category", ({ category }: AponoIntegration) => category],
  ["connector", ({ connectorId }: AponoIntegration) => connectorId],
] as const;

const MOST_VALUES = 12;

function someOf(values: readonly string[]): string {
  const rest = values.length - MOST_VALUES;
  return values.slice(0, MOST_VALUES).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** Several values of one filter are separated by commas; a name may have commas in it. */
function filterOf({ name, category, file: _, words: __, ...others }: Asked): Filter {
  const lists = Object.entries({ ...others, category: category?.toUpperCase() });
  return {
    ...(name && { name }),
    ...Object.fromEntries(lists.flatMap(([field, list]) => list ? [[field, commaSeparated(list)]] : [])),
  };
}

function sayingsOf({ name, type, status, category }: AponoIntegration): readonly string[] {
  return [name, type, statusWord(status), category ?? ""];
}

/** Worst first. */
function byStanding(one: AponoIntegration, other: AponoIntegration): number {
  return standingOf(one.status).rank - standingOf(other.status).rank ||
    one.name.localeCompare(other.name, "en");
}

function nothingFound({ name, file: _, words: __, ...others }: Asked): Reply {
  const hint = name && !name.includes("*")
    ? ["name= takes the whole name. For a part of it type ", { code: `/list apono name=*${name}*` }]
    : ["Leave filters out to see more: ", { code: "/list apono" }];
  const filtered = name !== undefined || Object.values(others).some((value) => value !== undefined);
  return filtered
    ? { mark: "info", title: "No Apono integration fits", blocks: [{ kind: "text", text: hint }] }
    : { mark: "absent", title: "Apono has no integrations" };
}

const COLUMNS: readonly CsvColumn<AponoIntegration>[] = [
  { title: "Name", text: ({ name }) => name },
  { title: "Type", text: ({ type }) => type },
  { title: "Status", text: ({ status }) => statusWord(status) },
  { title: "Last sync", text: ({ lastSyncAt }) => lastSyncAt ? new Date(lastSyncAt).toISOString() : "" },
  { title: "Id", text: ({ id }) => id },
];

/** Two columns are what a phone has room for. */
const SEEN: readonly TableColumn<AponoIntegration>[] = [
  {
    title: "Integration",
    cell: ({ name, type }) => [{ bold: { data: name, max: 40 } }, " · ", { data: type, max: 30 }],
  },
  {
    title: "Status",
    cell: ({ status, lastSyncAt }) => [
      { data: statusWord(status) },
      ...lastSyncAt ? [", synced ", { time: lastSyncAt, as: "relative" } as const] : [", no last sync"],
    ],
  },
];
