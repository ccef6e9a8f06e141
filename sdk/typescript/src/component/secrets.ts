// Only connectors' worlds import this interface, so only a plugin that uses `hmac` may import this module.

/// <reference path="../contract.d.ts" />

export { hmac } from "guanxi:plugin/secrets@0.1.0";
