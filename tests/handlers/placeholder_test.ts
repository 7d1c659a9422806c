import assert from "node:assert/strict";
import { HIDDEN_MARK } from "../../clients/secrets.ts";
import { isPlaceholder, maskInPart, shownAddress } from "../../handlers/mask.ts";

Deno.test.each([
  ["?"],
  ["hidden"],
  [" hidden "],
  ["set, hidden"],
  ["cannot be read"],
  ["new value, entered privately"],
  [HIDDEN_MARK],
  [maskInPart("client-1234567890")],
  [shownAddress("https://ana:pw@desk.example.com/api?key=k-7Yq")],
])("isPlaceholder() knows what stands for a value: %s", (text) => {
  assert.ok(isPlaceholder(String(text)));
});

Deno.test.each([
  [""],
  ["Hidden Valley"],
  ["what?"],
  ["https://desk.example.com/api?key=hidden"],
  [shownAddress("https://desk.example.com/api")],
])("isPlaceholder() leaves a value alone: %s", (text) => {
  assert.ok(!isPlaceholder(String(text)));
});
