// What changed in the tiles, as the server tells while a page is open, and the map made anew where it did. Where the server tells
// nothing the map stays as it was loaded.
import type { Map as MapLibre } from "maplibre-gl";
import type { Box } from "./map";
import { SOURCE } from "./names";

/** Tiles that may be others than they were: all, or those that meet a box. */
export interface Change { everything: boolean; extents: Box[] }

const QUERY = "subscription($since:String,$layers:[String!]){tilesChanged(since:$since,layers:$layers){version everything extents}}";

/** Waiting after a lost connection, ms: doubled each time, a random part of it left out, so that a server that starts again is not asked by all at once. */
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;
/** So often a server that has never told anything is asked. */
const PATIENCE = 4;

/** Keeps what map shows of layers of SOURCE current, and tells onChange what changed. */
export function keepCurrent(map: MapLibre, layers: readonly string[], onChange: (change: Change) => void): void {
  let waiting: Change = { everything: false, extents: [] };
  let later = false;
  const apply = () => {
    later = false;
    if (!map.getSource(SOURCE)) waiting = { everything: false, extents: [] }; // it will be loaded as it is then
    if (!waiting.everything && waiting.extents.length === 0) return;
    // MapLibre passes over tiles that are on their way, which may be of before.
    if (!map.areTilesLoaded()) {
      later = true;
      map.once("idle", apply);
      return;
    }
    const change = waiting;
    waiting = { everything: false, extents: [] };
    refresh(map, change);
  };
  follow(layers, (change) => {
    waiting = { everything: waiting.everything || change.everything, extents: [...waiting.extents, ...change.extents] };
    onChange(change);
    if (!later) apply();
  });
}

/** Asks anew for the tiles that change names, and lets go of those that are kept for when they come into view again. */
function refresh(map: MapLibre, { everything, extents }: Change): void {
  const stale = (t: Tile) => extents.some((box) => meets(t, box));
  // MapLibre has no way of its own to drop some of the tiles that are out of view; all it drops when it refreshes all.
  const kept = map.style.tileManagers[SOURCE]?._outOfViewCache as { filter?: (keep: (tile: { tileID: { canonical: Tile } }) => boolean) => void } | undefined;
  if (everything || !kept?.filter) {
    map.refreshTiles(SOURCE);
    return;
  }
  kept.filter((tile) => !stale(tile.tileID.canonical));
  const tiles = inView(map).filter(stale);
  if (tiles.length > 0) map.refreshTiles(SOURCE, tiles);
}

interface Tile { z: number; x: number; y: number }

/** The tiles that the map may show: those of its zoom, larger ones, and smaller ones while it zooms out. */
function inView(map: MapLibre): Tile[] {
  const bounds = map.getBounds();
  const view: Box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  const smallest = Math.min((map.getSource(SOURCE) as { maxzoom?: number } | undefined)?.maxzoom ?? 16, Math.ceil(map.getZoom()) + 1);
  const tiles: Tile[] = [];
  for (let z = 0; z <= smallest; z++) {
    const side = 2 ** z;
    const column = (lng: number) => Math.min(side - 1, Math.max(0, Math.floor(side * across(lng))));
    const row = (lat: number) => Math.min(side - 1, Math.max(0, Math.floor(side * down(lat))));
    for (let x = column(view[0]); x <= column(view[2]); x++) {
      for (let y = row(view[3]); y <= row(view[1]); y++) tiles.push({ z, x, y });
    }
  }
  return tiles;
}

/** Whether a tile, with the margin of 1/64 of its width that it holds around it, meets box. */
function meets({ z, x, y }: Tile, [west, south, east, north]: Box): boolean {
  const side = 2 ** z;
  const margin = 1 / 64;
  return across(east) * side >= x - margin && across(west) * side <= x + 1 + margin &&
    down(south) * side >= y - margin && down(north) * side <= y + 1 + margin;
}

// Web Mercator, the world being 1 wide and high, from the north-west. CGCS2000 and WGS 84 are the same here, to some centimetres.
const across = (lng: number) => lng / 360 + 0.5;
const down = (lat: number) => 0.5 - Math.asinh(Math.tan(Math.max(-85.0511, Math.min(lat, 85.0511)) * Math.PI / 180)) / (2 * Math.PI);

/** Tells onChange of every change of layers from now on, those that came while the page was hidden or out of reach when it is back. */
function follow(layers: readonly string[], onChange: (change: Change) => void): void {
  if (!("EventSource" in window)) return;
  let events: EventSource | null = null;
  let timer = 0;
  let since: string | null = document.getElementById("map")?.dataset.since || null; // tiles may be fetched before the first change is told
  let told = false; // this server tells what changes
  let missed = false; // something may have changed that will not be told any more
  let failures = 0;

  const letGo = () => {
    clearTimeout(timer);
    events?.close();
    events = null;
  };
  const begin = () => {
    letGo();
    if (document.hidden) return;
    const variables = JSON.stringify({ since, layers });
    events = new EventSource(`/graphql?query=${encodeURIComponent(QUERY)}&variables=${encodeURIComponent(variables)}`);
    events.addEventListener("next", (event) => {
      const change = read((event as MessageEvent<string>).data);
      if (!change) { // a refusal: perhaps of since
        missed = missed || since !== null;
        since = null;
        return again();
      }
      told = true;
      failures = 0;
      since = change.version;
      if (change.everything || missed || change.extents.length > 0) onChange(missed ? { everything: true, extents: [] } : change);
      missed = false;
    });
    events.addEventListener("complete", again);
    events.addEventListener("error", again);
  };
  const again = () => {
    letGo();
    failures++;
    if (!told && failures >= PATIENCE) return;
    timer = window.setTimeout(begin, Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1)) * (0.5 + Math.random() / 2));
  };
  // Who cannot be seen needs nothing, and a browser has few connections for all pages of a server.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return letGo();
    if (!told && failures >= PATIENCE) return;
    failures = 0;
    begin();
  });
  begin();
}

function read(data: string): (Change & { version: string }) | null {
  try {
    const change = (JSON.parse(data) as { data?: { tilesChanged?: Change & { version: string } } }).data?.tilesChanged;
    return change && typeof change.version === "string" && Array.isArray(change.extents) ? change : null;
  } catch {
    return null;
  }
}
