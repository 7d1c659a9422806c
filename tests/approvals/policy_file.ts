import { type Fixture, openFixture } from "./fixture.ts";
import { ANA, BEN, createStillClock, GROUP, type StageOptions, type TestClock } from "../sandbox/stage.ts";

export const CHIDI = 103;
export const DORA = 104;

/** The policy that the tests begin with; what they need besides is put behind it. */
export const POLICY = `version = 1
zone = "Europe/Lisbon"
[people]
ana = ${ANA}
ben = ${BEN}
chidi = ${CHIDI}
dora = ${DORA}
[groups]
oncall = ["ana", "ben", "chidi"]
leads = ["chidi"]
[[allow]]
name = "on-call"
who = ["oncall"]
what = ["enable *", "disable *", "rotate *"]
`;

export const SECOND = `[[need]]
name = "second person"
approve = [{ of = ["oncall"], count = 1 }]
`;

export const DANGER = `[[need]]
name = "danger"
fits = { risk = "danger" }
approve = [{ of = ["oncall"], count = 2 }]
`;

/** As a group of people would write it: all that a policy can say, over four persons of whom one stands outside it. */
export const WHOLE = `version = 1
zone = "Europe/Lisbon"
[people]
ana = ${ANA}
ben = ${BEN}
chidi = ${CHIDI}
[groups]
oncall = ["ana", "ben", "chidi"]
leads = ["chidi"]
[[allow]]
name = "on-call"
who = ["oncall"]
what = ["enable *", "disable *", "update sophos"]
[[need]]
name = "second person"
approve = [{ of = ["oncall"], count = 1 }]
remind = "5m"
escalate = { after = "10m", to = ["leads"] }
[[need]]
name = "danger"
fits = { risk = "danger" }
approve = [{ of = ["oncall"], count = 2 }]
hours = ["mon-fri 08:00-18:00"]
closed = ["2026-12-20/2027-01-04"]
ttl = "1h"
[break_glass]
who = ["leads"]
tell = ["ana"]
review_within = "24h"
`;

/** A clock that stands still at this time. */
export function clockAt(time: string): TestClock {
  const clock = createStillClock();
  clock.advance(Date.parse(time) - clock.now());
  return clock;
}

const PEOPLE = [
  { id: ANA, name: "Ana", started: true },
  { id: BEN, name: "Ben", started: true },
  { id: CHIDI, name: "Chidi", started: true },
  { id: DORA, name: "Dora", started: true },
];

/** A bot that goes by this policy, and four people in its group. */
export async function openWithPolicy(policy: string, options: StageOptions = {}): Promise<Fixture> {
  const path = await writePolicy(policy);
  try {
    return await openFixture({
      ...options,
      environment: { ...underPolicy(path), ...options.environment },
      telegram: {
        persons: PEOPLE,
        chats: [{ id: GROUP, title: "On-call", members: PEOPLE.map(({ id }) => id) }],
        ...options.telegram,
      },
    });
  } finally {
    await Deno.remove(path);
  }
}

/** What names the policy in a bot's environment. */
export function underPolicy(path: string): Readonly<Record<string, string | undefined>> {
  return { OPERATORS: undefined, APPROVERS: undefined, POLICY: path };
}

export async function writePolicy(policy: string): Promise<string> {
  const path = await Deno.makeTempFile({ prefix: "policy-", suffix: ".toml" });
  await Deno.writeTextFile(path, policy);
  return path;
}
