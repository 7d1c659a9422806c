import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { textAt } from "../house/imports.ts";
import { ROOT } from "../house/program.ts";

/** All documents, by path from the root. */
const DOCUMENTS = ["", "docs/"].flatMap((folder) =>
  [...Deno.readDirSync(ROOT + folder)].map(({ name }) => folder + name).filter((path) => path.endsWith(".md"))
);

/** Where a document's links and pictures lead, fenced code left out. */
function linksIn(markdown: string): string[] {
  const text = markdown.replace(/^```[^]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)|\b(?:src|href)="([^"]+)"/g)].map(([, link, source]) =>
    link ?? source ?? ""
  );
}

/** The anchors that a page's headings get. */
function anchorsIn(markdown: string): string[] {
  const headings = markdown.replace(/^```[^]*?^```/gm, "").matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

/** What is wrong with a link, or undefined. Pages elsewhere are not looked at. */
function linkFault(from: string, link: string): string | undefined {
  if (/^(https?|mailto):/.test(link)) return undefined;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? from : join(dirname(from), path);
  if (target.startsWith("..") || !existsSync(ROOT + target)) {
    return `${from} leads to ${link}, which is not there`;
  }
  if (anchor === undefined || anchorsIn(textAt(target)).includes(anchor)) return undefined;
  return `${from} leads to ${link}, and ${target} has no such heading`;
}

Deno.test("linksIn finds links and pictures, and none in code", () => {
  const page = 'a [b](c.md#d) <img src="e.png">\n`[x](y)`\n```\n[x](y)\n```\n[f](https://g.example)';
  assert.deepEqual(linksIn(page), ["c.md#d", "e.png", "https://g.example"]);
});

Deno.test("linkFault tells a missing file and a missing heading", () => {
  assert.equal(linkFault("README.md", "docs/operations.md#on-deno-deploy"), undefined);
  assert.match(linkFault("README.md", "docs/nowhere.md") ?? "", /is not there/);
  assert.match(linkFault("docs/operations.md", "#nowhere") ?? "", /has no such heading/);
});

Deno.test("every link in the documents leads somewhere", () => {
  assert.ok(DOCUMENTS.length >= 8);
  const faults = DOCUMENTS.flatMap((path) => linksIn(textAt(path)).map((link) => linkFault(path, link)));
  assert.deepEqual(faults.filter((fault) => fault !== undefined), []);
});

Deno.test("README.md leads to every other document", () => {
  const linked = linksIn(textAt("README.md"));
  assert.deepEqual(DOCUMENTS.filter((path) => path !== "README.md" && !linked.includes(path)), []);
});
