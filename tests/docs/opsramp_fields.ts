import type { FieldsOfPage } from "./fields.ts";

/** OpsRamp's page, by the section that a field is in. */
export const opsrampFields: FieldsOfPage = {
  vendor: "OpsRamp",
  of: {
    integration: {
      category: "`/show opsramp`",
      description: "`/show opsramp`; `/update opsramp description=`",
      displayName: "everywhere, as its name; `/update opsramp name=`",
      id: "`/show opsramp`",
      name: "`/list opsramp` and `/show opsramp`",
    },
    "inboundConfig.authentication": {
      authType: "`/show opsramp`; `/update opsramp auth=`",
      token: "only that there is one; a new one goes to who asked for it, on a private page",
    },
    "inboundConfig.authentication.role": {
      name: "`/show opsramp`",
      uniqueId: "`/show opsramp`; `/update opsramp role=`",
    },
    "inboundConfig.mapAttributes": {
      attrName: "`/show opsramp`; OpsRamp works it out, a copied one is compared with it",
      entityType: "`/show opsramp`; `/map opsramp <id> in …`",
      mode: "not shown: it says which section this is; a copied one is compared with it",
      name: "`/show opsramp`; `/map opsramp <id> in …`",
      parsingProperty: "`/show opsramp`, and the card of `/map opsramp` with a document",
      tenantAttrName: "taken, and sent as `thirdPartyAttrName`",
      tenantEntityType: "taken, and sent as `thirdPartyEntityType`",
      thirdPartyAttrName: "`/show opsramp`; `/map opsramp <id> in …`, after the dot",
      thirdPartyEntityType: "`/show opsramp`; `/map opsramp <id> in …`, before the dot",
    },
    "inboundConfig.mapAttributes.attrValues": {
      attrValue: "`/show opsramp`; `/map opsramp <id> in …`, before the `=`",
      tenantAttrValue: "taken, and sent as `thirdPartyAttrValue`",
      thirdPartyAttrValue: "`/show opsramp`; `/map opsramp <id> in …`, after the `=`",
    },
    "outboundConfig.mapAttributes": {
      attrName: "`/show opsramp`; OpsRamp works it out, a copied one is compared with it",
      entityType: "`/show opsramp`; `/map opsramp <id> out …`",
      mode: "not shown: it says which section this is; a copied one is compared with it",
      name: "`/show opsramp`; `/map opsramp <id> out …`",
      parsingProperty: "`/show opsramp`, and the card of `/map opsramp` with a document",
      tenantAttrName: "taken, and sent as `thirdPartyAttrName`",
      tenantEntityType: "taken, and sent as `thirdPartyEntityType`",
      thirdPartyAttrName: "`/show opsramp`; `/map opsramp <id> out …`, after the dot",
      thirdPartyEntityType: "`/show opsramp`; `/map opsramp <id> out …`, before the dot",
    },
    "outboundConfig.mapAttributes.attrValues": {
      attrValue: "`/show opsramp`; `/map opsramp <id> out …`, before the `=`",
      tenantAttrValue: "taken, and sent as `thirdPartyAttrValue`",
      thirdPartyAttrValue: "`/show opsramp`; `/map opsramp <id> out …`, after the `=`",
    },
    "outboundConfig.baseNotifier": {
      accessTokenURI: "taken, and sent as `accessTokenURL`",
      accessTokenURL: "`/show opsramp`; `/notifier opsramp accessTokenURL=`",
      apiKey: "only that there is one; `/notifier opsramp apiKey=?`",
      apiSecret: "never answered; `/notifier opsramp apiSecret=?`",
      authType: "`/show opsramp`; `/notifier opsramp auth=`",
      baseURI: "`/show opsramp`; `/notifier opsramp uri=`",
      grantType: "`/show opsramp`; `/notifier opsramp grantType=`",
      password: "never answered; `/notifier opsramp password=?`",
      resourceAuthHeaders: "never answered; `/notifier opsramp resourceAuthHeaders.<header>=`",
      scope: "never answered; `/notifier opsramp scope=`",
      tokenHeaders: "never answered; `/notifier opsramp tokenHeaders.<header>=`",
      tokenPayload: "never answered; `/notifier opsramp` with a document",
      tokenURL: "never answered; `/notifier opsramp tokenURL=`",
      tokensPath: "never answered; `/notifier opsramp tokensPath=<name>:<path>`",
      type: "never answered; `/notifier opsramp type=`",
      userName: "`/show opsramp`; `/notifier opsramp userName=`",
    },
    outboundConfig: {
      notifier: "taken, and sent as `baseNotifier`, as the page's samples have it",
    },
  },
};
