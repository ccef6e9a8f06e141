// Only connectors' worlds import this interface, so only a plugin that uses its functions may import this module.

/// <reference path="../contract.d.ts" />

export { decrypt, decryptGcm, encrypt, hash, hmac, sign, verifySorted } from "guanxi:plugin/secrets@0.1.0";
