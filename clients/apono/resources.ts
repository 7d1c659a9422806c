import { z } from "zod";
import type { CallOptions, Http } from "../http.ts";
import { path } from "../path.ts";
import { envelope, missingFrom } from "./envelope.ts";
import type { Listed } from "./integration.ts";

const resource = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  status: z.object({ status: z.string(), message: z.string().nullish() }).nullish(),
}).transform(({ status, ...rest }) => ({
  ...rest,
  /** `Active`, `Error`, `Deleted`, or a word we do not know. */
  status: status?.status ?? null,
  message: status?.message ?? null,
}));

const permission = z.object({ id: z.string(), name: z.string(), resource_type: z.string() })
  .transform(({ resource_type, ...rest }) => ({ ...rest, resourceType: resource_type }));

const userTags = z.object({ tags: z.record(z.string(), z.string()).nullish() })
  .transform(({ tags }) => tags ?? {});

export type Resource = z.output<typeof resource>;
export type Permission = z.output<typeof permission>;
export type Tags = Readonly<Record<string, string>>;

export interface Resources {
  /** Of the whole tenant, whoever asks. */
  resources(id: string, type: string | undefined, call: CallOptions): Promise<Listed<Resource>>;
  permissions(id: string, type: string | undefined, call: CallOptions): Promise<Listed<Permission>>;
  tags(resourceId: string, call: CallOptions): Promise<Tags>;
  /** Replaces all tags of the resource. */
  putTags(resourceId: string, tags: Tags, call: CallOptions): Promise<void>;
}

/** Apono's v3 pages on the resources, permissions and user tags of an integration. */
export function createResources(http: Http): Resources {
  async function listed<T>(
    operation: string,
    at: string,
    type: string | undefined,
    item: z.ZodType<T>,
    call: CallOptions,
  ): Promise<Listed<T>> {
    const query = { "resource-type": type };
    const request = { operation, method: "GET", path: at, query, write: false } as const;
    const answer = await http.call(request, envelope(item), call);
    return { items: answer.data, missing: missingFrom(answer) };
  }

  return {
    resources: (id, type, call) =>
      listed("get integration resources", path`/api/v3/integrations/${id}/resources`, type, resource, call),
    permissions: (id, type, call) =>
      listed(
        "get integration permissions",
        path`/api/v3/integrations/${id}/permissions`,
        type,
        permission,
        call,
      ),
    tags: (resourceId, call) => {
      const at = path`/api/v3/integrations/resources/${resourceId}/user-tags`;
      return http.call({ operation: "get user tags", method: "GET", path: at, write: false }, userTags, call);
    },
    putTags: async (resourceId, tags, call) => {
      const at = path`/api/v3/integrations/resources/${resourceId}/user-tags`;
      const request = { operation: "update user tags", method: "PUT", path: at, write: true } as const;
      await http.call({ ...request, json: { tags } }, z.unknown(), call);
    },
  };
}
