/** The bare route again, after loading what Countersign is built from and none of its own code. */
import "@logtape/logtape";
import "fastest-levenshtein";
import "grammy";
import "kysely";
import "kysely/migration";
import "node:sqlite";
import "ofetch";
import "zod";
import "./server_hono.ts";
