import { z } from "zod";
import type { Apono } from "../../clients/apono.ts";
import { isReference } from "../../clients/apono/secret_store.ts";
import { v4Body } from "../../clients/apono/v4.ts";
import { ifFound } from "../if_found.ts";
import { operationsOf, type Plan, type Undo } from "../operation.ts";
import { cardRows, named } from "./card.ts";
import { find } from "./find.ts";
import { type Image, imageOf, sentFor } from "./image.ts";
import { plainInput } from "./request.ts";
import { lostBetween } from "./config_secret.ts";
import { rowsBetween } from "./settings_rows.ts";

const input = z.object({ id: z.string().meta({ positional: true, rest: true, placeholder: "id or name" }) });

interface DeletePlan extends Plan<Image> {
  readonly after: null;
}

export const deleteIntegration = operationsOf<Apono>("apono").change<typeof input, DeletePlan>({
  verb: "delete",
  target: "apono",
  summary: "Delete an Apono integration",
  example: "/delete apono Orders DB reason=decommissioned",
  risk: "danger",
  input,
  async plan(context, typed) {
    const present = await find(context, typed.id);
    return {
      input: { id: present.id },
      target: { key: `apono:${present.id}`, id: present.id, name: present.name },
      before: imageOf(present),
      after: null,
    };
  },
  render: ({ before }) => ({
    title: ["Delete the Apono integration ", named(before.name)],
    done: ["the Apono integration ", named(before.name), " is deleted"],
    rows: [
      { label: "Type", now: { code: before.type }, after: "removed" },
      ...cardRows(rowsBetween(before, null)),
    ],
    breaks: [
      "Nobody gets access to its resources through Apono any more, and flows that name them stop working.",
    ],
    sends: { delete: before.id },
  }),
  async apply({ client, call }, { before }) {
    await client.integrations.delete(before.id, call);
    return {};
  },
  async verify(context, { before }) {
    const seen = await ifFound(context.client.integrations.get(before.id, context.call));
    return seen
      ? {
        state: "not applied",
        evidence: ["Read back: ", named(seen.name), " is still there."],
        after: imageOf(seen),
      }
      : {
        state: "applied",
        evidence: ["Read back: Apono no longer knows ", { code: before.id }, "."],
        after: null,
      };
  },
  undo,
});

function undo({ before }: DeletePlan): Undo {
  if (before.secretStore && !isReference(before.secretStore)) {
    return {
      possible: false,
      why: "Apono keeps its secret and never shows it, so it cannot be created again",
    };
  }
  const lost = lostBetween(before.config, {});
  if (lost.length > 0) {
    return {
      possible: false,
      why: `${
        lost.map((name) => `config.${name}`).join(", ")
      } is not kept here, so it cannot be created again`,
    };
  }
  return {
    possible: true,
    how: "it is created again with the same settings, under a new id; what refers to the old id stays broken",
    verb: "create",
    target: "apono",
    input: { document: plainInput({ type: before.type, ...v4Body(sentFor(before, null)) }) },
  };
}
