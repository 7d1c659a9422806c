import { z } from "zod";
import type { Apono } from "../../clients/apono.ts";
import type { CatalogParameter, CatalogType } from "../../clients/apono/catalog.ts";
import { REFERENCE_KINDS } from "../../clients/apono/secret_store.ts";
import { ENTER_MARK, soundsSecret } from "../../clients/secrets.ts";
import { operationsOf } from "../operation.ts";
import type { Line, Reply } from "../reply.ts";
import { catalogEntry } from "./catalog_check.ts";
import { type Column, longTable } from "./long_table.ts";

const input = z.object({ type: z.string().optional().meta({ positional: true, rest: true }) });

type Found = { readonly types: readonly CatalogType[] } | { readonly entry: CatalogType };

export const showCatalog = operationsOf<Apono>("apono").read<typeof input, Found>({
  verb: "catalog",
  target: null,
  summary: "Show the types of Apono integrations, or what one type takes",
  example: "/catalog postgresql",
  input,
  run: async (context, { type }) =>
    type
      ? { entry: await catalogEntry(context, type) }
      : { types: await context.client.catalog(context.call) },
  render: (found) => "entry" in found ? renderType(found.entry) : renderTypes(found.types),
});

function renderTypes(types: readonly CatalogType[]): Reply {
  const sorted = types.toSorted((one, other) => one.type.localeCompare(other.type, "en"));
  return {
    mark: "info",
    title: types.length === 1 ? "1 type in Apono's catalog" : `${types.length} types in Apono's catalog`,
    ...longTable(sorted, COLUMNS, "apono-catalog.csv"),
  };
}

const COLUMNS: readonly Column<CatalogType>[] = [
  { title: "Type", cell: ({ type }) => ({ code: type }), text: ({ type }) => type },
  { title: "Name", cell: ({ name }) => ({ data: name }), text: ({ name }) => name },
  { title: "Secret", cell: secretNeed, text: secretNeed },
];

function renderType(entry: CatalogType): Reply {
  return {
    mark: "info",
    title: [{ data: entry.name }, " (", { code: entry.type }, ")"],
    blocks: [
      ...entry.description ? [{ kind: "text", text: { data: entry.description, max: 300 } } as const] : [],
      ...entry.params.length > 0
        ? [
          {
            kind: "table",
            header: ["Parameter", "Meaning", "Needed", "Values"],
            rows: entry.params.map(parameterCells),
          } as const,
        ]
        : [],
      { kind: "facts", facts: [["Secret", secretNeed(entry)], ...entry.secretKinds.map(storeFact)] },
      { kind: "text", text: ["To create one: ", { code: exampleFor(entry) }] },
    ],
  };
}

function parameterCells({ id, label, values, default: preset, optional }: CatalogParameter): readonly Line[] {
  const needed = optional ? "no" : preset === null ? "yes" : "";
  const usual = preset === null ? [] : [needed === "" ? "default " : ", default ", { data: preset }];
  return [{ code: id }, { data: label }, [needed, ...usual], { data: values.join(", ") || "any", max: 200 }];
}

function storeFact(kind: string): readonly [string, string] {
  return [
    kind,
    REFERENCE_KINDS[kind]?.map((field) => `secret.${kind}.${field}=`).join(" ") ?? "see Apono's pages",
  ];
}

function secretNeed({ requiresSecret, secretKinds }: CatalogType): string {
  const kinds = secretKinds.join(", ");
  if (kinds === "") return requiresSecret ? "needed" : "none";
  return `${requiresSecret ? "needed" : "possible"}: ${kinds}`;
}

function exampleFor({ type, params, requiresSecret, secretKinds: [kind = "<store>"] }: CatalogType): string {
  const needed = params.filter(({ optional, default: preset }) => !optional && preset === null);
  const fields = REFERENCE_KINDS[kind] ?? ["<field>"];
  return [
    `/create apono type=${type} name=…`,
    ...needed.map(({ id }) => `config.${id}=${soundsSecret(id) ? ENTER_MARK : "…"}`),
    ...requiresSecret ? fields.map((field) => `secret.${kind}.${field}=…`) : [],
  ].join(" ");
}
