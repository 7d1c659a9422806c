import { z } from "zod";
import type { AponoClient } from "../../clients/apono.ts";
import type { AponoIntegration } from "../../clients/apono/integration.ts";
import { type Context, operationsOf, type Plan, type Receipt, type Verification } from "../operation.ts";
import type { Line } from "../reply.ts";
import { locateItem } from "../resource.ts";
import { integrations, unlessRefused } from "./integrations.ts";

const input = z.object({ id: z.string().meta({ positional: true, rest: true, placeholder: "id or name" }) });

type RefreshPlan = Plan<{ readonly id: string; readonly name: string }>;

export const refreshIntegration = operationsOf<AponoClient>("apono").change<typeof input, RefreshPlan>({
  verb: "refresh",
  target: "apono",
  summary: "Load an Apono integration's resources anew",
  example: "/refresh apono Orders DB",
  risk: "write",
  input,
  async plan(context, typed) {
    const { id, name } = await locateItem(integrations, context, typed.id);
    return {
      input: { id },
      target: { key: `apono:${id}`, id, name },
      before: { id, name },
      after: "refreshed",
    };
  },
  render: ({ before }) => ({
    title: ["Refresh the Apono integration ", { data: before.name }],
    done: ["the Apono integration ", { data: before.name }, " is being refreshed"],
    rows: [{ label: "Resources", now: "as of the last load", after: "loaded anew" }],
    breaks: [],
    sends: { refresh: before.id },
  }),
  async apply({ client, call }, { before }) {
    const said = await client.v2.refresh(before.id, call);
    return said === undefined ? {} : { data: { said } };
  },
  verify,
  undo: () => ({ possible: false, why: "a refresh changes no setting, so there is nothing to take back" }),
});

async function verify(
  { client, call }: Context<AponoClient>,
  { before }: RefreshPlan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const answer = client.integrations.get(before.id, call);
  // Once the vendor has said yes, a failing read-back takes nothing away from that.
  const seen = receipt ? await unlessRefused(answer) : await answer;
  if (seen?.status.toLowerCase() === "refreshing") {
    return { state: "applied", evidence: "Read back: Apono says Refreshing." };
  }
  if (!receipt) {
    return {
      state: "unknown",
      evidence: "Apono gave no answer, and the integration does not say that it is refreshing.",
    };
  }
  return { state: "accepted", evidence: accepted(receipt, seen) };
}

function accepted({ data }: Receipt, seen: AponoIntegration | undefined): Line {
  const said = typeof data?.said === "string" ? data.said : "yes";
  return [
    "Apono said ",
    { data: said },
    ...(seen?.lastSyncAt ? ["; last sync ", { time: seen.lastSyncAt }] : []),
    ".",
  ];
}
