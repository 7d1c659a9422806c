import * as fc from "fast-check";
import { vendors } from "../../handlers/registry.ts";
import { type Ground, type Meddle, SECRETS } from "./ground.ts";
import { spellingsOf } from "./leak.ts";
import { hostileJson, hostileText, type Json, type Twist, twisted, twists, written } from "./mutation.ts";

/** How a vendor's answers are changed, one after the other; those that come later are changed like the last. */
export interface Bent {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly body: Body;
}

type Body =
  | { readonly twists: readonly Twist[] }
  | { readonly text: string }
  | { readonly cutAt: number }
  | { readonly deep: number };

/** What is repeated from our requests, in whatever spelling. */
const echo: fc.Arbitrary<string> = fc.tuple(fc.constantFrom(...SECRETS), fc.nat(20), hostileText).map(
  ([secret, at, around]) => {
    const spellings = spellingsOf(secret);
    return `${around} ${spellings[at % spellings.length]} ${around}`;
  },
);

const PAGE =
  "<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>502</h1></body></html>";

const body: fc.Arbitrary<Body> = fc.oneof(
  { weight: 8, arbitrary: twists(fc.oneof(hostileJson, echo), 6).map((changes) => ({ twists: changes })) },
  {
    weight: 1,
    arbitrary: fc.oneof(hostileText, echo, fc.constant(PAGE), fc.constant("\ufeff{}")).map((text) => ({
      text,
    })),
  },
  {
    weight: 1,
    arbitrary: echo.map((text) => ({
      text: JSON.stringify({ message: text, error: { message: text, data: { details: text } } }),
    })),
  },
  { weight: 1, arbitrary: fc.nat(400).map((cutAt) => ({ cutAt })) },
  { weight: 1, arbitrary: fc.constantFrom(100, 5_000, 200_000).map((deep) => ({ deep })) },
);

export const bent: fc.Arbitrary<Bent> = fc.record({
  status: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(200, 201, 204, 302, 400, 401, 403, 404, 409, 418, 422, 429, 500, 502, 503),
    },
  ),
  type: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "text/html",
        "application/json; charset=utf-16",
        "application/xml",
        "image/png",
        "",
      ),
    },
  ),
  body,
});

/** Lets answers through `from` on are changed; before that the vendor is itself. */
export function bending(bends: readonly Bent[], from = 0): Meddle {
  let nth = 0;
  return async (_vendor, request, answer) => {
    const at = nth++ - from;
    const bend = bends[Math.min(at, bends.length - 1)];
    if (at < 0 || !bend || isSignIn(request)) return answer;
    return await bentAnswer(answer, bend);
  };
}

/** A token that was bent would be used for all later calls, none of which would reach its vendor. */
function isSignIn(request: Request): boolean {
  return new URL(request.url).pathname.endsWith("/token");
}

async function bentAnswer(answer: Response, { status = answer.status, type, body }: Bent): Promise<Response> {
  const text = await answer.text();
  const headers = { "content-type": type ?? answer.headers.get("content-type") ?? "application/json" };
  const isEmpty = [101, 204, 205, 304].includes(status);
  return new Response(isEmpty ? null : bentText(text, body), { status, headers });
}

function bentText(text: string, body: Body): string {
  if ("text" in body) return body.text;
  if ("cutAt" in body) return text.slice(0, body.cutAt);
  if ("deep" in body) return "[".repeat(body.deep) + "]".repeat(body.deep);
  try {
    return written(twisted(JSON.parse(text) as Json, body.twists));
  } catch {
    return text;
  }
}

/** Forgets what a vendor's failures have led to: open breakers, kept answers, spent limits. */
export function letPass(ground: Ground): void {
  ground.stage.clock.advance(10 * 60_000);
}

export const operations = vendors.flatMap((vendor) => vendor.operations);
