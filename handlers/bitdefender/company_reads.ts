import { z } from "zod";
import {
  type Bitdefender,
  type CompanyDetails,
  MOST_COMPANIES_BY_ACCOUNT,
  MOST_COMPANIES_BY_NAME,
} from "../../clients/bitdefender.ts";
import { asOf } from "../age.ts";
import { BadInput, operationsOf, type View } from "../operation.ts";
import type { Block, Button, Line, Reply } from "../reply.ts";
import { typed } from "../typed.ts";
import { type CompaniesLike, companiesLike } from "./companies.ts";
import { companyTypeWord } from "./enums.ts";

const { read } = operationsOf<Bitdefender>("bitdefender");

interface Whois {
  readonly accountId: string;
  readonly companies: readonly CompanyDetails[];
  readonly at: number;
}

export const whois = read({
  verb: "whois",
  target: null,
  summary: "Companies that have set up Amazon EC2 with an AWS account",
  example: "/whois 111222345123",
  input: z.object({
    account: z.string().meta({ positional: true, rest: true, placeholder: "aws account id" }),
  }),
  async run(context, { account }): Promise<Whois> {
    const accountId = accountIdOf(account);
    const companies = await context.client.getCompanyDetailsByAWSAccountId({ accountId }, context.call);
    return { accountId, companies, at: context.now };
  },
  render: renderWhois,
});

export const find = read({
  verb: "find",
  target: null,
  summary: "Bitdefender companies by part of their name",
  example: "/find acme",
  input: z.object({ name: z.string().meta({ positional: true, rest: true, placeholder: "name" }) }),
  async run(context, { name }): Promise<CompaniesLike & { name: string }> {
    return { name: name.trim(), ...await companiesLike(context, name) };
  },
  render: renderFound,
});

/** People copy account ids with the dashes and spaces the AWS console shows. */
function accountIdOf(account: string): string {
  const digits = account.replace(/[\s-]/g, "");
  if (/^\d{12}$/.test(digits)) return digits;
  throw new BadInput(
    `An AWS account id has 12 digits; ${typed(account.trim())} has not. Try /whois 111222345123.`,
  );
}

function renderWhois({ accountId, companies, at }: Whois, view: View): Reply {
  const [only, ...others] = companies;
  if (!only) {
    return {
      mark: "absent",
      title: ["No company uses AWS account ", { code: accountId }],
      footer: asOf(at, view.now),
    };
  }
  const capped = companies.length >= MOST_COMPANIES_BY_ACCOUNT;
  return {
    mark: "info",
    title: [
      others.length === 0
        ? "1 company uses AWS account "
        : `${capped ? "At least " : ""}${companies.length} companies use AWS account `,
      { code: accountId },
    ],
    blocks: [
      ...(capped ? [limitReached()] : []),
      ...(others.length === 0
        ? [{ kind: "facts", facts: factsOf(only) } as const]
        : [tableOf(companies), restOf(companies)]),
    ],
    footer: asOf(at, view.now),
  };
}

function limitReached(): Block {
  const text = `GravityZone names at most ${MOST_COMPANIES_BY_ACCOUNT} companies here; there may be more.`;
  return { kind: "text", text };
}

function factsOf(company: CompanyDetails): readonly (readonly [string, Line])[] {
  const { contactPerson: contact } = company;
  const facts: (readonly [string, Line | undefined])[] = [
    ["Company", { data: company.name }],
    ["Id", { code: company.id }],
    ["Type", typeOf(company)],
    ["Managed from above", yesNo(company.canBeManagedByAbove)],
    ["Suspended", yesNo(company.isSuspended)],
    ["Contact", contact ? contactOf(company) : undefined],
    ["Role", shown(contact?.companyRole)],
    ["Contact's phone", shown(contact?.phoneNumber)],
    ["Phone", shown(company.phone)],
    ["Address", shown(company.address)],
    ["Country", countryOf(company)],
    ["Created (UTC)", shown(company.createdAt)],
  ];
  return facts.flatMap(([label, value]) => value === undefined ? [] : [[label, value] as const]);
}

function tableOf(companies: readonly CompanyDetails[]): Block {
  return {
    kind: "table",
    header: ["Company", "Type", "Managed", "Suspended", "Contact", "Id"],
    rows: companies.map((company) => [
      { data: company.name },
      typeOf(company),
      yesNo(company.canBeManagedByAbove),
      yesNo(company.isSuspended),
      contactOf(company),
      { code: company.id },
    ]),
  };
}

/** What the table above has no room for. */
function restOf(companies: readonly CompanyDetails[]): Block {
  const rows = companies.map((company): readonly Line[] => [
    { data: company.name },
    shown(company.phone) ?? "",
    shown(company.contactPerson?.phoneNumber) ?? "",
    shown(company.contactPerson?.companyRole) ?? "",
    shown(company.address) ?? "",
    countryOf(company) ?? "",
    shown(company.createdAt) ?? "",
  ]);
  const header = ["Company", "Phone", "Contact's phone", "Role", "Address", "Country", "Created (UTC)"];
  return { kind: "details", summary: "phones and addresses", blocks: [{ kind: "table", header, rows }] };
}

function countryOf({ country, state }: CompanyDetails): Line | undefined {
  return shown([country, state].filter(isGiven).join(", "));
}

function renderFound({ name, companies, capped }: CompaniesLike & { name: string }): Reply {
  if (companies.length === 0) {
    return {
      mark: "absent",
      title: ["No company fits “", { data: name }, "”"],
      blocks: [{ kind: "text", text: "Try a shorter part of the name." }],
    };
  }
  const count = companies.length === 1
    ? "1 company fits"
    : `${capped ? "At least " : ""}${companies.length} companies fit`;
  const limit = `GravityZone names at most ${MOST_COMPANIES_BY_NAME}; type more of the name to see the rest.`;
  return {
    mark: "info",
    title: [`${count} “`, { data: name }, "”"],
    blocks: [
      ...(capped ? [{ kind: "text", text: limit } as const] : []),
      {
        kind: "table",
        header: ["Company", "Type", "Id"],
        rows: companies.map((company) => [{ data: company.name }, typeOf(company), { code: company.id }]),
      },
    ],
    ...(companies.length <= 3 && { buttons: companies.map((company) => [statusButton(company)]) }),
  };
}

function statusButton({ id, name }: { id: string; name: string }): Button {
  return {
    label: `EC2 of ${name.slice(0, 24)} · …${id.slice(-4)}`,
    action: { command: `/status ec2 ${id}` },
  };
}

function typeOf({ type }: { type?: number | null | undefined }): string {
  return typeof type === "number" ? companyTypeWord(type) : "not said";
}

function contactOf({ contactPerson }: CompanyDetails): Line {
  const parts = [contactPerson?.fullName, contactPerson?.email].filter(isGiven);
  return parts.length === 0 ? "not said" : { data: parts.join(", ") };
}

function yesNo(value: boolean | null | undefined): string {
  if (typeof value !== "boolean") return "not said";
  return value ? "yes" : "no";
}

function shown(value: string | null | undefined): Line | undefined {
  return isGiven(value) ? { data: value } : undefined;
}

/** The vendor writes "N/A" where a country or state is not specified. */
function isGiven(value: string | null | undefined): value is string {
  return typeof value === "string" && value !== "" && value !== "N/A";
}
