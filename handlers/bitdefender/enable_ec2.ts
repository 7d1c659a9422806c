import { z } from "zod";
import type { BitdefenderClient } from "../../clients/bitdefender.ts";
import type { JsonObject } from "../../clients/json.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import { inQuotes } from "../format.ts";
import {
  BadInput,
  type Card,
  type Context,
  type Nothing,
  operationsOf,
  type Receipt,
  type Undo,
  type Verification,
} from "../operation.ts";
import type { Line } from "../reply.ts";
import {
  accountOfRole,
  type Ec2Plan,
  externalIdNow,
  integrationNow,
  judgeListing,
  lookAlikeWarnings,
  NOTHING_RECORDED,
  planFor,
  readBack,
  readEc2State,
  rememberOn,
  unseen,
} from "./ec2_state.ts";

const { change } = operationsOf<BitdefenderClient>("bitdefender");

const input = z.object({
  company: z.string().meta({ positional: true, rest: true, placeholder: "company" }),
  role: z.string().optional().meta({ placeholder: "role arn" }),
  key: z.string().optional().meta({ placeholder: "access key id" }),
  secret: z.string().optional().meta({ placeholder: ENTER_MARK }),
});

type Way =
  | { readonly by: "role"; readonly role: string; readonly account: string }
  | { readonly by: "keys"; readonly key: string };

/** Sets up Amazon EC2 for a company, with a cross-account role or with access keys. */
export const enableEc2 = change({
  verb: "enable",
  target: "ec2",
  summary: "Set up Amazon EC2 for a company, with a role or with access keys",
  example: "/enable ec2 Acme Corp role=arn:aws:iam::111222345123:role/test",
  risk: "write",
  input,
  secret: (field) => field === "secret",
  plan,
  render,
  apply,
  verify,
  undo,
});

/** Judged before anything is asked: exactly one way, and no secret that was typed in the chat. */
function wayOf({ role, key, secret }: z.output<typeof input>): Way {
  if (role !== undefined && (key !== undefined || secret !== undefined)) {
    throw new BadInput("Type either role=<arn> or key=<access key id> secret=?, not both.");
  }
  if (role !== undefined) return { by: "role", role, account: checkedAccount(role) };
  if (key === undefined) {
    throw new BadInput(
      "Say how: role=<arn> for a cross-account role, or key=<access key id> secret=? for keys.",
    );
  }
  if (secret !== ENTER_MARK) {
    throw new BadInput(
      secret === undefined
        ? "Add secret=? to the command; the secret key is then asked for on a private page."
        : "Type secret=? instead of the secret key itself, which is then asked for on a private page.",
    );
  }
  return { by: "keys", key: checkedKey(key) };
}

function checkedAccount(role: string): string {
  const account = accountOfRole(role);
  if (account !== undefined) return account;
  throw new BadInput(
    `${inQuotes(role, 80)} is not the ARN of a role. It looks like arn:aws:iam::111222345123:role/<name>, ` +
      "with the 12 digits of the AWS account.",
  );
}

function checkedKey(key: string): string {
  if (/^ASIA/.test(key)) {
    throw new BadInput(
      "Keys that begin with ASIA are temporary and will stop working. Use one that begins with AKIA.",
    );
  }
  if (/^[A-Z0-9]{16,128}$/.test(key)) return key;
  throw new BadInput(
    `${inQuotes(key)} is not an access key id. It has 16 or more capital letters and digits: AKIA….`,
  );
}

async function plan(
  context: Context<BitdefenderClient>,
  asked: z.output<typeof input>,
): Promise<Ec2Plan | Nothing> {
  const way = wayOf(asked);
  const isByRole = way.by === "role";
  const planned = await planFor(
    context,
    asked.company,
    () => isByRole ? { role: way.role, account: way.account, listed: true } : { key: way.key },
    { also: isByRole ? way.account : undefined, typed: typedWay(way) },
  );
  const { before, target } = planned;
  if (isByRole && before.role === way.role && before.listed[way.account] === true) {
    return { nothing: isThere(target.name, way) };
  }
  return planned;
}

function render(plan: Ec2Plan): Card {
  const way = plannedWay(plan);
  const name = { data: plan.target.name };
  const how: Line = way.by === "role" ? { code: way.role } : ["access key ", { code: way.key }];
  return {
    title: ["Enable the EC2 integration of ", name],
    done: ["the EC2 integration of ", name, " is enabled"],
    rows: [
      { label: "Integration", now: integrationNow(plan.before), after: how },
      ...(way.by === "role"
        ? [{ label: "AWS account", now: plan.before.account ?? "not known", after: { code: way.account } }]
        : []),
      { label: "External ID", now: externalIdNow(plan.before), after: "kept" },
    ],
    breaks: [["Whatever is set up now for ", name, " is replaced; GravityZone cannot say what."]],
    sends: sends(plan, way),
    warnings: [...warnings(plan, way), ...lookAlikeWarnings(plan)],
  };
}

/** As far as can be known: nobody is told of a role that was changed outside this bot. */
function isThere(name: string, { role, account }: Way & { by: "role" }): Line {
  return [
    "This bot has set up EC2 of ",
    { data: name },
    " with ",
    { code: role },
    ` already, and GravityZone lists it for AWS account ${account}. If it was changed elsewhere since, `,
    "/disable ec2 first",
  ];
}

function warnings({ before }: Ec2Plan, way: Way): readonly Line[] {
  if (way.by === "keys" || before.externalId !== null) return [];
  return [
    "No external ID was generated yet, so the role cannot trust GravityZone: /rotate externalid first.",
  ];
}

/** As it goes to the vendor; the secret key is not known here and never will be. */
function sends(plan: Ec2Plan, way: Way): JsonObject {
  const companyId = plan.target.id;
  return way.by === "role"
    ? {
      method: "configureAmazonEC2IntegrationUsingCrossAccountRole",
      params: { companyId, crossAccountRoleArn: way.role },
    }
    : { method: "configureAmazonEC2Integration", params: { companyId, keyId: way.key } };
}

async function apply(
  { client, call }: Context<BitdefenderClient>,
  plan: Ec2Plan,
  secrets: Readonly<Record<string, string>>,
): Promise<Receipt> {
  const way = plannedWay(plan);
  const companyId = plan.target.id;
  if (way.by === "role") {
    const params = { companyId, crossAccountRoleArn: way.role };
    await client.configureAmazonEC2IntegrationUsingCrossAccountRole(params, call);
    return {};
  }
  const keySecret = secrets["secret"];
  if (!keySecret) throw new BadInput("The secret key was not entered. Nothing was sent; ask again.");
  await client.configureAmazonEC2Integration({ companyId, keyId: way.key, keySecret }, call);
  return {};
}

function verify(
  context: Context<BitdefenderClient>,
  plan: Ec2Plan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const way = plannedWay(plan);
  return readBack(() =>
    way.by === "role" ? roleSeen(context, plan, way, receipt) : keysUnseen(context, plan, receipt)
  );
}

async function roleSeen(
  context: Context<BitdefenderClient>,
  plan: Ec2Plan,
  { role, account }: Way & { by: "role" },
  receipt: Receipt | undefined,
): Promise<Verification> {
  const { target, before } = plan;
  const now = { role, account };
  const after = await readEc2State(context, target, now, formerRole(plan)?.account);
  const remember = rememberOn(target.id, now);
  const [was, is] = [before.listed[account], after.listed[account]];
  const judged = judgeListing(target, account, { wanted: true, was, is });
  if (judged) return { ...judged, after, ...(judged.state === "applied" && { remember }) };
  const why = is === true ? listedBefore(account, was) : CANNOT_SAY;
  return unseen(receipt !== undefined, why, after, remember);
}

const CANNOT_SAY =
  "It cannot say whether the company uses this AWS account, and has no call that reads the role.";

/** A listing proves nothing when it is not known to be new. */
function listedBefore(account: string, before: boolean | null | undefined): Line {
  const was = before === true ? "was" : "may have been";
  return [
    `It ${was} listed for AWS account `,
    { code: account },
    " before, and there is no call that reads the role.",
  ];
}

async function keysUnseen(
  context: Context<BitdefenderClient>,
  { target }: Ec2Plan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const after = await readEc2State(context, target, NOTHING_RECORDED);
  const why = "There is no call that reads access keys back.";
  return unseen(receipt !== undefined, why, after, rememberOn(target.id, NOTHING_RECORDED));
}

function undo(plan: Ec2Plan): Undo {
  const way = plannedWay(plan);
  const company = plan.target.id;
  if (way.by === "keys") {
    return {
      possible: false,
      why: "what was set up before the keys cannot be read; /disable ec2 turns it off",
    };
  }
  const former = formerRole(plan);
  return former
    ? {
      possible: true,
      how: ["with ", { code: former.role }],
      verb: "enable",
      target: "ec2",
      input: { company, role: former.role },
    }
    : { possible: true, how: "by disabling it", verb: "disable", target: "ec2", input: { company } };
}

/** Another role this bot had enabled it with, and that is not known to be gone. */
function formerRole({ before, input }: Ec2Plan): { role: string; account: string } | undefined {
  const { role, account, listed } = before;
  if (role === null || account === null || role === input["role"] || listed[account] === false) {
    return undefined;
  }
  return { role, account };
}

function typedWay(way: Way): JsonObject {
  return way.by === "role" ? { role: way.role } : { key: way.key, secret: ENTER_MARK };
}

/** The plan's own input went through `wayOf` when it was made. */
function plannedWay({ input: planned }: Ec2Plan): Way {
  return wayOf(input.parse(planned));
}
