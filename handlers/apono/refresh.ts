import * as z from "zod";
import type { AponoClient } from "../../clients/apono.ts";
import { ClientError } from "../../clients/errors.ts";
import { operationsOf, type Plan, unreadable } from "../operation.ts";
import { findItem, itemChoices } from "../resource.ts";
import { connectorDoubts } from "./connectors.ts";
import { integrations, orFailure } from "./integrations.ts";

const input = z.object({ id: z.string().meta({ positional: true, rest: true, placeholder: "id or name" }) });

/** `depends`: what is doubtful about its connector. */
interface RefreshPlan extends Plan<{ readonly id: string; readonly name: string }> {
  readonly depends?: readonly string[];
}

export const refreshIntegration = operationsOf<AponoClient>("apono").change<typeof input, RefreshPlan>({
  verb: "refresh",
  target: "apono",
  summary: "Reload the resources of an Apono integration",
  example: "/refresh apono Orders DB",
  risk: "write",
  input,
  choices: { id: itemChoices(integrations) },
  async plan(context, typed) {
    const { id, name, connectorId } = await findItem(integrations, context, typed.id);
    return {
      input: { id },
      target: { key: `apono:${id}`, id, name },
      before: { id, name },
      after: "refreshed",
      depends: await connectorDoubts(context, connectorId),
    };
  },
  render: ({ before, depends = [] }) => ({
    title: ["Refresh the Apono integration ", { data: before.name }],
    done: ["the Apono integration ", { data: before.name }, " is being refreshed"],
    rows: [{ label: "Resources", now: "as of the last load", after: "reloaded" }],
    breaks: ["Resources that are gone at their source disappear from Apono, and access to them ends."],
    sends: { refresh: before.id },
    warnings: depends,
  }),
  async apply({ client, call }, { before }) {
    return { data: { said: await client.v2.refresh(before.id, call) } };
  },
  async verify({ client, call }, { before }, receipt) {
    const answer = client.integrations.get(before.id, call);
    // Once the vendor has said yes, a failing read-back takes nothing away from that.
    const read = receipt ? await orFailure(answer) : await answer;
    const seen = read instanceof ClientError ? undefined : read;
    if (seen?.status.toLowerCase() === "refreshing") {
      return { state: "applied", evidence: "Read back: Apono says Refreshing." };
    }
    if (!receipt) {
      const evidence = "Apono did not confirm it, and the integration does not say that it is refreshing.";
      return { ...unreadable(false), evidence };
    }
    const said = String(receipt.data?.said ?? "yes");
    const loaded = seen?.lastSyncAt ? ["; last sync ", { time: seen.lastSyncAt }] : [];
    return { state: "accepted", evidence: ["Apono said ", { data: said }, ...loaded, "."] };
  },
  undo: () => ({ possible: false, why: "a refresh changes no setting" }),
});
