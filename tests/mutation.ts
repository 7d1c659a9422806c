/**
 * `deno task mutation [words]`: takes each guard away in turn, in a copy of the tree, and shows which test notices.
 * With words, only the guards whose name or file holds them. Ends with 1 when a guard can go unnoticed.
 */
import type { Guard } from "./mutation/guard.ts";
import { guards, misplaced } from "./mutation/guards.ts";

/** One database says as much about a guard as two. */
const ON_SQLITE = "/[^s]\\)$|[^)]$/";
const COPIED = ["bot", "handlers", "clients", "tests", "deno.json", "deno.lock", "docs", ".env.example"];
const LONGEST_MS = 180_000;

interface Verdict {
  readonly guard: Guard;
  /** The test that noticed; undefined: none did. */
  readonly noticedBy: string | undefined;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(words: readonly string[]): Promise<number> {
  const chosen = guards.filter(({ name, file }) => words.every((word) => `${file} ${name}`.includes(word)));
  const missing = await misplaced(chosen);
  if (missing.length > 0) {
    await print(`These do not stand where they should:\n${missing.join("\n")}`);
    return 1;
  }
  const trees = await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, copyTree));
  try {
    const [first] = trees;
    const before = first && await failsAlready(first, new Set(chosen.flatMap(({ tests }) => tests)));
    if (before !== undefined) {
      await print(`Without any change this fails already: ${before}`);
      return 1;
    }
    return await judge(chosen, trees);
  } finally {
    await Promise.all(trees.map((tree) => Deno.remove(tree, { recursive: true })));
  }
}

async function copyTree(): Promise<string> {
  const tree = await Deno.makeTempDir({ prefix: "mutation_" });
  const { success } = await new Deno.Command("cp", { args: ["-r", ...COPIED, tree] }).output();
  if (!success) throw new Error("The tree could not be copied");
  return tree;
}

/** Works through the guards in all trees side by side and prints a line for each as it is known. */
async function judge(chosen: readonly Guard[], trees: readonly string[]): Promise<number> {
  const waiting = [...chosen];
  const verdicts: Verdict[] = [];
  await Promise.all(trees.map(async (tree) => {
    for (let guard = waiting.shift(); guard; guard = waiting.shift()) {
      const verdict = { guard, noticedBy: await without(guard, tree) };
      verdicts.push(verdict);
      await print(`| ${guard.file} | ${guard.name} | ${verdict.noticedBy ?? "SURVIVED"} |`);
    }
  }));
  const survivors = verdicts.filter(({ noticedBy }) => noticedBy === undefined);
  await print(`\n${verdicts.length - survivors.length} of ${verdicts.length} guards are missed by a test.`);
  return survivors.length === 0 ? 0 : 1;
}

async function without({ file, find, replace, tests }: Guard, tree: string): Promise<string | undefined> {
  const path = `${tree}/${file}`;
  const whole = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, whole.replace(find, () => replace));
  try {
    return await run(tree, tests);
  } finally {
    await Deno.writeTextFile(path, whole);
  }
}

/** The first test that fails with every guard in its place. All of them take longer than one guard's do. */
async function failsAlready(tree: string, tests: Iterable<string>): Promise<string | undefined> {
  for (const path of tests) {
    const failed = await run(tree, [path]);
    if (failed !== undefined) return failed;
  }
  return undefined;
}

/** The first test that fails there; undefined when all pass. */
async function run(tree: string, tests: readonly string[]): Promise<string | undefined> {
  const timeUp = AbortSignal.timeout(LONGEST_MS);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--frozen", "--no-check", "--fail-fast", "--filter", ON_SQLITE, ...tests],
    cwd: tree,
    env: { NO_COLOR: "1" },
    signal: timeUp,
  }).output();
  if (success) return undefined;
  const said = new TextDecoder().decode(stdout);
  const failed = /^ FAILURES \s+(.*) => /m.exec(said)?.[1];
  if (failed !== undefined) return failed;
  if (timeUp.aborted) return `no end within ${LONGEST_MS / 1000} s`;
  throw new Error(
    `No test failed, and the run did not succeed:\n${said}\n${new TextDecoder().decode(stderr)}`,
  );
}

async function print(line: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${line}\n`));
}
