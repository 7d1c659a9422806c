import { vendors } from "../../handlers/registry.ts";
import { readRules } from "../access/policy_check.ts";
import type { Rulebook } from "../access/rulebook.ts";
import { ConfigError } from "../config.ts";

/** What a policy whose rules can be used comes to, in one line. */
function summaryOf({ file, hash }: Rulebook): string {
  const { people, groups, allow, need } = file;
  const counts = [
    `${Object.keys(people).length} people`,
    `${Object.keys(groups).length} groups`,
    `${allow.length} allow`,
    `${need.length} need`,
  ];
  return `The policy can be used: ${counts.join(", ")}. Hash ${hash}`;
}

/** Says whether the file can be used, and what is wrong with it where it cannot; resolves to the exit code. */
async function checkFile(policyFile: string | undefined): Promise<{ says: string; code: number }> {
  if (policyFile === undefined) {
    return { says: "Name a file: deno task policy <path>, or set POLICY.", code: 2 };
  }
  try {
    const rules = await readRules({
      policyFile,
      vendors,
      botId: 0,
      zone: "UTC",
      approvalTtlMs: 900_000,
    });
    return { says: rules ? summaryOf(rules) : "", code: 0 };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { says: error.problems.join("\n"), code: 1 };
  }
}

if (import.meta.main) {
  const { says, code } = await checkFile(Deno.args[0] ?? Deno.env.get("POLICY"));
  await Deno.stdout.write(new TextEncoder().encode(`${says}\n`));
  Deno.exit(code);
}
