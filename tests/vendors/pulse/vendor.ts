import type { Resource } from "../../../handlers/resource.ts";
import { resourceHealth, resourceOperations } from "../../../handlers/resource_operations.ts";
import { address, secretKey } from "../../../handlers/variable.ts";
import { defineVendor } from "../../../handlers/vendor.ts";
import { type Monitor, Pulse } from "./client.ts";

const monitors: Resource<Pulse, Monitor> = {
  vendor: "pulse",
  target: "pulse",
  label: "Pulse",
  noun: ["Pulse monitor", "Pulse monitors"],
  working: "up",
  list: (client, call) => client.listMonitors(call),
  get: (client, id, call) => client.getMonitor(id, call),
  id: ({ id }) => id,
  name: ({ name }) => name,
  standing: ({ enabled, up }) =>
    !enabled
      ? { word: "paused", is: "off" }
      : up
      ? { word: "up", is: "fine" }
      : { word: "down", is: "problem" },
  status: { summary: "Pulse monitors: what is down", none: "no monitor" },
  listing: {
    summary: "Pulse monitors with their ids",
    columns: [{ title: "Id", cell: ({ item }) => ({ data: item.id }) }, {
      title: "Name",
      cell: ({ name }) => ({ data: name }),
    }],
  },
  show: {
    summary: "One Pulse monitor",
    facts: ({ id, up }) => [["Id", { data: id }], ["Answers", up ? "yes" : "no"]],
  },
};

export const pulse = defineVendor({
  name: "pulse",
  label: "Pulse",
  targets: { pulse: [] },
  variables: {
    apiUrl: address("PULSE_API_URL", "Pulse's API"),
    apiKey: secretKey("PULSE_API_KEY", "Pulse API key"),
  },
  connect: (settings, shared) => new Pulse({ ...settings, ...shared }),
  operations: resourceOperations(monitors),
  health: (context) => resourceHealth(monitors, context),
  probe: async (client, call) => ({
    ok: true,
    says: `the key works; ${(await client.listMonitors(call)).length} monitors`,
  }),
});
