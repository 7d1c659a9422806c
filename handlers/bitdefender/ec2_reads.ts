import * as z from "zod";
import type { BitdefenderClient } from "../../clients/bitdefender.ts";
import { asOf } from "../format.ts";
import { type Context, operationsOf, type PastChange, type View } from "../operation.ts";
import { type Block, type Button, type Line, type Mark, type Reply, textBlock } from "../reply.ts";
import { companyChoices, ifOffered, ofCompany } from "./companies.ts";
import { hoursTable, totalOf, totalWord } from "./ec2_usage.ts";
import {
  companyOption,
  ec2Input,
  KEYS_OWN,
  type Known,
  listedFor,
  type Recorded,
  recordedAll,
  recordOf,
  targetKey,
} from "./ec2_state.ts";

const { read } = operationsOf<BitdefenderClient>("bitdefender");

export const statusEc2 = read({
  verb: "status",
  target: "ec2",
  summary: "Amazon EC2 of a company: external ID, this month's hours, last changes",
  example: "/status ec2 Acme Corp",
  input: ec2Input,
  choices: { company: companyChoices },
  run: (context, input) => readStatus(context, input),
  render: renderStatus,
});

export const externalId = read({
  verb: "externalid",
  target: null,
  summary: "The external ID for a company's cross-account role",
  example: "/externalid Acme Corp",
  input: z.object({ company: companyOption }),
  choices: { company: companyChoices },
  async run(context, input) {
    const { scope, value } = await ofCompany(
      context,
      input.company,
      (companyId) => context.client.getAmazonEC2ExternalIdForCrossAccountRole({ companyId }, context.call),
    );
    return { scope, externalId: value, at: context.now };
  },
  render({ scope, externalId, at }, view): Reply {
    const footer = asOf(at, view.now);
    if (externalId === null) {
      return {
        mark: "absent",
        title: ["No external ID was generated for ", { data: scope.name }],
        blocks: [{
          kind: "text",
          text: ["To generate one: ", { code: ["/rotate externalid", scope.id].filter(Boolean).join(" ") }],
        }],
        footer,
      };
    }
    return {
      mark: "info",
      title: ["External ID of ", { data: scope.name }],
      blocks: [{ kind: "facts", facts: [["External ID", { code: externalId }]] }],
      footer,
      buttons: [[copyButton(externalId)]],
    };
  },
});

type Ec2Status = Awaited<ReturnType<typeof readStatus>>;

/** An integration that this bot recorded, and what the vendor says of it: the one look-up that needs the record. */
interface Seen extends Known {
  readonly listed: boolean | null;
}

async function readStatus(context: Context<BitdefenderClient>, input: z.output<typeof ec2Input>) {
  const { scope, value: { value: vendorSide, at } } = await ofCompany(
    context,
    input.company,
    (companyId) =>
      context.cached(`bitdefender:ec2:${companyId ?? "own"}`, () => bothHalves(context, companyId)),
  );
  const companyId = scope.id ?? KEYS_OWN;
  const [all, changes] = await Promise.all([
    recordedAll(context, companyId),
    context.history(targetKey(companyId)),
  ]);
  const known = input.integration === undefined
    ? all
    : [{ ...recordOf(all, input.integration), name: input.integration }];
  const integrations = await Promise.all(known.map(async (one): Promise<Seen> => ({
    ...one,
    listed: one.account === null ? null : await listedFor(context, companyId, one.account),
  })));
  return { scope, ...vendorSide, at, integrations, changes };
}

/** What the key has no right to read is undefined; it fails when that is both. */
async function bothHalves({ client, call }: Context<BitdefenderClient>, companyId: string | undefined) {
  const reads = [
    client.getAmazonEC2ExternalIdForCrossAccountRole({ companyId }, call),
    client.getHourlyUsageForAmazonEC2Instances({ companyId }, call),
  ] as const;
  const [externalId, hours] = await Promise.all([ifOffered(reads[0]), ifOffered(reads[1])]);
  if (externalId === undefined && hours === undefined) await reads[0];
  return { externalId, hours };
}

function renderStatus(status: Ec2Status, view: View): Reply {
  const { scope, externalId, hours, changes, at } = status;
  const [mark, verdict] = verdictOf(status);
  return {
    mark,
    title: ["EC2 of ", { data: scope.name }, `: ${verdict}`],
    blocks: [
      ...(scope.id === undefined ? [] : [{ kind: "text", text: { code: scope.id } } as const]),
      { kind: "facts", facts: factsOf(status) },
      ...(typeof externalId === "string" ? [textBlock(WHICH_EXTERNAL_ID)] : []),
      ...(hours ? hoursTable(hours) : []),
      ...changesOf(changes),
    ],
    footer: asOf(at, view.now),
    ...(typeof externalId === "string" && { buttons: [[copyButton(externalId)]] }),
  };
}

const WHICH_EXTERNAL_ID =
  "This is the newest external ID. GravityZone does not show which one an integration uses.";
const NO_RIGHT = "our key may not read it";

function factsOf({ externalId, hours, integrations }: Ec2Status): readonly (readonly [string, Line])[] {
  const id: Line = externalId === undefined
    ? NO_RIGHT
    : externalId === null
    ? "none generated"
    : { code: externalId };
  return [
    ["External ID", id],
    ...(integrations.length > 1 ? integrations.map(factOf) : roleOf(integrations[0])),
    ["Hours this month", hours ? totalWord(hours) : NO_RIGHT],
  ];
}

function roleOf(only: Seen | undefined): readonly (readonly [string, Line])[] {
  const { role = null, account = null, listed = null } = only ?? {};
  return [
    ["Role", role === null ? "not recorded by this bot" : { code: role }],
    ...(account === null ? [] : [["AWS account", [{ code: account }, listedWords(listed)]] as const]),
  ];
}

function factOf(one: Seen): readonly [string, Line] {
  const [, words] = standingOf(one) ?? ["unknown", "state not known"];
  return [one.name ?? one.account ?? "without a name", [
    ...(one.role === null ? [] : [{ code: one.role }, " · "]),
    words,
  ]];
}

/** What a company is switched off as, by what was done here last. */
const OFF_WORDS: Readonly<Record<NonNullable<Recorded["off"]>, readonly [Mark, string]>> = {
  disabled: ["absent", "disabled through this bot"],
  rotated: ["unknown", "new external ID, not known whether it still works"],
};

/** How an integration that this bot recorded stands; undefined where nothing tells. */
function standingOf({ account, listed, off }: Seen): readonly [Mark, string] | undefined {
  if (off === "disabled") return OFF_WORDS.disabled;
  if (listed === false) return ["attention", `no longer listed for AWS account ${account}`];
  if (off) return OFF_WORDS[off];
  return listed === true ? ["fine", `active with AWS account ${account}`] : undefined;
}

const WORST_FIRST: readonly Mark[] = ["attention", "unknown", "absent", "fine"];

/** Hours alone are never fine: they stay for the rest of the month, whatever became of the integration. */
function verdictOf({ externalId, hours, integrations }: Ec2Status): readonly [Mark, string] {
  const standings = integrations.map((one) => standingOf(one));
  const [only, ...others] = standings;
  if (others.length > 0) {
    const marks = standings.map((one) => one?.[0] ?? "unknown");
    const fine = marks.filter((mark) => mark === "fine").length;
    const worst = WORST_FIRST.find((mark) => marks.includes(mark)) ?? "unknown";
    return [worst, `${fine} of ${marks.length} integrations known here are active`];
  }
  if (only) return only;
  if (!hours) return ["unknown", `hours not known, ${NO_RIGHT}`];
  if (totalOf(hours) > 0) return ["info", `${totalWord(hours)} hours this month`];
  if (externalId === undefined) return ["unknown", "no hours this month, external ID not known"];
  return externalId === null
    ? ["absent", "not set up, no external ID"]
    : ["info", "external ID present, no hours this month"];
}

function listedWords(listed: boolean | null): string {
  if (listed === null) return " (GravityZone cannot tell whether it is listed)";
  return listed ? " (listed)" : " (not listed any more)";
}

function changesOf(changes: readonly PastChange[]): readonly Block[] {
  if (changes.length === 0) return [{ kind: "text", text: "No change was made here through this bot." }];
  const items = changes.slice(0, 5).map((change): Line => [
    { time: change.at, as: "date" },
    " · ",
    { data: change.title },
    ` · ${change.state} · `,
    { data: change.requester },
    " · ",
    { code: change.code },
  ]);
  return [{ kind: "text", text: { bold: "Last changes made here" } }, { kind: "list", items }];
}

function copyButton(externalId: string): Button {
  return { label: "Copy external ID", action: { copy: externalId } };
}
