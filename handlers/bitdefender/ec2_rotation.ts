import type { BitdefenderClient } from "../../clients/bitdefender.ts";
import { type Card, type Context, operationsOf, type Receipt, type Verification } from "../operation.ts";
import type { Line } from "../reply.ts";
import { companyChoices } from "./companies.ts";
import {
  aimOf,
  companyIn,
  companyWarnings,
  ec2Input,
  type Ec2Plan,
  externalIdNow,
  integrationNow,
  othersIn,
  planFor,
  readBack,
  readEc2State,
  type Recorded,
} from "./ec2_state.ts";

type Ctx = Context<BitdefenderClient>;

const { change } = operationsOf<BitdefenderClient>("bitdefender");

/**
 * Generates a new external ID. By GravityZone's older manual that invalidates the integration that exists; by the present
 * one an integration keeps the ID that it was set up with, and only an unused ID is replaced. No call tells which holds.
 */
export const rotateExternalId = change<typeof ec2Input, Ec2Plan>({
  verb: "rotate",
  target: "externalid",
  summary: "Generate a new external ID; the company's EC2 integration may stop working",
  example: '/rotate externalid Acme Corp reason="it was shared"',
  risk: "danger",
  input: ec2Input,
  choices: { company: companyChoices },
  plan: (context, input) =>
    planFor(context, input, ({ externalId }) => ({ externalIdOtherThan: externalId })),
  render: rotationCard,
  async apply({ client, call }, plan) {
    const externalId = await client.generateAmazonEC2ExternalIdForCrossAccountRole(companyIn(plan), call);
    return { data: { externalId } };
  },
  verify: (context, plan, receipt) =>
    readBack(context, plan, rotated(plan), () => verifyRotated(context, plan, receipt)),
  undo: ({ before }) => ({
    possible: false,
    why: before.externalId === null
      ? "an external ID cannot be taken back"
      : "GravityZone cannot restore an old ID",
  }),
});

function rotationCard(plan: Ec2Plan): Card {
  const { before, target } = plan;
  const name = { data: target.name };
  return {
    title: [
      before.externalId === null ? "Generate the external ID of " : "Replace the external ID of ",
      name,
    ],
    done: [name, " has a new external ID"],
    rows: [
      { label: "External ID", now: externalIdNow(before), after: "a new one" },
      { label: "Integration", now: integrationNow(before), after: "not known" },
    ],
    breaks: [[
      "Not known. On an older GravityZone the integration of ",
      name,
      " stops working until its role in AWS has the new ID and it is enabled again; on a present one it keeps the ID it uses.",
    ]],
    sends: { method: "generateAmazonEC2ExternalIdForCrossAccountRole", params: companyIn(plan) },
    warnings: [
      ...(plan.others.length > 0 ? [[...othersIn(plan), "."]] : []),
      ...companyWarnings(plan),
    ],
  };
}

async function verifyRotated(
  context: Ctx,
  plan: Ec2Plan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const { before } = plan;
  const after = await readEc2State(context, aimOf(plan), before);
  const now = after.externalId;
  const returned = receipt?.data?.["externalId"];
  if (now === null || now === before.externalId) {
    return { state: "not applied", evidence: "The external ID is still the old one.", after };
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
    { code: enablingAgain(plan) },
  ];
  return { state: "applied", evidence, after };
}

function enablingAgain({ input: { company, integration }, before: { role } }: Ec2Plan): string {
  const named = typeof integration === "string" ? ` integration=${quoteIfNeeded(integration)}` : "";
  return ["/enable ec2", company, `role=${role ?? "<arn>"}`].filter(Boolean).join(" ") + named;
}

function quoteIfNeeded(name: string): string {
  return /\s/.test(name) ? `"${name}"` : name;
}

/** The role stays recorded. Of several integrations each has its external ID, and none is touched. */
function rotated({ before: { role, account }, others }: Ec2Plan): Recorded | null {
  return others.length > 0 ? null : { role, account, off: "rotated" };
}
