/** The JSON types of one `{Vendor}Details` resource; `secret` properties are accepted and never returned. */
export type Schema = ReadonlyMap<string, "int" | "bool" | "str" | "dt" | "array" | "secret">;

/** The twelve resources as the vendor's page "RMM & Security Endpoints" and its published schemas list them. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  DattoRmmDetails: schema({
    int: `connection_type webhook_user webhook_ticket_type asset_type_group site_import_type top_level
      asset_type import_type default_client default_asset_site assetimportidentifier
      webhook_method webhook_iterations`,
    str: "url client_id match_field",
    bool: "match_user halo_integrator enableintegrator match_name delete_devices new_method",
    dt: "last_sync lastsyncdate",
    error: "last_error lastsyncerror",
    array: "field_mappings site_mappings",
    secret: "new_client_secret new_webhook_password",
  }),
  NCentralDetails: schema({
    int: `toplevel alerttickettype alertticketuser syncentities defassettypegroup default_assettype
      assettype_field login_port asset_type_choice`,
    str: `guid name url username alertclientid alertusername defassettypegroup_name
      default_assettype_name tickettype_name user_name`,
    bool: `enableintegrator newmethod dontsyncaddr deactivateclients deactivateassets automaticclientsitelink
      reqcredsremote match_user_device ignore_probes`,
    dt: "lastsyncdate",
    error: "lastsyncerror",
    array: "mappings_xtype client_links site_links asset_fieldmappings",
    secret: "new_password new_alert_password new_client_secret",
  }),
  KaseyaVSAXDetails: schema({
    int: `default_asset_site default_asset_type assetimportidentifier default_top_level webhook_id
      alert_tickettype alert_user assettype_choice default_status delete_status site_matching_method`,
    str: "guid name url token_id",
    bool: `enableintegrator enable_alerts delete_devices dont_create_new_devices dont_update_asset_type
      dont_move_site`,
    dt: "lastsyncdate",
    error: "lastsyncerror",
    array: "fieldmappings site_rules client_mappings halo_integrator_import_types",
    secret: "new_integration_key new_webhook_secret",
  }),
  SentinelOneDetails: schema({
    int: "top_level asset_type default_site assetimportidentifier",
    str: "url integrator_types",
    bool: "dont_move_site dont_update_device_type integrator_enabled",
    dt: "token_expiry last_sync",
    error: "last_sync_error",
    array: "integrator_types_list",
    secret: "new_access_token",
  }),
  SophosDetails: schema({
    int: "top_level type",
    str: "guid name client_id import_entities type_id",
    bool: "update_addresses halointegrator connected",
    dt: "halointegrator_lastsync",
    error: "halointegrator_lasterror",
    array: "client_mappings import_entities_list",
    secret: "new_integration_key new_access_token new_refresh_token",
  }),
  ArmisDetails: schema({
    int: "default_devicesite default_devicetype assetimportidentifier",
    str: "name url",
    bool: "enableintegrator",
    dt: "lastsyncdate",
    error: "lastsyncerror",
    array: "fieldmappings site_rules",
    secret: "new_integration_key new_access_token",
  }),
  PRTGDetails: schema({
    int: "defsite defassettype assetmatchingfield webhook_ticket_type_id webhook_ticket_user_id",
    str: `url username webhook_ticket_summary webhook_ticket_details webhook_autoclosure_status
      assetmatchingfield_name assettype_name site_name webhook_ticket_user_name`,
    bool: "new_method halointegratorenabled enable_webhooks",
    dt: "halointegratorlastsync",
    error: "halointegratorlasterror",
    array: "asset_fieldmappings",
    secret: "new_password new_webhook_secret",
  }),
  DynatraceDetails: schema({
    int: `default_devicesite default_devicetype assetimportidentifier ticket_type ticket_user
      default_assetgroup assettype_choice webhook_iterations`,
    str: `guid name url webhook_username assetimportidentifier_fieldname assettype_field
      default_assetgroupname default_devicesite_name default_devicetypename
      halo_integrator_import_list ticket_type_name ticket_user_name webhook_salt`,
    bool: `enableintegrator enable_alerts delete_devices dont_create_new_devices dont_move_site
      dont_update_device_type new_integration_method new_webhook_password_method`,
    dt: "lastsyncdate",
    error: "lastsyncerror",
    array: `host_fieldmappings service_fieldmappings sitemappings halo_integrator_import_types
      mappings_xtype`,
    secret: "new_integration_key new_webhook_password",
  }),
  TenableDetails: schema({
    int: `default_devicesite default_devicetype assetimportidentifier assettype_choice
      default_assetgroup`,
    str: `guid name url key assetimportidentifier_fieldname assettype_field default_assetgroupname
      default_devicesite_name default_devicetypename`,
    bool: `enableintegrator delete_devices dont_create_new_devices dont_move_site
      dont_update_device_type new_integration_method`,
    dt: "lastsyncdate",
    error: "lastsyncerror",
    array: "fieldmappings sitemappings exports mappings_xtype",
    secret: "new_integration_key",
  }),
  SnipeITDetails: schema({
    int:
      "toplevel default_devicesite default_devicetype assetimportidentifier default_assetgroup assettype_choice",
    str: `guid name url assetimportidentifier_fieldname assettype_field default_assetgroupname
      default_devicesite_name default_devicetypename halo_integrator_import_list toplevel_name`,
    bool: `enableintegrator delete_devices dont_create_new_devices dont_update_device_type
      dont_move_site new_integration_method`,
    dt: "lastsyncdate",
    error: "lastsyncerror",
    array: "snipeit_fieldmappings client_links mappings_xtype halo_integrator_import_types",
    secret: "new_integration_key",
  }),
  SnowDetails: schema({
    int: "toplevel default_devicesite default_devicetype user_matching_type assetimportidentifier",
    str: `name url username password guid assetimportidentifier_fieldname default_devicesite_name
      default_devicetypename halo_integrator_import_list toplevel_name sdpassword`,
    bool: `enableintegrator delete_devices dont_create_new_devices dont_move_site
      dont_update_device_type dont_update_site_addresses new_integration_method`,
    dt: "lastsyncdate",
    error: "lastsyncerror",
    array: "snow_fieldmappings client_links halo_integrator_import_types",
    secret: "new_integration_key",
  }),
  ManageEngineDetails: schema({
    int: `type instancetype assetimportidentifier assettype_choice default_assetgroup
      default_devicesite default_devicetype`,
    str: `name region manageengine_clientid username server_url unique_user_id _code _otp guid
      assetimportidentifier_fieldname assettype_field default_assetgroupname
      default_devicesite_name default_devicetypename halo_integrator_import_list`,
    bool: `enableintegrator isauthorized _disconnect delete_devices dont_create_new_devices
      dont_move_site dont_update_device_type import_software set_local_auth_token`,
    dt: "tokenexpiry lastsyncdate",
    error: "lastsyncerror",
    array: `client_links halo_integrator_import_types manageengine_fieldmappings mappings_xtype
      sitemappings`,
    secret: "new_access_token new_refresh_token new_client_secret new_integration_key",
  }),
};

/** Names by type, separated by white space; `error` is text that HaloPSA writes. */
export function schema(
  names: Readonly<Record<"int" | "bool" | "str" | "dt" | "error" | "array" | "secret", string>>,
): Schema {
  const words = (text: string) => text.split(/\s+/).filter(Boolean);
  return new Map([
    ["id", "int"],
    ...words(names.str).map((name) => [name, "str"] as const),
    ...words(names.int).map((name) => [name, "int"] as const),
    ...words(names.bool).map((name) => [name, "bool"] as const),
    ...words(names.dt).map((name) => [name, "dt"] as const),
    ...words(names.error).map((name) => [name, "str"] as const),
    ...words(names.array).map((name) => [name, "array"] as const),
    ...words(names.secret).map((name) => [name, "secret"] as const),
  ]);
}
