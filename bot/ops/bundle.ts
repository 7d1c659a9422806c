/**
 * `deno task bundle`: makes `dist/`, which runs the bot with nothing but Deno: the bot and its other programs as a
 * JavaScript file each, what they share in others, and a deno.json with the tasks that run them.
 */
import { basename } from "node:path";

/** By the names of their files. None imports another: bundled, each part would take itself for the program. */
const PROGRAMS = ["main", "permissions", "audit_verify", "backup", "migrate", "health", "policy"] as const;
const FOLDER = "dist";

/** What pictures are drawn with and is no code: files of their own in the bundle, under the names they are imported by. */
const ASSETS = ["@resvg/resvg-wasm/index_bg.wasm", "dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf"] as const;

export interface Task {
  readonly description: string;
  readonly command: string;
}

/**
 * Of the project's tasks those that run the programs, and those that run such a task, as they are in the bundle: it
 * has no lock file, and needs no packages.
 */
export function bundledTasks(tasks: Readonly<Record<string, Task>>): Record<string, Task> {
  const program = new RegExp(`\\bbot/((?:ops/)?(?:${PROGRAMS.join("|")}))\\.ts\\b`, "g");
  const entries = Object.entries(tasks).filter(([, { command }]) => new RegExp(program).test(command));
  return Object.fromEntries(entries.map(([name, { description, command }]) => [name, {
    description,
    command: command.replaceAll(" --frozen", " --no-npm").replaceAll(program, "$1.js"),
  }]));
}

interface Configuration {
  readonly tasks: Readonly<Record<string, Task>>;
  readonly unstable: readonly string[];
}

/**
 * What makes bundles in a folder, but for the programs. What is loaded when it is first needed stays in files of its
 * own: in one with the rest it would be read with each start.
 */
export function bundling(folder: string): string[] {
  return [
    ...["bundle", "-q", "--frozen", "--minify", "--code-splitting", "--platform", "deno", "--outdir", folder],
    ...ASSETS.map((asset) => `--external=${asset}`),
  ];
}

/** Takes away what an earlier bundle left, and nothing else: where the bot is started, its database is too. */
async function removeCode(folder: string): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (name.endsWith(".js")) await Deno.remove(`${folder}/${name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function bundle(): Promise<void> {
  await removeCode(FOLDER);
  await removeCode(`${FOLDER}/ops`);
  const programs = PROGRAMS.map((name) => name === "main" ? "bot/main.ts" : `bot/ops/${name}.ts`);
  const args = [...bundling(FOLDER), ...programs];
  const { success } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
  if (!success) Deno.exit(1);
  for (const asset of ASSETS) {
    await Deno.copyFile(new URL(import.meta.resolve(asset)), `${FOLDER}/${basename(asset)}`);
  }
  const { tasks, unstable }: Configuration = JSON.parse(await Deno.readTextFile("deno.json"));
  const imports = Object.fromEntries(ASSETS.map((asset) => [asset, `./${basename(asset)}`]));
  const configuration = JSON.stringify({ unstable, imports, tasks: bundledTasks(tasks) }, undefined, 2);
  await Deno.writeTextFile(`${FOLDER}/deno.json`, `${configuration}\n`);
}

if (import.meta.main) await bundle();
