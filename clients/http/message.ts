import type { Request } from "../http.ts";

/** A request as it goes over the wire. */
export interface Message {
  readonly method: Request["method"];
  readonly url: string;
  readonly headers: Headers;
  readonly body?: string;
  readonly write: boolean;
}

/** Throws `TypeError` for an address that cannot be called, without quoting it: it may hold a key. */
export function checkBaseUrl(baseUrl: string, vendor: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const plain = url && /^https?:$/.test(url.protocol) &&
    !url.username && !url.password && !url.search && !url.hash;
  if (!plain) {
    throw new TypeError(
      `The address of ${vendor} must begin with http:// or https:// and hold no user, query or fragment`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

export function toMessage(baseUrl: string, request: Request, authorization: string | undefined): Message {
  const [contentType, body] = content(request);
  const headers = new Headers({ accept: "application/json", ...request.headers });
  if (contentType && !headers.has("content-type")) headers.set("content-type", contentType);
  if (authorization !== undefined) headers.set("authorization", authorization);
  return {
    method: request.method,
    url: `${baseUrl}${rooted(request.path)}${toQuery(request.query)}`,
    headers,
    write: request.write,
    ...(body === undefined ? {} : { body }),
  };
}

function content({ json, form }: Request): readonly [type?: string, body?: string] {
  if (form) return ["application/x-www-form-urlencoded", new URLSearchParams(form).toString()];
  return json === undefined ? [] : ["application/json", JSON.stringify(json)];
}

function rooted(path: string): string {
  return path === "" || path.startsWith("/") ? path : `/${path}`;
}

function toQuery(query: Request["query"] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [value].flat().map((one) => [name, String(one)])
  );
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}
