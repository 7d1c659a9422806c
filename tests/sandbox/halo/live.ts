/** What the products themselves answer through HaloPSA. The vendor documents no bodies; these are invented. */
export const LIVE: Readonly<Record<string, unknown>> = {
  SentinelOne: [
    {
      id: "1",
      name: "Northwind",
      state: "active",
      activeAgents: "212",
      totalLicenses: "250",
      apiToken: "s1-token",
    },
    { id: "2", name: "Globex", state: "active", activeAgents: "31", totalLicenses: "40" },
  ],
  Sophos: { tenants: [{ id: "t-1", name: "Northwind", dataRegion: "eu01" }], access_token: "sophos-token" },
  Armis: { total: 2, devices: [{ id: 1, name: "plc-7" }, { id: 2, name: "cam-3" }] },
  KaseyaVSAX: [{ Identifier: "0a1b", Name: "srv-db-1", IsOnline: true }],
  Tenable: {
    scanners: [{
      id: 1,
      name: "eu-frankfurt",
      status: "on",
      uuid: "6a1f0e5c-93a0-4a0e-9d3e-0f6b1c2d3e4f",
      key: "5e9c1f".repeat(10) + "a7d0",
      linking_key: "linking-key-of-tenable",
      linking_token: "tenable-token",
      license: { activation_code: "AAAA-BBBB-tenable", agents: 12 },
      settings: [{ name: "checksum", value: "0123456789abcdef".repeat(2) }],
    }],
  },
  ManageEngine: { assets: [], authorization: "Zoho-oauthtoken manage-token" },
};

export interface TenableExport {
  readonly chunk_size: number | null;
  /** Starts QUEUED; the test moves it on. */
  export_progress: "QUEUED" | "PROCESSING" | "FINISHED" | "CANCELLED" | "ERROR";
  readonly export_id: string;
  readonly export_date: string;
  ready_for_import: boolean;
  progress_error: string;
}

export function isRunning(job: TenableExport | undefined): boolean {
  return job?.export_progress === "QUEUED" || job?.export_progress === "PROCESSING";
}
