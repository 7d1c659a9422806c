import type { Resource } from "../../../handlers/resource.ts";
import { address, secretKey } from "../../../handlers/variable.ts";
import { defineVendor, vendorOf } from "../../../handlers/vendor.ts";
import { type Monitor, PulseClient } from "./client.ts";

const STANDINGS = { up: "fine", down: "problem", paused: "off" } as const;

const monitors: Resource<PulseClient, Monitor> = {
  vendor: "pulse",
  target: "pulse",
  label: "Pulse",
  noun: ["Pulse monitor", "Pulse monitors"],
  working: "up",
  list: (client, call) => client.listMonitors(call),
  get: (client, id, call) => client.getMonitor(id, call),
  id: ({ id }) => id,
  name: ({ name }) => name,
  standing: ({ state }) => ({ word: state, is: STANDINGS[state] }),
};

export const pulse = defineVendor({
  ...vendorOf(monitors),
  variables: {
    apiUrl: address("PULSE_API_URL", "Pulse's API"),
    apiKey: secretKey("PULSE_API_KEY", "Pulse API key"),
  },
  connect: (settings, shared) => new PulseClient({ ...settings, ...shared }),
});
