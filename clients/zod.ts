/**
 * What `zod` means everywhere, by way of deno.json. Deno finds out for each import of a package anew which of all the
 * packages in deno.lock it is, at every start and before anything runs; a file of our own it finds at once.
 */
export * from "zod/v4";
