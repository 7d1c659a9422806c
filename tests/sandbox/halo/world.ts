export type Stored = { id: number } & Record<string, unknown>;

const FRESH_MS = 12 * 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * A service fixture on an ordinary night: nine of twelve products are set up, N-central's second server refuses
 * its password since yesterday, and SentinelOne's token ran out two days ago.
 */
export function createWorld(now: number): Record<string, Stored[]> {
  const fresh = haloTime(now - FRESH_MS);
  return {
    DattoRmmDetails: [{
      id: 1,
      url: "https://concord-api.example",
      client_id: "DRMM-7f31",
      connection_type: 0,
      match_user: true,
      match_field: "email",
      top_level: 1,
      halo_integrator: true,
      last_sync: fresh,
      last_error: "",
      field_mappings: [],
    }],
    NCentralDetails: nCentral(fresh, haloTime(now - 26 * HOUR_MS)),
    KaseyaVSAXDetails: [{
      id: 2,
      guid: "2a9c9f3e-52b6-4d0c-8e4f-64f4f0a1f0d2",
      name: "VSA X",
      url: "https://vsax.northwind.example",
      token_id: "c0ffee",
      enableintegrator: true,
      lastsyncdate: fresh,
      lastsyncerror: "",
      enable_alerts: true,
      webhook_id: null,
      alert_tickettype: 22,
    }],
    SentinelOneDetails: [{
      id: 1,
      url: "https://euce1-104.sentinelone.example",
      token_expiry: haloTime(now - 2 * DAY_MS),
      top_level: 1,
      asset_type: 9,
      integrator_enabled: true,
      integrator_types: "agents",
      last_sync: haloTime(now - 2 * DAY_MS),
      last_sync_error: "",
    }],
    SophosDetails: [{
      id: 1,
      guid: "5f0c1a0e-6a0b-4f6c-9d0e-2b7f1e6f9a11",
      name: "Sophos Central",
      client_id: "a1b2",
      import_entities: "1,2",
      import_entities_list: [{ value: "1", label: "Clients" }],
      top_level: 1,
      type: 0,
      type_id: "tenant",
      update_addresses: false,
      connected: true,
      halointegrator: true,
      halointegrator_lastsync: fresh,
      halointegrator_lasterror: "",
    }],
    ArmisDetails: [named(4, "Armis", "https://northwind.armis.example", fresh)],
    PRTGDetails: [{
      id: 1,
      url: "https://prtg.northwind.example",
      username: "halo",
      new_method: true,
      halointegratorenabled: true,
      halointegratorlastsync: fresh,
      halointegratorlasterror: "",
      enable_webhooks: false,
    }],
    DynatraceDetails: [],
    TenableDetails: [{
      ...named(3, "Tenable VM", "https://cloud.tenable.example", fresh),
      key: "ak-51",
      fieldmappings: [{ id: 7, name: "Serial", thirdpartyname: "serial_number" }],
    }],
    SnipeITDetails: [],
    SnowDetails: [{
      ...named(5, "Snow License Manager", "https://snow.northwind.example", fresh),
      username: "svc-halo",
      password: "clear-text-of-snow",
      client_links: [{ id: 11, halo_id: 4, third_party_id: "NW", third_party_desc: "Northwind" }],
    }],
    ManageEngineDetails: [],
  };
}

/** HaloPSA's times carry no zone and mean UTC. */
export function haloTime(at: number): string {
  return new Date(at).toISOString().slice(0, -1);
}

function nCentral(fresh: string, yesterday: string): Stored[] {
  const shared = { username: "halo@northwind.example", toplevel: 1, syncentities: 3, newmethod: true };
  return [
    {
      ...named(1, "N-central EU", "https://ncentral-eu.example", fresh),
      ...shared,
      client_links: [{ id: 1, halo_id: 2, third_party_id: "105", third_party_desc: "Globex" }],
    },
    {
      ...named(2, "N-central US", "https://ncentral-us.example", yesterday),
      ...shared,
      lastsyncerror: "The remote server returned an error: (401) Unauthorized.",
    },
  ];
}

function named(id: number, name: string, url: string, lastsyncdate: string): Stored {
  return { id, name, url, enableintegrator: true, lastsyncdate, lastsyncerror: "" };
}
