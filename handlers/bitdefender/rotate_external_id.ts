import type { BitdefenderClient } from "../../clients/bitdefender.ts";
import { type Card, type Context, operationsOf, type Receipt, type Verification } from "../operation.ts";
import type { Line } from "../reply.ts";
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

/** Generates a new external ID; the vendor invalidates the integration that exists. */
export const rotateExternalId = operationsOf<BitdefenderClient>("bitdefender").change<
  typeof companyInput,
  Ec2Plan
>({
  verb: "rotate",
  target: "externalid",
  summary: "Generate a new external ID; the company's EC2 integration stops working",
  example: '/rotate externalid Acme Corp reason="it was shared"',
  risk: "danger",
  input: companyInput,
  plan: (context, { company }) =>
    planFor(context, company, ({ externalId }) => ({ externalIdOtherThan: externalId })),
  render: render,
  async apply({ client, call }, { target }) {
    const externalId = await client.generateAmazonEC2ExternalIdForCrossAccountRole(
      { companyId: target.id },
      call,
    );
    return { data: { externalId } };
  },
  verify: (context, plan, receipt) => readBack(() => verify(context, plan, receipt)),
  undo: ({ before }) => ({
    possible: false,
    why: before.externalId === null
      ? "an external ID cannot be taken back"
      : "GravityZone does not accept an external ID of before",
  }),
});

function render(plan: Ec2Plan): Card {
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
    sends: { method: "generateAmazonEC2ExternalIdForCrossAccountRole", params: { companyId: target.id } },
    warnings: lookAlikeWarnings(plan),
  };
}

async function verify(
  context: Context<BitdefenderClient>,
  { target, before }: Ec2Plan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const after = await readEc2State(context, target, NOTHING_RECORDED);
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
    { code: `/enable ec2 ${target.id} role=${before.role ?? "<arn>"}` },
  ];
  return { state: "applied", evidence, after, remember: rememberOff(target.id, "rotated") };
}
