import { vendors } from "../../handlers/registry.ts";

/** Commands that read, whatever there is to read; together they show every kind of answer. */
export const TELL_ALL: readonly string[] = [
  ...vendors.flatMap(({ operations }) => operations).filter(({ risk }) => risk === "read")
    .map(({ example }) => example),
  "/status",
  "/doctor",
  "/help",
  "/pending",
  "/audit",
  "/whoami",
  "/nonsense",
  "/status bitdefender acme",
];
