import { generatedParts, writeDocs } from "../bot/ops/docs.ts";
import { operationsTable } from "./vendors/operations.ts";

/**
 * `deno task docs`: writes what is generated in README.md and .env.example; `--check` only compares. It stands here
 * because the table of the vendors' operations names the tests.
 */
const parts = { ...generatedParts(), operations: operationsTable() };
Deno.exit(await writeDocs({ parts, check: Deno.args.includes("--check") }));
