import { z } from "zod";

/** How v2 and v3 wrap a list. */
export interface Envelope<T> {
  data: T[];
  pagination?: { total?: number | undefined } | null | undefined;
}

export function envelope<T>(item: z.ZodType<T>): z.ZodType<Envelope<T>> {
  return z.object({
    data: z.array(item),
    pagination: z.object({ total: z.number().optional() }).nullish(),
  });
}

/** How many more the vendor counts than it returned. */
export function missingFrom({ data, pagination }: Envelope<unknown>): number {
  return Math.max(0, (pagination?.total ?? 0) - data.length);
}
