// Opens the pages in Debian's Chromium as residents do: node e2e/run.mjs http://127.0.0.1:8080 [folder for screenshots]
// The server must hold at least one community with grids. It is told nothing; what it shows is read from its pages.
// Any request to another machine, any console error and any breach of the content security policy fails the step.
// ONLY=axe runs the steps with that in their names. UPDATE=1 writes the accessibility trees of e2e/tree anew.
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beside } from "./beside.mjs";
import { launch } from "./chromium.mjs";
import { assert, steps } from "./steps.mjs";

const base = (process.argv[2] ?? "").replace(/\/$/, "");
const folder = process.argv[3];
if (!/^https?:\/\//.test(base)) {
  console.error("usage: node e2e/run.mjs http://HOST:PORT [folder for screenshots]");
  process.exit(2);
}
if (folder) mkdirSync(folder, { recursive: true });

const browser = await launch();

const WIDE = { viewport: { width: 1366, height: 768 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
const NARROW = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

let second = ""; // where another server answers, while it does
const { step, end } = steps(browser, {
  folder,
  // A refused page (4xx) is reported on the console too, at a moment of Chromium's choosing; what a page asks for is watched below.
  forgiven: (text, mayFail) => /Failed to load resource: .* status of 4\d\d/.test(text) || mayFail && /Failed to load resource: net::ERR_FAILED/.test(text),
  watch(page, complaints) {
    page.on("request", (r) => {
      if (!/^(data|blob):/.test(r.url()) && ![base, second].includes(new URL(r.url()).origin)) complaints.push(`asked elsewhere: ${r.url()}`);
    });
    page.on("response", (r) => { if (r.status() >= (r.request().resourceType() === "document" ? 500 : 400)) complaints.push(`${r.status()}: ${r.url()}`); });
  },
});

const open = async (page, path) => {
  await page.goto(base + path);
  await openMap(page);
};
/** On a phone the map is fetched by who wants it. */
const openMap = async (page) => {
  await page.waitForSelector("#open-map:visible, #map.open");
  if (await page.locator("#open-map").isVisible()) await page.click("#open-map");
  await page.waitForSelector("#map[data-ready=true]", { timeout: 30_000 });
};
/** The map draws on after it is ready; three seconds are enough in software. */
const settled = (page) => page.waitForTimeout(3000);
const picture = async (page, name) => {
  if (!folder) return;
  await settled(page);
  await page.screenshot({ path: join(folder, `${name}.png`) });
};
const found = (page) => page.locator("#answer .found");

// What the server holds, read as a visitor without script would.
const text = async (path) => (await fetch(base + path, { headers: { "Accept-Language": "zh" } })).text();
const community = (await text("/c")).match(/href="(\/c\/[^"?]+)"/)?.[1];
if (!community) {
  console.error("the server has no community with grids: load the demo town first");
  process.exit(2);
}
const gridPaths = [...(await text(community)).matchAll(/href="(\/g\/[^"?]+)"/g)].map((m) => m[1]);

/** A spot inside some grid: the middles of their boxes are tried until /where says CONTAINS. */
async function somewhere() {
  for (const path of gridPaths) {
    const [west, south, east, north] = (await text(path)).match(/class="found" data-box="([^"]+)"/)[1].split(",").map(Number);
    const [lng, lat] = [(west + east) / 2, (south + north) / 2];
    const answer = await (await fetch(`${base}/where?lng=${lng}&lat=${lat}&crs=CGCS2000`)).json();
    if (answer.rule === "CONTAINS" && answer.worker) return { lng, lat, answer };
  }
  throw new Error("no grid with a worker holds the middle of its own box");
}
const spot = await somewhere();
const buildingPath = (await text("/?lang=zh&q=" + encodeURIComponent("3号楼"))).match(/href="(\/b\/[^"?]+)/)?.[1]; // in the demo town
const spotPath = `/?lng=${spot.lng}&lat=${spot.lat}&crs=CGCS2000`;

await step("the first page shows the map", WIDE, async (page) => {
  const tiles = [];
  page.on("response", (r) => { if (r.url().endsWith(".mvt")) tiles.push(r.status()); });
  await open(page, "/");
  await settled(page);
  assert(tiles.length > 0 && tiles.every((s) => s === 200 || s === 204), `tiles answered ${tiles}`);
  await picture(page, "wide-zh");
});

await step("the first page on a phone", PHONE, async (page) => {
  await open(page, "/");
  await picture(page, "phone-zh");
});

/** Tiles that the page asks for from now on, as [z, x, y]. */
function tilesAsked(page) {
  const asked = [];
  page.on("request", (r) => {
    const tile = r.url().match(/\/(\d+)\/(\d+)\/(\d+)\.mvt$/);
    if (tile) asked.push(tile.slice(1).map(Number));
  });
  return asked;
}

/** Whether a tile, widened by 1/64 of its width, meets a box in degrees. */
function meets([z, x, y], [west, south, east, north]) {
  const across = (lng) => (lng / 360 + 0.5) * 2 ** z;
  const down = (lat) => (0.5 - Math.asinh(Math.tan(lat * Math.PI / 180)) / (2 * Math.PI)) * 2 ** z;
  return across(east) >= x - 1 / 64 && across(west) <= x + 65 / 64 && down(south) >= y - 1 / 64 && down(north) <= y + 65 / 64;
}

/** As an operator; the token is what script/with-town.sh hands over. */
async function operate(query, variables) {
  const answer = await (await fetch(base + "/graphql", {
    method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${process.env.WANGGE_TOKEN}` },
    body: JSON.stringify({ query, variables }),
  })).json();
  assert(!answer.errors, JSON.stringify(answer.errors));
  return answer.data;
}

const hide = (page, hidden) => page.evaluate((value) => {
  Object.defineProperty(document, "hidden", { value, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}, hidden);

if (process.env.WANGGE_TOKEN) {
  await step("an open map shows what changed without being loaded again", WIDE, async (page) => {
    const told = page.waitForResponse((r) => r.url().includes("tilesChanged") && r.status() === 200);
    await open(page, spotPath);
    await page.locator("a.call").focus();
    await told;
    await settled(page);
    const { id, name } = (await operate("query($point:PointInput!){gridAt(point:$point){grid{worker{id name}}}}",
      { point: { lng: spot.lng, lat: spot.lat, crs: "CGCS2000" } })).gridAt.grid.worker;
    let version = 1; // nobody has changed anything in the town of script/with-town.sh
    const rename = async (name) => {
      const done = await operate("mutation($input:UpdateWorkerInput!){updateWorker(input:$input){version}}", { input: { id, version, name } });
      version = done.updateWorker.version;
    };
    for (const hidden of [false, true]) { // in sight, and when it comes back into sight
      if (hidden) await hide(page, true);
      const other = name + (hidden ? "乙" : "甲");
      const asked = tilesAsked(page);
      // A tile's texts are UTF-8, so that the name is found in it as it is.
      const arrived = page.waitForResponse(async (r) => r.url().endsWith(".mvt") && r.status() === 200 && (await r.body()).includes(other), { timeout: 15_000 });
      arrived.catch(() => {}); // where something fails before it is awaited
      try {
        await rename(other);
        if (hidden) {
          await page.waitForTimeout(1500);
          assert(asked.length === 0, "a page that nobody sees asks for tiles");
          await hide(page, false);
        }
        await arrived;
        await page.waitForFunction((other) => document.querySelector("#answer").textContent.includes(other), other, { timeout: 5000 });
        assert(await page.evaluate(() => document.activeElement.matches("a.call")), "who is on the number to call loses it when the answer changes");
      } finally {
        await rename(name);
      }
      await settled(page);
    }
  });
} else {
  console.log("skip  an open map shows what changed: WANGGE_TOKEN is not set");
}

await step("an open map asks for what it is told, once the connection is lost again by the last version", WIDE, async (page) => {
  const [west, south, east, north] = (await text(gridPaths[0])).match(/data-box="([^"]+)"/)[1].split(",").map(Number);
  const corner = [west, south, west + (east - west) / 100, south + (north - south) / 100];
  const answers = [
    { version: "7.1", everything: false, extents: [] },
    { version: "8.1", everything: false, extents: [corner] },
    { version: "9.1", everything: true, extents: [] },
  ];
  const since = [];
  let go = () => {};
  await page.route(/\/graphql\?query=subscription/, async (route) => {
    since.push(JSON.parse(new URL(route.request().url()).searchParams.get("variables")).since);
    const next = answers[since.length - 1];
    if (since.length > 1) await new Promise((resolve) => { go = resolve; });
    if (!next) return route.abort();
    await route.fulfill({ contentType: "text/event-stream", body: `event: next\ndata: ${JSON.stringify({ data: { tilesChanged: next } })}\n\n` });
  });
  await open(page, "/");
  await settled(page);
  const first = tilesAsked(page);
  go();
  await page.waitForTimeout(1500);
  assert(first.length > 0 && first.every((t) => meets(t, corner)), `for a corner asked for ${first.map((t) => t.join("/"))}`);
  const second = tilesAsked(page);
  await page.waitForTimeout(1000);
  go();
  await page.waitForTimeout(1500);
  assert(second.some((t) => !meets(t, corner)), `for everything asked for ${second.map((t) => t.join("/"))}`);
  const made = (await page.locator("#map").getAttribute("data-since")) ?? "";
  assert(/^\d+\.\d+$/.test(made) && JSON.stringify(since.slice(0, 4)) === JSON.stringify([made, "7.1", "8.1", "9.1"]), `asked since ${JSON.stringify(since)}`);
  const asked = since.length;
  await hide(page, true);
  await page.waitForTimeout(2500);
  assert(since.length === asked, "a page that nobody sees keeps asking");
});

await step("a tap on the map names the grid and its worker; back undoes it", WIDE, async (page) => {
  await open(page, "/");
  await page.mouse.click(900, 400);
  await page.waitForURL(/lng=.*lat=.*crs=CGCS2000/);
  await page.waitForSelector("#answer h2, #answer .notice");
  await picture(page, "wide-tapped");
  await page.goBack();
  await page.waitForSelector("#answer .lead");
  assert(!page.url().includes("lng="), `the address is ${page.url()}`);
});

await step("an address with a position is answered again", PHONE, async (page) => {
  await open(page, spotPath);
  assert(await found(page).getAttribute("data-code") === spot.answer.grid.code, "another grid than /where says");
  const call = page.locator("a.call");
  assert((await call.getAttribute("href")).startsWith("tel:"), "the phone number is no tel: link");
  assert((await call.textContent()).replaceAll(" ", "").includes(spot.answer.worker.workPhone.replaceAll(" ", "")), "another number than /where says");
  if (spot.answer.worker.photoUrl) {
    const photo = page.locator("img.photo");
    await photo.evaluate((i) => i.decode());
    assert(await photo.evaluate((i) => i.naturalWidth > 0), "the photo does not show");
    assert((await photo.getAttribute("alt")).includes(spot.answer.worker.name), "the photo has no name");
  }
  await picture(page, "phone-answer");
});

await step("my location, allowed", { ...PHONE, permissions: ["geolocation"],
  geolocation: { latitude: spot.lat, longitude: spot.lng, accuracy: 12 } }, async (page) => {
  await open(page, "/");
  await page.click("#locate");
  await page.waitForURL(/crs=WGS84.*accuracy=12/);
  await page.waitForSelector("#answer .found[data-accuracy='12']");
  await picture(page, "phone-located");
});

await step("my location, not exact: asks which building", { ...NARROW, permissions: ["geolocation"],
  geolocation: { latitude: spot.lat, longitude: spot.lng, accuracy: 400 } }, async (page) => {
  await open(page, "/");
  await page.click("#locate");
  await page.waitForSelector("#answer .confirm a.part");
  assert((await page.locator("#answer .confirm").innerText()).includes("您在哪一栋"), "it does not ask which building");
  assert(await page.locator("#answer .confirm a.none").isVisible(), "one cannot say that it is none of these");
  await picture(page, "narrow-confirm");
  const link = page.locator("#answer .confirm a[href^='/b/']").nth(1);
  const name = await link.locator("bdi").first().innerText();
  const path = new URL(await link.getAttribute("href"), base).pathname;
  await link.click();
  await page.waitForURL((url) => url.pathname === path);
  await page.waitForSelector("#answer .face");
  assert((await page.locator("#answer .matched").innerText()).includes(name), "the building that was chosen is not named");
  await page.locator("#answer .matched a").click(); // not this one after all
  await page.waitForSelector("#answer .confirm a.none");
  await page.click("#answer .confirm a.none");
  await page.waitForURL(/none=1/);
  await page.waitForSelector("#answer .notice");
  assert(await page.locator("#answer a[href='tel:12345']").isVisible(), "whom to call is not said");
});

await step("my location, refused", WIDE, async (page, context) => {
  await context.clearPermissions();
  await open(page, "/");
  await page.click("#locate");
  await page.waitForFunction(() => document.querySelector("#status").textContent.includes("没有定位权限"));
  assert(await page.locator("#locate").isEnabled(), "the button stays off");
});

await step("with the keyboard alone", WIDE, async (page) => {
  await open(page, "/");
  await page.keyboard.press("Tab");
  assert(await page.evaluate(() => document.activeElement.classList.contains("skip")), "the first stop is not the skip link");
  for (let i = 0; i < 20 && !(await page.evaluate(() => document.activeElement.tagName === "CANVAS")); i++) await page.keyboard.press("Tab");
  assert(await page.locator(".cross").isVisible(), "no cross-hair on the focused map");
  await page.keyboard.press("Enter");
  await page.waitForURL(/lng=/);
});

await step("a grid's page in English", WIDE, async (page) => {
  await open(page, gridPaths[0] + "?lang=en");
  assert(await page.getAttribute("html", "lang") === "en", "the page is not in English");
  await picture(page, "wide-grid-en");
  await page.click("a.language");
  await page.waitForSelector('html[lang="zh-CN"]');
});

await step("a grid's page in the dark", { ...WIDE, colorScheme: "dark" }, async (page) => {
  await open(page, gridPaths.at(-1));
  await picture(page, "wide-grid-dark");
});

await step("an unknown address leads home", PHONE, async (page) => {
  const answer = await page.goto(base + "/nothing");
  assert(answer.status() === 404, `status ${answer.status()}`);
  await page.locator("#answer .more a").click();
  await page.waitForURL(base + "/");
});

await step("outside the town: in words, within the phone's width; typed with full-width digits", NARROW, async (page) => {
  await open(page, "/?lng=%EF%BC%91&lat=%EF%BC%91%E3%80%82%EF%BC%95&crs=WGS84"); // １, １。５
  const message = page.locator("[role=alert]");
  assert((await message.innerText()).includes("不在本站的服务范围内"), await message.innerText());
  assert(!/\d/.test(await message.innerText()), "numbers nobody asked for");
  const faults = await page.evaluate(judge, {});
  assert(faults.length === 0, faults.join("; "));
});

await step("by community: the list takes the place of the answer", WIDE, async (page) => {
  await open(page, "/");
  assert(!(await page.locator("[name=lng]").isVisible()), "the form is open beside a map");
  await page.click("#others .more a");
  await page.waitForURL(base + "/c");
  await page.waitForSelector("#answer .all");
  assert(await page.locator("#others .more").isHidden(), "the list of communities links to itself");
});

await step("an unknown grid", WIDE, async (page) => {
  const answer = await page.goto(base + "/g/NOWHERE");
  assert(answer.status() === 404, `status ${answer.status()}`);
  assert(await page.locator("[role=alert]").isVisible(), "no message");
});

await step("without JavaScript: by numbers and by list", { ...NARROW, javaScriptEnabled: false }, async (page) => {
  await page.goto(base + "/");
  assert(await page.locator("#locate").isHidden(), "a button that cannot work");
  assert(!/地图/.test(await page.locator("#panel").innerText()), "it speaks of a map that is not there");
  await page.click("#others summary");
  await page.fill("[name=lng]", String(spot.lng));
  await page.fill("[name=lat]", String(spot.lat));
  await page.selectOption("[name=crs]", "CGCS2000");
  await page.locator("#others form button").click();
  assert(await found(page).getAttribute("data-code") === spot.answer.grid.code, "the form is not answered");
  await picture(page, "narrow-no-script");
  await page.goto(base + "/");
  await page.locator("#others .more a").click();
  assert(await page.locator("#others .more a").count() === 0, "the list of communities links to itself");
  await page.locator("#answer .links a").first().click();
  await page.locator("#answer .links a").first().click();
  assert(await page.locator("#answer .face").isVisible(), "the list leads to no grid");
});

for (const [name, options] of [["light", NARROW], ["dark", { ...NARROW, colorScheme: "dark" }]]) {
  await step(`360 pixels wide, ${name}: nothing sticks out, targets of 44 pixels, contrast of 4.5`, options, async (page) => {
    for (const path of ["/", spotPath, spotPath + "&accuracy=400&lang=en", community, "/?lng=x&lat=1&crs=WGS84", "/c", buildingPath ?? "/", gridPaths[0] + "?lang=en", "/coverage", "/?q=zzzz"]) {
      await page.goto(base + path);
      await page.waitForFunction(() => document.documentElement.classList.contains("js"));
      for (const summary of await page.locator("#panel summary").all()) {
        if (!(await summary.evaluate((s) => s.parentElement.open))) await summary.click();
      }
      const faults = await page.evaluate(judge, {});
      assert(faults.length === 0, `${path}: ${faults.join("; ")}`);
    }
  });
}

const address = "澜江苑3号楼"; // in the demo town
const demo = (await text("/search?q=" + encodeURIComponent(address))).includes(address);

await step("the address, as it is typed, with the keyboard", PHONE, async (page) => {
  await page.goto(base + "/");
  await page.waitForSelector("#q[role=combobox]");
  const typed = await text("/c").then((html) => html.match(/href="\/c\/[^"]+"><span class="grow"><bdi>([^<]+)/)[1]);
  await page.click("#q");
  await page.keyboard.type(demo ? "3号楼" : typed);
  await page.waitForSelector("#places li");
  assert(await page.getAttribute("#q", "aria-expanded") === "true", "the list is not said to be open");
  await page.keyboard.press("Escape");
  assert(await page.locator("#places").isHidden() && await page.inputValue("#q") !== "", "Escape does not just close the list");
  await page.keyboard.press("ArrowDown");
  await page.waitForSelector("#places li");
  await page.keyboard.press("ArrowDown");
  const active = await page.getAttribute("#q", "aria-activedescendant");
  const option = page.locator(`#${active}`);
  assert(await option.getAttribute("aria-selected") === "true", "no place is marked");
  assert(await page.evaluate(() => document.activeElement.id === "q"), "the field loses the focus");
  const label = await option.locator("bdi").first().innerText();
  await picture(page, "phone-suggestions");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname !== "/" || url.search !== "");
  await page.waitForSelector("#answer h2");
  assert(await page.inputValue("#q") === label, "the place that was chosen is not in the field");
});

await step("an address without JavaScript", { ...NARROW, javaScriptEnabled: false }, async (page) => {
  await page.goto(base + "/?lang=zh&elder=1");
  await page.fill("#q", demo ? address : "没有这样的地方");
  await page.click("#find button");
  assert(new URL(page.url()).searchParams.get("elder") === "1", "the elder view is lost");
  if (demo) {
    assert((await page.locator("#answer .matched").innerText()).includes(address), "the building is not named");
    assert((await page.locator("a.call").getAttribute("href")).startsWith("tel:"), "there is nobody to call");
    await page.fill("#q", "3号楼");
    await page.click("#find button");
    await page.locator("#answer .confirm a[href^='/b/']").nth(1).click();
    assert(await page.locator("#answer .matched").isVisible(), "a place that was chosen is not answered");
  }
  await page.fill("#q", "zzzzqqqq");
  await page.click("#find button");
  assert(await page.locator("#answer a[href='tel:12345']").isVisible(), "whom to call is not said");
});

await step("nowhere: it says so and whom to call", PHONE, async (page) => {
  await page.goto(`${base}/?lng=${spot.lng + 0.3}&lat=${spot.lat}&crs=CGCS2000`);
  assert(await page.locator("#answer .notice").isVisible() && await page.locator("#answer .face").count() === 0, "somebody is named");
  assert(await page.locator("#answer a[href='tel:12345']").isVisible(), "whom to call is not said");
  await picture(page, "phone-nowhere");
});

await step("a kiosk: returns to the start after a warning, which can be cancelled; nothing leads away", { viewport: { width: 1080, height: 1920 }, hasTouch: true }, async (page) => {
  await page.clock.install();
  await page.goto(base + spotPath + "&kiosk=1");
  await page.waitForSelector("html.js #answer .face");
  await page.waitForLoadState("networkidle");
  const leads = await page.locator("a[href]").evaluateAll((links) => links.filter((a) => a.origin !== location.origin || !a.search.includes("kiosk=1") && !a.hash).map((a) => a.href));
  assert(leads.length === 0, `leads away: ${leads}`);
  const [controls, answer] = [await page.locator("#find").boundingBox(), await page.locator("#answer").boundingBox()];
  assert(controls.y > 1920 / 2 && controls.y > answer.y, "what is pressed is not low");
  await page.clock.fastForward(50_000);
  await page.locator("#answer h2").first().click();
  await page.waitForTimeout(300);
  await page.clock.fastForward(50_000);
  assert(!(await page.locator("#still").isVisible()), "it warns who is there");
  await page.clock.fastForward(11_000);
  await page.waitForSelector("#still[open]");
  const first = await page.locator("#still [role=timer]").innerText();
  await page.clock.runFor(3_000);
  assert(first !== await page.locator("#still [role=timer]").innerText() && /\d/.test(first), `the countdown stands at ${first}`);
  if (folder) await page.screenshot({ path: join(folder, "kiosk-warning.png") });
  await page.click("#still button");
  await page.waitForSelector("#still", { state: "hidden" });
  await page.waitForTimeout(300); // the page hears of it
  await page.clock.fastForward(30_000);
  assert(new URL(page.url()).searchParams.has("lng"), "it returns although somebody is there");
  await page.clock.fastForward(31_000);
  await page.waitForSelector("#still[open]");
  await page.clock.runFor(21_000);
  await page.waitForURL(base + "/?kiosk=1");
  await page.waitForSelector("html.js .found[data-home]");
  await page.clock.fastForward(90_000);
  assert(!(await page.locator("#still").isVisible()), "the start warns as well");
});

for (const [name, screen] of [["upright", { width: 1080, height: 1920 }], ["wide", { width: 1920, height: 1080 }], ["low", { width: 1366, height: 768 }]]) {
  await step(`a kiosk, ${name}: map, number to call and field are in sight together`, { viewport: screen, hasTouch: true }, async (page) => {
    for (const path of [spotPath + "&kiosk=1", spotPath + "&kiosk=1&elder=1&lang=en"]) {
      await page.goto(base + path);
      await page.waitForSelector("#map[data-ready=true]", { timeout: 30_000 });
      const [call, ask, map] = [await page.locator(".call").boundingBox(), await page.locator("#ask").boundingBox(), await page.locator("#map").boundingBox()];
      assert(call.y + call.height <= ask.y && ask.y + ask.height <= screen.height, `${path}: the number stands at ${call.y}, the field from ${ask.y} to ${ask.y + ask.height}`);
      assert(Math.min(map.width, map.height) >= 290 && map.y >= 0 && map.y + map.height <= screen.height, `${path}: the map is ${map.width} × ${map.height}`);
    }
    await picture(page, `kiosk-${name}`);
  });
}

await step("the language, the elder view and the device's system go along", { ...PHONE, permissions: ["geolocation"],
  geolocation: { latitude: spot.lat, longitude: spot.lng, accuracy: 5 } }, async (page) => {
  await page.goto(base + "/?crs=GCJ02");
  await page.click("a.size");
  await page.waitForSelector("html.elder");
  await page.click("a.language");
  await page.waitForSelector('html.elder[lang="en"]');
  const [asked] = await Promise.all([page.waitForRequest(/part=answer/), page.click("#locate")]);
  const params = new URL(asked.url()).searchParams;
  assert(params.get("crs") === "GCJ02" && params.get("elder") === "1" && params.get("lang") === "en", asked.url());
  await page.waitForURL(/elder=1/);
  await page.waitForSelector("#answer .found[data-lng^='1']");
  await page.click("a.language"); // of the answer, not of the page that was loaded
  await page.waitForSelector('html.elder[lang="zh-CN"] #answer .found[data-lng^="1"]');
});

const NO_GL = () => {
  const own = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) { return kind === "webgl2" ? null : own.call(this, kind, ...rest); };
};
const OLD = () => { delete window.WebGL2RenderingContext; };
for (const [name, options, without] of [["an old phone", PHONE, OLD], ["a phone whose driver refuses", PHONE, NO_GL], ["a wide window", WIDE, NO_GL]]) {
  await step(`without WebGL 2, ${name}: all but the map`, options, async (page, context) => {
    await context.addInitScript(without);
    const asked = [];
    page.on("request", (r) => { if (/map-/.test(r.url())) asked.push(r.url()); });
    await page.goto(base + "/");
    if (options === PHONE && without === NO_GL) await page.click("#open-map");
    await page.waitForSelector("html.no-map");
    assert(asked.length === 0, `it fetches ${asked}`);
    await page.fill("#q", demo ? address : "x");
    await page.click("#find button");
    await page.waitForSelector(demo ? "#answer .face" : "#answer .notice");
    assert(await page.locator("#map").isHidden(), "an empty map is shown");
  });
}

/** The plan that the server draws is shown; a tap opens it, and in it a tap on a neighbour leads to the neighbour's page. */
async function planIsTapped(page) {
  const plan = page.locator("#answer .plan img");
  await plan.scrollIntoViewIfNeeded();
  await plan.evaluate((i) => i.decode());
  const { width, height } = await plan.boundingBox();
  assert(width > 250 && height > 150, `the plan is ${width} × ${height}`);
  await plan.click();
  await page.waitForURL(/\/g\/[^/]+\/map\.svg/);
  const own = new URL(page.url()).pathname.replace(/\/map\.svg$/, "");
  const neighbour = page.locator(`a[href^="/g/"]:not([href="${own}"]):not([href^="${own}?"])`).first();
  const wanted = await neighbour.getAttribute("href");
  await neighbour.click();
  await page.waitForURL((url) => url.pathname + url.search === wanted);
  await page.waitForSelector("#answer .face");
}

if ((await fetch(`${base}${gridPaths[0]}/map.svg`)).ok) {
  const flat = await launch("--disable-3d-apis"); // as where the card or its driver is on the browser's list
  for (const [name, options, prepare] of [
    ["no card, on a phone", { ...PHONE, of: flat }, null], ["no card, in a wide window", { ...WIDE, of: flat }, null],
    ["an old phone", PHONE, OLD], ["without JavaScript", { ...PHONE, javaScriptEnabled: false }, null],
  ]) {
    await step(`without a map, ${name}: the printed plan serves, and is tapped`, options, async (page, context) => {
      if (prepare) await context.addInitScript(prepare);
      const asked = [];
      page.on("request", (r) => { if (/\/assets\/map-[A-Z0-9]+\.js/.test(r.url())) asked.push(r.url()); });
      await page.goto(base + gridPaths[0]);
      if (options.of && options.isMobile) await page.click("#open-map");
      await page.waitForSelector("#answer .plan img");
      assert(await page.locator("#map").isHidden(), "an empty map is shown");
      await picture(page, `plan-${name.replaceAll(/\W+/g, "-")}`);
      await planIsTapped(page);
      assert(asked.length === 0, `it fetches ${asked}`);
    });
  }
  await flat.close();
} else {
  console.log("skip  the printed plan: the server prints no boards");
}

/** 2G: 50 kbit/s, and 400 ms each way. */
async function slow(page, context) {
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", { offline: false, latency: 800, downloadThroughput: 50_000 / 8, uploadThroughput: 50_000 / 8 });
}

await step("a slow network: the answer is readable within 8 s, also where its script is still on the way", PHONE, async (page, context) => {
  await slow(page, context);
  const started = Date.now();
  await page.goto(base + spotPath, { waitUntil: "commit" });
  await page.waitForFunction(() => document.querySelector("a.call") && performance.getEntriesByName("first-contentful-paint").length > 0, null, { timeout: 30_000 });
  const took = Date.now() - started;
  console.log(`      readable after ${(took / 1000).toFixed(1)} s at 50 kbit/s`);
  assert(took < 8_000, `readable after ${took} ms`);
  assert(await page.locator("a.call").isVisible(), "the number to call cannot be seen");
});

await step("a script that never comes: the form asks and is answered", PHONE, async (page) => {
  await page.route(/\/assets\/page-/, () => {}); // neither sent nor refused
  await page.goto(base + "/", { waitUntil: "commit" });
  await page.fill("#q", demo ? address : "没有这样的地方");
  await Promise.all([page.waitForURL(/[?&]q=/, { waitUntil: "commit" }), page.click("#find button")]);
  await page.waitForSelector(demo ? "#answer .face a.call" : "#answer .notice");
});

for (const [what, pattern] of [["the map's script", /\/assets\/map-[A-Z0-9]{8}\.js/], ["the map's worker", /\/assets\/map-worker-/], ["the map's style", /\/style\.json/]]) {
  for (const [name, options] of [["on a phone", PHONE], ["in a wide window", WIDE]]) {
    await step(`${what} does not load, ${name}: the answer stays, and a plan serves`, { ...options, mayFail: true }, async (page) => {
      await page.route(pattern, (route) => route.abort());
      await page.goto(base + gridPaths[0]);
      await page.waitForSelector("html.js");
      if (options === PHONE) await page.click("#open-map");
      await page.waitForSelector("html.no-map", { timeout: 20_000 });
      assert(await page.locator("#map").isHidden(), "an empty map is shown");
      assert((await page.locator("#status").innerText()).match(/地图没有加载成功|地图暂时画不出来/), "nothing is said of it");
      assert(await page.locator("a.call").isVisible(), "the number to call is gone");
      await page.locator("#answer .plan img").evaluate((i) => i.decode());
      await page.fill("#q", demo ? address : "x");
      await page.click("#find button");
      await page.waitForURL(/[?&]q=/);
      await page.waitForSelector(demo ? "#answer .matched" : "#answer .notice");
    });
  }
}

for (const [name, options] of [["light", NARROW], ["dark", { ...NARROW, colorScheme: "dark" }]]) {
  await step(`elder view, ${name}: text of 18 to 30 pixels, targets of 60`, options, async (page) => {
    for (const path of ["/?elder=1", spotPath + "&elder=1", spotPath + "&accuracy=80&elder=1&lang=en", community + "?elder=1", "/?q=zzzz&elder=1", (buildingPath ?? "/") + "?elder=1", "/coverage?elder=1"]) {
      await page.goto(base + path);
      await page.waitForFunction(() => document.documentElement.classList.contains("js"));
      const faults = await page.evaluate(judge, { target: 60, smallest: 18, largest: 30 });
      assert(faults.length === 0, `${path}: ${faults.join("; ")}`);
    }
    await picture(page, `elder-${name}`);
  });
}

// A phone of 360 pixels whose letters are set to the largest, and one that is zoomed to twice the size: 180 pixels are left.
for (const [name, options, size] of [["letters of 30 pixels", NARROW, "30px"], ["zoomed to 200 %", { ...NARROW, viewport: { width: 180, height: 320 } }, ""]]) {
  await step(`elder view, ${name}: nothing sticks out or is cut off`, options, async (page) => {
    for (const path of ["/?elder=1", gridPaths[0] + "?elder=1", gridPaths[0] + "?elder=1&lang=en", spotPath + "&accuracy=80&elder=1", "/g/NOWHERE?elder=1"]) {
      await page.goto(base + path);
      await page.waitForFunction(() => document.documentElement.classList.contains("js"));
      await page.evaluate((size) => { document.documentElement.style.fontSize = size; }, size);
      const faults = await page.evaluate(judge, { target: 60, smallest: 18 });
      const cut = await page.evaluate(() => [...document.querySelectorAll("#panel :not(.unseen, input, svg *, label, #locate span, .skip)")].filter((e) => e.checkVisibility() &&
        getComputedStyle(e).overflow !== "visible" && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)).map((e) => e.className || e.tagName));
      assert(faults.length === 0 && cut.length === 0, `${path}: ${faults.join("; ")} cut off: ${cut}`);
    }
    await page.goto(base + gridPaths[0] + "?elder=1");
    await page.evaluate((size) => { document.documentElement.style.fontSize = size; }, size);
    await picture(page, `elder-${size || "zoomed"}`);
  });
}

if (demo) {
  await step("in the elder view who is in stands above the number to call, in columns", NARROW, async (page) => {
    await page.goto(base + gridPaths[0] + "?elder=1");
    const rows = await page.locator(".team li").evaluateAll((rows) => rows.map((row) => [".post", ".grow", "a.number"].map((part) => {
      const { left, top } = row.querySelector(part)?.getBoundingClientRect() ?? { left: 0, top: 0 };
      return [Math.round(left), Math.round(top)];
    })));
    assert(rows.length >= 4, `${rows.length} rows`);
    for (const [post, who, number] of rows) {
      assert(post[0] === rows[0][0][0] && who[0] === rows[0][1][0] && who[0] > post[0], `columns at ${JSON.stringify(rows)}`);
      assert(number[0] === who[0] && number[1] > who[1], `the number is not beneath the name: ${JSON.stringify(rows)}`);
    }
  });

  await step("one word for a post: the page says of the leaders what their board says", PHONE, async (page) => {
    await page.goto(base + gridPaths[0]);
    const posts = await page.locator(".team .post").allInnerTexts();
    const board = await text("/signboards/" + gridPaths[0].split("/").pop() + ".svg");
    for (const post of ["协管员", "网格长", "总网格长"]) assert(posts.includes(post), `${post} is not among ${posts}`);
    for (const post of ["网格长", "总网格长"]) assert(board.includes(post), `the board does not say ${post}`);
    assert(!/网格组长|协助/.test(posts.join() + board), "a second word for a post");
  });

  await step("an address in a link, as a mini-program opens it", PHONE, async (page) => {
    await page.goto(base + "/?address=" + encodeURIComponent(address));
    await page.waitForSelector("#answer .face");
    assert((await page.locator("#answer .matched").innerText()).includes(address) && await page.inputValue("#q") === address, "the address is not answered");
  });

  await step("from a building to its page, and to what is printed of it", PHONE, async (page) => {
    await page.goto(base + "/?q=" + encodeURIComponent(address));
    await page.click("#answer .matched .own");
    await page.waitForURL(/\/b\//);
    await page.waitForSelector("#answer .matched:not(:has(.own))");
    const links = await page.locator("#answer .papers a").evaluateAll((all) => all.map((a) => a.pathname + a.search));
    assert(links.length === 3 && links[0].startsWith("/signboards/buildings/") && links[2].startsWith("/signboards/leaflet/"), `${links}`);
    for (const link of links) {
      const answer = await fetch(base + link);
      assert(answer.status === 200, `${link}: ${answer.status}`);
    }
  });

  await step("between two grids: buildings of both are asked for, with their grids' names", NARROW, async (page) => {
    const [west, south, east, north] = (await text(gridPaths[0])).match(/data-box="([^"]+)"/)[1].split(",").map(Number);
    await page.goto(`${base}/?lng=${west + 0.93 * (east - west)}&lat=${(south + north) / 2}&crs=CGCS2000&accuracy=60`);
    await page.waitForSelector("#answer .confirm a[href^='/b/']");
    const grids = await page.locator("#answer .confirm a[href^='/b/'] .grow small bdi:last-child").allInnerTexts();
    assert(new Set(grids).size >= 2, `only of ${[...new Set(grids)]}`);
    const metres = (await page.locator("#answer .confirm a[href^='/b/'] > small").allInnerTexts()).map((t) => Number(t.match(/\d+/)?.[0] ?? 0));
    assert(metres.length <= 5 && metres.every((m, i) => i === 0 || m >= metres[i - 1]), `in the order ${metres}`);
    await page.click("#answer .confirm a.none");
    await page.waitForURL(/none=1/);
  });

  await step("of an uncertain position the number to call is in the first window of a phone", PHONE, async (page) => {
    for (const more of ["", "&lang=en"]) {
      await page.goto(base + spotPath + "&accuracy=80" + more);
      const call = await page.locator("#answer a.call").boundingBox();
      assert(call.y + call.height <= 844, `it ends at ${call.y + call.height} px`);
    }
  });

  await step("sharing tells on the button that the link was copied, or shows the address beside it", PHONE, async (page) => {
    for (const allowed of [true, false]) {
      await page.addInitScript((allowed) => {
        Object.defineProperty(navigator, "share", { value: undefined, configurable: true });
        Object.defineProperty(navigator, "clipboard", { value: allowed ? { writeText: async () => {} } : undefined, configurable: true });
      }, allowed);
      await page.goto(base + gridPaths[0]);
      const button = page.locator("#answer .share");
      const name = await button.innerText();
      await button.click();
      if (allowed) {
        await page.waitForFunction(() => document.querySelector(".share").textContent === "✓ 链接已复制");
        await page.waitForFunction((name) => document.querySelector(".share").textContent === name, name, { timeout: 4000 });
      } else {
        await page.waitForSelector("#answer .share + .address");
        await button.click();
        assert(await page.locator(".address").innerText() === base + gridPaths[0] && await page.locator(".address").count() === 1, "the address is not beside it once");
      }
    }
  });

  await step("a low kiosk: elders have the larger number, and nothing shows beneath the question", { viewport: { width: 1366, height: 768 } }, async (page) => {
    const sizes = [];
    for (const more of ["", "&elder=1"]) {
      await page.goto(base + gridPaths[0] + "?kiosk=1" + more);
      await page.waitForSelector("#map[data-ready=true]", { timeout: 30_000 });
      sizes.push(await page.locator(".call.shown").evaluate((e) => parseFloat(getComputedStyle(e).fontSize)));
      const beneath = await page.evaluate(() => innerHeight - document.querySelector("#ask").getBoundingClientRect().bottom);
      assert(beneath < 1, `${beneath} px beneath the question`);
    }
    assert(sizes[0] < sizes[1], `${sizes} px`);
  });

  await step("some way off: the nearest grid, its community's phone and 12345", PHONE, async (page) => {
    await page.goto(`${base}/?lng=${spot.lng + 0.02}&lat=${spot.lat}&crs=CGCS2000`);
    assert(/公里/.test(await page.locator("#answer .lead").innerText()), "how far is not said");
    assert(await page.locator("#answer .station a.number").count() > 0 && await page.locator("#answer a[href='tel:12345']").isVisible(), "whom to call is not said");
    await page.click("#answer .links a");
    await page.waitForSelector("#answer .face");
  });

  await step("a code that no grid has leads to the community that it begins with", PHONE, async (page) => {
    await page.goto(base + gridPaths[0].slice(0, -3) + "999");
    await page.click("#answer .more a.part");
    await page.waitForURL(base + community);
  });

  for (const [name, options] of [["light", {}], ["dark", { colorScheme: "dark" }]]) {
    await step(`without JavaScript, ${name}: a plan of the town, opened by a tap it leads to a grid`, { ...PHONE, ...options, javaScriptEnabled: false }, async (page) => {
      await page.goto(base + "/");
      const plan = page.locator(".plan img");
      assert(await plan.evaluate((i) => i.complete && i.naturalWidth > 0), "the plan does not show");
      const { width } = await plan.boundingBox();
      assert(width > 300, `the plan is ${width} wide`);
      await picture(page, `no-script-${name}`);
      await page.locator(".plan a").click();
      await page.waitForURL(/\/map\.svg/);
      const box = await page.locator("svg").first().boundingBox();
      const seen = await page.evaluate(() => visualViewport.width * visualViewport.scale);
      assert(box.width > 0.9 * seen / (await page.evaluate(() => visualViewport.scale)), `it is ${box.width} wide in a window of ${seen}`);
      await page.locator("svg a").nth(1).click();
      await page.waitForURL(/\/g\//);
      assert(await page.locator("#answer .face").isVisible(), "the plan leads to no grid");
    });
  }
}

for (const [name, options] of [["on a phone", NARROW], ["in a wide window", WIDE]]) {
  await step(`text of 200 %, ${name}: nothing is lost`, options, async (page) => {
    for (const path of ["/", spotPath, spotPath + "&accuracy=80", spotPath + "&lang=en", buildingPath ?? "/", spotPath + "&elder=1"]) {
      await page.goto(base + path);
      await page.waitForFunction(() => document.documentElement.classList.contains("js"));
      const before = await page.evaluate(() => parseFloat(getComputedStyle(document.querySelector("#find label")).fontSize));
      await page.evaluate(() => { const root = document.documentElement; root.style.fontSize = `${2 * parseFloat(getComputedStyle(root).fontSize)}px`; });
      const after = await page.evaluate(() => parseFloat(getComputedStyle(document.querySelector("#find label")).fontSize));
      assert(Math.abs(after / before - 2) < 0.01, `text grows ${after / before} times`);
      const faults = await page.evaluate(judge, {});
      const cut = await page.evaluate(() => [...document.querySelectorAll("#panel :not(.unseen, input, svg *, label, #locate span)")].filter((e) => e.checkVisibility() &&
        getComputedStyle(e).overflow !== "visible" && e.id !== "panel" && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)).map((e) => e.className || e.tagName));
      assert(faults.length === 0 && cut.length === 0, `${path}: ${faults.join("; ")} cut off: ${cut}`);
    }
    await picture(page, `big-${options === WIDE ? "wide" : "phone"}`);
  });
}

await step("before the map: under 60 KB, and nothing jumps", PHONE, async (page) => {
  const sizes = [];
  page.on("requestfinished", (r) => sizes.push(r.sizes().then((s) => [r.url(), s.responseBodySize + s.responseHeadersSize])));
  await page.addInitScript(() => {
    window.shift = 0;
    new PerformanceObserver((list) => { for (const e of list.getEntries()) window.shift += e.value; }).observe({ type: "layout-shift", buffered: true });
  });
  for (const path of ["/", spotPath]) {
    sizes.length = 0;
    await page.goto(base + path);
    await page.waitForSelector("#open-map:visible");
    await page.locator("#map").scrollIntoViewIfNeeded(); // what stands in the map's place counts
    await page.waitForLoadState("networkidle");
    await page.waitForTimeout(1000);
    const all = await Promise.all(sizes);
    const total = all.filter(([url]) => !url.includes("/photos/")).reduce((sum, [, n]) => sum + n, 0);
    console.log(`      ${path === "/" ? "the first page" : "an answer"}: ${(total / 1024).toFixed(1)} KB in ${all.length} requests`);
    assert(total < 60 * 1024, all.map((x) => x.join(" ")).join(", "));
    const shift = await page.evaluate(() => window.shift);
    assert(shift < 0.01, `${path}: the layout shifts by ${shift}`);
  }
});

await step("on a phone a grid's own plan stands where its map will be, fetched when that comes near", PHONE, async (page) => {
  const asked = [];
  page.on("request", (r) => { if (r.url().includes("map.svg")) asked.push(new URL(r.url()).pathname); });
  const shown = () => page.locator("#map").evaluate((e) => getComputedStyle(e).backgroundImage);
  await page.goto(base + gridPaths[0]);
  await page.waitForSelector("#open-map:visible");
  await page.waitForTimeout(500);
  assert(asked.length === 0, `asked for ${asked} before anybody is near`);
  await page.locator("#map").scrollIntoViewIfNeeded();
  const own = () => page.waitForFunction(() => document.querySelector("#map").style.backgroundImage !== "");
  await own();
  assert((await shown()).includes(`${gridPaths[0]}/map.svg`) && asked.join() === `${gridPaths[0]}/map.svg`, `${await shown()}, asked for ${asked}`);
  await picture(page, "phone-place");
  const target = await page.locator("#open-map").boundingBox();
  assert(target.height >= 44, `the button is ${target.height} px high`);
  await page.click(`#answer a.part[href^="/c/"]`);
  await page.waitForFunction(() => document.querySelector("#map").style.backgroundImage === "");
  assert(!(await shown()).includes("map.svg"), `another page shows ${await shown()}`);
  await page.goBack();
  await page.waitForSelector("#answer .face");
  await page.locator("#map").scrollIntoViewIfNeeded();
  await own();
  await page.click("#open-map");
  assert(!(await shown()).includes("map.svg"), "the plan lies under the map");
});

// What programs that read a page aloud are told, and what axe finds fault with.
const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const trees = join(dirname(fileURLToPath(import.meta.url)), "tree");
const VIEWS = {
  "home": ["/", PHONE], "home-en": ["/?lang=en", WIDE], "home-elder": ["/?elder=1", PHONE], "home-kiosk": ["/?kiosk=1", { viewport: { width: 1080, height: 1920 } }],
  "home-dark": ["/", { ...WIDE, colorScheme: "dark" }], "home-no-script": ["/", { ...PHONE, javaScriptEnabled: false }],
  "grid": [gridPaths[0], PHONE], "grid-en": [gridPaths[0] + "?lang=en", WIDE], "grid-dark": [gridPaths[0], { ...PHONE, colorScheme: "dark" }],
  "grid-elder": [gridPaths[0] + "?elder=1", PHONE], "grid-kiosk": [gridPaths[0] + "?kiosk=1", { viewport: { width: 1080, height: 1920 } }],
  "uncertain": [spotPath + "&accuracy=80", PHONE], "uncertain-en": [spotPath + "&accuracy=80&lang=en", WIDE],
  "none-of-these": [spotPath + "&accuracy=80&none=1", PHONE], "choose-place": ["/?q=" + encodeURIComponent("3号楼"), PHONE],
  "nowhere": [`/?lng=${spot.lng + 0.02}&lat=${spot.lat}&crs=CGCS2000`, PHONE], "wrong": ["/?lng=x&lat=1&crs=WGS84", PHONE],
  "communities": ["/c", PHONE], "community": [community, PHONE], "building": [buildingPath ?? community, PHONE],
};
/** Nothing that axe finds fault with. */
async function flawless(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert(violations.length === 0, violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`).join("; "));
}
/** Of the demo town: the page is read aloud as its file in e2e/tree says. Days go by, and stand there as DAY; so do hours, and what chance makes. */
async function readAloud(page, name) {
  if (!demo) return;
  const tree = (await page.locator("body").ariaSnapshot()).replace(/\b\d{4}-\d{2}-\d{2}\b/g, "DAY").replace(/%2F[0-9a-f]{16}\b/g, "%2FMARK")
    .replace(/(今天 |today, )\d\d:\d\d/g, "$1HOUR").replace(/otpauth:\S+/g, "otpauth:KEY").replace(/\bwgp_[A-Z2-7]+/g, "TOKEN").replace(/\b([A-Z2-7]{4}[ -])+[A-Z2-7]{4}\b/g, "CODE") + "\n";
  const file = join(trees, `${name}.yml`);
  if (process.env.UPDATE) {
    mkdirSync(trees, { recursive: true });
    writeFileSync(file, tree);
  }
  const wanted = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (tree !== wanted) {
    const [is, be] = [tree.split("\n"), wanted.split("\n")];
    const at = is.findIndex((line, i) => line !== be[i]);
    throw new Error(`${file} differs in line ${at + 1}:\n  is   ${is[at]}\n  was  ${be[at]}\n  UPDATE=1 writes it anew`);
  }
}
for (const [name, [path, options]] of Object.entries(VIEWS)) {
  await step(`axe and the accessibility tree: ${name}`, options, async (page) => {
    await page.goto(base + path);
    if (options.javaScriptEnabled !== false) {
      await page.waitForSelector("html.js");
      if (options === WIDE || options.viewport?.width >= 800) await page.waitForSelector("#map[data-ready=true]", { timeout: 30_000 });
      else await page.waitForSelector("#open-map:visible");
      await flawless(page);
    }
    await readAloud(page, name);
  });
}

for (const [name, path, options, unfold] of [
  ["suggestions", "/", PHONE, async (page) => {
    await page.click("#q");
    await page.keyboard.type(demo ? "3号楼" : "1");
    await page.waitForSelector("#places li");
    await page.keyboard.press("ArrowDown");
  }],
  ["a kiosk's warning", spotPath + "&kiosk=1", { viewport: { width: 1080, height: 1920 } }, (page) => page.evaluate(() => document.getElementById("still").showModal())],
  ["the map of a phone", spotPath + "&lang=en", PHONE, openMap],
]) {
  await step(`axe and what unfolds: ${name}`, options, async (page) => {
    await page.goto(base + path);
    await page.waitForSelector("html.js");
    await unfold(page);
    await flawless(page);
  });
}

// Boards and the print shop's page. They run no script of their own; the policy that holds them to that would also stop axe.
const boardPath = gridPaths[0].replace("/g/", "/signboards/");
const housePath = VIEWS.building[0].startsWith("/b/") ? VIEWS.building[0].replace("/b/", "/signboards/buildings/") : boardPath;
const printPath = community.replace("/c/", "/signboards/print/");
const notePath = (await text(boardPath)).match(/href="([^"]+\?of=[^"]+)"/)[1];
const BOARDS = {
  "board": [boardPath, PHONE], "board-en": [boardPath + "?lang=en", WIDE], "board-dark": [boardPath, { ...WIDE, colorScheme: "dark" }],
  "board-elder": [boardPath + "?elder=1", PHONE], "board-portrait": [boardPath + "?size=a4&orientation=portrait", PHONE],
  "board-building": [housePath, PHONE], "board-building-en": [housePath + "?lang=en", WIDE], "board-wrong": [boardPath + "?size=a9", PHONE],
};
for (const [name, [path, options]] of Object.entries(BOARDS)) {
  await step(`axe and the accessibility tree: ${name}`, { ...options, bypassCSP: true }, async (page) => {
    await page.goto(base + path);
    await page.waitForLoadState("networkidle");
    await picture(page, name);
    const faults = await page.evaluate(judge, { target: path.includes("elder=1") ? 60 : 44 });
    assert(faults.length === 0, faults.join("; "));
    await flawless(page);
    await readAloud(page, name);
    await page.evaluate(() => { document.documentElement.style.fontSize = "200%"; });
    const lost = await page.evaluate(judge, {});
    assert(lost.length === 0, `with text of 200 %: ${lost.join("; ")}`);
  });
}

// Signing in, by the demo's logins (script/with-town.sh). No page of it runs a script.
const logins = Object.fromEntries((process.env.WANGGE_LOGINS ?? "").split("\n").map((line) => line.split(/\s{2,}/)).filter((cells) => cells.length >= 3).map(([login, , password]) => [login, password]));

/** Signs in where a page leads that needs it, and comes back to it. */
async function signedIn(page, path, login = "demo-operator") {
  await page.goto(base + path);
  await page.waitForURL(/\/sign-in\?/);
  await page.fill("[name=login]", login);
  await page.fill("[name=password]", logins[login]);
  await page.click("#content form button");
  await page.waitForURL((url) => url.pathname === new URL(path, base).pathname);
}

/** What an authenticator app shows for a key that it was told (RFC 6238). */
function codeOf(key) {
  const bits = [...key.replaceAll(" ", "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(count).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Looks at a page about an account, with letters of 200 % too; aloud: its accessibility tree is that of its file. */
const look = (page, name, target) => async (what, aloud) => {
  const file = what ? `sign-${what}-${name}` : name;
  await picture(page, file);
  const faults = await page.evaluate(judge, { target });
  assert(faults.length === 0, `${what}: ${faults.join("; ")}`);
  await flawless(page);
  if (aloud) await readAloud(page, file);
  await page.evaluate(() => { document.documentElement.style.fontSize = "200%"; });
  const lost = await page.evaluate(judge, {});
  assert(lost.length === 0, `${what} with text of 200 %: ${lost.join("; ")}`);
  await page.evaluate(() => { document.documentElement.style.fontSize = ""; });
};

for (const [name, login, query, options, target] of [["phone", "demo-chief", "", PHONE, 44], ["english-dark", "demo-leader", "?lang=en", { ...WIDE, colorScheme: "dark" }, 44], ["elder", "demo-worker", "?elder=1", PHONE, 60]]) {
  if (!logins[login]) continue;
  await step(`axe and what is told while signing in: ${name}`, { ...options, bypassCSP: true }, async (page) => {
    const seen = look(page, name, target);
    const signIn = async (password) => {
      await page.goto(`${base}/sign-in${query}`);
      await page.fill("[name=login]", login);
      await page.fill("[name=password]", password);
      await page.click("#content button");
    };
    const signOut = async () => {
      await page.click("[action^='/sign-out'] button");
      await page.waitForURL(/sign-in/);
    };
    const wrong = async (code, what) => {
      await page.fill("[name=code]", code);
      await page.click("#content form button");
      await page.waitForSelector("[role=alert]");
      await seen(what, true);
    };
    await page.goto(`${base}/sign-in${query}`);
    await seen("in", true);
    await signIn("not the password");
    await page.waitForSelector("[role=alert]");
    await seen("wrong", true);
    await signIn(logins[login]);
    await page.click("summary");
    await page.fill("[name=name]", "日报");
    await page.check("[value=HOUSEHOLDS]");
    await page.click("details button");
    await page.waitForSelector("[role=status] code");
    await seen("account", true);
    await page.click("[action*='/account/tokens/'] button");
    await page.goto(`${base}/account/password${query}`);
    await seen("password", true);
    // A second factor, from its picture to the codes for a lost phone; then it is asked for.
    await page.goto(`${base}/account/second-factor${query}`);
    await seen("factor", true);
    await wrong("abc", "factor-wrong");
    const key = await page.locator("code").innerText();
    const [pictured] = codesInPicture(await page.locator(".qr").getAttribute("src"));
    assert(new URL(pictured).searchParams.get("secret") === key.replaceAll(" ", ""), `the picture says ${pictured}`);
    await page.fill("[name=code]", codeOf(key));
    await page.click("#content form button");
    await page.waitForSelector(".codes");
    await seen("recovery", true);
    const [code] = await page.locator(".codes code").allInnerTexts();
    await page.click("#content a.primary");
    await page.waitForURL(/\/account/);
    await signOut();
    await signIn(logins[login]);
    await page.waitForURL(/sign-in\/code/);
    await seen("code", true);
    await wrong("000000", "code-wrong");
    // Elsewhere the same password comes no further; what is seen of that is ended here.
    const other = await (await browser.newContext({ userAgent: "Mozilla/5.0 (iPhone) MicroMessenger/8.0" })).newPage();
    await other.goto(`${base}/sign-in`);
    await other.fill("[name=login]", login);
    await other.fill("[name=password]", logins[login]);
    await other.click("#content button");
    await other.waitForURL(/sign-in\/code/);
    await other.context().close();
    await page.fill("[name=code]", code);
    await page.click("#content form button");
    await page.waitForSelector(".held");
    await seen("sessions", true);
    await page.click("[action*='/account/sessions/'] button");
    await page.waitForURL(/\/account/);
    assert(await page.locator(".held li").count() === 1, "a session goes on that was ended");
    await signOut();
  });
}

/** What a picture in an address says as a code. */
function codesInPicture(address) {
  const work = mkdtempSync(join(tmpdir(), "wangge-codes-"));
  try {
    writeFileSync(join(work, "code.png"), Buffer.from(address.split(",")[1], "base64"));
    return scanned(join(work, "code.png"));
  } finally {
    rmSync(work, { recursive: true });
  }
}

// The print shop's page is for who may note what was printed; others are told.
if (logins["demo-operator"]) {
  for (const [name, path, options, login] of [["print-one", notePath, PHONE], ["print", printPath, PHONE], ["print-elder", printPath + "?elder=1", PHONE], ["print-en", printPath + "?lang=en", { ...WIDE, colorScheme: "dark" }],
    ["print-refused", printPath, PHONE, "demo-security"]]) {
    await step(`axe and the accessibility tree: ${name}`, { ...options, bypassCSP: true }, async (page) => {
      await signedIn(page, path, login);
      await look(page, name, path.includes("elder=1") ? 60 : 44)("", true);
    });
  }
}

if (demo && process.env.WANGGE_DATA) {
  await beside(process.env.WANGGE_DATA, { OIDC_ISSUER: "http://127.0.0.1:9", OIDC_CLIENT_ID: "wangge", OIDC_NAME: "江南市统一身份认证平台" }, async (there) => {
    second = there;
    for (const [name, query, options] of [["phone", "", PHONE], ["english-dark", "&lang=en", { ...WIDE, colorScheme: "dark" }]]) {
      await step(`axe and what is told while signing in elsewhere: ${name}`, { ...options, bypassCSP: true }, async (page) => {
        await page.goto(`${there}/sign-in?next=/account/password${query}`);
        assert(await page.locator("a[href^='/sign-in/provider?']").isVisible(), "there is no button");
        await look(page, name, 44)("provider", true);
        await page.goto(`${there}/sign-in?out=1${query}`);
        await page.waitForSelector("[role=status] a");
        await look(page, name, 44)("provider-out", true);
      });
    }
  });
}

await step("a board is shown, enlarged and fetched without script", { ...PHONE, javaScriptEnabled: false, acceptDownloads: true }, async (page) => {
  await page.goto(base + boardPath);
  const picture = page.locator(".sheet img");
  assert((await picture.getAttribute("alt")).length > 100, "the picture is not told");
  const size = await picture.boundingBox();
  assert(size.width > 300 && Math.abs(size.width / size.height - 420 / 297) < 0.02, `the board is ${size.width} × ${size.height}`);
  await page.selectOption("[name=orientation]", "portrait");
  await page.click("form.choose button:not([formaction])");
  await page.waitForURL(/orientation=portrait/);
  assert(await picture.getAttribute("height") === "420", "another orientation than was chosen");
  await page.touchscreen.tap(size.x + size.width / 2, size.y + size.height / 2);
  await page.waitForURL(/\.svg\?/);
  for (const [kind, begins] of [["pdf", "%PDF"], ["png", "\x89PNG"], ["svg", "<svg"]]) {
    const got = await fetch(`${base}${boardPath}.${kind}?size=a4&orientation=portrait&lang=zh`);
    const head = Buffer.from(await got.arrayBuffer()).subarray(0, begins.length).toString("latin1");
    assert(got.status === 200 && head === begins, `${kind}: ${got.status} ${head}`);
  }
});

function run(program, ...args) {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    throw error.code === "ENOENT" ? new Error(`${program} is missing: script/install-debian.sh --browser installs it`) : error;
  }
}

/** What the codes of a picture say. */
function scanned(file) {
  return run("zbarimg", "--raw", "-q", "-Sdisable", "-Sqrcode.enable", file).trim().split("\n");
}

/** The addresses in the codes of a PDF's first page, as a scanner sees them once it is printed at 100 dots an inch. */
function codesIn(pdf) {
  const work = mkdtempSync(join(tmpdir(), "wangge-codes-"));
  try {
    writeFileSync(join(work, "board.pdf"), pdf);
    run("pdftoppm", "-r", "100", "-png", "-singlefile", join(work, "board.pdf"), join(work, "board"));
    return scanned(join(work, "board.png"));
  } finally {
    rmSync(work, { recursive: true });
  }
}

if (process.env.WANGGE_TOKEN && demo) {
  await step("the code on a printed board says whether the board is current", PHONE, async (page) => {
    const printed = Buffer.from(await (await fetch(`${base}${boardPath}.pdf`)).arrayBuffer());
    const [scanned, ...others] = codesIn(printed);
    assert(others.length === 0 && scanned.startsWith(`${base}${gridPaths[0]}?r=`), `the codes are ${[scanned, ...others]}`);
    const says = async () => {
      await page.goto(scanned);
      return page.locator("#answer .notice").first().innerText();
    };
    assert(/第 1 版.*是最新的/.test(await says()), `a new board: ${await says()}`);
    const code = gridPaths[0].split("/").pop();
    const { id, name, workPhone } = (await operate("query($code:ID!){grid(code:$code){worker{id name workPhone}}}", { code })).grid.worker;
    const dial = async (workPhone) => {
      const found = (await operate("query($text:String){workers(text:$text){nodes{version worker{id}}}}", { text: name })).workers.nodes;
      const { version } = found.find((r) => r.worker.id === id);
      await operate("mutation($input:UpdateWorkerInput!){updateWorker(input:$input){version}}", { input: { id, version, workPhone } });
    };
    await dial("154 9900 0000");
    try {
      assert(/第 1 版.*已过时：牌上的人员或电话已变/.test(await says()), `a board with an old number: ${await says()}`);
      await picture(page, "scanned-old");
    } finally {
      await dial(workPhone);
    }
    assert(/是最新的/.test(await says()), "a board whose number is right again");
  });

  await step("the print shop lists, prints, notes and takes back, without script", { ...PHONE, javaScriptEnabled: false, bypassCSP: true }, async (page) => {
    const press = async (does) => {
      const [answer] = await Promise.all([page.waitForResponse((r) => r.url().includes(printPath)), page.click(`button[value="${does}"]`)]);
      return answer;
    };
    await signedIn(page, printPath);
    assert(/还没有登记过印制/.test(await page.locator(".reprints .notice").innerText()), "something is to be printed anew in a new town");
    await readAloud(page, "print-none");
    await picture(page, "print-none");
    await press("never/grid");
    const boards = page.locator(".boards li"), ticked = page.locator(".boards input:checked");
    const all = await boards.count();
    assert(all > 2, `${all} boards were never printed`);
    await readAloud(page, "print-list");
    await picture(page, "print-list");
    await press("none");
    assert(await ticked.count() === 0, "some are chosen of none");
    await press("all");
    assert(await ticked.count() === all, "some are not chosen of all");
    for (let i = 2; i < all; i++) await page.locator(".boards input").nth(i).uncheck();
    const [file] = await Promise.all([page.waitForEvent("download"), page.click("button[value=pdf]")]);
    const pdf = readFileSync(await file.path());
    assert(codesIn(pdf)[0].startsWith(base + "/g/"), "the first board's code");
    const says = () => page.locator("[role=status]").innerText();
    await press("printed");
    assert(await boards.count() === all - 2 && (await says()).includes("已登记 2 块"), "two boards were to be noted");
    await press("printed/");
    assert(await boards.count() === 2 && await ticked.count() === 0, "two prints were to be listed, and none chosen");
    await readAloud(page, "print-printed");
    await picture(page, "print-printed");
    await page.locator(".boards input").first().check();
    await press("undo");
    assert(await boards.count() === 1 && (await says()).includes("已撤销 1 块"), "it cannot be taken back");
    await page.locator(".boards input").first().check();
    await press("undo");
    await press("never/grid");
    assert(await boards.count() === all, "what was taken back is not to be printed");
  });

  await step("a board is noted as printed from its own page, without script, and the note is taken back", { ...PHONE, javaScriptEnabled: false }, async (page) => {
    const press = (does) => Promise.all([page.waitForResponse((r) => r.url().includes(printPath)), page.click(does)]);
    await signedIn(page, notePath);
    await press("button[value=printed]");
    assert((await page.locator("[role=status]").innerText()).includes("已登记 1 块") && /与 .* 印制的一致/.test(await page.locator(".boards li").innerText()), "it is not noted");
    await press("button[value=undo]");
    assert((await page.locator("[role=status]").innerText()).includes("已撤销 1 块") && (await page.locator(".boards li").innerText()).includes("从未登记印制"), "it is not taken back");
  });

  for (const [name, shows] of Object.entries({ "what is to be printed anew": "reprint/", "boards of grids": "never/grid", "boards of buildings": "never/building", "what was printed": "printed/" })) {
    await step(`axe and the print shop's lists: ${name}`, { ...WIDE, bypassCSP: true }, async (page) => {
      await signedIn(page, notePath);
      await page.click("button[value=printed]"); // so that there is one
      await page.waitForSelector("[role=status]");
      await page.click("button[value='reprint/']");
      await page.waitForSelector("[name=list]");
      if (!shows.startsWith("reprint")) {
        await page.click(`button[value='${shows}']`);
        await page.waitForSelector(".boards");
      }
      await flawless(page);
      const faults = await page.evaluate(judge, {});
      assert(faults.length === 0, faults.join("; "));
      await page.selectOption("[name=list]", "printed");
      await page.selectOption("[name=kind]", "");
      await page.click("button[value=list]");
      await page.waitForSelector(".boards input[name=undo]");
      await page.check(".boards input");
      await page.click("button[value=undo]");
      await page.waitForSelector("[role=status]");
    });
  }
}

await step("the explorer asks /graphql and gets an answer", WIDE, async (page) => {
  await page.goto(base + "/graphiql");
  await page.waitForSelector(".graphiql-query-editor .CodeMirror", { timeout: 20_000 });
  const [answer] = await Promise.all([
    page.waitForResponse((r) => r.url() === base + "/graphql" && (r.request().postData() ?? "").includes("WhereAmI")),
    page.click(".graphiql-execute-button"),
  ]);
  assert(answer.status() === 200, `status ${answer.status()}`);
  // The spot is in the demo town. Elsewhere it lies outside the window, which is an answer too.
  const { data, errors } = await answer.json();
  assert(data?.gridAt?.rule || errors?.[0]?.path?.[0] === "gridAt", JSON.stringify(errors));
  await picture(page, "graphiql");
});

await end();

/** Runs in the page: what is too wide, too small to touch, or too faint to read. */
function judge({ target = 44, smallest = 0, largest = 99 }) {
  const faults = [];
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`the page is ${document.documentElement.scrollWidth} wide`);
  const panel = document.getElementById("panel");
  if (panel.scrollWidth > panel.clientWidth) faults.push(`the panel scrolls sideways`);
  const colour = (c) => (c.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = colour(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const name = (e) => `${e.tagName.toLowerCase()} "${(e.textContent || e.getAttribute("aria-label") || "").trim().slice(0, 20)}"`;
  for (const e of document.querySelectorAll("#panel a, button, summary, input:not([type=hidden]), select")) {
    if (!e.checkVisibility() || e.closest(".maplibregl-ctrl-attrib-inner")) continue;
    const { width, height } = (e.type === "checkbox" ? e.closest("label") ?? e : e).getBoundingClientRect();
    if (width < target - 0.5 || height < target - 0.5) faults.push(`${name(e)} is ${Math.round(width)} × ${Math.round(height)}`);
  }
  for (const e of document.querySelectorAll("#panel *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility()) continue;
    const [a, b] = [light(colour(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faults.push(`${name(e)} has contrast ${ratio.toFixed(2)}`);
    const size = parseFloat(getComputedStyle(e).fontSize), line = parseFloat(getComputedStyle(e).lineHeight);
    if (size < smallest || size > largest) faults.push(`${name(e)} is written in ${size} pixels`);
    if (line < 1.3 * size - 0.1) faults.push(`${name(e)} has lines of ${line} for letters of ${size}`);
  }
  return faults;
}
