import { z } from "zod";
import type { AponoClient } from "../../clients/apono.ts";
import type { CatalogType } from "../../clients/apono/answers.ts";
import { isReference } from "../../clients/apono/secret_store.ts";
import { v4Body } from "../../clients/apono/v4.ts";
import { plainJson } from "../../clients/json.ts";
import { operationsOf, type Plan, type Undo } from "../operation.ts";
import { ifFound } from "../resolve.ts";
import { catalogEntryIfAny, objections } from "./catalog.ts";
import { findIntegration } from "./find.ts";
import { type Image, imageOf, lostBetween, sentFor } from "./settings.ts";
import { cardRows } from "./settings_diff.ts";

const input = z.object({ id: z.string().meta({ positional: true, rest: true, placeholder: "id or name" }) });

/** `lost`: why it could not be created again, as far as Apono tells. */
interface DeletePlan extends Plan<Image> {
  readonly after: { readonly lost: string | null };
}

export const deleteIntegration = operationsOf<AponoClient>("apono").change<typeof input, DeletePlan>({
  verb: "delete",
  target: "apono",
  summary: "Delete an Apono integration",
  example: "/delete apono Orders DB reason=decommissioned",
  risk: "danger",
  input,
  async plan(context, typed) {
    const present = imageOf(await findIntegration(context, typed.id));
    const entry = await catalogEntryIfAny(context, present.type);
    return {
      input: { id: present.id },
      target: { key: `apono:${present.id}`, id: present.id, name: present.name },
      before: present,
      after: { lost: lostWith(present, entry) },
    };
  },
  render: ({ before }) => ({
    title: ["Delete the Apono integration ", { data: before.name }],
    done: ["the Apono integration ", { data: before.name }, " is deleted"],
    rows: [
      { label: "Type", now: { code: before.type }, after: "removed" },
      ...cardRows(before, null),
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
        evidence: ["Read back: ", { data: seen.name }, " is still there."],
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

function undo({ before, after: { lost } }: DeletePlan): Undo {
  if (lost !== null) return { possible: false, why: `${lost}, so it cannot be created again` };
  return {
    possible: true,
    how: "it is created again with the same settings, under a new id; what refers to the old id stays broken",
    verb: "create",
    target: "apono",
    input: { document: plainJson({ type: before.type, ...v4Body(sentFor(before, null)) }) },
  };
}

function lostWith(present: Image, entry: CatalogType | undefined): string | null {
  const { type, secretStore, config } = present;
  if (secretStore && !isReference(secretStore)) return "Apono keeps its secret and never shows it";
  const parameters = lostBetween(config, {}).map((name) => `config.${name}`);
  if (parameters.length > 0) return `${parameters.join(", ")} is a secret and not kept here`;
  if (!entry) return `Apono's catalog no longer lists ${type}`;
  if (!secretStore && entry.requiresSecret) return "it needs a secret, and Apono shows none";
  return objections(entry, present).length > 0
    ? "Apono's catalog does not allow its settings any more"
    : null;
}
