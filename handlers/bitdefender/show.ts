import * as z from "zod";
import type { BitdefenderClient, ConfiguredIntegrations } from "../../clients/bitdefender.ts";
import type { ConfiguredIntegration } from "../../clients/bitdefender/answers.ts";
import { ClientError } from "../../clients/errors.ts";
import { type Context, operationsOf } from "../operation.ts";
import { NothingFits, resolve } from "../resolve.ts";
import { companiesBelow, ofCompany } from "./companies.ts";
import { entryChoices, readConfigured, renderIntegration } from "./integrations.ts";

const { read } = operationsOf<BitdefenderClient>("bitdefender");

export const showBitdefender = read({
  verb: "show",
  target: "bitdefender",
  summary: "One integration configured in GravityZone: every field",
  example: "/show bitdefender vcenter-eu",
  input: z.object({
    id: z.string().meta({ positional: true, rest: true, placeholder: "id or name" }),
    company: z.string().optional().meta({ placeholder: "company" }),
  }),
  choices: { id: entryChoices },
  async run(context, { id, company: query }) {
    const words = id.trim();
    if (query === undefined) return await ofAnyCompany(context, words);
    const { scope, value } = await ofCompany(
      context,
      query,
      (companyId) => readConfigured(context, companyId),
    );
    const find = ["/status bitdefender", scope.id].filter(Boolean).join(" ");
    return { entry: oneOf(words, [value], find), at: value.at };
  },
  render: ({ entry, at }, view) => renderIntegration(entry, at, view.now),
});

type Listed = ConfiguredIntegrations & { readonly at: number };

/** The one that is meant, in these lists. Throws as `resolve` does. */
function oneOf(words: string, lists: readonly Listed[], find: string): ConfiguredIntegration {
  const [noun, plural] = ["GravityZone integration", "GravityZone integrations"];
  const unread = lists.reduce(
    (sum, { unread, total, integrations }) => sum + Math.max(unread.length, total - integrations.length),
    0,
  );
  return resolve(words, lists.flatMap(({ integrations }) => integrations), {
    noun,
    plural,
    field: "id",
    find,
    unread,
  });
}

/** Each takes a call of its own, or several: so many are asked until what was typed is given up. */
const MOST_ASKED = 50;

/** One of the key's own company, or, where nothing fits there, of a company below it. */
async function ofAnyCompany(
  context: Context<BitdefenderClient>,
  words: string,
): Promise<{ readonly entry: ConfiguredIntegration; readonly at: number }> {
  const own = await readConfigured(context, undefined);
  const find = "/status bitdefender";
  try {
    return { entry: oneOf(words, [own], find), at: own.at };
  } catch (error) {
    if (!(error instanceof NothingFits)) throw error;
    const below = await companiesBelow(context);
    if (!below || below.companies.length === 0) throw error;
    const asked = below.companies.slice(0, MOST_ASKED);
    const answers = await Promise.all(
      asked.map(({ companyId }) => ifAnswered(readConfigured(context, companyId))),
    );
    const lists = [own, ...answers.filter((one) => one !== undefined)];
    try {
      return { entry: oneOf(words, lists, find), at: Math.min(...lists.map(({ at }) => at)) };
    } catch (nothing) {
      const isAll = lists.length > below.companies.length && !below.capped;
      if (!(nothing instanceof NothingFits) || isAll) throw nothing;
      throw new NothingFits(
        `${nothing.message} Only ${lists.length} companies were asked, and there are more: name the company, ` +
          `/show bitdefender ${words} company=<name>.`,
      );
    }
  }
}

/** One company that cannot be asked does not hide the others. */
async function ifAnswered<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ClientError) return undefined;
    throw error;
  }
}
