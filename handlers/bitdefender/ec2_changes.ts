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
  aimOf,
  companyIn,
  companyWarnings,
  type Ec2Plan,
  externalIdNow,
  integrationNow,
  judgeListing,
  NOTHING_RECORDED,
  planFor,
  readBack,
  readEc2State,
  unseen,
} from "./ec2_state.ts";

type Ctx = Context<BitdefenderClient>;

const { change } = operationsOf<BitdefenderClient>("bitdefender");

const companyInput = z.object({
  company: z.string().optional().meta({ positional: true, rest: true, placeholder: "company" }),
});
const enableInput = companyInput.extend({
  role: z.string().optional().meta({ placeholder: "role arn" }),
  key: z.string().optional().meta({ placeholder: "access key id" }),
  secret: z.string().optional().meta({ placeholder: ENTER_MARK }),
});

type ByRole = { readonly role: string; readonly account: string; readonly listed: true };
type ByKeys = { readonly key: string };
/** How an integration gets at the instances: by a cross-account role, or by access keys. */
type EnablePlan = Ec2Plan<ByRole | ByKeys>;

export const enableEc2 = change<typeof enableInput, EnablePlan>({
  verb: "enable",
  target: "ec2",
  summary: "Set up Amazon EC2 for a company, with a role or with access keys",
  example: "/enable ec2 Acme Corp role=arn:aws:iam::111222345123:role/test",
  risk: "write",
  input: enableInput,
  secret: (field) => field === "secret",
  plan: planEnabling,
  render: enablingCard,
  async apply({ client, call }, plan, secrets) {
    const { after: way } = plan;
    if ("role" in way) {
      const params = { ...companyIn(plan), crossAccountRoleArn: way.role };
      await client.configureAmazonEC2IntegrationUsingCrossAccountRole(params, call);
      return {};
    }
    const keySecret = secrets["secret"];
    if (!keySecret) throw new BadInput("The secret key was not entered. Nothing was sent; ask again.");
    await client.configureAmazonEC2Integration({ ...companyIn(plan), keyId: way.key, keySecret }, call);
    return {};
  },
  verify: (context, plan, receipt) =>
    readBack(
      plan,
      "role" in plan.after ? { ...plan.after, off: null } : NOTHING_RECORDED,
      () => verifyEnabled(context, plan, receipt),
    ),
  undo: undoEnabling,
});

/** Never "nothing to change": that nothing is set up can never be known for certain. */
export const disableEc2 = change<typeof companyInput, Ec2Plan>({
  verb: "disable",
  target: "ec2",
  summary: "Disable the Amazon EC2 integration of a company",
  example: '/disable ec2 Acme Corp reason="off-boarding"',
  risk: "danger",
  input: companyInput,
  plan: (context, { company }) => planFor(context, company, () => ({ disabled: true })),
  render: disablingCard,
  async apply({ client, call }, plan) {
    await client.disableAmazonEC2Integration(companyIn(plan), call);
    return {};
  },
  verify: (context, plan, receipt) =>
    readBack(plan, { ...NOTHING_RECORDED, off: "disabled" }, () => verifyDisabled(context, plan, receipt)),
  undo: ({ input, before: { role } }) =>
    role === null
      ? { possible: false, why: "this bot has not recorded the role, and GravityZone does not tell it" }
      // The card shows the whole ARN already.
      : enabledAgain(input, role, role.split(":").at(-1) ?? role),
});

/** Generates a new external ID; the vendor invalidates the integration that exists. */
export const rotateExternalId = change<typeof companyInput, Ec2Plan>({
  verb: "rotate",
  target: "externalid",
  summary: "Generate a new external ID; the company's EC2 integration stops working",
  example: '/rotate externalid Acme Corp reason="it was shared"',
  risk: "danger",
  input: companyInput,
  plan: (context, { company }) =>
    planFor(context, company, ({ externalId }) => ({ externalIdOtherThan: externalId })),
  render: rotationCard,
  async apply({ client, call }, plan) {
    const externalId = await client.generateAmazonEC2ExternalIdForCrossAccountRole(companyIn(plan), call);
    return { data: { externalId } };
  },
  verify: (context, plan, receipt) =>
    readBack(plan, { ...NOTHING_RECORDED, off: "rotated" }, () => verifyRotated(context, plan, receipt)),
  undo: ({ before }) => ({
    possible: false,
    why: before.externalId === null
      ? "an external ID cannot be taken back"
      : "GravityZone does not accept an external ID of before",
  }),
});

async function planEnabling(
  context: Ctx,
  { company, ...asked }: z.output<typeof enableInput>,
): Promise<EnablePlan | Nothing> {
  const way = wayOf(asked);
  if ("key" in way) {
    return await planFor(context, company, () => way, { typed: { key: way.key, secret: ENTER_MARK } });
  }
  const { role, account } = way;
  const plan = await planFor(context, company, () => way, { typed: { role }, also: account });
  const { before, target } = plan;
  if (before.role !== role || before.listed[account] !== true) return plan;
  // As far as can be known: nobody is told of a role that was changed outside this bot.
  return {
    nothing: [
      "This bot has set up EC2 of ",
      { data: target.name },
      " with ",
      { code: role },
      ` already, and GravityZone lists it for AWS account ${account}. If it was changed elsewhere since, `,
      "/disable ec2 first",
    ],
  };
}

/** Judged before anything is asked: exactly one way, and no secret that was typed in the chat. */
function wayOf({ role, key, secret }: Omit<z.output<typeof enableInput>, "company">): ByRole | ByKeys {
  if (role !== undefined && (key !== undefined || secret !== undefined)) {
    throw new BadInput("Type either role=<arn> or key=<access key id> secret=?, not both.");
  }
  if (role !== undefined) return { role, account: checkedAccount(role), listed: true };
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
  return { key: checkedKey(key) };
}

const ROLE_ARN = /^arn:aws(?:-[a-z]+)*:iam::(\d{12}):role\/[\w+=,.@/-]{1,512}$/;

/** The AWS account in a role's ARN. */
function checkedAccount(role: string): string {
  const account = ROLE_ARN.exec(role)?.[1];
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

/** The secret key is not known here and never will be. */
function enablingCard(plan: EnablePlan): Card {
  const { before, target, after: way } = plan;
  const name = { data: target.name };
  const role = "role" in way ? way : undefined;
  return {
    title: ["Enable the EC2 integration of ", name],
    done: ["the EC2 integration of ", name, " is enabled"],
    rows: [
      {
        label: "Integration",
        now: integrationNow(before),
        after: "role" in way ? { code: way.role } : ["access key ", { code: way.key }],
      },
      ...(role
        ? [{ label: "AWS account", now: before.account ?? "not known", after: { code: role.account } }]
        : []),
      { label: "External ID", now: externalIdNow(before), after: "kept" },
    ],
    breaks: [["Whatever is set up now for ", name, " is replaced; GravityZone cannot say what."]],
    sends: "role" in way
      ? {
        method: "configureAmazonEC2IntegrationUsingCrossAccountRole",
        params: { ...companyIn(plan), crossAccountRoleArn: way.role },
      }
      : { method: "configureAmazonEC2Integration", params: { ...companyIn(plan), keyId: way.key } },
    warnings: [
      ...(role && before.externalId === null
        ? [
          "No external ID was generated yet, so the role cannot trust GravityZone: /rotate externalid first.",
        ]
        : []),
      ...companyWarnings(plan),
    ],
  };
}

async function verifyEnabled(
  context: Ctx,
  plan: EnablePlan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const { before, after: way } = plan;
  if ("key" in way) {
    const after = await readEc2State(context, aimOf(plan), NOTHING_RECORDED);
    return unseen(after, receipt, "There is no call that reads access keys back.");
  }
  const { account } = way;
  const after = await readEc2State(context, aimOf(plan), way, formerRole(plan)?.account);
  // A listing proves nothing when it is not known to be new.
  const why: Line = after.listed[account] === true
    ? [
      `It ${before.listed[account] === true ? "was" : "may have been"} listed for AWS account `,
      { code: account },
      " before, and there is no call that reads the role.",
    ]
    : "It cannot say whether the company uses this AWS account, and has no call that reads the role.";
  return judgeListing(plan, after, receipt, { account, wanted: true, why });
}

function undoEnabling(plan: EnablePlan): Undo {
  const company = companyOf(plan.input);
  if ("key" in plan.after) {
    return {
      possible: false,
      why: "what was set up before the keys cannot be read; /disable ec2 turns it off",
    };
  }
  const former = formerRole(plan);
  return former
    ? enabledAgain(plan.input, former.role, former.role)
    : { possible: true, how: "by disabling it", verb: "disable", target: "ec2", input: company };
}

/** The way back to a role, as a card names it. */
function enabledAgain(input: JsonObject, role: string, named: string): Undo {
  return {
    possible: true,
    how: ["with ", { code: named }],
    verb: "enable",
    target: "ec2",
    input: { ...companyOf(input), role },
  };
}

/** The company of a plan's input, where it names one. */
function companyOf({ company }: JsonObject): JsonObject {
  return company === undefined ? {} : { company };
}

/** Another role this bot had enabled it with, and that is not known to be gone. */
function formerRole({ before, input }: Ec2Plan): { role: string; account: string } | undefined {
  const { role, account, listed } = before;
  if (role === null || account === null || role === input["role"] || listed[account] === false) {
    return undefined;
  }
  return { role, account };
}

function disablingCard(plan: Ec2Plan): Card {
  const { before, target } = plan;
  const { account, listed } = before;
  const name = { data: target.name };
  const isGone = account !== null && listed[account] === false;
  return {
    title: ["Disable the EC2 integration of ", name],
    done: ["the EC2 integration of ", name, " is disabled"],
    rows: [
      { label: "Integration", now: integrationNow(before), after: "disabled" },
      { label: "External ID", now: externalIdNow(before), after: "kept" },
    ],
    breaks: [["EC2 instances of ", name, " are no longer imported."]],
    sends: { method: "disableAmazonEC2Integration", params: companyIn(plan) },
    warnings: [
      ...(isGone
        ? [["It is not listed for AWS account ", { code: account }, " now: it may be disabled already."]]
        : []),
      ...companyWarnings(plan),
    ],
  };
}

async function verifyDisabled(
  context: Ctx,
  plan: Ec2Plan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const { before: { account } } = plan;
  const after = await readEc2State(context, aimOf(plan), NOTHING_RECORDED, account);
  if (account === null) {
    const why = "This bot does not know the AWS account, and there is no call that reads the integration.";
    return unseen(after, receipt, why);
  }
  const why: Line = after.listed[account] === false
    ? ["It was not listed for AWS account ", { code: account }, " before either."]
    : "It cannot say which companies use this AWS account.";
  return judgeListing(plan, after, receipt, { account, wanted: false, why });
}

function rotationCard(plan: Ec2Plan): Card {
  const { before, target } = plan;
  const name = { data: target.name };
  return {
    title: [
      before.externalId === null ? "Generate the external ID of " : "Replace the external ID of ",
      name,
    ],
    done: ["a new external ID of ", name, " is generated"],
    rows: [
      { label: "External ID", now: externalIdNow(before), after: "a new one" },
      { label: "Integration", now: integrationNow(before), after: "invalid until enabled again" },
    ],
    breaks: [
      ["An EC2 integration of ", name, " that exists stops working."],
      "The role in AWS must be given the new external ID before it is enabled again.",
    ],
    sends: { method: "generateAmazonEC2ExternalIdForCrossAccountRole", params: companyIn(plan) },
    warnings: companyWarnings(plan),
  };
}

async function verifyRotated(
  context: Ctx,
  plan: Ec2Plan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const { before, target } = plan;
  const after = await readEc2State(context, aimOf(plan), NOTHING_RECORDED);
  const now = after.externalId;
  const returned = receipt?.data?.["externalId"];
  if (now === null || now === before.externalId) {
    return { state: "not applied", evidence: "The external ID is the one from before.", after };
  }
  if (typeof returned === "string" && returned !== now) {
    const evidence: Line = [
      "GravityZone returned ",
      { code: returned },
      " and now shows ",
      { code: now },
      ": someone may have generated another one.",
    ];
    return { state: "unknown", evidence, after };
  }
  const evidence: Line = [
    "The external ID is now ",
    { code: now },
    ". Give it to the role in AWS, then ",
    {
      code: `/enable ec2${plan.input["company"] === undefined ? "" : ` ${target.id}`} role=${
        before.role ?? "<arn>"
      }`,
    },
  ];
  return { state: "applied", evidence, after };
}
