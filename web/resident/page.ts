// The resident's page: the server writes every answer; this asks for the part that changed, puts it in place and tells
// the map. Without it the page still answers, by its form and lists.
import type { Box, Found, MapView, Padding } from "./map";
import { keep } from "./kept";
import { suggest } from "./suggest";

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
};
const container = element("map");
const panel = element("panel");
const answer = element("answer");
const status = element("status");
const locate = element("locate") as HTMLButtonElement;
const word = (name: string): string => container.dataset[name] ?? "";
const ownTitle = document.title.split(" · ").at(-1) ?? "";

const openMapButton = element("open-map") as HTMLButtonElement;
const root = document.documentElement;
const kiosk = root.classList.contains("kiosk");
const wide = matchMedia("(min-width: 800px)");

root.classList.add("js");
locate.hidden = kiosk; // where a kiosk stands its address says better

let view: MapView | null = null;
let asking: AbortController | null = null;
let place = ""; // the picture that stands for it

function readBox(text: string | undefined): Box | null {
  const numbers = (text ?? "").split(",").map(Number);
  return numbers.length === 4 && numbers.every(Number.isFinite) && text !== "" ? (numbers as Box) : null;
}

/** What the answer on the page is about. */
function readFound(): Found {
  const data = answer.querySelector<HTMLElement>(".found")?.dataset ?? {};
  const place: Found["place"] = data["lng"] && data["lat"] ? [Number(data["lng"]), Number(data["lat"])] : null;
  return { code: data["code"] ?? "", box: readBox(data["box"]), place, accuracyM: Number(data["accuracy"] ?? 0) };
}

/** A photo that cannot be loaded gives way to what stands where there is none. */
function withoutPhoto(photo: HTMLImageElement): void {
  const initial = document.createElement("span");
  initial.className = "photo initial";
  initial.setAttribute("aria-hidden", "true");
  initial.textContent = photo.dataset["initial"] ?? "";
  photo.replaceWith(initial);
}
answer.addEventListener("error", (event) => {
  if (event.target instanceof HTMLImageElement) withoutPhoto(event.target);
}, true); // it does not bubble

/** The other language and size are those of what is shown now, which may be another page than was loaded. */
function turnLinks(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>(".views a")) {
    const own = new URL(link.href).searchParams;
    const to = new URL(location.href);
    for (const name of ["lang", "elder"]) {
      const value = own.get(name);
      if (value) to.searchParams.set(name, value);
      else to.searchParams.delete(name);
    }
    link.setAttribute("href", to.pathname + to.search);
  }
}

/** Goes on from an answer that was put in place; quietly: the map stays where it is. */
function refresh(quietly = false): void {
  for (const photo of answer.querySelectorAll<HTMLImageElement>("img.photo")) {
    if (photo.complete && photo.naturalWidth === 0) withoutPhoto(photo); // it failed before this script ran
  }
  for (const button of answer.querySelectorAll<HTMLButtonElement>(".share")) button.hidden = false;
  const title = answer.querySelector<HTMLElement>(".found")?.dataset["title"];
  document.title = title ? `${title} · ${ownTitle}` : ownTitle;
  openMapButton.textContent = openMapButton.dataset[readFound().code ? "see" : "open"] ?? "";
  if (root.classList.contains("no-map")) showPlans();
  showPlace();
  turnLinks();
  if (quietly) view?.mark(readFound());
  else view?.show(readFound());
}

/** Asks the server for the answer at url and puts it in place; a later question cancels an earlier one. */
async function ask(url: URL, push: boolean): Promise<void> {
  const part = new URL(url);
  part.searchParams.set("part", "answer");
  asking?.abort();
  const mine = asking = new AbortController();
  answer.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(part, { signal: mine.signal, headers: { Accept: "text/html" } });
    const html = await response.text();
    if (!html.startsWith('<div class="found"')) throw new Error(`unexpected answer ${response.status}`);
    answer.innerHTML = html; // written and escaped by our server's templates
    status.textContent = "";
    if (push) history.pushState(null, "", url);
    panel.scrollTop = 0;
    if (!wide.matches && !kiosk) scrollTo({ top: 0 }); // the answer stands above the map
    refresh();
  } catch (error) {
    if (mine.signal.aborted) return;
    console.error(error);
    status.textContent = word("failed");
  } finally {
    if (asking === mine) answer.removeAttribute("aria-busy");
  }
}

/** Asks for the answer that is shown once more, and changes what differs: nobody loses the place where they read, or the focus. */
async function askAgain(): Promise<void> {
  if (answer.hasAttribute("aria-busy")) return void setTimeout(askAgain, 1000);
  const before = asking;
  const part = new URL(location.href);
  part.searchParams.set("part", "answer");
  const response = await fetch(part, { headers: { Accept: "text/html" } }).catch(() => null);
  const html = await response?.text().catch(() => "");
  // What failed is no news. What was asked for meanwhile is newer.
  if (!response || response.status >= 500 || asking !== before || !html?.startsWith('<div class="found"')) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = html; // written and escaped by our server's templates
  const [is, be] = [answer.firstElementChild, fresh.content.firstElementChild];
  if (!is || !be) return;
  match(is, be);
  refresh(true);
}

/** Makes is what be is: elements stay where their kinds and numbers agree, and keep what people opened and this script showed. */
function match(is: Element, be: Element): void {
  const [old, next] = [[...is.childNodes], [...be.childNodes]];
  if (is.nodeName !== be.nodeName || old.length !== next.length || old.some((node, i) => node.nodeType !== next[i]?.nodeType)) {
    is.replaceWith(be);
    return;
  }
  const kept = ["open", "hidden"];
  for (const { name } of [...is.attributes]) if (!be.hasAttribute(name) && !kept.includes(name)) is.removeAttribute(name);
  for (const { name, value } of be.attributes) if (is.getAttribute(name) !== value && !kept.includes(name)) is.setAttribute(name, value);
  old.forEach((node, i) => {
    const other = next[i];
    if (node instanceof Element && other instanceof Element) match(node, other);
    else if (other && node.nodeValue !== other.nodeValue) node.nodeValue = other.nodeValue;
  });
}

function askAt(lng: number, lat: number, crs: string, accuracyM?: number): Promise<void> {
  const url = new URL("/", location.href);
  url.searchParams.set("lng", lng.toFixed(6)); // a tenth of a metre
  url.searchParams.set("lat", lat.toFixed(6));
  url.searchParams.set("crs", crs);
  if (accuracyM !== undefined) url.searchParams.set("accuracy", String(Math.round(accuracyM)));
  return ask(keep(url), true);
}

// The same button once more, on the map: within reach whatever the panel shows.
const locateOnMap = document.createElement("button");
locateOnMap.type = "button";
locateOnMap.className = "locate";
locateOnMap.setAttribute("aria-label", locate.textContent?.trim() ?? "");
locateOnMap.title = locate.textContent?.trim() ?? "";
locateOnMap.append(locate.querySelector("svg")?.cloneNode(true) ?? "");
const setLocating = (on: boolean) => { locate.disabled = locateOnMap.disabled = on; };

function findMe(): void {
  if (!isSecureContext || !("geolocation" in navigator)) {
    status.textContent = word("insecure");
    return;
  }
  setLocating(true);
  status.textContent = word("locating");
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      setLocating(false);
      // The Geolocation API gives WGS 84, whatever the phone's maps show; the view of a mini-program may say otherwise.
      void askAt(coords.longitude, coords.latitude, word("device") || "WGS84", coords.accuracy);
    },
    (error) => {
      setLocating(false);
      status.textContent = word(
        error.code === error.PERMISSION_DENIED ? "denied" : error.code === error.TIMEOUT ? "slow" : "unavailable");
    },
    { enableHighAccuracy: true, timeout: 12_000, maximumAge: 30_000 },
  );
}
locate.addEventListener("click", findMe);
locateOnMap.addEventListener("click", findMe);

// Links to answers change the answer, not the page, so that the map stays where it is.
panel.addEventListener("click", (event) => {
  const target = event.target as Element;
  const link = target.closest<HTMLAnchorElement>("a.part");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    void ask(new URL(link.href), true);
    return;
  }
  const share = target.closest<HTMLButtonElement>(".share");
  if (share) void hand(share);
});
addEventListener("popstate", () => {
  const here = new URL(location.href);
  (element("q") as HTMLInputElement).value = here.searchParams.get("q") ?? here.searchParams.get("address") ?? "";
  void ask(here, false);
});

async function hand(button: HTMLButtonElement): Promise<void> {
  const url = new URL(button.dataset["path"] ?? "/", location.href).href;
  try {
    if (navigator.share) return await navigator.share({ title: document.title, url });
    await navigator.clipboard.writeText(url);
    const name = button.dataset["name"] ??= button.textContent ?? "";
    button.textContent = button.dataset["copied"] ?? "";
    setTimeout(() => { button.textContent = name; }, 2000);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return; // the person thought better of it
    if (button.nextElementSibling?.classList.contains("address")) return;
    const address = document.createElement("span"); // neither is allowed here: the address can still be copied by hand
    address.className = "address";
    address.textContent = url;
    button.after(address);
  }
}

/** The room the panel takes of the map. */
function padding(): Padding {
  const left = wide.matches && !kiosk ? Math.round(panel.getBoundingClientRect().right) : 0;
  return { top: 0, right: 0, bottom: 0, left };
}

/** Where no map can be drawn, what the server drew of the grid, as for those without script. */
function showPlans(): void {
  for (const plan of answer.querySelectorAll("noscript.plan")) {
    const drawn = document.createElement("div");
    drawn.className = "plan";
    drawn.innerHTML = plan.textContent ?? ""; // written and escaped by our server's templates
    plan.replaceWith(drawn);
  }
}

/** Where the map of a grid can be opened, what the server drew of it stands in its place, fetched when that comes near. */
function showPlace(): void {
  const plan = readFound().code && !openMapButton.hidden ? answer.querySelector("noscript.plan")?.textContent ?? "" : "";
  const drawn = document.createElement("template");
  drawn.innerHTML = plan; // written and escaped by our server's templates
  const path = drawn.content.querySelector("img")?.getAttribute("src") ?? "";
  if (path === place) return;
  place = path;
  container.classList.toggle("own", path !== "");
  container.style.backgroundImage = "";
  near.unobserve(container);
  if (path) near.observe(container);
}
const near = new IntersectionObserver((seen) => {
  if (!seen.some((s) => s.isIntersecting)) return;
  near.unobserve(container);
  const path = place;
  const image = new Image();
  image.onload = () => {
    if (path === place) container.style.backgroundImage = `url("${path}")`;
  };
  image.src = path;
}, { rootMargin: "200px" });

function noMap(away: boolean): void {
  root.classList.toggle("no-map", away);
  if (away) showPlans();
  status.textContent = away ? word(locate.offsetParent ? "mapAway" : "noMap") : ""; // beside an answer the button is not shown
}

/** MapLibre needs WebGL 2. */
function canDraw(): boolean {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
}

/** Fetches what a script will ask for, so that the browser has it; fails where it cannot be had. */
async function load(url: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status}: ${url}`);
  await response.blob();
}

let opened = false;
async function openTheMap(): Promise<void> {
  if (opened) return;
  opened = true;
  openMapButton.hidden = true;
  showPlace();
  container.classList.add("open");
  try {
    if (!canDraw()) throw new Error("no WebGL 2");
    // MapLibre waits for ever for a worker that does not come.
    const [{ openMap }] = await Promise.all([import("./map"), load(word("worker"))]);
    const found = readFound();
    view = openMap({
      container,
      lang: word("lang"),
      worker: word("worker"),
      gaps: word("show") === "gaps",
      box: found.box ?? readBox(word("box")),
      words: { zoomIn: word("zoomIn"), zoomOut: word("zoomOut"), map: word("map"), noBasemap: word("noBasemap") },
      padding,
      button: kiosk ? null : locateOnMap,
      low: kiosk,
      onAsk: (lng, lat) => void askAt(lng, lat, "CGCS2000"), // the map's own system
      onStale: () => void askAgain(),
      onAway: noMap,
    });
    view.show(found);
    void view.whenReady.then(() => { container.dataset["ready"] = "true"; });
  } catch (error) {
    console.warn(error);
    root.classList.add("no-map");
    showPlans();
    status.textContent = word("noMap");
  }
}

// The answer comes first. Where there is room for it the map follows by itself; on a phone it is fetched by who wants it.
function offerMap(): void {
  if (wide.matches || kiosk) return void openTheMap();
  if (!("WebGL2RenderingContext" in window)) { // whether it also works is costly to find out
    root.classList.add("no-map");
    showPlans();
    return;
  }
  openMapButton.hidden = false;
  showPlace();
}
openMapButton.addEventListener("click", () => void openTheMap());
wide.addEventListener("change", () => { if (wide.matches) void openTheMap(); });
suggest(element("find") as HTMLFormElement, (url) => void ask(url, true));
refresh();
const idle = window.requestIdleCallback ?? ((then: () => void) => setTimeout(then, 200));
const rested = () => idle(offerMap);
if (document.readyState === "complete") rested();
else addEventListener("load", rested);
if (kiosk) {
  void import("./kiosk").then(({ watch }) => watch(() => !answer.querySelector(".found[data-home]") || (element("q") as HTMLInputElement).value !== ""));
}
