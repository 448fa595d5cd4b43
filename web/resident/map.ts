// The map: draws the server's style, shows what was found, and says where somebody tapped. What was found, and the
// words, are left to page.ts and the server.
import {
  AttributionControl, LngLat, LngLatBounds, Map as MapLibre, Marker, NavigationControl, ScaleControl, setWorkerUrl,
} from "maplibre-gl";
import type { FilterSpecification, GeoJSONSource, IControl } from "maplibre-gl";
import type { Feature, FeatureCollection } from "geojson";
import { keepCurrent } from "./changes";
import { BASEMAP, BENEATH, FIRST_GRIDS, GAPS, GRIDS, GROUND, HERE, LAYER, LAYERS, SOURCE } from "./names";

declare const MAP_STYLE: string; // set by build.mjs

const look = document.createElement("link");
look.rel = "stylesheet";
look.href = MAP_STYLE;
const dressed = new Promise<void>((resolve) => {
  look.onload = look.onerror = () => resolve();
});
document.head.append(look);
await dressed; // MapLibre measures what it lays out

/** A box in degrees: west, south, east, north. */
export type Box = [number, number, number, number];

/** What the map shows: the grid's code and box, the place asked about, and how exactly it is known. */
export interface Found {
  code: string;
  box: Box | null;
  place: [lng: number, lat: number] | null;
  accuracyM: number;
}

/** Pixels at each side of the map. */
export interface Padding { top: number; right: number; bottom: number; left: number }

export interface Options {
  container: HTMLElement;
  lang: string;
  /** The address of MapLibre's worker. */
  worker: string;
  /** Whether the map shows what the coverage reports find. */
  gaps: boolean;
  box: Box | null;
  words: { zoomIn: string; zoomOut: string; map: string; noBasemap: string };
  /** Room that the panel takes, in pixels. */
  padding: () => Padding;
  onAsk: (lng: number, lat: number) => void;
  /** There is nothing to draw, since the server has no tiles at the moment; later: there is again. */
  onAway: (away: boolean) => void;
  /** What is shown may be another by now. */
  onStale: () => void;
  /** A button of the page's that goes onto the map; null: none. */
  button: HTMLButtonElement | null;
  /** Whether what is pressed lies low on the map. */
  low: boolean;
}

export interface MapView {
  show(found: Found): void;
  /** Marks what was found, and leaves the map where it is. */
  mark(found: Found): void;
  whenReady: Promise<void>;
}

/** How often is asked whether there are tiles again, ms. */
const RETRY = 5_000;
/** How long a basemap may go without a tile, ms. */
const PATIENCE = 8_000;

export function openMap(options: Options): MapView {
  setWorkerUrl(new URL(options.worker, location.href).href);
  const darkness = matchMedia("(prefers-color-scheme: dark)");
  const style = () => `${location.origin}/style.json?lang=${options.lang}&theme=${darkness.matches ? "dark" : "light"}${options.gaps ? "&show=gaps" : ""}`;
  const map = new MapLibre({
    container: options.container,
    style: style(),
    ...(options.box ? { bounds: options.box, fitBoundsOptions: { padding: roomy(options.padding()) } } : {}),
    minZoom: 3,
    maxZoom: 20,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    attributionControl: false,
    // The style and TileJSON name the address this server has outside. The page asks the one it came from, which is the same
    // server and needs no permission. Whose basemap it is learns for which town's page (keys are bound to that), and not where on it somebody lives.
    transformRequest: (url) => ({ url: ours(url), ...(foreign(url) ? { referrerPolicy: "strict-origin" as const } : {}) }),
    locale: {
      "NavigationControl.ZoomIn": options.words.zoomIn,
      "NavigationControl.ZoomOut": options.words.zoomOut,
      "Map.Title": options.words.map,
    },
  });
  comeCloser(map, options.padding());
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), options.low ? "bottom-right" : "top-right");
  if (options.button) map.addControl(holding(options.button), "top-right");
  const corner = options.low ? "bottom-left" : "bottom-right";
  map.addControl(new ScaleControl({ unit: "metric" }), corner);
  map.addControl(new AttributionControl({ compact: true }), corner);
  const noBasemap = document.createElement("p");
  noBasemap.className = "no-basemap";
  noBasemap.textContent = options.words.noBasemap;
  noBasemap.hidden = true;
  map.addControl(holding(noBasemap), corner);
  // Where it is away the streets, water and green of our own are shown, which it hides. One tile that is missing is not enough for that.
  let came = false; // a tile, since the map moved last
  let waiting: number | undefined;
  let instead: string[] = [];
  const wait = () => { if (!came) waiting ??= window.setTimeout(() => basemapAway(true), PATIENCE); };
  const arrived = () => {
    came = true;
    clearTimeout(waiting);
    waiting = undefined;
    basemapAway(false);
  };
  const basemapAway = (away: boolean) => {
    if (noBasemap.hidden !== away) return;
    noBasemap.hidden = !away;
    if (away) instead = map.getStyle().layers.filter((l) => "source" in l && l.source === SOURCE && l.layout?.visibility === "none").map((l) => l.id);
    for (const id of instead) if (map.getLayer(id)) map.setLayoutProperty(id, "visibility", away ? "visible" : "none");
  };
  map.on("movestart", () => { came = false; });
  map.on("style.load", () => {
    noBasemap.hidden = true; // of another style
    came = false;
    clearTimeout(waiting);
    waiting = undefined;
    if (hasBasemap(map)) wait();
  });

  let shown: Found = { code: "", box: null, place: null, accuracyM: 0 };
  let pin: Marker | null = null;

  const draw = () => {
    if (!map.getLayer(BENEATH)) return; // the style is not there yet; style.load draws
    const filter: FilterSpecification = ["==", ["get", "code"], shown.code];
    if (!map.getLayer(LAYER.selectedLine)) addLayers(map, darkness.matches);
    for (const id of [LAYER.selectedFill, LAYER.selectedCasing, LAYER.selectedLine]) map.setFilter(id, filter);
    map.getSource<GeoJSONSource>(HERE)?.setData(around(shown.place, shown.accuracyM));
  };
  map.on("style.load", draw);
  keepCurrent(map, options.gaps ? [...LAYERS, GAPS] : LAYERS, ({ everything, extents }) => {
    const box: Box | null = shown.box ?? (shown.place && [...shown.place, ...shown.place]);
    if (box && (everything || extents.some((e) => e[0] <= box[2] && e[2] >= box[0] && e[1] <= box[3] && e[3] >= box[1]))) options.onStale();
  });

  // A map without grids invites taps at random. What was drawn before stays.
  let away = false;
  const lookAgain = async () => {
    const there = await Promise.all(["/tiles/grids.json", style()].map((url) => fetch(url).then((r) => r.ok, () => false)));
    if (!there.every(Boolean)) return void setTimeout(lookAgain, RETRY);
    away = false;
    options.onAway(false);
    map.resize(); // it could not be seen
    map.setStyle(style(), { diff: false });
  };
  map.on("error", (event) => {
    // What is somebody else's nobody needs to find a grid; what is no tile, as pictures and letters of a style, is not missed either.
    if (isBasemap(event as { sourceId?: string })) return wait();
    if (foreign((event.error as { url?: string } | undefined)?.url ?? "")) return;
    const status = (event.error as { status?: number } | undefined)?.status; // 0: no answer came
    if (status === undefined || status > 0 && status < 500) {
      console.error(event.error); // as MapLibre does where nobody listens
      return;
    }
    if (away || map.getSource(SOURCE) && map.querySourceFeatures(SOURCE, { sourceLayer: GRIDS }).length > 0) return;
    away = true;
    options.onAway(true);
    setTimeout(lookAgain, RETRY);
  });
  map.on("sourcedata", (event) => {
    if (isBasemap(event) && (event.tile as { state?: string } | undefined)?.state === "loaded") arrived();
  });
  darkness.addEventListener("change", () => map.setStyle(style(), { diff: false }));

  const whenReady = new Promise<void>((resolve) => map.once("load", () => resolve()));
  void whenReady.then(() => {
    // Where there is little room whose the map is gives way to its button, once it was seen.
    if (options.padding().left === 0) options.container.querySelector(".maplibregl-ctrl-attrib")?.classList.remove("maplibregl-compact-show");
  });
  if (!options.box) {
    // No division has a boundary: look at what the tiles say they hold.
    void whenReady.then(() => {
      const bounds = held(map);
      if (!bounds || shown.box) return;
      if (shown.code) return;
      const all = new LngLatBounds(bounds);
      if (shown.place) all.extend(shown.place);
      map.fitBounds(all, { padding: roomy(options.padding()), animate: false });
      if (!shown.place) comeCloser(map, options.padding());
    });
  }

  map.on("click", (event) => options.onAsk(event.lngLat.lng, event.lngLat.lat));
  map.on("mousemove", LAYER.grid, () => { map.getCanvas().style.cursor = "pointer"; });
  map.on("mouseleave", LAYER.grid, () => { map.getCanvas().style.cursor = ""; });

  // Without a pointer: the arrow keys move the map beneath a cross-hair, Enter asks.
  const canvas = map.getCanvas();
  const cross = document.createElement("div");
  cross.className = "cross";
  cross.hidden = true;
  options.container.append(cross);
  const centre = () => map.unproject(middle(options.container, options.padding()));
  canvas.addEventListener("focus", () => {
    cross.hidden = !canvas.matches(":focus-visible");
    const [x, y] = middle(options.container, options.padding());
    cross.style.transform = `translate(${x}px, ${y}px)`;
  });
  canvas.addEventListener("blur", () => { cross.hidden = true; });
  canvas.addEventListener("pointerdown", () => { cross.hidden = true; });
  canvas.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const at = centre();
    options.onAsk(at.lng, at.lat);
  });

  return {
    whenReady,
    mark(found) {
      shown = found;
      draw();
    },
    show(found) {
      shown = found;
      draw();
      pin?.remove();
      pin = found.place
        ? new Marker({ color: "#c2410c" }).setLngLat(found.place).addTo(map)
        : null;
      pin?.getElement().setAttribute("aria-hidden", "true");
      const padding = roomy(options.padding());
      const box = found.box ?? (found.place && !found.code ? held(map) : undefined);
      if (box) {
        const all = new LngLatBounds(box);
        if (found.place) all.extend(LngLatBounds.fromLngLat(new LngLat(...found.place), Math.min(found.accuracyM, 500)));
        // A tap leaves the map where it is, unless the grid is out of sight or too small to make out.
        const tapped = found.place && found.accuracyM === 0;
        // In no grid, the box is the town's.
        const seen = () => found.code ? inView(map, all, padding) && !tiny(map, all) : inView(map, spot(found.place), padding);
        if (!tapped || !seen()) map.fitBounds(all, { padding, maxZoom: 17.5, duration: 700 });
      } else if (found.place) {
        const around = LngLatBounds.fromLngLat(new LngLat(...found.place), Math.max(found.accuracyM, 150));
        if (!inView(map, around, padding)) map.fitBounds(around, { padding, duration: 700 });
      }
    },
  };
}

/** What the tiles say they hold; not known before they are asked for. */
function held(map: MapLibre): Box | undefined {
  return (map.getSource(SOURCE) as { bounds?: Box } | undefined)?.bounds;
}

/** A large town at once would be a map without a grid: tiles hold none from further away. The middle of what is seen stays. */
function comeCloser(map: MapLibre, padding: Padding): void {
  if (map.getZoom() < FIRST_GRIDS) map.easeTo({ zoom: FIRST_GRIDS, around: map.unproject(middle(map.getContainer(), padding)), duration: 0 });
}

/** A control of MapLibre's that holds a button or a note. */
function holding(held: HTMLElement): IControl {
  const group = document.createElement("div");
  group.className = held instanceof HTMLButtonElement ? "maplibregl-ctrl maplibregl-ctrl-group" : "maplibregl-ctrl";
  group.append(held);
  return { onAdd: () => group, onRemove: () => group.remove() };
}

function addLayers(map: MapLibre, dark: boolean): void {
  const mark = dark ? "#ff9a62" : "#c2410c";
  const here = dark ? "#7db7ff" : "#1d5fbf";
  const nothing: FilterSpecification = ["==", ["get", "code"], ""];
  const grids = { source: SOURCE, "source-layer": GRIDS, filter: nothing } as const;
  map.addLayer({
    ...grids, id: LAYER.selectedFill, type: "fill",
    paint: { "fill-color": dark ? "#58371e" : "#ffd9a8", "fill-opacity": hasBasemap(map) ? 0.5 : 0.9, "fill-antialias": false },
  }, GROUND);
  map.addLayer({
    ...grids, id: LAYER.selectedCasing, type: "line", layout: { "line-join": "round" },
    paint: { "line-color": dark ? "#14181d" : "#ffffff", "line-width": 8 },
  }, BENEATH);
  map.addLayer({
    ...grids, id: LAYER.selectedLine, type: "line", layout: { "line-join": "round" },
    paint: { "line-color": mark, "line-width": 3.5 },
  }, BENEATH);
  map.addSource(HERE, { type: "geojson", data: around(null, 0) });
  map.addLayer({ id: LAYER.hereFill, type: "fill", source: HERE, paint: { "fill-color": here, "fill-opacity": 0.12 } });
  map.addLayer({ id: LAYER.hereLine, type: "line", source: HERE, paint: { "line-color": here, "line-width": 1.5 } });
  // The pin lies over the map and knows nothing of its names. An empty picture of its size keeps them from beneath it.
  const [width, height] = [30, 44];
  if (!map.hasImage(LAYER.herePin)) map.addImage(LAYER.herePin, { width, height, data: new Uint8Array(4 * width * height) });
  map.addLayer({
    id: LAYER.herePin, type: "symbol", source: HERE, filter: ["==", ["geometry-type"], "Point"],
    layout: { "icon-image": LAYER.herePin, "icon-anchor": "bottom", "icon-offset": [0, 6], "icon-allow-overlap": true, "icon-padding": 2 },
  });
}

/** place, and the circle of radiusM metres around it, on a sphere: exact enough to look at. */
function around(place: Found["place"], radiusM: number): FeatureCollection {
  if (!place) return { type: "FeatureCollection", features: [] };
  const pin: Feature = { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: place } };
  if (radiusM <= 0) return { type: "FeatureCollection", features: [pin] };
  const [lng, lat] = place;
  const degree = 111_320; // metres in a degree of latitude
  const ring = Array.from({ length: 65 }, (_, i) => {
    const angle = (i % 64) * Math.PI / 32;
    return [
      lng + radiusM * Math.cos(angle) / (degree * Math.cos(lat * Math.PI / 180)),
      lat + radiusM * Math.sin(angle) / degree,
    ];
  });
  return {
    type: "FeatureCollection",
    features: [pin, { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } }],
  };
}

/** Tiles of this server are asked for where the page is from, whatever address it names: behind a proxy it may not know its own. */
function ours(url: string): string {
  const at = new URL(url, location.origin);
  const own = at.pathname.indexOf(OWN); // before it, what a proxy adds
  return own >= 0 ? location.origin + at.pathname.slice(own) + at.search : url;
}
/** Whether url is asked of somebody else's server. */
function foreign(url: string): boolean {
  return /^https?:/.test(url) && new URL(ours(url)).origin !== location.origin;
}

const hasBasemap = (map: MapLibre): boolean => Object.keys(map.getStyle().sources).some((id) => id.startsWith(BASEMAP));

/** Whether an event is about a source of the basemap. */
const isBasemap = (event: { sourceId?: string }): boolean => event.sourceId?.startsWith(BASEMAP) ?? false;

const OWN = `/tiles/${LAYERS.join(",")}`; // and what follows: no basemap has such a path

function roomy(p: Padding): Padding {
  const room = p.left > 0 ? 32 : 14; // a phone has none to give away
  const buttons = 64; // their column and its margins, which must not cover what is shown
  return { top: p.top + room, right: p.right + buttons, bottom: p.bottom + room, left: p.left + room };
}

function middle(container: HTMLElement, p: Padding): [number, number] {
  return [(p.left + container.clientWidth - p.right) / 2, (p.top + container.clientHeight - p.bottom) / 2];
}

function spot(place: Found["place"]): LngLatBounds {
  const bounds = new LngLatBounds();
  return place ? bounds.extend(place) : bounds;
}

function tiny(map: MapLibre, bounds: LngLatBounds): boolean {
  return map.project(bounds.getSouthWest()).dist(map.project(bounds.getNorthEast())) < 120;
}

function inView(map: MapLibre, bounds: LngLatBounds, p: Padding): boolean {
  const { clientWidth, clientHeight } = map.getContainer();
  return [bounds.getSouthWest(), bounds.getNorthEast()].every((corner) => {
    const { x, y } = map.project(corner);
    return x >= p.left - 32 && x <= clientWidth - p.right + 32 && y >= p.top - 32 && y <= clientHeight - p.bottom + 32;
  });
}
