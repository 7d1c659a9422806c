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
  companyInput,
  type Ec2Plan,
  externalIdNow,
  integrationNow,
  judgeListing,
  lookAlikeWarnings,
  NOTHING_RECORDED,
  planFor,
  readBack,
  readEc2State,
  rememberOff,
  rememberOn,
  unseen,
} from "./ec2_state.ts";

type Ctx = Context<BitdefenderClient>;

const { change } = operationsOf<BitdefenderClient>("bitdefender");

const enableInput = companyInput.extend({
  role: z.string().optional().meta({ placeholder: "role arn" }),
  key: z.string().optional().meta({ placeholder: "access key id" }),
  secret: z.string().optional().meta({ placeholder: ENTER_MARK }),
});

/** How an integration gets at the instances: by a cross-account role, or by access keys. */
type Way =
  | { readonly by: "role"; readonly role: string; readonly account: string }
  | { readonly by: "keys"; readonly key: string };

export const enableEc2 = change<typeof enableInput, Ec2Plan>({
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
  },
  verify: (context, plan, receipt) => readBack(() => verifyEnabled(context, plan, receipt)),
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
  async apply({ client, call }, { target }) {
    await client.disableAmazonEC2Integration({ companyId: target.id }, call);
    return {};
  },
  verify: (context, plan, receipt) => readBack(() => verifyDisabled(context, plan, receipt)),
  undo: undoDisabling,
});

/** Judged before anything is asked: exactly one way, and no secret that was typed in the chat. */
function wayOf({ role, key, secret }: z.output<typeof enableInput>): Way {
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

async function planEnabling(context: Ctx, asked: z.output<typeof enableInput>): Promise<Ec2Plan | Nothing> {
  const way = wayOf(asked);
  const isByRole = way.by === "role";
  const plan = await planFor(
    context,
    asked.company,
    () => isByRole ? { role: way.role, account: way.account, listed: true } : { key: way.key },
    isByRole
      ? { also: way.account, typed: { role: way.role } }
      : { typed: { key: way.key, secret: ENTER_MARK } },
  );
  const { before, target } = plan;
  const isThere = isByRole && before.role === way.role && before.listed[way.account] === true;
  return isThere ? { nothing: isThereAlready(target.name, way) } : plan;
}

/** As far as can be known: nobody is told of a role that was changed outside this bot. */
function isThereAlready(name: string, { role, account }: Way & { by: "role" }): Line {
  return [
    "This bot has set up EC2 of ",
    { data: name },
    " with ",
    { code: role },
    ` already, and GravityZone lists it for AWS account ${account}. If it was changed elsewhere since, `,
    "/disable ec2 first",
  ];
}

/** The plan's own input went through `wayOf` when it was made. */
function plannedWay({ input }: Ec2Plan): Way {
  return wayOf(enableInput.parse(input));
}

function enablingCard(plan: Ec2Plan): Card {
  const { before, target } = plan;
  const way = plannedWay(plan);
  const isByRole = way.by === "role";
  const name = { data: target.name };
  return {
    title: ["Enable the EC2 integration of ", name],
    done: ["the EC2 integration of ", name, " is enabled"],
    rows: [
      {
        label: "Integration",
        now: integrationNow(before),
        after: isByRole ? { code: way.role } : ["access key ", { code: way.key }],
      },
      ...(isByRole
        ? [{ label: "AWS account", now: before.account ?? "not known", after: { code: way.account } }]
        : []),
      { label: "External ID", now: externalIdNow(before), after: "kept" },
    ],
    breaks: [["Whatever is set up now for ", name, " is replaced; GravityZone cannot say what."]],
    sends: sentToEnable(target.id, way),
    warnings: [
      ...(isByRole && before.externalId === null
        ? [
          "No external ID was generated yet, so the role cannot trust GravityZone: /rotate externalid first.",
        ]
        : []),
      ...lookAlikeWarnings(plan),
    ],
  };
}

/** As it goes to the vendor; the secret key is not known here and never will be. */
function sentToEnable(companyId: string, way: Way): JsonObject {
  return way.by === "role"
    ? {
      method: "configureAmazonEC2IntegrationUsingCrossAccountRole",
      params: { companyId, crossAccountRoleArn: way.role },
    }
    : { method: "configureAmazonEC2Integration", params: { companyId, keyId: way.key } };
}

async function verifyEnabled(
  context: Ctx,
  plan: Ec2Plan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const way = plannedWay(plan);
  const { target, before } = plan;
  const answered = receipt !== undefined;
  if (way.by === "keys") {
    const after = await readEc2State(context, target, NOTHING_RECORDED);
    const remember = rememberOn(target.id, NOTHING_RECORDED);
    return unseen({ answered, after, remember }, "There is no call that reads access keys back.");
  }
  const { account } = way;
  const after = await readEc2State(context, target, way, formerRole(plan)?.account);
  const is = after.listed[account];
  const why = is === true ? listedBefore(account, before.listed[account]) : CANNOT_SAY;
  return judgeListing(plan, { answered, after, remember: rememberOn(target.id, way) }, {
    account,
    wanted: true,
    is,
    why,
  });
}

const CANNOT_SAY =
  "It cannot say whether the company uses this AWS account, and has no call that reads the role.";

/** A listing proves nothing when it is not known to be new. */
function listedBefore(account: string, before: boolean | null | undefined): Line {
  return [
    `It ${before === true ? "was" : "may have been"} listed for AWS account `,
    { code: account },
    " before, and there is no call that reads the role.",
  ];
}

function undoEnabling(plan: Ec2Plan): Undo {
  const company = plan.target.id;
  if (plannedWay(plan).by === "keys") {
    return {
      possible: false,
      why: "what was set up before the keys cannot be read; /disable ec2 turns it off",
    };
  }
  const former = formerRole(plan);
  return former
    ? enabledAgain(company, former.role, former.role)
    : { possible: true, how: "by disabling it", verb: "disable", target: "ec2", input: { company } };
}

/** The way back to a role, as a card names it. */
function enabledAgain(company: string, role: string, named: string): Undo {
  return {
    possible: true,
    how: ["with ", { code: named }],
    verb: "enable",
    target: "ec2",
    input: { company, role },
  };
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
    sends: { method: "disableAmazonEC2Integration", params: { companyId: target.id } },
    warnings: [
      ...(isGone
        ? [["It is not listed for AWS account ", { code: account }, " now: it may be disabled already."]]
        : []),
      ...lookAlikeWarnings(plan),
    ],
  };
}

async function verifyDisabled(
  context: Ctx,
  plan: Ec2Plan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const { target, before: { account, role } } = plan;
  const seen = await readEc2State(context, target, NOTHING_RECORDED, account ?? undefined);
  const found = {
    answered: receipt !== undefined,
    after: { ...seen, listed: listedOf(seen.listed, role) },
    remember: rememberOff(target.id, "disabled"),
  };
  if (account === null) {
    const why = "This bot does not know the AWS account, and there is no call that reads the integration.";
    return unseen(found, why);
  }
  const is = seen.listed[account];
  const why: Line = is === false
    ? ["It was not listed for AWS account ", { code: account }, " before either."]
    : "It cannot say which companies use this AWS account.";
  return judgeListing(plan, found, { account, wanted: false, is, why });
}

/** Enabling again looks at the account of the role it is given, and at no other. */
function listedOf(listed: Ec2Plan["before"]["listed"], role: string | null): Ec2Plan["before"]["listed"] {
  const account = role === null ? undefined : accountOfRole(role);
  return account === undefined ? {} : { [account]: listed[account] ?? null };
}

function undoDisabling({ target, before: { role } }: Ec2Plan): Undo {
  if (role === null) {
    return {
      possible: false,
      why: "this bot has not recorded the role, and GravityZone does not tell it",
    };
  }
  // The card shows the whole ARN already.
  return enabledAgain(target.id, role, role.split(":").at(-1) ?? role);
}
