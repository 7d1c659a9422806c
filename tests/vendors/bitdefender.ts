import { company } from "../approvals/fixture.ts";
import { generateIntegrations } from "../sandbox/gravityzone/northwind.ts";
import type { Conversation } from "./conversation.ts";

const ROLE = "arn:aws:iam::111222345123:role/test";
const EXTERNAL_ID = "5e93f474a30a2db85dd6046d6d5fg188";

function found(nameFilter: string): string {
  return `findCompaniesByName ${JSON.stringify({ nameFilter, maxResults: 100 })}`;
}

function externalIdOf(companyId: string): string {
  return `getAmazonEC2ExternalIdForCrossAccountRole ${JSON.stringify({ companyId })}`;
}

/** GravityZone's pages "getConfiguredIntegrations" and "Integrations", through the chat. */
export const conversations: readonly Conversation[] = [
  {
    name: "/status bitdefender shows the problems first",
    said: "/status bitdefender",
    answered: [
      "🟡 GravityZone: 2 of 14 need action",
      "Error 1 · Action required 1 · Pending 1 · Active 11",
      /vcenter-us\s+Error\s+VMware · vc-us\.northwind\.example · Northwind MSP\s+vcenter-eu\s+Action required/,
      /12 others[^]*vcenter-lab\s+Pending/,
      "[ Show vcenter-us ]",
      "[ Show vcenter-eu ]",
    ],
    asked: ['getConfiguredIntegrations {"page":1,"perPage":100}'],
  },
  {
    name: "/status bitdefender shows every field of the page, folded, of each",
    said: "/status bitdefender",
    answered: [
      /settings and ids[^]*vcenter-eu · 679b\w+ · port 443 · user name svc-gravityzone · view VMs and Templates · verifies TLS yes · retries authentication yes · seconds between retries 5 · retries at most 3 · categories virtualization · company id 52f0c1a0e6a0b4f6c9d0e2b7/,
      /vcenter-us · 679b[^]*vcenter-uk · 679b/,
    ],
    asked: ['getConfiguredIntegrations {"page":1,"perPage":100}'],
  },
  {
    name: "/show bitdefender shows every field of the page",
    said: "/show bitdefender vcenter-de",
    answered: [
      "🟢 vcenter-de: Active",
      /type\s+VMware\s+host\s+vc-de\.northwind\.example\s+port\s+443\s+user name\s+svc-gravityzone\s+view\s+VMs and Templates/,
      /verifies TLS\s+yes\s+retries authentication\s+yes\s+seconds between retries\s+5\s+retries at most\s+3/,
      /categories\s+virtualization\s+company\s+Northwind MSP\s+company id\s+52f0c1a0e6a0b4f6c9d0e2b7\s+id\s+679b/,
    ],
    asked: ['getConfiguredIntegrations {"page":1,"perPage":100}'],
  },
  {
    name: "/show bitdefender finds one of a customer by its id",
    said: "/show bitdefender 679b6952a5d00afed2030030 company=globex",
    answered: ["🟢 globex-hq: Active", /company\s+Globex/],
    asked: [
      found("*globex"),
      `getConfiguredIntegrations ${JSON.stringify({ companyId: company.globex, page: 1, perPage: 100 })}`,
    ],
  },
  {
    name: "/show bitdefender of a name that fits several asks which is meant",
    said: '/show bitdefender plant company="acme corp"',
    picks: "acme-plant-2",
    answered: ["🟡 acme-plant-2: License usage reached"],
    asked: [
      found("*acme corp"),
      found("*acme corp"),
      `getConfiguredIntegrations ${JSON.stringify({ companyId: company.acmeCorp, page: 1, perPage: 100 })}`,
    ],
  },
  {
    name: "/show bitdefender reads numbers that come as texts, and names a field that cannot be read",
    said: "/show bitdefender vcenter-de",
    before: ({ gravityzone: { world } }) => {
      const entry = world.integrations.get(company.northwind)?.find(({ name }) => name === "vcenter-de");
      Object.assign(entry?.specifics ?? {}, { port: "443", username: { user: 7 }, viewType: "2" });
      Object.assign(entry ?? {}, { status: "5", category: { virtualization: "maybe", backup: true } });
    },
    answered: [
      "🟢 vcenter-de: Active",
      /port\s+443\s+user name\s+not readable\s+view\s+Hosts and Clusters\s+verifies TLS\s+yes/,
      /categories\s+virtualization \(not readable\), backup/,
    ],
    asked: ['getConfiguredIntegrations {"page":1,"perPage":100}'],
  },
  {
    name: "/status bitdefender counts and names a row that cannot be read, and shows the others",
    said: "/status bitdefender",
    before: ({ gravityzone: { world } }) => {
      const [first, second, third] = world.integrations.get(company.northwind) ?? [];
      Object.assign(first ?? {}, { status: null });
      Object.assign(second ?? {}, { status: "6" });
      Object.assign(third ?? {}, { id: null });
    },
    answered: [
      "🟡 GravityZone: 2 of 13 need action · 1 could not be read",
      "1 could not be read: vcenter-uk.",
      /vcenter-us\s+Error/,
      /vcenter-eu\s+No status/,
    ],
    asked: ['getConfiguredIntegrations {"page":1,"perPage":100}'],
  },
  {
    name: "/status bitdefender reads on where a page is shorter than it was asked to be",
    said: "/status bitdefender",
    before: ({ gravityzone: { world } }) => {
      world.mostRows = 30;
      world.integrations.set(company.northwind, generateIntegrations(90, (index) => index === 89 ? 6 : 5));
    },
    answered: ["🟡 GravityZone: 1 of 90 needs action", /vcenter-00090\s+Error/],
    asked: [
      'getConfiguredIntegrations {"page":1,"perPage":100}',
      'getConfiguredIntegrations {"page":2,"perPage":30}',
      'getConfiguredIntegrations {"page":3,"perPage":30}',
    ],
  },
  {
    name: "/status bitdefender is not green when GravityZone counts more than it shows",
    said: "/status bitdefender",
    before: ({ gravityzone: { world } }) => {
      Object.assign(world, { mostRows: 30, hidden: 30 });
      world.integrations.set(company.northwind, generateIntegrations(60, () => 5));
    },
    answered: [
      "🟡 GravityZone: 60 of 60 active · only 60 of 90 seen",
      "GravityZone counts 90 and showed 60: the others are not known.",
    ],
    asked: [
      'getConfiguredIntegrations {"page":1,"perPage":100}',
      'getConfiguredIntegrations {"page":2,"perPage":30}',
      'getConfiguredIntegrations {"page":3,"perPage":30}',
    ],
  },
  {
    name: "/status bitdefender is not green when GravityZone counts fewer than it shows",
    said: "/status bitdefender",
    before: ({ gravityzone: { world } }) => {
      world.hidden = -2;
      world.integrations.set(company.northwind, generateIntegrations(5, () => 5));
    },
    answered: ["🟡 GravityZone: 5 of 5 active · GravityZone counts 3"],
    asked: ['getConfiguredIntegrations {"page":1,"perPage":100}'],
  },
  {
    name: "/status bitdefender reads to the end where GravityZone does not say how many there are",
    said: "/status bitdefender",
    before: ({ gravityzone: { world } }) => {
      Object.assign(world, { mostRows: 30, hidden: NaN });
      world.integrations.set(company.northwind, generateIntegrations(60, (index) => index === 59 ? 6 : 5));
    },
    answered: ["🟡 GravityZone: 1 of 60 needs action", /vcenter-00060\s+Error/],
    asked: [
      'getConfiguredIntegrations {"page":1,"perPage":100}',
      'getConfiguredIntegrations {"page":2,"perPage":30}',
      'getConfiguredIntegrations {"page":3,"perPage":30}',
    ],
  },
  {
    name: "/status bitdefender of a company asks for that company",
    said: "/status gravityzone globex",
    answered: ["GravityZone: 1 of 1 active · Globex", "globex-hq"],
    asked: [
      found("*globex"),
      `getConfiguredIntegrations ${JSON.stringify({ companyId: company.globex, page: 1, perPage: 100 })}`,
    ],
  },
  {
    name: "/status ec2 shows the external ID and this month's hours",
    said: "/status ec2 ACME corp",
    answered: ["EC2 of Acme Corp: 168 hours this month", EXTERNAL_ID, /medium\s+157/, /Total\s+168/],
    asked: [
      found("*ACME corp"),
      externalIdOf(company.acmeCorp),
      `getHourlyUsageForAmazonEC2Instances ${JSON.stringify({ companyId: company.acmeCorp })}`,
    ],
  },
  {
    name: "/usage ec2 shows the hours of a month by category",
    said: "/usage ec2 Globex month=3/2026",
    before: ({ gravityzone }) =>
      gravityzone.world.ec2.get(company.globex)?.usage.set("03/2026", { micro: 34.5, large: 1200 }),
    answered: [
      "1,234.5 EC2 hours in 03/2026 · Globex",
      /large\s+1,200\s+micro\s+34\.5\s+Total\s+1,234\.5/,
    ],
    asked: [
      found("*Globex"),
      `getHourlyUsageForAmazonEC2Instances ${
        JSON.stringify({ companyId: company.globex, targetMonth: "03/2026" })
      }`,
    ],
  },
  {
    name: "/externalid shows the ID with a button that copies it",
    said: "/externalid Acme Corp",
    answered: ["External ID of Acme Corp", EXTERNAL_ID, "[ Copy external ID ]"],
    asked: [found("*Acme Corp"), externalIdOf(company.acmeCorp)],
  },
  {
    name: "/externalid of a name that fits several asks which company is meant",
    said: "/externalid acme",
    picks: "Acme Labs",
    answered: ["External ID of Acme Labs", "91cc02e7a30a2db85dd6046d6d5fg007"],
    asked: [
      found("*acme"),
      `getCompanyDetails ${JSON.stringify({ companyId: company.acmeLabs })}`,
      externalIdOf(company.acmeLabs),
    ],
  },
  {
    name: "/whois shows the companies of an AWS account",
    said: "/whois 1112-2234-5123",
    answered: [
      "1 company uses AWS account 111222345123",
      /Company\s+Acme Corp\s+Id\s+55115935b1a43dcc4a7b23c6\s+Type\s+Customer\s+Managed by its parent\s+yes/,
      /Suspended\s+no\s+Contact\s+Dana Ionescu, dana@acme-corp\.example\s+Role\s+Head of IT/,
      /Contact's phone\s+0040740000002\s+Phone\s+0040740000001\s+Address\s+Str Example No 1/,
      /Country\s+CA, CA-BC\s+Created\s+2017-02-21 15:02 UTC/,
    ],
    asked: ['getCompanyDetailsByAWSAccountId {"accountId":"111222345123"}'],
  },
  {
    name: "/find lists companies by part of their name",
    said: "/find acme",
    answered: [
      "3 companies fit “acme”",
      new RegExp(`Acme Corporation\\s+Customer\\s+${company.acmeCorporation}`),
      "[ EC2 of Acme Corp · …23c6 ]",
    ],
    asked: [found("*acme")],
  },
  {
    name: "/enable ec2 sets up a role, and is taken back by disabling",
    said: `/enable ec2 Acme Labs role=${ROLE}`,
    card: [
      "Enable the EC2 integration of Acme Labs?",
      company.acmeLabs,
      new RegExp(
        `Integration\\s+not known to this bot\\s+${ROLE}\\s+AWS account\\s+not known\\s+111222345123`,
      ),
      /External ID\s+91cc02e7a30a2db85dd6046d6d5fg007\s+kept/,
      "Not known: GravityZone does not tell what Acme Labs has now. It replaces the integration called " +
      "111222345123, or on an older GravityZone the only one.",
      "Undo    yes, by disabling it",
    ],
    outcome: "applied",
    answered: ["Acme Labs is now listed for AWS account 111222345123"],
    wrote: [
      "configureAmazonEC2IntegrationUsingCrossAccountRole",
      { companyId: company.acmeLabs, crossAccountRoleArn: ROLE },
    ],
    undone: {
      card: ["Disable the EC2 integration of Acme Labs?", "danger"],
      outcome: "applied",
      answered: ["no longer listed for AWS account 111222345123"],
      wrote: ["disableAmazonEC2Integration", { companyId: company.acmeLabs }],
    },
  },
  {
    name: "/enable ec2 with a role that no external ID was generated for is refused by the vendor",
    said: `/enable ec2 Initech role=${ROLE}`,
    card: ["Enable the EC2 integration of Initech?", "No external ID was generated yet"],
    outcome: "not applied",
    answered: ["Nothing was changed.", "No External ID was generated for this company."],
    wrote: [
      "configureAmazonEC2IntegrationUsingCrossAccountRole",
      { companyId: company.initech, crossAccountRoleArn: ROLE },
    ],
  },
  {
    name: "/enable ec2 sets up access keys whose secret is entered on a private page",
    said: "/enable ec2 Globex key=AKIAIHEBSE2JFZ6CAAAA secret=?",
    enters: { secret: "rTEuYBJXA9Wnm6I6CQKB-entered" },
    card: [
      "Enable the EC2 integration of Globex?",
      "access key AKIAIHEBSE2JFZ6CAAAA",
      "Undo    No. ",
      '"keySecret": "?"',
    ],
    outcome: "accepted",
    answered: ["GravityZone said yes. Access keys cannot be read back."],
    wrote: [
      "configureAmazonEC2Integration",
      { companyId: company.globex, keyId: "AKIAIHEBSE2JFZ6CAAAA", keySecret: "rTEuYBJXA9Wnm6I6CQKB-entered" },
    ],
  },
  {
    name: "/disable ec2 asks which company, warns of look-alikes, and is accepted",
    said: '/disable ec2 acme reason="off-boarding" ticket=4711',
    picks: "Acme Corp · …23c6",
    card: [
      "Disable the EC2 integration of Acme Corp?",
      "danger",
      "Not to be confused with Acme Corporation",
      "ticket 4711",
    ],
    outcome: "accepted",
    answered: ["GravityZone said yes."],
    wrote: ["disableAmazonEC2Integration", { companyId: company.acmeCorp }],
  },
  {
    name: "/rotate externalid generates a new ID and says what stops working",
    said: "/rotate externalid Acme Corp reason=leaked",
    card: [
      "Replace the external ID of Acme Corp?",
      new RegExp(
        `External ID\\s+${EXTERNAL_ID}\\s+a new one\\s+Integration\\s+\\S+.*\\s+not known`,
      ),
      "Not known. On an older GravityZone the integration of Acme Corp stops working until its role in AWS has " +
      "the new ID and it is enabled again; on a present one it keeps the ID it uses.",
      "Undo    No. GravityZone cannot restore an old ID",
    ],
    outcome: "applied",
    answered: [
      "The external ID is now 00000001a30a2db85dd6046d6d5fg188. Give it to the role in AWS, then " +
      `/enable ec2 ${company.acmeCorp} role=<arn>`,
    ],
    wrote: ["generateAmazonEC2ExternalIdForCrossAccountRole", { companyId: company.acmeCorp }],
  },
  {
    name: "/disable ec2 is accepted when GravityZone answers true instead of nothing",
    said: "/disable ec2 Globex reason=off-boarding",
    before: ({ gravityzone: { world } }) => void (world.nothing = "true"),
    card: ["Disable the EC2 integration of Globex?"],
    outcome: "accepted",
    answered: ["GravityZone said yes."],
    wrote: ["disableAmazonEC2Integration", { companyId: company.globex }],
  },
  {
    name: "/disable ec2 of a suspended company says that it is",
    said: "/disable ec2 Initech reason=off-boarding",
    card: ["Disable the EC2 integration of Initech?", "Initech is suspended in GravityZone."],
    outcome: "accepted",
    answered: ["GravityZone said yes."],
    wrote: ["disableAmazonEC2Integration", { companyId: company.initech }],
  },
  {
    name: "/disable ec2 without a reason asks for it",
    said: "/disable ec2 Acme Corp",
    refused: ["Type the reason in reply: this is a dangerous change", "/disable ec2 Acme Corp …"],
  },
];
