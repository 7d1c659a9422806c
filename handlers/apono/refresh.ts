import { z } from "zod";
import type { AponoClient } from "../../clients/apono.ts";
import { operationsOf, type Plan } from "../operation.ts";
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
  async verify({ client, call }, { before }, receipt) {
    const answer = client.integrations.get(before.id, call);
    // Once the vendor has said yes, a failing read-back takes nothing away from that.
    const seen = receipt ? await unlessRefused(answer) : await answer;
    if (seen?.status.toLowerCase() === "refreshing") {
      return { state: "applied", evidence: "Read back: Apono says Refreshing." };
    }
    if (!receipt) {
      const evidence = "Apono gave no answer, and the integration does not say that it is refreshing.";
      return { state: "unknown", evidence };
    }
    const said = typeof receipt.data?.said === "string" ? receipt.data.said : "yes";
    const loaded = seen?.lastSyncAt ? ["; last sync ", { time: seen.lastSyncAt }] : [];
    return { state: "accepted", evidence: ["Apono said ", { data: said }, ...loaded, "."] };
  },
  undo: () => ({ possible: false, why: "a refresh changes no setting, so there is nothing to take back" }),
});
