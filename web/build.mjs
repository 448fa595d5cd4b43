// Builds the pages' scripts and styles into dist/, which is committed: go build needs no Node.
// The same sources give the same bytes; `npm ci && npm run build && git diff --exit-code dist` proves it.
import { build } from "esbuild";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
process.chdir(root);
rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");

const common = {
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  outdir: "dist",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  metafile: true,
  legalComments: "none", // the licences are in LICENSES.txt
  logLevel: "warning",
};

// MapLibre's own worker, as published. It is its own entry, so that its name carries a hash and the page loads it
// from this server: the content security policy allows no blob: workers. The page says where it is.
const worker = await build({
  ...common,
  entryPoints: [{ in: "node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs", out: "map-worker" }],
});

// What the map looks like is fetched with it.
const look = await build({ ...common, entryPoints: [{ in: "resident/map.css", out: "map-style" }] });
const lookFile = Object.keys(look.metafile.outputs)[0];

const pages = await build({
  ...common,
  splitting: true, // the map is fetched after the page has answered
  entryPoints: [
    { in: "resident/page.ts", out: "page" },
    { in: "resident/page.css", out: "style" },
    { in: "resident/mark.svg", out: "mark" },
    { in: "resident/card.png", out: "card" },
  ],
  loader: { ".svg": "copy", ".png": "copy" },
  define: {
    MAP_STYLE: JSON.stringify("/assets/" + relative("dist", lookFile)),
  },
});

const explorer = await build({
  ...common,
  entryPoints: [
    { in: "graphiql/explorer.tsx", out: "graphiql" },
  ],
  loader: { ".woff2": "file", ".woff": "empty", ".svg": "dataurl" },
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
});

// What the server calls each file: "page.js" → "page-ABCD1234.js".
const manifest = {};
const packages = new Set();
for (const { metafile } of [worker, look, pages, explorer]) {
  for (const [file, output] of Object.entries(metafile.outputs)) {
    const name = relative("dist", file);
    if (output.entryPoint || name.startsWith("graphiql-")) manifest[name.replace(/-[A-Z0-9]{8}(\.\w+)$/, "$1")] = name;
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const inside = input.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/);
      if (inside && bytesInOutput > 0) packages.add(inside[1]);
    }
  }
}
writeFileSync("dist/manifest.json", JSON.stringify(manifest, Object.keys(manifest).sort(), 2) + "\n");

const licences = [];
for (const name of [...packages].sort()) {
  const folder = join("node_modules", name);
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((f) => /^(licen[cs]e|copying)/i.test(f));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Licence: ${about.license}`;
  licences.push(`${name} ${about.version}\n${"=".repeat(60)}\n${text}\n`);
}
writeFileSync("dist/LICENSES.txt", licences.join("\n\n"));
