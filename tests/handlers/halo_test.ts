import assert from "node:assert/strict";
import { product } from "../../clients/halo/product.ts";
import { PRODUCTS } from "../../clients/halo/products.ts";
import { halo, haloWith } from "../../handlers/halo.ts";
import { openFixture } from "../clients/halo_fixture.ts";
import { schema } from "../sandbox/halo.ts";
import { carry, contextOf, read } from "./halo_carry.ts";

Deno.test("halo offers the fixed commands for every product", () => {
  const verbs = ["status", "list", "show", "create", "update", "delete", "enable", "disable"];
  for (const { target } of PRODUCTS) {
    const offered = halo.operations.filter((operation) => operation.target === target);
    assert.deepEqual(
      new Set(offered.map(({ verb }) => verb).filter((verb) => verb !== "live")),
      new Set(verbs),
    );
  }
  const live = halo.operations.filter(({ verb }) => verb === "live").map(({ target }) => target);
  assert.deepEqual(live, ["kaseya", "sentinelone", "sophos", "armis", "tenable", "manageengine"]);
});

Deno.test("halo rates deletions as danger and all other changes as write", () => {
  const danger = halo.operations.filter(({ risk }) => risk === "danger");
  assert.deepEqual(
    danger.map(({ verb, target }) => `${verb} ${target}`).toSorted(),
    [...PRODUCTS.map(({ target }) => `delete ${target}`), "webhook kaseya delete"].toSorted(),
  );
});

Deno.test("halo knows every target and its other names", () => {
  assert.deepEqual(Object.keys(halo.targets), ["halo", ...PRODUCTS.map(({ target }) => target)]);
  assert.deepEqual(halo.targets.sentinelone, ["s1"]);
});

Deno.test("halo.health says in one line how the products stand", async () => {
  await using fixture = openFixture();
  const health = await halo.health(contextOf(fixture));
  assert.deepEqual([health.mark, health.summary], ["attention", "2 of 10 need attention · 3 not set up"]);
  assert.deepEqual(health.problems[0]?.slice(0, 3), [
    { data: "N-central US", item: "ncentral:2" },
    "failing",
    "N-central",
  ]);
});

Deno.test("halo.probe asks for each product, because rights are given by product", async () => {
  await using fixture = openFixture();
  const proof = await halo.probe(fixture.client, fixture.call);
  assert.deepEqual(proof, { ok: true, says: "accepted; 12 of 12 products can be read" });
  assert.equal(fixture.asked().length, 12);
});

Deno.test("haloWith one more row has a thirteenth product with all its commands", async () => {
  const lantern = product({
    target: "lantern",
    aliases: ["lt"],
    label: "Lantern",
    details: "LanternDetails",
    sync: { enabled: ["glow"], lastSync: ["glowed"], lastError: ["dimmed"] },
    fields: { text: "name", integer: "wicks" },
  });
  const vendor = haloWith([...PRODUCTS, lantern]);
  const schemas = {
    LanternDetails: schema({
      str: "name",
      int: "wicks",
      bool: "glow",
      dt: "glowed",
      error: "dimmed",
      array: "",
      secret: "",
    }),
  };
  await using fixture = openFixture({ schemas });
  assert.deepEqual(vendor.targets.lantern, ["lt"]);
  const created = await carry(
    fixture,
    "create",
    "lantern",
    { fields: { name: "Harbour", wicks: "3", glow: "on" } },
    {},
    vendor,
  );
  assert.deepEqual(created.sent[0]?.[2], [{ name: "Harbour", wicks: 3, glow: true }]);
  const disabled = await carry(fixture, "disable", "lantern", { id: "Harbour" }, {}, vendor);
  assert.deepEqual(disabled.sent[0]?.[2], [{ id: 1, glow: false }]);
  assert.equal(
    (await read(fixture, "status", "lantern", {}, vendor)).title,
    "Lantern: 0 of 1 syncing · 1 disabled",
  );
  const deleted = await carry(fixture, "delete", "lantern", { id: "1" }, {}, vendor);
  assert.deepEqual(deleted.undone?.input, { document: { name: "Harbour", wicks: 3, glow: false } });
});
