// A basemap beneath the map, from a server of its own on this machine: script/with-town.sh node web/e2e/basemap.mjs [folder for screenshots]
// Each step starts a second wangge on the town's data, with the basemap set, and looks at the picture.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beside } from "./beside.mjs";
import { launch } from "./chromium.mjs";
import { assert, steps } from "./steps.mjs";

const town = process.env.WANGGE_URL, data = process.env.WANGGE_DATA;
const folder = process.argv[2];
if (!town || !data) {
  console.error("usage: script/with-town.sh node web/e2e/basemap.mjs [folder for screenshots]");
  process.exit(2);
}
if (folder) mkdirSync(folder, { recursive: true });
const KEY = "0123456789abcdefSECRET";
const WHOSE = "天地图 <b>GS（2024）0650号</b>";

/** Somebody else's server: pictures by LAYER as WMTS has them, and the town's streets as vector tiles. It notes what it is asked. */
function mapServer() {
  const asked = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://x");
    asked.push({ url, referer: request.headers.referer ?? "" });
    if (server.silent) return;
    const allowed = { "Access-Control-Allow-Origin": "*" };
    if (server.moody && asked.length % 3 === 0) return void response.writeHead(503, allowed).end();
    const picture = PICTURES[url.searchParams.get("LAYER")];
    if (picture) return void response.writeHead(200, { ...allowed, "Content-Type": "image/png" }).end(picture);
    const tile = await fetch(`${town}/tiles/roads${url.pathname}`);
    response.writeHead(tile.status, { ...allowed, "Content-Type": "application/vnd.mapbox-vector-tile" }).end(Buffer.from(await tile.arrayBuffer()));
  });
  const listen = (port) => new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(server.address().port)));
  const close = () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); });
  return { server, asked, listen, close };
}

/** Tiles by layer, as PNG: blue with an edge, and nothing but a red square. */
async function pictures() {
  const page = await browser.newPage();
  const drawn = await page.evaluate(() => {
    const draw = (work) => {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = 256;
      work(canvas.getContext("2d"));
      return canvas.toDataURL("image/png").split(",")[1];
    };
    return {
      vec: draw((c) => { c.fillStyle = "#143c78"; c.fillRect(0, 0, 256, 256); c.fillStyle = "#5096e6"; c.fillRect(2, 2, 254, 254); }),
      cva: draw((c) => { c.fillStyle = "#e61e1e"; c.fillRect(100, 100, 30, 30); }),
    };
  });
  await page.close();
  return Object.fromEntries(Object.entries(drawn).map(([name, picture]) => [name, Buffer.from(picture, "base64")]));
}

const browser = await launch();
const PICTURES = await pictures();
const { step, end } = steps(browser, {
  usual: { viewport: { width: 1366, height: 768 } },
  folder,
  // What a browser says of a server that is away is none of the page's.
  forgiven: (text) => /Failed to load resource/.test(text),
});

/** How many pixels of the picture of the map, beside the panel, are so; so is a function of red, green and blue. */
async function pixels(page, name, so) {
  await page.waitForTimeout(3000); // software draws on
  const shot = await page.screenshot(folder && name ? { path: join(folder, `${name}.png`) } : {});
  return page.evaluate(async ([data, so]) => {
    const picture = new Image();
    picture.src = `data:image/png;base64,${data}`;
    await picture.decode();
    const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    canvas.drawImage(picture, 0, 0);
    const { data: all } = canvas.getImageData(450, 0, picture.width - 450, picture.height);
    let count = 0;
    for (let i = 0; i < all.length; i += 4) {
      const [r, g, b] = all.slice(i, i + 3);
      if (so === "blue" ? b - r > 50 && b > g : so === "red" ? r - b > 90 && r - g > 90 : r - g > 60 && b - g > 60) count++;
    }
    return count;
  }, [shot.toString("base64"), so]);
}

/** A tap in the middle of the map is answered with a grid, and grids were drawn. */
async function answers(page) {
  await page.mouse.click(860, 400);
  await page.waitForSelector("#answer .face", { timeout: 10_000 });
}
const gridTiles = (page) => page.waitForResponse((r) => r.url().includes("/tiles/divisions,grids,") && r.url().endsWith(".mvt") && r.status() === 200);

await step("two raster maps over one another, as WMTS with a key", {}, async (page) => {
  const maps = mapServer();
  const port = await maps.listen(0);
  const layer = (name) => `http://127.0.0.1:${port}/${name}_w/wmts?LAYER=${name}&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=${KEY}`;
  try {
    const said = await beside(data, { BASEMAP_URL: `${layer("vec")} ${layer("cva")}`, BASEMAP_ATTRIBUTION: WHOSE }, async (base) => {
      const grids = gridTiles(page);
      const first = await page.goto(base + "/");
      const policy = first.headers()["content-security-policy"];
      for (const what of ["img-src 'self' data: blob:", "connect-src 'self'"]) assert(policy.includes(`${what} http://127.0.0.1:${port};`), `the policy is ${policy}`);
      await page.waitForSelector("#map[data-ready=true]", { timeout: 30_000 });
      await grids;
      const [blue, red] = [await pixels(page, "basemap-raster", "blue"), await pixels(page, "basemap-raster", "red")];
      assert(blue > 100_000, `${blue} pixels are of the lower map`);
      assert(red > 1_000, `${red} pixels are of the upper map`);
      assert((await page.locator(".maplibregl-ctrl-attrib-inner").innerText()).includes(WHOSE), "whose the basemap is, and its review number, are not said as they were set");
      assert(await page.locator(".no-basemap").isHidden(), "the basemap is said to be away");
      assert(maps.asked.length > 4 && maps.asked.every(({ url }) => url.searchParams.get("tk") === KEY && url.searchParams.get("TILEMATRIX")), "tiles are not asked for as they are set");
      await answers(page);
      await page.waitForTimeout(1500);
      await page.mouse.wheel(0, -600); // nearer, at an address that says where somebody lives
      await page.waitForTimeout(2500);
      assert(page.url().includes("lng="), page.url());
      const told = new Set(maps.asked.map(({ referer }) => referer));
      assert(told.size === 1 && told.has(base + "/"), `the other server is told of ${[...told].join(", ")}`);
      assert(!(await (await fetch(base + "/metrics")).text()).includes(KEY), "the key is among the figures");
    });
    assert(said.includes("level=DEBUG") || said.includes("/style.json"), "nothing was logged");
    assert(!said.includes(KEY), "the key is in the log");
  } finally {
    await maps.close();
  }
});

for (const dark of [false, true]) {
  await step(`a style of vector tiles, ${dark ? "dark" : "light"}`, { colorScheme: dark ? "dark" : "light" }, async (page) => {
    const maps = mapServer();
    const port = await maps.listen(0);
    const own = mkdtempSync(join(tmpdir(), "wangge-style-"));
    const file = join(own, "style.json");
    writeFileSync(file, JSON.stringify({
      version: 8, glyphs: "https://fonts.example.org/{fontstack}/{range}.pbf",
      sources: { town: { type: "vector", tiles: [`http://127.0.0.1:${port}/{z}/{x}/{y}.mvt?key=${KEY}`], maxzoom: 14 } },
      layers: [
        { id: "paper", type: "background", paint: { "background-color": "#dddddd" } },
        { id: "road", type: "line", source: "town", "source-layer": "roads", paint: { "line-color": "#ff00ff", "line-width": 8 } },
        { id: "road-label", type: "symbol", source: "town", "source-layer": "roads", layout: { "text-field": ["get", "name"], "text-font": ["Noto Sans Regular"] } },
      ],
    }));
    try {
      const said = await beside(data, { BASEMAP_STYLE: file, BASEMAP_ATTRIBUTION: WHOSE }, async (base) => {
        const grids = gridTiles(page);
        await page.goto(base + "/");
        await page.waitForSelector("#map[data-ready=true]", { timeout: 30_000 });
        await grids;
        const magenta = await pixels(page, `basemap-vector${dark ? "-dark" : ""}`, "magenta");
        assert(magenta > 3_000, `${magenta} pixels are of the basemap's streets`);
        assert((await page.locator(".maplibregl-ctrl-attrib-inner").innerText()).includes(WHOSE), "whose the basemap is, is not said");
        await answers(page);
      });
      assert(!said.includes(KEY), "the key is in the log");
    } finally {
      rmSync(own, { recursive: true });
      await maps.close();
    }
  });
}

for (const [name, silent] of [["is away", false], ["does not answer", true]]) {
  await step(`the basemap's server ${name}: the grids are there, and one quiet note`, {}, async (page) => {
    const maps = mapServer();
    maps.server.silent = silent;
    const port = await maps.listen(0);
    if (!silent) await maps.close();
    await beside(data, { BASEMAP_URL: `http://127.0.0.1:${port}/{z}/{x}/{y}.png?LAYER=vec`, BASEMAP_ATTRIBUTION: WHOSE }, async (base) => {
      const grids = gridTiles(page);
      await page.goto(base + "/");
      await grids;
      await page.waitForSelector(".no-basemap:visible", { timeout: 20_000 });
      await page.waitForTimeout(3000);
      if (folder) await page.screenshot({ path: join(folder, `basemap-away${silent ? "-silent" : ""}.png`) });
      assert(await pixels(page, "", "blue") > 5_000, "our own river is not shown in its place");
      await answers(page);
      assert(await page.locator("#map canvas").isVisible() && (await page.locator("#status").innerText()) === "", "the page speaks of an error");
      assert(await page.locator(".no-basemap:visible").count() === 1 && (await page.locator(".no-basemap").innerText()).includes("网格不受影响"), "nothing is said of it");
      if (silent) return;
      await maps.listen(port);
      await page.mouse.move(860, 400);
      await page.mouse.wheel(0, -800);
      await page.waitForSelector(".no-basemap", { state: "hidden", timeout: 10_000 });
    });
    await maps.close();
  });
}

await step("every third tile of the basemap fails: the map stays as it is", {}, async (page) => {
  const maps = mapServer();
  maps.server.moody = true;
  const port = await maps.listen(0);
  await page.addInitScript(() => {
    window.notes = 0;
    new MutationObserver(() => { window.notes += document.querySelector(".no-basemap")?.checkVisibility() ? 1 : 0; })
      .observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["hidden"] });
  });
  await beside(data, { BASEMAP_URL: `http://127.0.0.1:${port}/{z}/{x}/{y}.png?LAYER=vec`, BASEMAP_ATTRIBUTION: WHOSE }, async (base) => {
    const grids = gridTiles(page);
    await page.goto(base + "/");
    await grids;
    await page.waitForTimeout(3000);
    await page.mouse.move(860, 400);
    await page.mouse.wheel(0, -800);
    await page.waitForTimeout(9000); // longer than it waits for a tile
    assert(maps.asked.length > 6, `only ${maps.asked.length} tiles were asked for`);
    assert(await page.evaluate(() => window.notes) === 0 && await page.locator(".no-basemap").isHidden(), "the basemap was said to be away");
  });
  await maps.close();
});

await end();
