import { type Product, product } from "./product.ts";

/**
 * The RMM and security products, one row each. Names and types are those of the vendor's page "RMM & Security
 * Endpoints", completed from HaloPSA's published schemas where these know more.
 */
export const PRODUCTS: readonly Product[] = [
  product({
    target: "datto",
    label: "Datto RMM",
    details: "DattoRmmDetails",
    sync: {
      enabled: ["halo_integrator", "enableintegrator"],
      lastSync: ["last_sync", "lastsyncdate"],
      lastError: ["last_error", "lastsyncerror"],
    },
    fields: {
      text: "url client_id match_field match_field_second user_matching_cf remote_url from_address",
      integer: `connection_type webhook_user webhook_ticket_type webhook_method asset_type_group asset_type
        site_import_type import_type top_level default_client default_asset_site assetimportidentifier
        ticket_type`,
      flag: "match_user match_name delete_devices new_method",
      rows: "field_mappings site_mappings",
      secret: "new_client_secret new_webhook_password",
      shown:
        `webhook_guid webhook_iterations asset_import_identifier_fieldname asset_type_group_name customer_name top_level_name
        asset_site_name alert_user_name`,
    },
  }),
  product({
    target: "ncentral",
    label: "N-central",
    details: "NCentralDetails",
    includeDetails: true,
    fields: {
      text: "name url username alertclientid alertusername",
      integer: `toplevel alerttickettype alertticketuser syncentities defassettypegroup asset_type_choice
        default_assettype assettype_field login_port`,
      flag: `newmethod dontsyncaddr deactivateclients deactivateassets automaticclientsitelink reqcredsremote
        match_user_device ignore_probes`,
      rows: "mappings_xtype client_links site_links asset_fieldmappings",
      secret: "new_password new_alert_password new_client_secret",
      shown: "guid defassettypegroup_name tickettype_name user_name default_assettype_name",
    },
  }),
  product({
    target: "kaseya",
    label: "Kaseya VSA X",
    details: "KaseyaVSAXDetails",
    live: "KaseyaVSAX",
    fields: {
      text: "name url token_id assettype_field halo_integrator_import_list",
      integer: `default_asset_site default_asset_type assetimportidentifier default_top_level alert_tickettype
        alert_user assettype_choice default_status delete_status site_matching_method default_asset_group`,
      flag: `enable_alerts delete_devices dont_create_new_devices dont_update_asset_type dont_move_site
        link_assets`,
      rows: "fieldmappings site_rules client_mappings halo_integrator_import_types mappings_xtype",
      secret: "new_integration_key new_webhook_secret",
      shown: `guid webhook_id default_asset_site_name default_asset_type_name default_top_level_name
        assetimportidentifier_fieldname alert_tickettype_name alert_user_name default_status_name
        delete_status_name default_asset_group_name`,
    },
  }),
  product({
    target: "sentinelone",
    aliases: ["s1"],
    label: "SentinelOne",
    details: "SentinelOneDetails",
    live: "SentinelOne",
    sync: {
      enabled: ["integrator_enabled"],
      lastSync: ["last_sync"],
      lastError: ["last_sync_error"],
      tokenExpiry: ["token_expiry"],
    },
    fields: {
      text: "url asset_type_field account",
      integer: `top_level asset_type default_site assetimportidentifier delete_status default_asset_group
        asset_type_choice default_status default_user default_tickettype client_site_matching_method`,
      flag: "dont_move_site dont_update_device_type delete_devices no_new_devices",
      rows: "integrator_types_list clientmappings sitemappings fieldmappings mappings_xtype",
      any: "integrator_types",
      secret: "new_access_token",
      shown: `asset_type_name default_site_name assetimportidentifier_fieldname default_group_name
        default_user_name default_tickettype_name account_name`,
    },
  }),
  product({
    target: "sophos",
    label: "Sophos",
    details: "SophosDetails",
    live: "Sophos",
    sync: {
      enabled: ["halointegrator"],
      lastSync: ["halointegrator_lastsync"],
      lastError: ["halointegrator_lasterror"],
      authorized: ["connected"],
    },
    fields: {
      text: "name client_id import_entities",
      integer: "top_level",
      flag: "update_addresses",
      rows: "import_entities_list client_mappings",
      any: "type type_id",
      secret: "new_integration_key new_access_token new_refresh_token",
      shown: "guid top_level_name",
    },
  }),
  product({
    target: "armis",
    label: "Armis",
    details: "ArmisDetails",
    live: "Armis",
    fields: {
      text: "name url assettype_field halo_integrator_import_list",
      integer: `default_devicesite default_siteclient default_devicetype assetimportidentifier
        default_assetgroup assettype_choice default_status delete_status site_matching_method`,
      flag: "delete_devices dont_create_new_devices dont_update_device_type dont_move_site",
      rows: "fieldmappings site_rules site_mappings mappings_xtype halo_integrator_import_types",
      secret: "new_integration_key new_access_token",
      shown: `default_devicesite_name default_siteclient_name default_devicetypename
        assetimportidentifier_fieldname default_assetgroupname default_status_name delete_status_name`,
    },
  }),
  product({
    target: "prtg",
    label: "PRTG",
    details: "PRTGDetails",
    sync: {
      enabled: ["halointegratorenabled"],
      lastSync: ["halointegratorlastsync"],
      lastError: ["halointegratorlasterror"],
    },
    fields: {
      text: "url username webhook_ticket_summary webhook_ticket_details webhook_autoclosure_status",
      integer: "defsite defassettype assetmatchingfield webhook_ticket_type_id webhook_ticket_user_id",
      flag: "new_method enable_webhooks",
      rows: "asset_fieldmappings",
      secret: "new_password new_webhook_secret",
      shown: "site_name assettype_name assetmatchingfield_name webhook_ticket_user_name",
    },
  }),
  product({
    target: "dynatrace",
    label: "Dynatrace",
    details: "DynatraceDetails",
    fields: {
      text: "name url webhook_username assettype_field halo_integrator_import_list",
      integer: `default_devicesite default_devicetype assetimportidentifier ticket_type ticket_user
        default_assetgroup assettype_choice`,
      flag: `enable_alerts delete_devices dont_create_new_devices dont_update_device_type dont_move_site
        new_integration_method new_webhook_password_method`,
      rows:
        "host_fieldmappings service_fieldmappings sitemappings mappings_xtype halo_integrator_import_types",
      secret: "new_integration_key new_webhook_password",
      shown: `guid default_devicesite_name default_devicetypename assetimportidentifier_fieldname
        default_assetgroupname ticket_type_name ticket_user_name webhook_iterations`,
    },
  }),
  product({
    target: "tenable",
    label: "Tenable",
    details: "TenableDetails",
    live: "Tenable",
    fields: {
      text: "name url key assettype_field",
      integer:
        "default_devicesite default_devicetype assetimportidentifier default_assetgroup assettype_choice",
      flag: `delete_devices dont_create_new_devices dont_update_device_type dont_move_site
        new_integration_method`,
      rows: "fieldmappings sitemappings mappings_xtype",
      secret: "new_integration_key",
      shown: `guid default_devicesite_name default_devicetypename assetimportidentifier_fieldname
        default_assetgroupname`,
    },
  }),
  product({
    target: "snipeit",
    label: "Snipe-IT",
    details: "SnipeITDetails",
    fields: {
      text: "name url assettype_field halo_integrator_import_list",
      integer: `toplevel default_devicesite default_devicetype assetimportidentifier default_assetgroup
        assettype_choice`,
      flag: `delete_devices dont_create_new_devices dont_update_device_type dont_move_site
        new_integration_method`,
      rows: "snipeit_fieldmappings client_links mappings_xtype halo_integrator_import_types",
      secret: "new_integration_key",
      shown: `guid toplevel_name default_devicesite_name default_devicetypename
        assetimportidentifier_fieldname default_assetgroupname`,
    },
  }),
  product({
    target: "snow",
    label: "Snow",
    details: "SnowDetails",
    includeDetails: true,
    spellings: [["password", "sdpassword"]],
    fields: {
      text: "name url username halo_integrator_import_list",
      integer: "toplevel default_devicesite default_devicetype user_matching_type assetimportidentifier",
      flag: `delete_devices dont_create_new_devices dont_update_device_type dont_move_site
        dont_update_site_addresses new_integration_method`,
      rows: "snow_fieldmappings client_links halo_integrator_import_types",
      secret: "password sdpassword new_integration_key",
      shown: `guid toplevel_name default_devicesite_name default_devicetypename
        assetimportidentifier_fieldname`,
    },
  }),
  product({
    target: "manageengine",
    label: "ManageEngine",
    details: "ManageEngineDetails",
    live: "ManageEngine",
    sync: { tokenExpiry: ["tokenexpiry"], authorized: ["isauthorized"] },
    fields: {
      text: `name region manageengine_clientid username server_url unique_user_id user_matching_type
        user_matching_owner user_matching_owner_email_id assettype_field halo_integrator_import_list`,
      integer: `type instancetype default_devicesite default_devicetype assetimportidentifier
        default_assetgroup assettype_choice`,
      flag: `set_local_auth_token delete_devices dont_create_new_devices dont_update_device_type
        import_software dont_move_site`,
      rows:
        "client_links manageengine_fieldmappings sitemappings mappings_xtype halo_integrator_import_types",
      secret: "new_access_token new_refresh_token new_client_secret new_integration_key",
      shown: `guid default_devicesite_name default_devicetypename assetimportidentifier_fieldname
        default_assetgroupname`,
    },
  }),
];
