import type { BitdefenderClient } from "../../clients/bitdefender.ts";
import {
  type Card,
  type Context,
  operationsOf,
  type Receipt,
  type Undo,
  type Verification,
} from "../operation.ts";
import type { Inline, Line } from "../reply.ts";
import {
  companyInput,
  type Ec2Plan,
  externalIdNow,
  integrationNow,
  lookAlikeWarnings,
  NOTHING_RECORDED,
  planFor,
  readBack,
  readEc2State,
  rememberOff,
} from "./ec2_state.ts";

const { change } = operationsOf<BitdefenderClient>("bitdefender");

/** Generates a new external ID; the vendor invalidates the integration that exists. */
export const rotateExternalId = change({
  verb: "rotate",
  target: "externalid",
  summary: "Generate a new external ID; the company's EC2 integration stops working",
  example: '/rotate externalid Acme Corp reason="it was shared"',
  risk: "danger",
  input: companyInput,
  plan: (context, { company }) =>
    planFor(context, company, ({ externalId }) => ({ externalIdOtherThan: externalId })),
  render,
  apply,
  verify,
  undo,
});

function render(plan: Ec2Plan): Card {
  const name = { data: plan.target.name };
  const first = plan.before.externalId === null;
  return {
    title: [first ? "Generate the external ID of " : "Replace the external ID of ", name],
    done: ["a new external ID of ", name, " is generated"],
    rows: [
      { label: "External ID", now: externalIdNow(plan.before), after: "a new one" },
      { label: "Integration", now: integrationNow(plan.before), after: "invalid until enabled again" },
    ],
    breaks: [
      ["An EC2 integration of ", name, " that exists stops working."],
      "The role in AWS must be given the new external ID before it is enabled again.",
    ],
    sends: {
      method: "generateAmazonEC2ExternalIdForCrossAccountRole",
      params: { companyId: plan.target.id },
    },
    warnings: lookAlikeWarnings(plan),
  };
}

async function apply({ client, call }: Context<BitdefenderClient>, plan: Ec2Plan): Promise<Receipt> {
  const params = { companyId: plan.target.id };
  return { data: { externalId: await client.generateAmazonEC2ExternalIdForCrossAccountRole(params, call) } };
}

function verify(
  context: Context<BitdefenderClient>,
  plan: Ec2Plan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  return readBack(async () => {
    const after = await readEc2State(context, plan.target, NOTHING_RECORDED);
    const now = after.externalId;
    const returned = receipt?.data?.["externalId"];
    if (now === null || now === plan.before.externalId) {
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
    const evidence = ["The external ID is now ", { code: now }, ". ", ...nextStep(plan)];
    return { state: "applied", evidence, after, remember: rememberOff(plan.target.id, "rotated") };
  });
}

function nextStep({ target, before }: Ec2Plan): readonly Inline[] {
  return [
    "Give it to the role in AWS, then ",
    { code: `/enable ec2 ${target.id} role=${before.role ?? "<arn>"}` },
  ];
}

function undo(plan: Ec2Plan): Undo {
  return {
    possible: false,
    why: plan.before.externalId === null
      ? "an external ID cannot be taken back"
      : "GravityZone does not accept an external ID of before",
  };
}
