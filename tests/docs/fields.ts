import { aponoFields } from "./apono_fields.ts";
import { gravityzoneFields } from "./gravityzone_fields.ts";
import { haloFields } from "./halo_fields.ts";
import { code, table } from "./markdown.ts";
import { opsrampFields } from "./opsramp_fields.ts";

/** What becomes of a parameter or a field: where it is shown, how it is set, or why not. */
export type Fate = string;

/** The fields of one vendor's page, by the resource or the operation that they belong to. */
export interface FieldsOfPage {
  readonly vendor: string;
  readonly of: Readonly<Record<string, Readonly<Record<string, Fate>>>>;
}

/** Of each vendor whose page is told field by field. */
export const fieldsOfPages: readonly FieldsOfPage[] = [
  gravityzoneFields,
  aponoFields,
  opsrampFields,
  haloFields,
];

/** A table for each vendor; fields with the same fate share a row. */
export function fieldTables(): string {
  return fieldsOfPages.map(({ vendor, of }) => {
    const rows = Object.entries(of).flatMap(([where, fields]) =>
      [...Map.groupBy(Object.keys(fields), (name) => fields[name] ?? "")]
        .map(([fate, names]) => [code(where), names.map(code).join(" "), fate])
    );
    return `### ${vendor}\n\n${table(["Of", "Parameters and fields", "What becomes of them"], rows)}`;
  }).join("\n\n");
}
