import * as z from "zod";
import type { AponoClient, AponoConnector } from "../../clients/apono.ts";
import { ClientError } from "../../clients/errors.ts";
import { countOf } from "../format.ts";
import { narrowed, narrowingWords, nothingLeft, thatFit } from "../narrow.ts";
import { type Context, operationsOf } from "../operation.ts";
import { missing, orFailure } from "./integrations.ts";
import type { Line, Reply } from "../reply.ts";
import { type TableColumn, unseenIn } from "../resource.ts";
import { countListed, type CsvColumn, fileWanted, longTable } from "./long_table.ts";

const NOUN = "Apono connector";

export const listConnectors = operationsOf<AponoClient>("apono").read({
  verb: "list",
  target: "connectors",
  summary: "List the connectors that reach Apono's integrations, with their ids",
  example: "/list connectors",
  input: z.object({ words: narrowingWords, file: fileWanted }),
  run: async ({ client, call }, { file, words }) => ({ found: await client.connectors(call), file, words }),
  render({ found, file, words }): Reply {
    if (found.items.length === 0 && unseenIn(found) === 0) {
      return { mark: "absent", title: "Apono has no connectors" };
    }
    const { fits, near } = narrowed(words, found.items, (one) => [one.name, wordOf(one), one.cloud ?? ""]);
    if (words !== undefined && fits.length === 0) return nothingLeft(NOUN, words, near, "/list connectors");
    const items = fits.toSorted(byStanding);
    return {
      ...(words === undefined ? verdictOn(found) : {
        ...verdictOn({ ...found, items }),
        title: countOf(items.length, NOUN) + thatFit(words, items.length),
      }),
      narrows: "/list connectors",
      ...longTable({ ...found, items }, COLUMNS, "apono-connectors.csv", {
        seen: SEEN,
        file: file === "csv",
        command: "/list connectors",
      }),
    };
  },
});

/** What is doubtful about the connector of an integration, for a card: nothing where Apono says that it is connected. */
export async function connectorDoubts(
  { client, call }: Context<AponoClient>,
  id: string | null,
): Promise<readonly string[]> {
  if (id === null) return [];
  const found = await orFailure(client.connectors(call));
  if (found instanceof ClientError) {
    return [`${missing("Apono's list of connectors", found)}: whether ${id} is connected is not known.`];
  }
  const connector = found.items.find((one) => one.id.toLowerCase() === id.toLowerCase());
  if (!connector && unseenIn(found) === 0) {
    return [`Apono lists no connector ${id}: check the id, /list connectors shows what there is.`];
  }
  if (!connector || connector.status === "") {
    return [`Apono did not say whether the connector ${id} is connected.`];
  }
  if (isConnected(connector)) return [];
  return [
    `The connector ${id} is ${
      wordOf(connector)
    }: Apono cannot reach the integration through it until it is connected.`,
  ];
}

function verdictOn(found: Awaited<ReturnType<AponoClient["connectors"]>>): Pick<Reply, "mark" | "title"> {
  const all = countListed(found, NOUN);
  const off = found.items.filter((one) => !isConnected(one)).length;
  if (off > 0) return { mark: "attention", title: `${off} not connected · ${all}` };
  return unseenIn(found) > 0
    ? { mark: "attention", title: all }
    : { mark: "fine", title: `All connected · ${all}` };
}

function isConnected({ status }: AponoConnector): boolean {
  return status.toLowerCase() === "connected";
}

function wordOf({ status }: AponoConnector): string {
  return status.toLowerCase() || "no status";
}

/** What is not connected first. */
function byStanding(one: AponoConnector, other: AponoConnector): number {
  return Number(isConnected(one)) - Number(isConnected(other)) || one.name.localeCompare(other.name, "en");
}

const COLUMNS: readonly CsvColumn<AponoConnector>[] = [
  { title: "Id", text: ({ id }) => id },
  { title: "Name", text: ({ name }) => name },
  { title: "Status", text: wordOf },
  {
    title: "Last connected",
    text: ({ lastConnectedAt }) => lastConnectedAt ? new Date(lastConnectedAt).toISOString() : "",
  },
  { title: "Version", text: versionOf },
  { title: "Cloud", text: ({ cloud }) => cloud ?? "" },
];

/** Two columns are what a phone has room for. */
const SEEN: readonly TableColumn<AponoConnector>[] = [
  {
    title: "Connector",
    cell: ({ id, name, cloud }) => [
      { bold: { data: name } },
      ...(cloud ? [" · ", { data: cloud }] : []),
      " ",
      { code: id },
    ],
  },
  { title: "Status", cell: statusLine },
];

function statusLine(connector: AponoConnector): Line {
  const { lastConnectedAt } = connector;
  const version = versionOf(connector);
  return [
    { data: wordOf(connector) },
    ...(isConnected(connector) || lastConnectedAt === null
      ? []
      : [", last connected ", { time: lastConnectedAt, as: "relative" } as const]),
    ...(version ? [", version ", { data: version }] : []),
  ];
}

function versionOf({ version, isLatestVersion }: AponoConnector): string {
  return version ? `${version}${isLatestVersion === false ? ", not the latest" : ""}` : "";
}
