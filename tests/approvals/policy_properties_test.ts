import assert from "node:assert/strict";
import fc from "fast-check";
import { canBeMet, isMet, progressOf } from "../../bot/access/policy.ts";
import { rulesOf } from "../../bot/access/policy_check.ts";
import { ConfigError } from "../../bot/config.ts";
import { vendors } from "../../handlers/registry.ts";

const GROUND = {
  vendors,
  botId: 1,
  zone: "UTC",
  approvalTtlMs: 900_000,
};

const person = fc.integer({ min: 101, max: 105 });
const list = fc.uniqueArray(person, { minLength: 1, maxLength: 4 });
const place = fc.record({ of: list.map((ids) => new Set(ids)), count: fc.integer({ min: 1, max: 2 }) });
const need = fc.record({ rule: fc.constant("a rule"), approve: fc.array(place, { maxLength: 3 }) });
const voters = fc.uniqueArray(person, { maxLength: 5 });

/** Whether some way of giving each place a person of its own fills them all: tried one after the other. */
function canFill(places: readonly ReadonlySet<number>[], persons: readonly number[]): boolean {
  const [first, ...rest] = places;
  if (!first) return true;
  return persons.some((id) => first.has(id) && canFill(rest, persons.filter((other) => other !== id)));
}

Deno.test("progressOf says of a need what trying every seating says", () => {
  fc.assert(fc.property(need, voters, (need, voters) => {
    const places = need.approve.flatMap(({ of, count }) => Array.from({ length: count }, () => of));
    assert.equal(isMet(progressOf([need], voters)), canFill(places, voters));
  }));
});

Deno.test("canBeMet says what trying every seating of all others says", () => {
  fc.assert(fc.property(fc.array(need, { maxLength: 3 }), person, (needs, requester) => {
    const others = [101, 102, 103, 104, 105].filter((id) => id !== requester);
    const met = needs.every(({ approve }) =>
      canFill(approve.flatMap(({ of, count }) => Array.from({ length: count }, () => of)), others)
    );
    assert.equal(canBeMet(needs, requester), met);
  }));
});

Deno.test("another need never loosens, and the order of needs makes no difference", () => {
  fc.assert(fc.property(fc.array(need, { maxLength: 3 }), need, voters, (needs, more, voters) => {
    const [before, after] = [isMet(progressOf(needs, voters)), isMet(progressOf([...needs, more], voters))];
    assert.ok(before || !after);
    assert.equal(isMet(progressOf([more, ...needs], voters)), after);
    assert.ok(!canBeMet([...needs, more], 101) || canBeMet(needs, 101));
  }));
});

const NAMES = ["ana", "ben", "chidi", "dora"];
const names = fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 2 });
const quoted = (words: readonly string[]) => words.map((word) => `"${word}"`).join(", ");
const HEAD = `version = 1\n[people]\n${NAMES.map((name, at) => `${name} = ${101 + at}`).join("\n")}\n`;
const CHANGE = {
  verb: "disable",
  target: "ec2",
  vendor: "bitdefender",
  risk: "danger",
  target_key: "ec2:1",
  company: null,
  plan: JSON.stringify({ input: {} }),
} as const;

function allow(who: readonly string[], at: number): string {
  return `[[allow]]\nname = "allow ${at}"\nwho = [${quoted(who)}]\nwhat = ["disable *"]\n`;
}

function needing(of: readonly string[], at: number): string {
  return `[[need]]\nname = "need ${at}"\napprove = [{ of = [${quoted(of)}], count = 1 }]\n`;
}

Deno.test("another allow lets nobody approve, and the order of rules changes nothing that an approval covers", () => {
  fc.assert(fc.property(
    fc.array(names, { minLength: 1, maxLength: 3 }),
    fc.array(names, { maxLength: 3 }),
    names,
    voters,
    (allows, needs, more, voters) => {
      const rules = [...allows.map(allow), ...needs.map(needing)];
      const plain = rulesOf(HEAD + rules.join(""), "policy", GROUND).rulingOf(CHANGE);
      const turned = rulesOf(HEAD + rules.toReversed().join(""), "policy", GROUND).rulingOf(CHANGE);
      const wider = rulesOf(HEAD + rules.join("") + allow(more, 9), "policy", GROUND).rulingOf(CHANGE);
      assert.equal(turned.digest, plain.digest);
      const met = isMet(progressOf(plain.needs, voters));
      assert.equal(isMet(progressOf(turned.needs, voters)), met);
      assert.equal(isMet(progressOf(wider.needs, voters)), met);
    },
  ));
});

const TARGETS = { ec2: "bitdefender", sophos: "halo" } as const;
const targetName = fc.constantFrom(...Object.keys(TARGETS) as (keyof typeof TARGETS)[]);
const danger = fc.constantFrom("write" as const, "danger" as const);
const others = fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 3 });
const writtenNeed = fc.record({
  of: others,
  count: fc.integer({ min: 1, max: 2 }),
  risk: fc.option(danger, { nil: undefined }),
  target: fc.option(targetName, { nil: undefined }),
});
const writtenAllow = fc.record({ who: others, target: fc.constantFrom("*", "ec2", "sophos") });

Deno.test("what the rules say of a change is what reading them one by one says", () => {
  fc.assert(fc.property(
    fc.array(writtenAllow, { minLength: 1, maxLength: 3 }),
    fc.array(writtenNeed, { maxLength: 4 }),
    fc.record({ target: targetName, risk: danger }),
    voters,
    (allows, needs, { target, risk }, voters) => {
      const text = HEAD + allows.map((one, at) =>
        allow(one.who, at).replace(" *", ` ${one.target}`)
      ).join("") +
        needs.map(({ of, count, ...fits }, at) => {
          const keys = [fits.risk && `risk = "${fits.risk}"`, fits.target && `targets = ["${fits.target}"]`];
          const limits = `fits = { ${keys.filter(Boolean).join(", ")} }\n`;
          return needing(of, at).replace("count = 1", `count = ${count}`) + limits;
        }).join("");
      const change = { ...CHANGE, target, risk, vendor: TARGETS[target], target_key: `${target}:1` };
      const { asks = [], needs: said } = rulesOf(text, "policy", GROUND).rulingOf(change);
      const idOf = (name: string) => 101 + NAMES.indexOf(name);
      for (const name of NAMES) {
        const may = allows.some((one) => one.who.includes(name) && ["*", target].includes(one.target));
        assert.equal(asks.some(({ who }) => who.has(idOf(name))), may);
      }
      const fitting = needs.filter((one) => (one.risk ?? risk) === risk && (one.target ?? target) === target);
      const wanted = fitting.length > 0 ? fitting : [{ of: NAMES, count: 1 }];
      const enough = wanted.every(({ of, count }) =>
        of.filter((name) => voters.includes(idOf(name))).length >= count
      );
      assert.equal(isMet(progressOf(said, voters)), enough);
    },
  ));
});

const RULE = `[[allow]]\nname = "a"\nwho = ["ana"]\nwhat = ["enable *"]\n`;

Deno.test.each([
  [
    "an unknown key",
    `${HEAD}[[allow]]\nname = "a"\nwho = ["ana"]\nwhat = ["*"]\nwhen = 1\n`,
    /^p:11:1 unknown key “when”/,
  ],
  [
    "an unknown person",
    `${HEAD}[[allow]]\nname = "a"\nwho = ["anna"]\nwhat = ["*"]\n`,
    /^p:9:8 .*“anna”: did you mean “ana”/,
  ],
  [
    "an unknown verb",
    `${HEAD}[[allow]]\nname = "a"\nwho = ["ana"]\nwhat = ["enabel *"]\n`,
    /^p:10:9 no change is called “enabel”/,
  ],
  [
    "an unknown target",
    `${HEAD}[[allow]]\nname = "a"\nwho = ["ana"]\nwhat = ["enable ec3"]\n`,
    /there is no target “ec3”/,
  ],
  [
    "a rule that fits nothing",
    `${HEAD}${RULE}[[need]]\nname = "n"\nfits = { vendors = ["apono"], targets = ["ec2"] }\n`,
    /fits no change/,
  ],
  [
    "a need that nobody can meet",
    `${HEAD}${RULE}[[need]]\nname = "n"\napprove = [{ of = ["ana"], count = 1 }]\n`,
    /met by nobody/,
  ],
  ["a service id", HEAD.replace("101", "777000") + RULE, /^p:3:1 ana is one of Telegram's service ids/],
  ["two names of one person", HEAD.replace("102", "101") + RULE, /^p:4:1 “ben” has the id of “ana”/],
  ["what is no TOML", "version = = 1\n", /^p:1:1\d /],
  ["words for a list", HEAD + RULE.replace(`["ana"]`, `"ana"`), /^p:9:1 who must be a list in brackets$/],
  [
    "what is not there",
    `${HEAD}${RULE}[[need]]\napprove = [{ of = ["ben"] }]\n`,
    /^p:11:1 name is missing$/,
  ],
  [
    "a number in quotes",
    `${HEAD}${RULE}[[need]]\nname = "n"\napprove = [{ of = ["ben"], count = "1" }]\n`,
    /^p:13:28 count must be a number without quotes$/,
  ],
  ["an id in quotes", HEAD.replace("101", `"101"`) + RULE, /^p:3:1 ana must be a person's numeric id/],
  ["an empty name", HEAD + RULE.replace(`"ana"`, `"ana", " "`), /^p:9:15 who has an empty name$/],
  ["no people", `version = 1\n${RULE}`, /^p:1:1 people is missing$/],
  [
    "another name of a target",
    `${HEAD}${RULE}[[need]]\nname = "n"\nfits = { targets = ["s1:3"] }\n`,
    /^p:13:21 there is no target “s1”: write “sentinelone”$/,
  ],
])("a policy is refused for %s, by line and column", (_what, text, says) => {
  assert.throws(() => rulesOf(text, "p", GROUND), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.problems[0] ?? "", says);
    return true;
  });
});

Deno.test("whom a rule means is not judged while a name in the file is unknown", () => {
  const text = `${HEAD}${RULE}[[need]]\nname = "n"\napprove = [{ of = ["bem"], count = 1 }]\n`;
  assert.throws(() => rulesOf(text, "p", GROUND), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual(error.problems, ["p:13:20 there is no person or group “bem”: did you mean “ben”?"]);
    return true;
  });
});

Deno.test("vendors, targets and companies of a rule are meant in any case", () => {
  const rules = rulesOf(
    `${HEAD}${RULE}[[need]]\nname = "n"\nfits = { vendors = ["Bitdefender"], targets = ["EC2"] }\n`,
    "p",
    GROUND,
  );
  assert.deepEqual(rules.rulingOf(CHANGE).needs.map(({ rule }) => rule), ["n", undefined]);
});

Deno.test("an approval covers how many it takes, and whoever votes twice counts once", () => {
  const [one, two] = [1, 2].map((count) =>
    rulesOf(HEAD + allow(NAMES, 0) + needing(NAMES, 0).replace("count = 1", `count = ${count}`), "p", GROUND)
      .rulingOf(CHANGE)
  );
  assert.ok(one && two);
  assert.notEqual(one.digest, two.digest);
  assert.equal(isMet(progressOf(two.needs, [102, 102])), false);
});

Deno.test("of 200 rules over 500 people all that fit count", () => {
  const people = Array.from({ length: 500 }, (_, at) => `p${at}`);
  const text = [
    `version = 1\n[people]\n${people.map((name, at) => `${name} = ${1000 + at}`).join("\n")}\n`,
    `[groups]\nall = [${quoted(people)}]\n`,
    ...Array.from({ length: 100 }, (_, at) => allow(["all"], at)),
    ...Array.from({ length: 100 }, (_, at) => needing(["all"], at)),
  ].join("");
  const rules = rulesOf(text, "policy", GROUND);
  assert.equal(rules.rulingOf(CHANGE).needs.length, 100);
});
