import * as z from "zod";
import type { AponoClient, CatalogParameter, CatalogType } from "../../clients/apono.ts";
import { type Listed, OWN_KIND, REFERENCE_KINDS, type Settings } from "../../clients/apono/integration.ts";
import type { JsonObject } from "../../clients/json.ts";
import { ENTER_MARK, namesCredential, soundsSecret } from "../../clients/secrets.ts";
import { countOf } from "../format.ts";
import { type Narrowed, narrowed, thatFit } from "../narrow.ts";
import { BadInput, type Candidate, type Context, operationsOf } from "../operation.ts";
import type { Line, Reply } from "../reply.ts";
import { fold, ifFound, safeId } from "../resolve.ts";
import { unseenIn } from "../resource.ts";
import { countListed, type CsvColumn, fileWanted, longTable } from "./long_table.ts";

const input = z.object({
  type: z.string().optional().meta({ positional: true, rest: true }),
  file: fileWanted,
});

interface FoundTypes {
  readonly types: Listed<CatalogType>;
  /** What they fit; undefined where all were asked for. */
  readonly words: string | undefined;
  readonly file: boolean;
}

type Found = FoundTypes | { readonly entry: CatalogType };

export const showCatalog = operationsOf<AponoClient>("apono").read<typeof input, Found>({
  verb: "catalog",
  target: null,
  summary: "Show the types of Apono integrations, or what one type takes",
  example: "/catalog postgresql",
  input,
  async run(context, { type, file }) {
    const found = type
      ? await lookUp(context, type)
      : { catalog: await context.client.catalog(context.call) };
    if ("entry" in found) return found;
    const { catalog } = found;
    const { fits } = typesFitting(type, catalog.items);
    const [only, ...others] = fits;
    if (type && !only) throw noSuchType(type, catalog);
    if (type && only && others.length === 0) return { entry: only };
    return { types: { ...catalog, items: fits }, words: type, file: file === "csv" };
  },
  render: (found) => "entry" in found ? renderType(found.entry) : renderTypes(found),
});

/** The types that can be created. */
export async function typeChoices({ client, call }: Context<AponoClient>): Promise<readonly Candidate[]> {
  const { items } = await client.catalog(call);
  return items.toSorted((one, other) => one.name.localeCompare(other.name, "en"))
    .map(({ type, name }) => ({ value: type, name, about: [type] }));
}

function renderTypes({ types, words, file }: FoundTypes): Reply {
  const items = types.items.toSorted((one, other) => one.type.localeCompare(other.type, "en"));
  return {
    mark: "info",
    title: words === undefined
      ? `${countListed(types, "type")} in Apono's catalog`
      : `${countOf(items.length, "type")} in Apono's catalog${thatFit(words, items.length)}`,
    narrows: "/catalog",
    ...longTable({ ...types, items }, COLUMNS, "apono-catalog.csv", {
      file,
      command: ["/catalog", words ?? ""].join(" ").trim(),
    }),
  };
}

const COLUMNS: readonly CsvColumn<CatalogType>[] = [
  { title: "Type", text: ({ type }) => type, cell: ({ type }) => ({ code: type }) },
  { title: "Name", text: ({ name }) => name },
  { title: "Secret", text: secretNeed },
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
    ...needed.map(({ id }) => `config.${id}=${isEntered(id) ? ENTER_MARK : "…"}`),
    ...requiresSecret ? fields.map((field) => `secret.${kind}.${field}=…`) : [],
  ].join(" ");
}

/** A parameter that takes the name of a credential is typed; one that takes the credential is not. */
function isEntered(parameter: string): boolean {
  return soundsSecret(parameter) && !namesCredential(parameter, "a name");
}

/** The catalog's entry for a type as a person writes it: `postgresql`, or its name `PostgreSQL`. */
export async function catalogEntry(context: Context<AponoClient>, type: string): Promise<CatalogType> {
  const found = await lookUp(context, type);
  if ("entry" in found) return found.entry;
  throw noSuchType(type, found.catalog);
}

/** The entry of that type or name, else the whole catalog. */
async function lookUp(
  { client, call }: Context<AponoClient>,
  type: string,
): Promise<{ readonly entry: CatalogType } | { readonly catalog: Listed<CatalogType> }> {
  const exact = await ifFound(client.catalogType(safeId(type), call));
  if (exact) return { entry: exact };
  const catalog = await client.catalog(call);
  const wanted = fold(type);
  const entry = catalog.items.find((one) => fold(one.type) === wanted) ??
    catalog.items.find((one) => fold(one.name) === wanted);
  return entry ? { entry } : { catalog };
}

function typesFitting(words: string | undefined, all: readonly CatalogType[]): Narrowed<CatalogType> {
  return narrowed(words, all, ({ type, name }) => [type, name]);
}

/** With the types of which the words are a part, else those that are spelt most like them. */
function noSuchType(words: string, catalog: Listed<CatalogType>): BadInput {
  const { fits, near: spelt } = typesFitting(words, catalog.items);
  const near =
    (fits.length > 0
      ? fits
      : catalog.items.filter(({ type, name }) => spelt.includes(type) || spelt.includes(name)))
      .map(({ type }) => type);
  const where = unseenIn(catalog) === 0
    ? "Apono's catalog has"
    : `The ${countListed(catalog, "type")} that Apono shows have`;
  return new BadInput(
    `${where} no type "${words}". ${near.length > 0 ? `Did you mean ${near.join(", ")}? ` : ""}` +
      "Type /catalog to see the types there are.",
    near.map((type) => `/catalog ${type}`),
  );
}

/** What the catalog rules out, one sentence each, naming the parameter and what to type instead. */
export function objections(
  entry: CatalogType,
  settings: Pick<Settings, "config" | "secretStore">,
): readonly string[] {
  return [
    ...entry.params.flatMap((parameter) => objection(parameter, settings.config)),
    ...aboutSecret(entry, settings),
  ];
}

/** Parameters that the catalog does not list: perhaps a slip of the pen, perhaps newer than the catalog. */
export function unlistedParameters(entry: CatalogType, config: JsonObject): readonly string[] {
  return Object.keys(config).filter((name) => !entry.params.some(({ id }) => id === name));
}

export function unlistedWarning(name: string, type: string): Line {
  return [
    "Apono's catalog lists no parameter ",
    { code: name },
    " for ",
    { code: type },
    ": check the spelling.",
  ];
}

/** Throws `BadInput` with what the catalog has against it, if anything. */
export function refuse(entry: CatalogType, found: readonly string[]): void {
  if (found.length === 0) return;
  throw new BadInput(
    `Apono's catalog does not allow this for ${entry.type}. ${found.join(" ")} ` +
      `Type /catalog ${entry.type} to see what it takes.`,
  );
}

/** Parameter names as the vendor writes them: letter case does not count in a chat. */
export function spelledAs(config: JsonObject, known: readonly string[]): JsonObject {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      if (known.includes(name)) return [name, value];
      const same = known.filter((one) => one.toLowerCase() === name.toLowerCase());
      return [same.length === 1 ? same[0] ?? name : name, value];
    }),
  );
}

function objection(parameter: CatalogParameter, config: JsonObject): readonly string[] {
  const { id, label, values, optional, default: preset } = parameter;
  const value = config[id];
  if (value === undefined || value === null || value === "") {
    if (optional || preset !== null) return [];
    const named = label && label.toLowerCase() !== id.toLowerCase() ? ` (${label})` : "";
    return [`The parameter ${id}${named} is missing: add config.${id}=…`];
  }
  if (values.length === 0 || values.includes(String(value))) return [];
  return [`The parameter ${id} must be one of ${values.join(", ")}.`];
}

function aboutSecret(entry: CatalogType, { secretStore }: Pick<Settings, "secretStore">): readonly string[] {
  const kinds = entry.secretKinds.length > 0 ? entry.secretKinds.join(", ") : "none";
  if (!secretStore) {
    return entry.requiresSecret
      ? [`A secret is missing: add secret.<store>.<field>=…; stores it takes: ${kinds}.`]
      : [];
  }
  if (secretStore.kind === OWN_KIND || entry.secretKinds.includes(secretStore.kind)) return [];
  return [`The secret store ${secretStore.kind} is not supported; supported: ${kinds}.`];
}
