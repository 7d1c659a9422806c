import type { BitdefenderClient } from "../bitdefender.ts";
import { ClientError } from "../errors.ts";
import type { CallOptions } from "../http/contract.ts";
import type { ConfiguredIntegration } from "./answers.ts";

const LARGEST_PAGE = 100;
/** Pages asked for side by side before looking whether an empty one was among them. */
const PAGES_AT_ONCE = 100;
/** A page that keeps being held back is given up; each turn is several attempts of the client. */
const MOST_TURNS = 8;
const LONGEST_HOLD_MS = 5_000;

export interface ConfiguredIntegrations {
  readonly integrations: readonly ConfiguredIntegration[];
  /** What the vendor counts; differs from the list when that changed while it was read. */
  readonly total: number;
}

/**
 * Every integration of one company: the first page, then all others side by side. The list has no page count, so
 * it is computed; an empty page ends it whatever the vendor's total says, and no integration is counted twice
 * when entries move between pages.
 */
export async function allConfiguredIntegrations(
  client: BitdefenderClient,
  params: { readonly companyId?: string | undefined },
  call: CallOptions,
): Promise<ConfiguredIntegrations> {
  const first = await client.getConfiguredIntegrations({ ...params, page: 1, perPage: LARGEST_PAGE }, call);
  const perPage = first.perPage ?? LARGEST_PAGE;
  const found = new Map(first.data.map((entry) => [entry.id, entry]));
  let total = first.total;
  let read = 1;
  let ended = first.data.length === 0;
  while (!ended && read * perPage < total) {
    const last = Math.min(Math.ceil(total / perPage), read + PAGES_AT_ONCE);
    const pages = await sideBySide(
      read + 1,
      last,
      call,
      (page, linked) => pageOrEnd(client, { ...params, page, perPage }, linked),
    );
    for (const page of pages) {
      for (const entry of page.data) found.set(entry.id, entry);
      total = page.total ?? total;
    }
    ended = pages.some((page) => page.data.length === 0);
    read = last;
  }
  return { integrations: [...found.values()], total };
}

interface PageOrEnd {
  readonly data: readonly ConfiguredIntegration[];
  readonly total?: number;
}

/** Some of the vendor's lists refuse a page beyond the last instead of answering an empty one. */
async function pageOrEnd(
  client: BitdefenderClient,
  params: { companyId?: string | undefined; page: number; perPage: number },
  call: CallOptions,
): Promise<PageOrEnd> {
  for (let turn = 1;; turn++) {
    try {
      return await client.getConfiguredIntegrations(params, call);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (error.kind === "rejected") return { data: [] };
      if (turn === MOST_TURNS || !isOnlyEarly(error)) throw error;
    }
  }
}

/** Too many pages at once for this tenant: the client holds back all calls as told, so this one may go again. */
function isOnlyEarly({ failure: { kind, retryAfterMs = 0 } }: ClientError): boolean {
  return kind === "rate_limited" && retryAfterMs <= LONGEST_HOLD_MS;
}

/** Pages `from` to `to`; the first failure calls off the rest. */
async function sideBySide<T>(
  from: number,
  to: number,
  call: CallOptions,
  read: (page: number, call: CallOptions) => Promise<T>,
): Promise<T[]> {
  const failed = new AbortController();
  const linked = { ...call, signal: AbortSignal.any([call.signal, failed.signal]) };
  const pages = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  try {
    return await Promise.all(pages.map((page) => read(page, linked)));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
}
