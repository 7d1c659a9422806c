import type { DatabaseConfig } from "../bot/settings.ts";

const FEW = 5;

/** The same database by few connections: tests run side by side, each with several bots, and the server has a hundred. */
export function fewConnections(config: DatabaseConfig): DatabaseConfig {
  return config.kind === "postgres" ? { ...config, connections: FEW } : config;
}
