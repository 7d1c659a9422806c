import { Session } from "node:inspector";
import { eventually } from "../eventually.ts";
import { ROOT } from "./program.ts";

interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly {
    readonly functionName: string;
    readonly ranges: readonly { readonly count: number }[];
  }[];
}

/** So many looks in a row that find nothing called: whatever had been begun would have gone on by then. */
const QUIET_LOOKS = 20;

/** The product's own folders; what tests and packages do is not on the way. */
const PRODUCT = /^(bot|handlers|clients)\//;

/**
 * The files of the product in which a function is called while `work` goes on, in order, from the root. `work` begins
 * when the product is at rest, such as after what it does when it starts. What runs beside `work` is counted too, so it
 * may say a few too many and never too few.
 */
export async function filesEntered(work: () => Promise<void>): Promise<string[]> {
  using profiler = await startProfiler();
  let quiet = 0;
  // What the product does when it starts comes job by job, with pauses in between.
  await eventually(
    async () => (quiet = (await profiler.take()).length === 0 ? quiet + 1 : 0) >= QUIET_LOOKS,
    "the product to be at rest",
  );
  await work();
  return await profiler.take();
}

/** A file's own code, which runs when it is loaded, has no name. */
function isCalled({ functionName, ranges }: ScriptCoverage["functions"][number]): boolean {
  return functionName !== "" && (ranges[0]?.count ?? 0) > 0;
}

function pathOf({ url }: ScriptCoverage): string {
  const root = `file://${ROOT}`;
  return url.startsWith(root) ? url.slice(root.length) : "";
}

async function startProfiler() {
  const session = new Session();
  session.connect();
  const post = <T>(method: string, parameters: object = {}) =>
    new Promise<T>((resolve, reject) =>
      session.post(
        method,
        parameters,
        (error: Error | null, result?: object) => error ? reject(error) : resolve(result as T),
      )
    );
  await post("Profiler.enable");
  await post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  return {
    /** The files in which something has been called since the last time. */
    async take(): Promise<string[]> {
      const { result } = await post<{ result: ScriptCoverage[] }>("Profiler.takePreciseCoverage");
      const called = result.filter(({ functions }) => functions.some(isCalled)).map(pathOf);
      return [...new Set(called)].filter((path) => PRODUCT.test(path)).sort();
    },
    [Symbol.dispose]() {
      session.disconnect();
    },
  };
}
