import { badRequest } from "./refusal.ts";

export interface Upload {
  readonly name: string;
  readonly mime: string;
  readonly content: Uint8Array;
}

/** The parameters of one call, however they were sent. As on Telegram's side each is text until it is read. */
export interface Parameters {
  has(name: string): boolean;
  /** Empty when absent. */
  text(name: string): string;
  integer(name: string): number | undefined;
  flag(name: string): boolean;
  /** Undefined when absent; a refusal when it is not JSON. */
  json(name: string): unknown;
  /** A file sent under this name, or under the name an `attach://` reference gives. */
  upload(name: string): Upload | undefined;
  /** What was sent, JSON read where it is JSON; for the log of calls. */
  plain(): Record<string, unknown>;
}

/** Reads query string, JSON, urlencoded and multipart bodies: https://core.telegram.org/bots/api#making-requests */
export async function readParameters(request: Request): Promise<Parameters> {
  const values = new Map<string, string>(new URL(request.url).searchParams);
  const uploads = new Map<string, Upload>();
  const type = request.headers.get("content-type") ?? "";
  if (type.includes("application/json")) readJson(await request.text(), values);
  else if (type.includes("multipart/form-data") || type.includes("application/x-www-form-urlencoded")) {
    await readForm(request, values, uploads);
  } else await request.body?.cancel();
  return parametersOf(values, uploads);
}

function readJson(body: string, values: Map<string, string>): void {
  if (body.trim() === "") return;
  const parsed = parse(body, "Can't parse request body JSON object");
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw badRequest("Object expected as request body");
  }
  for (const [name, value] of Object.entries(parsed)) {
    values.set(name, typeof value === "string" ? value : JSON.stringify(value));
  }
}

async function readForm(
  request: Request,
  values: Map<string, string>,
  uploads: Map<string, Upload>,
): Promise<void> {
  for (const [name, value] of await request.formData()) {
    if (typeof value === "string") values.set(name, value);
    else {
      const content = new Uint8Array(await value.arrayBuffer());
      uploads.set(name, { name: value.name, mime: value.type || "application/octet-stream", content });
    }
  }
}

function parametersOf(values: ReadonlyMap<string, string>, uploads: ReadonlyMap<string, Upload>): Parameters {
  const text = (name: string) => values.get(name) ?? "";
  return {
    has: (name) => values.has(name) || uploads.has(name),
    text,
    integer(name) {
      const value = text(name).trim();
      return /^-?\d+$/.test(value) ? Number(value) : undefined;
    },
    flag: (name) => ["true", "yes", "1"].includes(text(name).trim().toLowerCase()),
    json(name) {
      const value = text(name);
      return value === "" ? undefined : parse(value, `Can't parse ${name.replaceAll("_", " ")} JSON object`);
    },
    upload: (name) => uploads.get(name) ?? uploads.get(text(name).replace(/^attach:\/\//, "")),
    plain: () => Object.fromEntries([...values].map(([name, value]) => [name, readable(value)])),
  };
}

function parse(text: string, complaint: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest(complaint);
  }
}

function readable(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
