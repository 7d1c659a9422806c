import type { z } from "zod";
import type { Json } from "../json.ts";
import { HIDDEN_MARK } from "../secrets.ts";
import { anyJson } from "./record.ts";
import { hidden } from "./secret.ts";

/**
 * What a product itself says. Nobody documents it, and it is passed on whole: here a name that ends in "key" means a
 * key, although in HaloPSA's own records it may be no more than the name of one.
 */
export const liveJson: z.ZodType<Json> = anyJson.transform(withoutKeys);

const KEY = /(?:^|[^a-zA-Z])(?:key|KEY|Key)s?$|[a-z]Keys?$|[aA]ctivation_?[cC]ode$/;

/** Scanners and agents are linked by such a text, under whatever name. */
const LONG_HEX = /[0-9a-f]{32}/i;

function withoutKeys(value: Json): Json {
  if (typeof value === "string") return LONG_HEX.test(value) ? HIDDEN_MARK : value;
  if (Array.isArray(value)) return value.map(withoutKeys);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, KEY.test(name) ? hidden(inner) : withoutKeys(inner)]),
  );
}
