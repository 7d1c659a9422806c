import * as z from "zod";
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
  ValueNeeded,
  type Verification,
} from "../operation.ts";
import type { Line } from "../reply.ts";
import { companyChoices } from "./companies.ts";
import {
  aimOf,
  companyWarnings,
  ec2Input,
  type Ec2Plan,
  externalIdNow,
  integrationNow,
  integrationOf,
  judgeListing,
  namesIn,
  NOTHING_RECORDED,
  othersIn,
  planFor,
  readBack,
  readEc2State,
  recordedAll,
  recordOf,
  unseen,
} from "./ec2_state.ts";

type Ctx = Context<BitdefenderClient>;

const { change } = operationsOf<BitdefenderClient>("bitdefender");

const enableInput = ec2Input.extend({
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
  choices: { company: companyChoices },
  needs: [["role"], ["key", "secret"]],
  secret: (field) => field === "secret",
  plan: planEnabling,
  render: enablingCard,
  async apply({ client, call }, plan, secrets) {
    const { after: way } = plan;
    if ("role" in way) {
      const params = { ...namesIn(plan), crossAccountRoleArn: way.role };
      await client.configureAmazonEC2IntegrationUsingCrossAccountRole(params, call);
      return {};
    }
    const keySecret = secrets["secret"];
    if (!keySecret) throw new BadInput("The secret key was not entered. Nothing was sent; ask again.");
    await client.configureAmazonEC2Integration({ ...namesIn(plan), keyId: way.key, keySecret }, call);
    return {};
  },
  verify: (context, plan, receipt) =>
    readBack(
      context,
      plan,
      "role" in plan.after ? { ...plan.after, off: null } : NOTHING_RECORDED,
      () => verifyEnabled(context, plan, receipt),
    ),
  undo: undoEnabling,
});

/** Never "nothing to change": that nothing is set up can never be known for certain. */
export const disableEc2 = change<typeof ec2Input, Ec2Plan>({
  verb: "disable",
  target: "ec2",
  summary: "Disable the Amazon EC2 integration of a company",
  example: '/disable ec2 Acme Corp reason="off-boarding"',
  risk: "danger",
  input: ec2Input,
  choices: { company: companyChoices },
  plan: (context, input) => planFor(context, { ...input, isThere: true }, () => ({ disabled: true })),
  render: disablingCard,
  async apply({ client, call }, plan) {
    await client.disableAmazonEC2Integration(namesIn(plan), call);
    return {};
  },
  verify: (context, plan, receipt) =>
    readBack(
      context,
      plan,
      { ...NOTHING_RECORDED, off: "disabled" },
      () => verifyDisabled(context, plan, receipt),
    ),
  undo: ({ input, before: { role } }) =>
    role === null
      ? { possible: false, why: "the old role is not known; you would need its ARN" }
      // The card shows the whole ARN already.
      : enabledAgain(input, role, role.split(":").at(-1) ?? role),
});

async function planEnabling(
  context: Ctx,
  { company, integration, ...asked }: z.output<typeof enableInput>,
): Promise<EnablePlan | Nothing> {
  const way = wayOf(asked);
  const whose = { company, integration };
  if ("key" in way) {
    return await planFor(context, { ...whose, typed: { key: way.key, secret: ENTER_MARK } }, () => way);
  }
  const { role, account } = way;
  const plan = await planFor(context, { ...whose, typed: { role }, also: account }, () => way);
  const { before, target } = plan;
  if (before.role !== role || before.listed[account] !== true) return plan;
  const { off } = recordOf(await recordedAll(context, target.id), before.integration);
  if (off !== null) return plan;
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
function wayOf(
  { role, key, secret }: Pick<z.output<typeof enableInput>, "role" | "key" | "secret">,
): ByRole | ByKeys {
  if (role !== undefined && (key !== undefined || secret !== undefined)) {
    throw new BadInput("Type either role=<arn> or key=<access key id> secret=?, not both.");
  }
  if (role !== undefined) return { role, account: checkedAccount(role), listed: true };
  if (key === undefined) {
    throw new BadInput(
      "Say how: role=<arn> for a cross-account role, or key=<access key id> secret=? for keys.",
    );
  }
  if (secret === undefined) {
    throw new ValueNeeded(
      "Add secret=? to the command; the secret key is then asked for on a private page.",
      "secret",
    );
  }
  if (secret !== ENTER_MARK) {
    throw new BadInput(
      "Type secret=? instead of the secret key itself, which is then asked for on a private page.",
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
  const { before, after: way } = plan;
  const role = "role" in way ? way : undefined;
  return {
    title: ["Enable ", ...integrationOf(plan)],
    done: [...integrationOf(plan), " is enabled"],
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
    breaks: [replacedBy(plan)],
    sends: "role" in way
      ? {
        method: "configureAmazonEC2IntegrationUsingCrossAccountRole",
        params: { ...namesIn(plan), crossAccountRoleArn: way.role },
      }
      : {
        method: "configureAmazonEC2Integration",
        params: { ...namesIn(plan), keyId: way.key, keySecret: ENTER_MARK },
      },
    warnings: [
      ...(role && before.externalId === null
        ? [
          "No external ID was generated yet, so the role cannot trust GravityZone: /rotate externalid first.",
        ]
        : []),
      ...(role && plan.others.length > 0
        ? [[
          ...othersIn(plan),
          ". An external ID serves one of them: if one uses this ID, /rotate externalid first.",
        ]]
        : []),
      ...companyWarnings(plan),
    ],
  };
}

/** What is lost by it, as far as that can be known. */
function replacedBy({ before, after: way, target }: EnablePlan): Line {
  const { role, integration } = before;
  if (role !== null) return ["The integration with the role ", { code: role }, " is replaced."];
  const account = "role" in way ? [{ code: way.account }] : ["like its AWS account"];
  const name = integration === undefined ? account : [{ data: integration }];
  return [
    "Not known: GravityZone does not tell what ",
    { data: target.name },
    " has now. It replaces the integration called ",
    ...name,
    ", or on an older GravityZone the only one.",
  ];
}

async function verifyEnabled(
  context: Ctx,
  plan: EnablePlan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const { before, after: way } = plan;
  if ("key" in way) {
    const after = await readEc2State(context, aimOf(plan), NOTHING_RECORDED);
    return unseen(after, receipt, "Access keys cannot be read back.");
  }
  const { account } = way;
  const after = await readEc2State(context, aimOf(plan), way, formerRole(plan)?.account);
  // A listing proves nothing when it is not known to be new.
  const why: Line = after.listed[account] === true
    ? [
      `It ${before.listed[account] === true ? "was" : "may have been"} listed for AWS account `,
      { code: account },
      " before, and the role cannot be read.",
    ]
    : "It does not show whether the company uses this AWS account, nor the role.";
  return judgeListing(plan, after, receipt, { account, wanted: true, why });
}

function undoEnabling(plan: EnablePlan): Undo {
  const whose = whoseOf(plan.input);
  if ("key" in plan.after) {
    return {
      possible: false,
      why: "what was set up before the keys cannot be read; /disable ec2 turns it off",
    };
  }
  const former = formerRole(plan);
  return former
    ? enabledAgain(plan.input, former.role, former.role)
    : { possible: true, how: "by disabling it", verb: "disable", target: "ec2", input: whose };
}

/** The way back to a role, as a card names it. */
function enabledAgain(input: JsonObject, role: string, named: string): Undo {
  return {
    possible: true,
    how: ["with ", { code: named }],
    verb: "enable",
    target: "ec2",
    input: { ...whoseOf(input), role },
  };
}

/** What a plan's input says of whose integration is meant, and which. */
function whoseOf({ company, integration }: JsonObject): JsonObject {
  return { ...(company !== undefined && { company }), ...(integration !== undefined && { integration }) };
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
    title: ["Disable ", ...integrationOf(plan)],
    done: [...integrationOf(plan), " is disabled"],
    rows: [
      { label: "Integration", now: integrationNow(before), after: "disabled" },
      { label: "External ID", now: externalIdNow(before), after: "kept" },
    ],
    breaks: [["EC2 instances of ", name, " are no longer imported."]],
    sends: { method: "disableAmazonEC2Integration", params: namesIn(plan) },
    warnings: [
      ...(plan.others.length > 0 ? [[...othersIn(plan), ": not touched."]] : []),
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
  const { before: { account, integration }, others } = plan;
  const after = await readEc2State(context, aimOf(plan), NOTHING_RECORDED, account);
  if (account === null) {
    const why = "The AWS account is not known here, and the integration cannot be read.";
    return unseen(after, receipt, why);
  }
  if (after.listed[account] === true && (integration !== undefined || others.length > 0)) {
    const still = ["It is still listed for AWS account ", { code: account }];
    return unseen(after, receipt, [...still, ", which another of its integrations may use."]);
  }
  const why: Line = after.listed[account] === false
    ? ["It was not listed for AWS account ", { code: account }, " before either."]
    : "It does not show which companies use this AWS account.";
  return judgeListing(plan, after, receipt, { account, wanted: false, why });
}
