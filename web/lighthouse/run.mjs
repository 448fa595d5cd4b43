// Lighthouse judges the residents' pages as on a cheap phone (its own mobile settings: a slow 4G network and a processor a quarter as
// fast, both computed): node run.mjs http://127.0.0.1:8080 [folder for reports]
// The server must hold at least one community with grids. Each page is judged RUNS times (3); the run in the middle counts.
// It fails where a page falls short of what is asked below.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";
import { computeMedianRun } from "lighthouse/core/lib/median-run.js";

const base = (process.argv[2] ?? "").replace(/\/$/, "");
const folder = process.argv[3];
const runs = Number(process.env.RUNS ?? 3);
const least = { performance: 95, accessibility: 100, "best-practices": 95 };
if (!/^https?:\/\//.test(base) || !(runs >= 1)) {
  console.error("usage: [RUNS=3] node run.mjs http://HOST:PORT [folder for reports]");
  process.exit(2);
}
if (folder) mkdirSync(folder, { recursive: true });

const text = async (path) => (await fetch(base + path, { headers: { "Accept-Language": "zh" } })).text();
const first = (html, kind) => html.match(new RegExp(`href="(/${kind}/[^"?]+)`))?.[1];
const community = first(await text("/c"), "c");
const grid = community && first(await text(community), "g");
if (!grid) {
  console.error("the server has no community with grids: load the demo town first");
  process.exit(2);
}
const building = first(await text("/?lang=zh&q=" + encodeURIComponent("3号楼")), "b"); // in the demo town
const pages = ["/", grid, ...(building ? [building] : [])];

const chrome = await launch({
  chromePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-background-networking", "--disable-component-update"],
});
let short = 0;
try {
  for (const page of pages) {
    const all = [];
    for (let run = 0; run < runs; run++) {
      const { lhr } = await lighthouse(base + page, { port: chrome.port, output: "json", logLevel: "error", onlyCategories: Object.keys(least) });
      if (lhr.runtimeError) throw new Error(`${page}: ${lhr.runtimeError.message}`);
      all.push(lhr);
    }
    const lhr = computeMedianRun(all);
    if (folder) writeFileSync(join(folder, `${page.replaceAll("/", "_")}.json`), JSON.stringify(lhr));
    const score = (one, name) => Math.round(one.categories[name].score * 100);
    const seconds = (name) => (lhr.audits[name].numericValue / 1000).toFixed(2);
    console.log([page === "/" ? "/" : page.replace(/[^/]+$/, "…"),
      ...Object.keys(least).map((name) => `${name} ${score(lhr, name)}${runs > 1 ? ` (${all.map((one) => score(one, name)).join(", ")})` : ""}`),
      `first paint ${seconds("first-contentful-paint")} s`, `largest ${seconds("largest-contentful-paint")} s`, `speed index ${seconds("speed-index")} s`,
      `blocked ${Math.round(lhr.audits["total-blocking-time"].numericValue)} ms`, `shift ${lhr.audits["cumulative-layout-shift"].numericValue.toFixed(3)}`,
      `${Math.round(lhr.audits["total-byte-weight"].numericValue / 1024)} KB`].join(" · "));
    for (const [name, wanted] of Object.entries(least)) {
      if (score(lhr, name) >= wanted) continue;
      short++;
      console.log(`  ${name} is below ${wanted}:`);
      for (const { id, weight } of lhr.categories[name].auditRefs) {
        const audit = lhr.audits[id];
        if (weight > 0 && audit.score !== null && audit.score < 1) console.log(`    ${id}: ${audit.title} ${audit.displayValue ?? ""}`);
      }
    }
  }
} finally {
  chrome.kill();
}
process.exit(short === 0 ? 0 : 1);
