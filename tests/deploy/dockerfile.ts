import { dirname, isAbsolute, join } from "node:path";
import { run } from "./process.ts";

/** One instruction, e.g. ["COPY", "bot bot"]. */
type Instruction = readonly [keyword: string, rest: string];

/** What building leaves behind, and how it is to be started. */
export interface Image {
  /** The folder that stands for "/". */
  readonly root: string;
  readonly workdir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
  readonly volumes: readonly string[];
}

/**
 * Does what a Dockerfile says in a folder, as far as that goes without a container engine: each stage's "/" is a
 * folder, base images stay empty, and commands run on this machine. Throws with the output of a command that fails.
 */
export async function build(text: string, context: string, folder: string): Promise<Image> {
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const [keyword, rest] of instructions(text)) {
    if (keyword === "FROM") {
      const [, , name = "final"] = rest.split(/\s+/);
      stage = emptyStage(join(folder, name));
      stages.set(name, stage);
    } else if (!stage) throw new Error(`${keyword} comes before FROM`);
    else await step(stage, keyword, rest, { context, stages });
  }
  if (!stage) throw new Error("There is no FROM");
  return { ...stage, workdir: join(stage.root, stage.workdir) };
}

/** Instructions with their continued lines joined, without comments. */
export function instructions(text: string): Instruction[] {
  const lines = text.replaceAll(/^\s*#.*\n/gm, "").replaceAll(/\\\n\s*/g, "").split("\n");
  return lines.map((line) => line.trim()).filter(Boolean).map((line) => {
    const [, keyword = "", rest = ""] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    return [keyword.toUpperCase(), rest] as const;
  });
}

interface Stage {
  root: string;
  workdir: string;
  environment: Record<string, string>;
  uid: number;
  command: readonly string[];
  healthCheck: readonly string[];
  volumes: string[];
}

function emptyStage(root: string): Stage {
  return { root, workdir: "/", environment: {}, uid: 0, command: [], healthCheck: [], volumes: [] };
}

interface Site {
  readonly context: string;
  readonly stages: ReadonlyMap<string, Stage>;
}

async function step(stage: Stage, keyword: string, rest: string, site: Site): Promise<void> {
  switch (keyword) {
    case "WORKDIR":
      stage.workdir = within(stage, rest);
      return await Deno.mkdir(join(stage.root, stage.workdir), { recursive: true });
    case "ENV":
      return void Object.assign(
        stage.environment,
        Object.fromEntries(rest.split(/\s+/).map((pair) => pair.split("="))),
      );
    case "RUN":
      return await execute(stage, rest);
    case "COPY":
      return await copy(stage, rest, site);
    case "USER":
      return void (stage.uid = Number(rest.split(":")[0]));
    case "VOLUME":
      return void stage.volumes.push(join(stage.root, within(stage, rest)));
    case "HEALTHCHECK":
      return void (stage.healthCheck = exec(rest.slice(rest.indexOf("CMD") + 3)));
    case "CMD":
      return void (stage.command = exec(rest));
    case "EXPOSE":
      return;
    default:
      throw new Error(`${keyword} is not understood here`);
  }
}

function within(stage: Stage, path: string): string {
  return isAbsolute(path) ? path : join(stage.workdir, path);
}

/** The form without a shell, which is the only one that hands signals on. */
function exec(text: string): readonly string[] {
  return JSON.parse(text.trim()) as string[];
}

async function execute(stage: Stage, line: string): Promise<void> {
  const { code, output } = await run({
    command: "/bin/sh",
    args: ["-ec", line.replaceAll(/(^|\s)\/(?=\w)/g, `$1${stage.root}/`)],
    cwd: join(stage.root, stage.workdir),
    environment: { ...stage.environment, DENO_DIR: join(stage.root, "deno-dir") },
  });
  if (code !== 0) throw new Error(`RUN ${line} ended with ${code}:\n${output}`);
}

async function copy(stage: Stage, rest: string, { context, stages }: Site): Promise<void> {
  const words = rest.split(/\s+/);
  const option = (name: string) => words.find((word) => word.startsWith(`--${name}=`))?.split("=")[1];
  const from = option("from");
  const source = from === undefined ? context : stages.get(from)?.root;
  if (source === undefined) throw new Error(`COPY names a stage that is not there: ${from}`);
  const paths = words.filter((word) => !word.startsWith("--"));
  const target = paths.pop() ?? ".";
  for (const path of paths) {
    const into = join(stage.root, within(stage, target), target.endsWith("/") ? named(source, path) : "");
    await Deno.mkdir(dirname(into), { recursive: true });
    await copyAll(join(source, path), into);
    const owner = Number(option("chown")?.split(":")[0] ?? 0);
    if (Deno.uid() === 0) await Deno.chown(into, owner, owner);
  }
}

/** A folder's content is copied, a file with its name. */
function named(source: string, path: string): string {
  return Deno.statSync(join(source, path)).isDirectory ? "" : path.split("/").at(-1) ?? "";
}

async function copyAll(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) await copyAll(join(from, name), join(to, name));
}
