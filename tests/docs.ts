/**
 * `deno task docs`: writes what is generated in the documents, and `.env.example` as a whole. With `--check` it writes
 * nothing and ends with 1 when one of them is not what it would write.
 */
import { exampleFile } from "./docs/configuration.ts";
import { generatedPages, withParts } from "./docs/pages.ts";

if (import.meta.main) Deno.exit(await main(Deno.args.includes("--check")));

async function main(isCheck: boolean): Promise<number> {
  const wanted = new Map([[".env.example", exampleFile()]]);
  for (const [path, parts] of Object.entries(generatedPages())) {
    wanted.set(path, await formatted(withParts(path, await Deno.readTextFile(path), parts)));
  }
  let stale = 0;
  for (const [path, text] of wanted) {
    if (await textOf(path) === text) continue;
    stale++;
    if (!isCheck) await Deno.writeTextFile(path, text);
    const message = isCheck ? `${path} is stale: run deno task docs` : `${path} written`;
    await Deno.stderr.write(new TextEncoder().encode(`${message}\n`));
  }
  return isCheck && stale > 0 ? 1 : 0;
}

async function formatted(markdown: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const [{ stdout }] = await Promise.all([
    child.output(),
    new Blob([markdown]).stream().pipeTo(child.stdin),
  ]);
  return new TextDecoder().decode(stdout);
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
