import { faultsOf, resolved, type Schema, type Schemas } from "./schema.ts";

interface Parameter {
  readonly $ref?: string;
  readonly in: "query" | "path";
  readonly name: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Body {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
  readonly required?: boolean;
}

interface Described {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Body;
  readonly responses?: Readonly<Record<string, Body>>;
}

type Path = Readonly<Record<string, Described>> & { readonly parameters?: readonly Parameter[] };

interface Document {
  readonly paths: Readonly<Record<string, Path>>;
  readonly components: {
    readonly schemas: Schemas;
    readonly parameters?: Readonly<Record<string, Parameter>>;
  };
}

/** The vendors that publish a machine-readable document of their API; these hold its part that the bot uses. */
export const SPECIFIED = ["apono", "halo", "opsramp"] as const;

/** One operation of a vendor, as its document describes it. */
export interface SpecifiedOperation {
  /** "POST /api/v2/integrations/{id}/refresh" */
  readonly name: string;
  readonly matches: (method: string, path: string) => boolean;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  /** Of an answer that is a yes; undefined where the document does not say. */
  readonly answer: Schema | undefined;
}

export interface Spec {
  readonly operations: readonly SpecifiedOperation[];
  readonly schemas: Schemas;
}

const METHODS = ["get", "post", "put", "delete"];

const anyText: Schema = { type: "string" };

/**
 * What a vendor's page shows in its own examples and its document leaves out, by the schema it belongs to. OpsRamp's
 * page "Update Installed Integration" and the answers beside it are newer than its document.
 */
const SHOWN_ON_THE_PAGE: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  integrationInstall: {
    category: anyText,
    credential: {},
    state: anyText,
    modifiedTime: anyText,
  },
  authentication: {
    webhookUrl: anyText,
    role: { type: "object", properties: { uniqueId: anyText, name: anyText } },
  },
  notifier: { scope: anyText },
  mapAttributes: {
    attrName: anyText,
    parsingProperty: {},
    thirdPartyEntityType: anyText,
    thirdPartyAttrName: anyText,
    attrValues: {
      type: "array",
      items: {
        type: "object",
        properties: { attrValue: anyText, tenantAttrValue: anyText, thirdPartyAttrValue: anyText },
      },
    },
  },
};

/** The page's answer to a search says where the pages around this one are. */
const SHOWN_IN_A_SEARCH = { previousPageNo: { type: "integer" }, nextPageNo: { type: "integer" } } as const;

function withThePage(schemas: Schemas): Schemas {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      { ...schema, properties: { ...schema.properties, ...SHOWN_ON_THE_PAGE[name] } },
    ]),
  );
}

/** Reads what a vendor's document says of the operations that the bot uses. */
export function readSpec(vendor: (typeof SPECIFIED)[number]): Spec {
  const text = Deno.readTextFileSync(new URL(`${vendor}.json`, import.meta.url));
  const { paths, components }: Document = JSON.parse(text);
  const parameter = (given: Parameter): Parameter => {
    const name = given.$ref?.split("/").at(-1);
    return name === undefined ? given : components.parameters?.[name] ?? given;
  };
  const operations = Object.entries(paths).flatMap(([path, described]) =>
    METHODS.filter((method) => described[method]).map((method): SpecifiedOperation => {
      const { parameters = [], requestBody, responses = {} } = described[method]!;
      const pattern = new RegExp(`${path.replace(/\{[^}]+\}/g, "[^/]+")}$`, "i");
      return {
        name: `${method.toUpperCase()} ${path}`,
        matches: (asked, at) => asked.toLowerCase() === method && pattern.test(at),
        parameters: [...described.parameters ?? [], ...parameters].map(parameter),
        body: schemaIn(requestBody),
        answer: answerOf(
          path,
          schemaIn(Object.entries(responses).find(([status]) => status.startsWith("2"))?.[1]),
        ),
      };
    })
  );
  return { operations, schemas: vendor === "opsramp" ? withThePage(components.schemas) : components.schemas };
}

function answerOf(path: string, answer: Schema | undefined): Schema | undefined {
  if (!answer || !path.endsWith("/installed/search")) return answer;
  return { ...answer, properties: { ...answer.properties, ...SHOWN_IN_A_SEARCH } };
}

function schemaIn(body: Body | undefined): Schema | undefined {
  return body?.content?.["application/json"]?.schema;
}

/** The operation that a request is for; undefined when the document has none. */
export function operationFor(spec: Spec, method: string, path: string): SpecifiedOperation | undefined {
  // "/installed/search" fits "/installed/{id}" too: what is written out goes before what stands for anything.
  return spec.operations.filter((operation) => operation.matches(method, path))
    .sort((one, other) => one.name.split("{").length - other.name.split("{").length)[0];
}

/** What the document refuses in a request, one sentence each. */
export async function requestFaults(spec: Spec, request: Request): Promise<string[]> {
  const { pathname, searchParams } = new URL(request.url);
  const operation = operationFor(spec, request.method, pathname);
  if (!operation) return [`${request.method} ${pathname} is not in the document`];
  const said = (fault: string) => `${operation.name}: ${fault}`;
  return [
    ...queryFaults(operation, searchParams, spec.schemas),
    ...bodyFaults(operation, await request.text(), spec.schemas),
  ].map(said);
}

function queryFaults({ parameters }: SpecifiedOperation, given: URLSearchParams, schemas: Schemas): string[] {
  const known = new Map(parameters.filter((one) => one.in === "query").map((one) => [one.name, one]));
  return [...given].flatMap(([name, text]) => {
    const parameter = known.get(name);
    if (!parameter) return [`?${name} is not in the document`];
    const schema = resolved(parameter.schema, schemas);
    const single = schema.type === "array" ? schema.items ?? {} : schema;
    return faultsOf(single, valueOf(text, resolved(single, schemas)), schemas, `?${name}`);
  });
}

/** A parameter is text; what it stands for is judged. */
function valueOf(text: string, { type }: Schema): unknown {
  if (type === "integer" || type === "number") return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  return text;
}

function bodyFaults({ body }: SpecifiedOperation, text: string, schemas: Schemas): string[] {
  if (!body) return text === "" || text === "{}" ? [] : ["a body is sent, and the document has none"];
  return faultsOf(body, jsonOf(text), schemas, "body");
}

/** What the document does not know of in an answer that is a yes, one sentence each. */
export function answerFaults(spec: Spec, method: string, path: string, text: string): string[] {
  const operation = operationFor(spec, method, path);
  if (!operation?.answer) return [];
  return faultsOf(operation.answer, jsonOf(text), spec.schemas, "answer")
    .map((fault) => `${operation.name}: ${fault}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a vendor's document says against the requests that come to its emulator, and against its answers. */
export class SpecJudge {
  /** One sentence each, in the order they came. */
  readonly faults: string[] = [];
  private readonly spec: Spec;

  constructor(vendor: (typeof SPECIFIED)[number]) {
    this.spec = readSpec(vendor);
  }

  /** Answers as the emulator does. What is asked for a token is not part of these documents. */
  async fetch(
    request: Request,
    emulator: (request: Request) => Response | Promise<Response>,
  ): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (/\/token$/i.test(pathname)) return await emulator(request);
    const { url, method, headers } = request;
    // Deno warns of whoever clones a request that it serves.
    const body = await request.text().catch(() => "");
    const copy = () => new Request(url, { method, headers, ...(method === "GET" ? {} : { body }) });
    const response = await emulator(copy());
    // A request that the emulator refuses is judged too: our client should not have sent it.
    this.faults.push(...await requestFaults(this.spec, copy()));
    if (response.ok) {
      const text = await response.clone().text().catch(() => "");
      this.faults.push(...answerFaults(this.spec, request.method, pathname, text));
    }
    return response;
  }
}
