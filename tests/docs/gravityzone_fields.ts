import type { FieldsOfPage } from "./fields.ts";

/** The pages getConfiguredIntegrations and Integrations, and what the present manual adds to them. */
export const gravityzoneFields: FieldsOfPage = {
  vendor: "Bitdefender",
  of: {
    "every method": {
      id: "a random one for each request; an answer with another one is not taken",
      jsonrpc: "always `2.0`",
      method: "the method's name",
      params: "an object, empty where nothing is to be said",
      result: "what is below; of methods without a value, anything is a yes where there is no `error`",
      error: "the failure, its `code` as a kind and `data.details` in the vendor's words",
    },
    getConfiguredIntegrations: {
      companyId:
        "set with `[company]` of `/status bitdefender`, `company=` of `/show bitdefender`; not sent for a customer's key",
      companyID: "the table's spelling of `companyId`; not sent",
      page:
        "every page until `total` is reached or one brings nothing new; in the answer not shown: the page is the one that was asked for",
      perPage:
        "100, then as many as the first page had; in the answer not shown: the rows that came are counted",
      data: "one row each; a row that cannot be read is counted and named",
      total: "compared with what came: the overview says how many were seen",
    },
    data: {
      id: "shown by `/show bitdefender`, folded in `/status bitdefender`, and in its file",
      name: "shown by `/status bitdefender` and everywhere else",
      type: "shown by `/status bitdefender`, in words; another than 1 as its number",
      specifics: "its fields below; `not readable` where it is no object",
      category: "its fields below; `not readable` where it is no object",
      company: "its fields below",
      status:
        "shown by `/status bitdefender`, in words, worst first; what is not documented stands with the problems",
    },
    specifics: {
      hostname: "shown by `/status bitdefender`, `/show bitdefender`",
      port: "shown by `/show bitdefender`, folded in the status",
      username: "shown by `/show bitdefender`, folded in the status",
      retryAuthentication: "shown by `/show bitdefender`, folded in the status",
      retryAuthenticationTimeToWait: "shown by `/show bitdefender`, folded in the status, in seconds",
      retryAuthenticationMaxAttempts: "shown by `/show bitdefender`, folded in the status",
      verifyTLSCertificate: "shown by `/show bitdefender`, folded in the status",
      viewType: "shown by `/show bitdefender`, folded in the status, in words",
    },
    category: {
      backup: "shown by `/show bitdefender`, named among the categories where it is true",
      directoryServices: "shown by `/show bitdefender`, named among the categories where it is true",
      inventoryManagement: "shown by `/show bitdefender`, named among the categories where it is true",
      virtualization: "shown by `/show bitdefender`, named among the categories where it is true",
      emailProtection: "shown by `/show bitdefender`, named among the categories where it is true",
      cloudProtection: "shown by `/show bitdefender`, named among the categories where it is true",
      securityTraining: "shown by `/show bitdefender`, named among the categories where it is true",
    },
    company: {
      id: "shown by `/show bitdefender`, folded in the status",
      name: "shown by `/status bitdefender`",
    },
    getHourlyUsageForAmazonEC2Instances: {
      companyId: "set with `[company]` of `/usage ec2`; not sent for a customer's key",
      targetMonth: "set with `month=`, as `mm/yyyy`; not sent for the current month",
      "hours by category": "shown by `/usage ec2`, `/status ec2`: each category and the total",
    },
    configureAmazonEC2Integration: {
      companyId: "set with `[company]` of `/enable ec2`; not sent for a customer's key",
      integrationName: "set with `integration=`, or asked for where several are known; not sent otherwise",
      keyId: "set with `key=`",
      keySecret: "set with `secret=?`, entered on a private page; shown nowhere",
    },
    configureAmazonEC2IntegrationUsingCrossAccountRole: {
      companyId: "set with `[company]` of `/enable ec2`; not sent for a customer's key",
      integrationName: "set with `integration=`, or asked for where several are known; not sent otherwise",
      crossAccountRoleArn: "set with `role=`",
    },
    generateAmazonEC2ExternalIdForCrossAccountRole: {
      companyId: "set with `[company]` of `/rotate externalid`; not sent for a customer's key",
      "the external ID": "compared with what is read back, and shown on the card",
    },
    getAmazonEC2ExternalIdForCrossAccountRole: {
      companyId: "set with `[company]` of `/externalid`; not sent for a customer's key",
      "the external ID": "shown by `/externalid`, `/status ec2`, the cards; null is “none generated”",
    },
    disableAmazonEC2Integration: {
      companyId: "set with `[company]` of `/disable ec2`; not sent for a customer's key",
      integrationName: "set with `integration=`, or asked for where several are known; not sent otherwise",
    },
    getCompanyDetailsByAWSAccountId: {
      accountId: "shown by `/whois <aws account id>`, with or without dashes",
      type: "shown by `/whois`, `/find`, in words",
      name: "shown by `/whois`, `/find`, the cards",
      id: "shown by `/whois`, `/find`, the cards",
      address: "shown by `/whois`, folded where there are several",
      phone: "shown by `/whois`, folded where there are several",
      canBeManagedByAbove: "shown by `/whois`",
      isSuspended: "shown by `/whois`; a warning on the card, and a difference when it changes meanwhile",
      createdAt: "shown by `/whois`, folded where there are several",
      country: "shown by `/whois`, folded where there are several; not shown where it is `N/A`",
      state: "beside the country",
      contactPerson: "its fields below",
    },
    contactPerson: {
      fullName: "shown by `/whois`",
      email: "shown by `/whois`",
      phoneNumber: "shown by `/whois`, folded where there are several",
      companyRole: "shown by `/whois`, folded where there are several",
    },
  },
};
