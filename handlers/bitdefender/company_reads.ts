import * as z from "zod";
import {
  type BitdefenderClient,
  MOST_COMPANIES_BY_ACCOUNT,
  MOST_COMPANIES_BY_NAME,
} from "../../clients/bitdefender.ts";
import type { CompanyDetails } from "../../clients/bitdefender/answers.ts";
import { ILLEGIBLE, type Reported, within } from "../../clients/json.ts";
import { asOf, inQuotes } from "../format.ts";
import { BadInput, operationsOf } from "../operation.ts";
import { type Block, type Button, type Line, type Reply, textBlock } from "../reply.ts";
import { type TableColumn, unreadNotes } from "../resource.ts";
import { closestNames } from "../resolve.ts";
import { columnsOf } from "../resource_operations.ts";
import { type CompaniesLike, companiesLike, type Company } from "./companies.ts";

const { read } = operationsOf<BitdefenderClient>("bitdefender");

export const whois = read({
  verb: "whois",
  target: null,
  summary: "Companies that have set up Amazon EC2 with an AWS account",
  example: "/whois 111222345123",
  input: z.object({
    account: z.string().meta({ positional: true, rest: true, placeholder: "aws account id" }),
  }),
  async run(context, { account }) {
    const accountId = accountIdOf(account);
    const companies = await context.client.getCompanyDetailsByAWSAccountId({ accountId }, context.call);
    return { accountId, companies, at: context.now };
  },
  render({ accountId, companies: { items, unread }, at }, view): Reply {
    const footer = asOf(at, view.now);
    const code = { code: accountId };
    const count = items.length + unread.length;
    if (count === 0) return { mark: "absent", title: ["No company uses AWS account ", code], footer };
    const notes = unreadNotes(unread).map(textBlock);
    const [only, ...others] = items;
    if (only && others.length + unread.length === 0) {
      const blocks: readonly Block[] = [{ kind: "facts", facts: factsOf(only) }];
      return { mark: "info", title: ["1 company uses AWS account ", code], blocks, footer };
    }
    const capped = count >= MOST_COMPANIES_BY_ACCOUNT;
    const limit = `GravityZone shows at most ${MOST_COMPANIES_BY_ACCOUNT} companies here. There may be more.`;
    return {
      mark: "info",
      title: [
        count === 1
          ? "1 company uses AWS account "
          : `${capped ? "At least " : ""}${count} companies use AWS account `,
        code,
      ],
      blocks: [
        ...(capped ? [textBlock(limit)] : []),
        ...notes,
        ...(only
          ? [
            columnsOf(COLUMNS, items),
            { kind: "details", summary: "phones and addresses", blocks: [columnsOf(REST, items)] } as const,
          ]
          : []),
      ],
      footer,
    };
  },
});

export const findCompanies = read({
  verb: "find",
  target: null,
  summary: "Bitdefender companies by part of their name",
  example: "/find acme",
  input: z.object({ name: z.string().meta({ positional: true, rest: true, placeholder: "name" }) }),
  run: async (context, { name }) => ({ name: name.trim(), ...await companiesLike(context, name.trim()) }),
  render: renderFound,
});

/** People copy account ids with the dashes and spaces the AWS console shows. */
function accountIdOf(account: string): string {
  const digits = account.replace(/[\s-]/g, "");
  if (/^\d{12}$/.test(digits)) return digits;
  throw new BadInput(
    `An AWS account id has 12 digits; ${inQuotes(account.trim())} has not. Try /whois 111222345123.`,
  );
}

/** What is known of a company, by the words for it; empty where the vendor says nothing. */
const KNOWN = {
  "Company": ({ name }) => ({ data: name }),
  "Id": ({ id }) => ({ code: id }),
  "Type": typeOf,
  "Managed by its parent": ({ canBeManagedByAbove }) => yesNo(canBeManagedByAbove),
  "Suspended": ({ isSuspended }) => yesNo(isSuspended),
  "Contact": ({ contactPerson: contact }) =>
    contact ? given(within(contact, "fullName"), within(contact, "email")) || NOT_SAID : "",
  "Role": ({ contactPerson }) => given(within(contactPerson, "companyRole")),
  "Contact's phone": ({ contactPerson }) => given(within(contactPerson, "phoneNumber")),
  "Phone": ({ phone }) => given(phone),
  "Address": ({ address }) => given(address),
  "Country": ({ country, state }) => given(country, state),
  "Created": ({ createdAt }) => {
    const at = Date.parse(`${String(createdAt)}Z`);
    return Number.isNaN(at) ? given(createdAt) : { time: at };
  },
} satisfies Record<string, (company: CompanyDetails) => Line>;

function factsOf(company: CompanyDetails): readonly (readonly [string, Line])[] {
  return Object.entries(KNOWN).map(([label, cell]) => [label, cell(company)] as const)
    .filter(([, value]) => value !== "");
}

const COLUMNS: readonly TableColumn<CompanyDetails>[] = [
  { title: "Company", cell: KNOWN.Company },
  { title: "Type", cell: KNOWN.Type },
  { title: "Managed", cell: KNOWN["Managed by its parent"] },
  { title: "Suspended", cell: KNOWN.Suspended },
  { title: "Contact", cell: (company) => KNOWN.Contact(company) || NOT_SAID },
  { title: "Id", cell: KNOWN.Id },
];

/** What the table above has no room for. */
const REST: readonly TableColumn<CompanyDetails>[] = (
  ["Company", "Phone", "Contact's phone", "Role", "Address", "Country", "Created"] as const
).map((title) => ({ title, cell: KNOWN[title] }));

function renderFound(
  { name, companies, unread, capped, others = [] }: CompaniesLike & { name: string },
): Reply {
  const notes = unreadNotes(unread).map(textBlock);
  if (companies.length === 0) {
    const near = closestNames(name, others.map((one) => one.name));
    const among = `No company among the first ${MOST_COMPANIES_BY_NAME} that GravityZone names`;
    return {
      mark: capped ? "unknown" : "absent",
      title: [`${capped ? among : "No company"} fits “`, { data: name }, "”"],
      blocks: [
        ...notes,
        textBlock(
          near.length > 0
            ? "Spelt most like it:"
            : capped
            ? "Try another word of the name."
            : "Try a shorter part of the name.",
        ),
      ],
      buttons: near.map((one) => [{ label: `Find ${one}`, action: { command: `/find ${one}` } }]),
    };
  }
  const count = companies.length === 1
    ? "1 company fits"
    : `${capped ? "At least " : ""}${companies.length} companies fit`;
  const limit = `GravityZone shows at most ${MOST_COMPANIES_BY_NAME}; type more of the name to see the rest.`;
  return {
    mark: "info",
    title: [`${count} “`, { data: name }, "”"],
    blocks: [
      ...(capped ? [textBlock(limit)] : []),
      ...notes,
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

const NOT_SAID = "not given";
const NOT_READABLE = "not readable";
const COMPANY_TYPES: Readonly<Record<number, string>> = { 0: "Partner", 1: "Customer" };

function typeOf({ type }: Pick<Company, "type">): string {
  if (type === ILLEGIBLE) return NOT_READABLE;
  return typeof type === "number" ? COMPANY_TYPES[type] ?? `Unknown (${type})` : NOT_SAID;
}

function yesNo(value: Reported<boolean>): string {
  if (value === ILLEGIBLE) return NOT_READABLE;
  if (typeof value !== "boolean") return NOT_SAID;
  return value ? "yes" : "no";
}

/** Those of the values that are there; the vendor writes "N/A" where a country or state is not specified. */
function given(...values: readonly Reported<string>[]): Line {
  if (values.includes(ILLEGIBLE)) return NOT_READABLE;
  const known = values.filter((value) => value && value !== "N/A").join(", ");
  return known && { data: known };
}
