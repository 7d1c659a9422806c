import { z } from "zod";
import type { AponoClient } from "../../clients/apono.ts";
import type { AponoIntegration } from "../../clients/apono/integration.ts";
import { ClientError } from "../../clients/errors.ts";
import { BadInput, type Context, operationsOf } from "../operation.ts";
import type { Line, Mark, Reply } from "../reply.ts";
import { ifFound } from "../resolve.ts";
import { findIntegration, identify, looksLikeId } from "./find.ts";
import { parameterFacts, settingFacts } from "./settings_diff.ts";
import { isProblem, standingOf, statusWord } from "./status_word.ts";

const input = z.object({ id: z.string().meta({ positional: true, rest: true, placeholder: "id or name" }) });

interface Shown {
  readonly integration: AponoIntegration;
  /** Why `details` is empty although v4 has none. */
  readonly withoutDetails: boolean;
}

export const showIntegration = operationsOf<AponoClient>("apono").read<typeof input, Shown>({
  verb: "show",
  target: "apono",
  summary: "Show all fields of an Apono integration",
  example: "/show apono Orders DB",
  input,
  run,
  render,
});

/** v4 has no words for what went wrong; v2 does, for those who may ask it. */
async function run(context: Context<AponoClient>, { id: query }: z.output<typeof input>): Promise<Shown> {
  const { client, call } = context;
  if (client.api === "v2") {
    return { integration: await findIntegration(context, query), withoutDetails: false };
  }
  const { id } = looksLikeId(query) ? { id: query } : await identify(context, query);
  const [integration, worded] = await Promise.all([
    ifFound(client.integrations.get(id, call)),
    unlessRefused(client.v2.get(id, call)),
  ]);
  if (!integration) {
    throw new BadInput(`Apono has no integration ${id}. Type /list apono to see what there is.`);
  }
  const { details = null, connection = null } = worded ?? {};
  return { integration: { ...integration, details, connection }, withoutDetails: worded === undefined };
}

/** Undefined when v2 would not say. */
async function unlessRefused(answer: Promise<AponoIntegration>): Promise<AponoIntegration | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ClientError) return undefined;
    throw error;
  }
}

function render({ integration, withoutDetails }: Shown): Reply {
  const { id, name, status, details } = integration;
  return {
    mark: markOf(status),
    title: [{ data: name }, ": ", { data: statusWord(status) }],
    blocks: [
      ...details ? [{ kind: "text", text: { data: details, max: 300 } } as const] : [],
      { kind: "facts", facts: factsOf(integration) },
      ...withoutDetails
        ? [{ kind: "text", text: "Apono's v2 API did not say how the last load went." } as const]
        : [],
    ],
    buttons: [[
      { label: "Resources", action: { command: `/resources ${id}` } },
      { label: "Permissions", action: { command: `/permissions ${id}` } },
    ]],
  };
}

function factsOf(integration: AponoIntegration): readonly (readonly [string, Line])[] {
  const { id, type, category, lastSyncAt, connection } = integration;
  return [
    ["Id", { code: id }],
    ["Type", { data: type }],
    ...category ? [["Category", { data: category }] as const] : [],
    ["Last sync", lastSyncAt ? { time: lastSyncAt } : "never"],
    ...settingFacts(integration)
      .filter(([label]) => label !== "Name")
      .map(([label, text]) => [label, { data: text, max: 400 }] as const),
    ...parameterFacts("connection", connection ?? {}).map(([label, text]) =>
      [label, { data: text, max: 400 }] as const
    ),
  ];
}

function markOf(status: string): Mark {
  if (isProblem(status)) return "attention";
  const standing = standingOf(status);
  return standing === "busy" ? "working" : standing === "off" ? "absent" : "fine";
}
