import * as z from "zod";
import type { Aliases, Command } from "../../bot/parser/command.ts";

/** Commands of every shape that the product has, without anything behind them. */

const word = z.string().min(1);
const company = word.meta({ positional: true, rest: true });
const id = word.meta({ positional: true });
const anyPassword = (field: string) => /(^|\.)(new_\w+|password|secret)$/.test(field);

function command(head: string, rest: Omit<Command, "verb" | "target" | "example">): Command {
  const [verb = "", ...target] = head.split(" ");
  return { verb, target: target.length === 0 ? null : target.join(" "), example: `/${head} 1`, ...rest };
}

const reads: Command[] = [
  command("status", { summary: "How every vendor stands", input: z.object({}), risk: "read" }),
  command("status bitdefender", {
    summary: "GravityZone's integrations",
    input: z.object({ company: company.optional() }),
    risk: "read",
  }),
  command("status ec2", {
    summary: "The EC2 integration",
    input: z.object({ company: company.optional() }),
    risk: "read",
  }),
  command("status apono", { summary: "Apono's integrations", input: z.object({}), risk: "read" }),
  command("usage ec2", {
    summary: "Hours by instance category",
    input: z.object({
      company: company.optional(),
      month: z.string().regex(/^\d\d\/\d{4}$/, "a month looks like 11/2026").optional()
        .meta({ placeholder: "mm/yyyy" }),
    }),
    risk: "read",
  }),
  command("find", { summary: "Companies by name", input: z.object({ name: company }), risk: "read" }),
  command("whois", {
    summary: "Who owns an AWS account",
    input: z.object({
      account: z.string().regex(/^\d{12}$/).meta({ positional: true, placeholder: "aws account id" }),
    }),
    risk: "read",
  }),
  command("list apono", {
    summary: "Apono's integrations, filtered",
    input: z.object({
      name: word.optional(),
      status: z.enum(["Active", "Error", "Paused"]).optional(),
      limit: z.number().int().min(1).max(50).optional(),
      deleted: z.boolean().optional(),
      types: z.array(word).optional(),
    }),
    risk: "read",
  }),
  command("catalog", {
    summary: "Apono's types",
    input: z.object({ type: word.optional().meta({ positional: true }) }),
    risk: "read",
  }),
  command("show apono", { summary: "One integration", input: z.object({ id: company }), risk: "read" }),
  command("export tenable status", { summary: "Progress of the export", input: z.object({}), risk: "read" }),
];

const changes: Command[] = [
  command("enable ec2", {
    summary: "Connect the AWS account of a company",
    input: z.object({
      company,
      role: z.string().startsWith("arn:").optional().meta({ placeholder: "arn" }),
      key: word.optional(),
      secret: z.literal("?").optional(),
    }).refine(
      (given) => (given.role === undefined) !== (given.key === undefined),
      "Give either role= or key=.",
    ),
    risk: "write",
    secret: (field) => field === "secret",
  }),
  command("disable ec2", {
    summary: "Disconnect the AWS account",
    input: z.object({ company }),
    risk: "danger",
  }),
  command("disable opsramp", {
    summary: "Switch an integration off",
    input: z.object({ id: company }),
    risk: "danger",
  }),
  command("rotate externalid", { summary: "New external ID", input: z.object({ company }), risk: "danger" }),
  command("create apono", {
    summary: "A new integration",
    input: z.object({
      type: word.optional(),
      name: word.optional(),
      config: z.record(z.string(), z.string()).optional().meta({ open: "config.", placeholder: "param" }),
      secrets: z.record(z.string(), z.string()).optional().meta({
        open: "secret.",
        placeholder: "store.field",
      }),
      document: z.looseObject({
        name: z.string().optional(),
        integration_config: z.record(z.string(), z.string()).optional(),
      }).optional().meta({ document: true }),
    }),
    risk: "write",
    secret: (field) => field.startsWith("secret.apono.") || anyPassword(field),
  }),
  command("tag apono", {
    summary: "Set and drop tags",
    input: z.object({
      resource: word.meta({ positional: true, placeholder: "resource id" }),
      tags: z.record(z.string(), z.string()).optional().meta({ open: "", placeholder: "key" }),
      drop: z.array(word).optional().meta({ drop: true, placeholder: "key" }),
    }),
    risk: "write",
    secret: () => false,
  }),
  command("map opsramp", {
    summary: "Add value mappings",
    input: z.object({
      id,
      direction: z.enum(["in", "out"]).meta({ positional: true }),
      entity: z.enum(["ALERT", "INCIDENT"]).meta({ positional: true }),
      attribute: id,
      theirs: id,
      pairs: z.record(z.string(), z.string()).optional().meta({
        open: "",
        placeholder: "value=third-party value",
      }),
    }),
    risk: "write",
  }),
  command("update datto", {
    summary: "Change an integration",
    input: z.object({
      id,
      fields: z.partialRecord(z.enum(["name", "url", "new_client_secret"]), z.string()).optional()
        .meta({ open: "", placeholder: "field" }),
    }),
    risk: "write",
    secret: anyPassword,
  }),
  command("notifier opsramp", {
    summary: "Where OpsRamp sends to",
    input: z.object({
      id,
      uri: z.url(),
      auth: z.enum(["NONE", "OAUTH2", "JWT"]),
      apiKey: word.optional(),
      apiSecret: word.optional(),
    }),
    risk: "write",
    secret: (field) => field === "apiSecret",
  }),
  command("export tenable start", {
    summary: "Start an export",
    input: z.object({ chunk: z.coerce.number().int().min(50).optional() }),
    risk: "write",
  }),
  command("export tenable cancel", { summary: "Cancel the export", input: z.object({}), risk: "write" }),
  command("webhook kaseya create", { summary: "Create the webhook", input: z.object({ id }), risk: "write" }),
  command("webhook kaseya delete", {
    summary: "Delete the webhook",
    input: z.object({ id }),
    risk: "danger",
  }),
];

const builtIns: Command[] = [
  command("approve", {
    summary: "Agree to a change",
    input: z.object({ code: word.meta({ positional: true }) }),
  }),
  command("freeze", {
    summary: "Stop changes for a while",
    input: z.object({
      target: z.enum(["bitdefender", "ec2", "apono", "opsramp", "datto", "snow"]).optional().meta({
        positional: true,
      }),
      for: z.string().regex(/^\d+[mhd]$/).optional().meta({ placeholder: "2h" }),
      reason: word.meta({ positional: true, rest: true }),
    }),
  }),
  command("audit", {
    summary: "What happened",
    input: z.object({
      n: z.coerce.number().int().min(1).max(100).default(10).meta({ positional: true }),
      company: word.optional(),
      since: word.optional(),
    }),
    risk: "read",
  }),
  command("audit verify", { summary: "Whether the audit is intact", input: z.object({}), risk: "read" }),
  command("help", {
    summary: "What can be typed",
    input: z.object({ verb: id.optional(), target: company.optional() }),
    risk: "read",
  }),
];

export const commands: readonly Command[] = [...reads, ...changes, ...builtIns];

export const aliases: Aliases = {
  bitdefender: ["bd", "gravityzone"],
  ec2: [],
  apono: [],
  opsramp: [],
  sentinelone: ["s1"],
};
