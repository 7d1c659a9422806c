import type { BitdefenderClient } from "../../clients/bitdefender.ts";
import {
  type Card,
  type Context,
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
  unseen,
} from "./ec2_state.ts";

const { change } = operationsOf<BitdefenderClient>("bitdefender");

/** Never "nothing to change": that nothing is set up can never be known for certain. */
export const disableEc2 = change({
  verb: "disable",
  target: "ec2",
  summary: "Disable the Amazon EC2 integration of a company",
  example: '/disable ec2 Acme Corp reason="off-boarding"',
  risk: "danger",
  input: companyInput,
  plan: (context, { company }) => planFor(context, company, () => ({ disabled: true })),
  render,
  apply,
  verify,
  undo,
});

function render(plan: Ec2Plan): Card {
  const name = { data: plan.target.name };
  return {
    title: ["Disable the EC2 integration of ", name],
    done: ["the EC2 integration of ", name, " is disabled"],
    rows: [
      { label: "Integration", now: integrationNow(plan.before), after: "disabled" },
      { label: "External ID", now: externalIdNow(plan.before), after: "kept" },
    ],
    breaks: [["EC2 instances of ", name, " are no longer imported."]],
    sends: { method: "disableAmazonEC2Integration", params: { companyId: plan.target.id } },
    warnings: [...warnings(plan), ...lookAlikeWarnings(plan)],
  };
}

function warnings({ before: { account, listed } }: Ec2Plan): readonly Line[] {
  if (account === null || listed[account] !== false) return [];
  return [["It is not listed for AWS account ", { code: account }, " now: it may be disabled already."]];
}

async function apply({ client, call }: Context<BitdefenderClient>, plan: Ec2Plan): Promise<Receipt> {
  await client.disableAmazonEC2Integration({ companyId: plan.target.id }, call);
  return {};
}

function verify(
  context: Context<BitdefenderClient>,
  { target, before }: Ec2Plan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  return readBack(async () => {
    const { account, role } = before;
    const seen = await readEc2State(context, target, NOTHING_RECORDED, account ?? undefined);
    const after = { ...seen, listed: listedOf(seen.listed, role) };
    const remember = rememberOff(target.id, "disabled");
    if (account === null) {
      const why = "This bot does not know the AWS account, and there is no call that reads the integration.";
      return unseen(receipt !== undefined, why, after, remember);
    }
    const is = seen.listed[account];
    const judged = judgeListing(target, account, { wanted: false, was: before.listed[account], is });
    if (judged) return { ...judged, after, ...(judged.state === "applied" && { remember }) };
    const why: Line = is === false
      ? ["It was not listed for AWS account ", { code: account }, " before either."]
      : "It cannot say which companies use this AWS account.";
    return unseen(receipt !== undefined, why, after, remember);
  });
}

/** Enabling again looks at the account of the role it is given, and at no other. */
function listedOf(listed: Ec2Plan["before"]["listed"], role: string | null): Ec2Plan["before"]["listed"] {
  const account = role === null ? undefined : accountOfRole(role);
  return account === undefined ? {} : { [account]: listed[account] ?? null };
}

function undo({ target, before: { role } }: Ec2Plan): Undo {
  if (role === null) {
    return {
      possible: false,
      why: "this bot has not recorded the role, and GravityZone does not tell it",
    };
  }
  return {
    possible: true,
    // The card shows the whole ARN already.
    how: ["with ", { code: role.split(":").at(-1) ?? role }],
    verb: "enable",
    target: "ec2",
    input: { company: target.id, role },
  };
}
