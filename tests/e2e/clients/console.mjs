// Walks through the console in a headless Chromium as staff does, on a desk and on a phone, in English and Chinese.
// Prints what it saw; the test judges. Screenshots go to the folder that it is given.
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(`${process.env.GUANXI_TEST_NODE_MODULES}/`);
const { chromium } = require("playwright-core");

const given = JSON.parse(process.argv[2]);
const seen = { complaints: [], wide: [], findings: [], steps: {} };
const tenant = `${given.host}/console/t/${given.tenant}`;

const browser = await chromium.launch({
  executablePath: process.env.GUANXI_TEST_CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

function watch(page, name) {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.complaints.push(`${name}: ${message.text()}`);
  });
  page.on("pageerror", (error) => seen.complaints.push(`${name}: ${error}`));
  page.on("requestfailed", (request) => {
    const ended = request.failure()?.errorText === "net::ERR_ABORTED";
    if (!ended) seen.complaints.push(`${name}: ${request.url()} ${request.failure()?.errorText}`);
  });
}

// What a page must have for those who do not see it, and that nothing hangs over its edge.
async function inspect(page, name) {
  const found = await page.evaluate(() => {
    const findings = [];
    const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const label = (element) =>
      element.getAttribute("aria-label") || element.labels?.length || element.textContent.trim() || element.title;
    if (!document.documentElement.lang) findings.push("no language");
    if (!document.title) findings.push("no title");
    if (document.querySelectorAll("h1").length !== 1) findings.push("not one h1");
    if (!document.querySelector("main")) findings.push("no main");
    for (const control of document.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea")) {
      if (shown(control) && !label(control)) findings.push(`no label: ${control.outerHTML.slice(0, 120)}`);
    }
    for (const image of document.querySelectorAll("img:not([alt])")) findings.push(`no alt: ${image.src}`);
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) findings.push(`id twice: ${id}`);

    const channels = (color) => {
      const [r, g, b, a] = color.match(/[\d.]+/g).map(Number);
      return { rgb: [r, g, b], alpha: a ?? 1 };
    };
    const light = (rgb) => {
      const [r, g, b] = rgb.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const { rgb, alpha } = channels(getComputedStyle(at).backgroundColor);
        if (alpha === 1) return rgb;
      }
      return [255, 255, 255];
    };
    for (const element of document.querySelectorAll("body *")) {
      const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
      if (!own || !shown(element) || element.closest("svg, .skip, .hidden")) continue;
      const style = getComputedStyle(element);
      if (!style.color.startsWith("rgb") || element.disabled) continue;
      const [a, b] = [light(channels(style.color).rgb), light(behind(element))].sort((x, y) => y - x);
      const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
      const contrast = (a + 0.05) / (b + 0.05);
      if (contrast < (large ? 3 : 4.5)) {
        findings.push(`contrast ${contrast.toFixed(2)}: ${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 40)}`);
      }
    }
    const wide = document.documentElement.scrollWidth - window.innerWidth;
    return { findings, wide };
  });
  seen.findings.push(...found.findings.map((finding) => `${name}: ${finding}`));
  if (found.wide > 0) seen.wide.push(`${name}: ${found.wide} px`);
  await page.screenshot({ path: join(given.shots, `${name}.png`), fullPage: name.startsWith("phone") });
}

const rooms = [
  "insight", "segments", "segments/new", "imports", "reviews", "settings", "plugins", "channels", "channels/sandbox", "messages",
  "undelivered", "live",
];

async function signIn(page) {
  await page.goto(`${given.host}/console`);
  await page.getByLabel(/API token|API 令牌/).fill(given.token);
  await page.getByRole("button", { name: /^(Sign in|登录)$/ }).click();
  await page.waitForURL(`${tenant}/people`);
}

// Changes a setting in its form, wrongly at first, as told while typing.
async function settings(page) {
  await page.goto(`${tenant}/plugins/red-packet`);
  await inspect(page, "desk-plugin");
  await page.getByRole("link", { name: "Change the settings" }).click();
  await page.waitForURL(/\/plugins\/red-packet\/settings$/);
  await inspect(page, "desk-settings");
  const budget = page.locator('[name="text:/budget"]');
  await budget.fill("");
  await page.getByText('"budget" is a required property').waitFor();
  await page.locator('[name="whole:/min"]').fill("0");
  await page.getByText("0 is less than the minimum of 1").waitFor();
  seen.steps.wrong = await page.getByRole("status").innerText();
  await inspect(page, "desk-settings-wrong");
  await page.locator('[name="whole:/min"]').fill("66");
  await budget.fill("autumn");
  await page.getByText("Everything fits.").waitFor();
  seen.steps.left = await page.locator("form.settings .wrong li").count();
  await page.locator("form.settings .primary").click();
  await page.waitForURL(/\/plugins#red-packet$/);
}

// Whoever runs the host says whose plugins come in, and takes a version back, on a desk and on a phone.
async function operator() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB" });
  const page = await context.newPage();
  watch(page, "operator");
  await page.goto(`${given.host}/console`);
  await page.getByLabel("API token").fill(given.operator);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/console\/tenants$/);
  await inspect(page, "operator-tenants");
  await page.getByRole("link", { name: "Trust publishers" }).click();
  await page.waitForURL(/\/console\/library$/);
  await inspect(page, "operator-library");
  await page.locator("#trust-name").fill("lantern");
  await page.locator("#trust-title").fill("Lantern Works");
  await page.locator("#trust-key").fill("ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  await page.getByRole("button", { name: "Trust", exact: true }).click();
  await page.waitForURL(/#publisher-lantern$/);
  seen.steps.trusted = await page.locator("#publisher-lantern").innerText();

  await page.setViewportSize({ width: 390, height: 844 });
  const version = page.locator('[id="ror-0.1.0"]');
  await version.getByText("Take back").first().click();
  await version.getByLabel("Why").fill("counts twice");
  await version.locator("button.danger").click();
  await version.getByText("Taken back: counts twice").waitFor();
  await inspect(page, "operator-library-phone");
  seen.steps.yanked = await version.innerText();
  await version.getByRole("button", { name: "Offer again" }).click();
  await version.getByText("Taken back: counts twice").waitFor({ state: "detached" });
  seen.steps.offered = await version.innerText();
  await context.close();
}

async function desk() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", timezoneId: "Asia/Shanghai" });
  const page = await context.newPage();
  watch(page, "desk");
  await page.goto(`${given.host}/console`);
  await page.getByLabel("API token").fill("gxt_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  seen.steps.refused = await page.getByRole("alert").innerText();
  await inspect(page, "desk-sign-in");
  // A refusal is an answer that the browser notes as an error of its own.
  seen.complaints = seen.complaints.filter((line) => !/status of 40[13]/.test(line));
  await signIn(page);

  seen.steps.people = await page.getByRole("row").count();
  await inspect(page, "desk-people");
  await page.getByLabel("Search").fill("Ada");
  await page.waitForFunction(() => document.querySelectorAll("#people tbody tr").length === 1);
  seen.steps.found = await page.locator("#people tbody th a").innerText();
  await page.getByLabel("Search").fill("nobody at all");
  await page.waitForFunction(() => document.querySelectorAll("#people tbody tr").length === 0);
  seen.steps.none = await page.locator("#people").innerText();
  await page.getByLabel("Search").fill("email:ada@example.com");
  await page.locator("#people tbody th a", { hasText: "Ada" }).click();

  await page.waitForURL(/\/people\/per_/);
  seen.steps.person = {
    heading: await page.getByRole("heading", { level: 1 }).innerText(),
    scores: await page.locator(".scored h3").allInnerTexts(),
    terms: await page.locator(".scored .bars th").allInnerTexts(),
    timeline: await page.locator(".timeline h3").allInnerTexts(),
    text: await page.locator(".timeline").innerText(),
  };
  await inspect(page, "desk-person");
  const person = page.url();
  await page.getByRole("link", { name: "Campaigns", exact: true }).click();
  await page.waitForURL(/\/people\/per_[^/]+\/campaigns$/);
  await inspect(page, "desk-campaigns");
  await page.goto(person);
  await page.getByRole("link", { name: /receipt/i }).first().click();
  await page.waitForURL(/\/decisions\/dec_/);
  seen.steps.receipt = await page.getByRole("main").innerText();
  await inspect(page, "desk-decision");
  await page.getByRole("button", { name: "Decide again" }).click();
  seen.steps.replayed = await page.getByRole("status").innerText();
  await inspect(page, "desk-decision-again");

  await page.getByRole("link", { name: "Insight", exact: true }).click();
  await page.getByRole("heading", { name: "Live and dead data" }).waitFor();
  seen.steps.insight = await page.locator("#insight").innerText();
  await inspect(page, "desk-insight");

  await page.getByRole("link", { name: "Plugins", exact: true }).click();
  const lever = page.locator("#switch-welcome");
  for (const to of ["false", "true"]) {
    await lever.click();
    await page.waitForFunction((to) => document.querySelector("#switch-welcome")?.getAttribute("aria-checked") === to, to);
    const answer = await context.request.get(`${given.host}/api/v1/tenants/${given.tenant}/installations/welcome`, {
      headers: { authorization: `Bearer ${given.token}` },
    });
    seen.steps[`switched_${to}`] = (await answer.json()).mode;
  }
  await inspect(page, "desk-plugins");

  await settings(page);
  const library = await context.request.get(`${given.host}/console/library`, { maxRedirects: 0 });
  seen.steps.library_of_a_brand = library.status();

  await page.goto(`${tenant}/plugins/welcome/backtests`);
  const config = page.getByLabel("Configuration");
  await config.fill((await config.inputValue()).replace("Good to have you with us.", "Have some tea."));
  await inspect(page, "desk-backtests");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByText("Done", { exact: true }).waitFor();
  seen.steps.backtest = await page.getByRole("main").innerText();
  seen.backtest = new URL(page.url()).pathname;
  await inspect(page, "desk-backtest");
  await page.goto(`${tenant}/plugins/welcome/candidate`);
  await inspect(page, "desk-candidate");

  await page.getByRole("link", { name: "Live", exact: true }).click();
  await page.waitForFunction(() => document.getElementById("live-state")?.classList.contains("on"));
  await context.request.post(`${given.host}/v1/track`, {
    headers: { authorization: `Bearer ${given.write_key}` },
    data: { userId: "ada", event: "Seen While Watching" },
  });
  await page.getByText("Seen While Watching").first().waitFor();
  seen.steps.live = true;
  await inspect(page, "desk-live");

  await page.getByRole("button", { name: "中文" }).click();
  await page.waitForFunction(() => document.documentElement.lang.startsWith("zh"));
  seen.steps.chinese = await page.getByRole("heading", { level: 1 }).innerText();
  for (const room of ["people", ...rooms]) {
    await page.goto(`${tenant}/${room}`);
    await inspect(page, `desk-zh-${room.replace("/", "-")}`);
  }
  await page.getByRole("button", { name: "English" }).click();
  await page.waitForFunction(() => document.documentElement.lang === "en");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(/sign-in/);
  await page.goto(`${tenant}/people`);
  seen.steps.after = new URL(page.url()).pathname;
  await context.close();
}

async function phone() {
  const context = await browser.newContext({ viewport: { width: 375, height: 812 }, locale: "zh-CN", isMobile: true, hasTouch: true });
  const page = await context.newPage();
  watch(page, "phone");
  await page.goto(`${given.host}/console`);
  seen.steps.phone_language = await page.evaluate(() => document.documentElement.lang);
  await inspect(page, "phone-sign-in");
  await signIn(page);
  await inspect(page, "phone-people");
  await page.getByRole("link", { name: /^Ada/ }).first().click();
  await page.waitForURL(/\/people\/per_/);
  await inspect(page, "phone-person");
  const person = page.url();
  await page.goto(`${person}/campaigns`);
  await inspect(page, "phone-campaigns");
  await page.goto(person);
  await page.locator("a[href*='/decisions/']").first().click();
  await page.waitForURL(/\/decisions\/dec_/);
  await page.getByRole("button", { name: "重新决策" }).click();
  await page.getByRole("status").waitFor();
  await inspect(page, "phone-decision-again");
  for (const [name, path] of [
    ["backtests", "plugins/welcome/backtests"],
    ["backtest", seen.backtest.replace(/.*\/backtests/, "backtests")],
    ["candidate", "plugins/welcome/candidate"],
    ["grants", "plugins/welcome/grants"],
    ["plugin", "plugins/welcome"],
    ["settings", "plugins/welcome/settings"],
    ["settings-of-lists", "plugins/social-value/settings"],
  ]) {
    await page.goto(`${tenant}/${path}`);
    await inspect(page, `phone-${name}`);
  }
  for (const room of rooms) {
    await page.goto(`${tenant}/${room}`);
    await inspect(page, `phone-${room.replace("/", "-")}`);
  }
  await context.close();
}

try {
  await desk();
  await phone();
  await operator();
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
