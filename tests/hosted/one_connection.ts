/** As the product starts on the platform, with one connection to the database a process. */
// @ts-types="@types/pg"
import pg from "pg";

pg.Pool = class extends pg.Pool {
  constructor(config?: pg.PoolConfig) {
    super({ ...config, max: 1 });
  }
};

await import("../../bot/deploy.ts");
