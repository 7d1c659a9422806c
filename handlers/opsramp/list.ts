import { z } from "zod";
import type { Installed, OpsRamp } from "../../clients/opsramp.ts";
import { operationsOf } from "../operation.ts";
import type { Reply } from "../reply.ts";
import { fold } from "../resolve.ts";
import { appOf, countsOf, nameOf, statusOf } from "./installation.ts";

const { read } = operationsOf<OpsRamp>("opsramp");

interface Listed {
  readonly fits: readonly Installed[];
  readonly total: number;
  readonly name?: string;
}

export const list = read({
  verb: "list",
  target: "opsramp",
  summary: "List the installed integrations, all or those whose name contains name=",
  example: "/list opsramp name=aws",
  input: z.object({ name: z.string().optional().meta({ placeholder: "part of the name" }) }),
  // Filtered here: whether the vendor's own filter takes parts of a name is not written anywhere.
  async run({ client, call }, { name }): Promise<Listed> {
    const all = await client.listInstalled(call);
    if (!name) return { fits: all, total: all.length };
    return { fits: all.filter((one) => fold(nameOf(one)).includes(fold(name))), total: all.length, name };
  },
  render: renderList,
});

function renderList({ fits, total, name }: Listed): Reply {
  const suffix = name === undefined ? [] : [' with "', { data: name }, '" in the name'];
  if (fits.length === 0) {
    return {
      mark: "info",
      title: total === 0 ? "No OpsRamp integration is installed" : ["No OpsRamp integration", ...suffix],
    };
  }
  return {
    mark: "info",
    title: [`${fits.length} OpsRamp integration${fits.length === 1 ? "" : "s"}`, ...suffix],
    blocks: [
      { kind: "text", text: countsOf(fits) },
      {
        kind: "table",
        header: ["Name", "Status", "App", "Id"],
        rows: fits
          .toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)))
          .map((
            one,
          ) => [{ data: nameOf(one) }, { data: statusOf(one) }, { data: appOf(one) }, { code: one.id }]),
      },
    ],
  };
}
