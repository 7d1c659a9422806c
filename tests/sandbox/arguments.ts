import { parseArgs } from "node:util";

/** What `deno task sandbox` is asked to do. */
export type Wish =
  | { readonly kind: "page"; readonly port: number; readonly log: boolean }
  | { readonly kind: "say"; readonly words: readonly string[]; readonly as: string; readonly log: boolean }
  | { readonly kind: "script"; readonly file: string; readonly log: boolean }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly sentence: string };

export const USAGE = `deno task sandbox                    the bot, a group and four vendors in the browser
  --port 8787                        another port; the environment's PORT does the same
deno task sandbox --say "/status"    the answer in the terminal; --say may be repeated
  --as ben                           who says it: ana (unless said otherwise), ben or oskar
deno task sandbox --script FILE      a written conversation; ends with 0 when all came as expected
  --log                              the bot's own log too, on standard error
`;

const PORT = 8787;

/** Reads the command line; `port` is the environment's PORT. */
export function readArguments(given: readonly string[], port: string | undefined): Wish {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...given],
      options: {
        say: { type: "string", multiple: true },
        as: { type: "string" },
        script: { type: "string" },
        port: { type: "string" },
        log: { type: "boolean", default: false },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    return wrong(complaintOf(error));
  }
  const { say, as, script, help, log } = values;
  if (help) return { kind: "help" };
  if (say && script !== undefined) return wrong("Either --say or --script, not both.");
  if (as !== undefined && !say) return wrong("--as says who speaks, so it needs --say.");
  if (values.port !== undefined && (say || script !== undefined)) {
    return wrong("--port is for the page; --say and --script open none.");
  }
  if (say?.some((words) => words.trim() === "")) return wrong('--say needs words, such as --say "/status".');
  if (say) return { kind: "say", words: say, as: as ?? "ana", log };
  if (script !== undefined) return { kind: "script", file: script, log };
  const asked = values.port ?? port;
  if (asked === undefined || asked === "") return { kind: "page", port: PORT, log };
  if (!/^\d{1,5}$/.test(asked) || Number(asked) > 65_535) {
    return wrong(`"${asked}" is not a port. Name one from 1 to 65535, or 0 for any free one.`);
  }
  return { kind: "page", port: Number(asked), log };
}

function wrong(sentence: string): Wish {
  return { kind: "wrong", sentence };
}

/** Node's words name the option; what there is instead is ours to say. */
function complaintOf(error: unknown): string {
  const { message } = error as Error;
  const [, option] = /^Unknown option '([^']+)'/.exec(message) ?? [];
  if (option) return `There is no option ${option}.`;
  const [, word] = /^Unexpected argument '([^']+)'/.exec(message) ?? [];
  if (word) return `"${word}" belongs to no option. To say it to the bot: --say "${word}".`;
  const [, missing] = /^Option '(?:-\w, )?(--\w+)/.exec(message) ?? [];
  return missing ? `${missing} needs a value behind it.` : message;
}
