// Sends what a web server sends, through Segment's own Node library; safe to run again with the same ids.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.GUANXI_TEST_NODE_MODULES}/`);
const { Analytics } = require("@segment/analytics-node");

const given = JSON.parse(process.argv[2]);
const problems = [];
const analytics = new Analytics({ writeKey: given.write_key, host: given.host, maxRetries: 2, flushAt: 10 });
analytics.on("error", (error) => problems.push(String(error.reason ?? error.code ?? error)));

const ago = (days) => new Date(Date.now() - days * 86_400_000);
const userId = "bo";
analytics.identify({
  userId,
  traits: { name: "Bo", email: "bo@example.com", phone: "+49 30 901820" },
  context: { locale: "zh-CN" },
  timestamp: ago(30),
  messageId: `${given.run}-identify`,
});
analytics.track({
  userId,
  event: "Order Completed",
  properties: { order_id: "B-1", revenue: "1200", currency: "JPY" },
  timestamp: ago(3),
  messageId: `${given.run}-order`,
});
analytics.track({
  userId,
  event: "Order Refunded",
  properties: { order_id: "B-1", total: 200, currency: "JPY" },
  timestamp: ago(2),
  messageId: `${given.run}-refund`,
});
analytics.screen({ userId, name: "Home", timestamp: ago(1), messageId: `${given.run}-screen` });
await analytics.closeAndFlush({ timeout: 60_000 });
console.log(JSON.stringify({ problems }));
