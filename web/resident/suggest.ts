// What is typed may mean these places: a combobox with a list, as WAI-ARIA describes it. Without it the form asks by itself.
import { keep } from "./kept";

interface Place { label: string; detail?: string; url: string }

/** Waiting after a key, ms: who types on asks nothing. */
const PAUSE = 150;

/** Lets form suggest places; ask puts the answer at an address in place. */
export function suggest(form: HTMLFormElement, ask: (url: URL) => void): void {
  const input = form.querySelector<HTMLInputElement>("input[name=q]");
  const list = form.querySelector<HTMLElement>("[role=listbox]");
  const heard = form.querySelector<HTMLElement>("#heard");
  const words = document.getElementById("map")?.dataset;
  if (!input || !list || !heard || !words) return;
  let places: Place[] = [];
  let at = -1;
  let timer = 0;
  let asking: AbortController | null = null;

  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id], ["aria-expanded", "false"]] as const) {
    input.setAttribute(name, value);
  }
  const mark = (next: number) => {
    at = next;
    [...list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    const option = list.children[at];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    mark(-1);
  };
  const choose = (place: Place) => {
    input.value = place.label;
    close();
    ask(keep(new URL(place.url, location.href)));
  };
  const show = () => {
    list.replaceChildren(...places.map((place, i) => {
      const option = document.createElement("li");
      option.id = `place-${i}`;
      option.setAttribute("role", "option");
      const name = document.createElement("bdi"); // names come from the town's data: text, never markup
      name.textContent = place.label;
      option.append(name);
      if (place.detail) {
        const detail = document.createElement("small");
        const text = document.createElement("bdi");
        text.textContent = place.detail;
        detail.append(text);
        option.append(" ", detail);
      }
      return option;
    }));
    mark(-1);
    list.hidden = places.length === 0;
    input.setAttribute("aria-expanded", String(places.length > 0));
    heard.textContent = places.length > 0 ? (words["found"] ?? "").replace("#", String(places.length)) : words["foundNone"] ?? "";
  };
  const look = async () => {
    asking?.abort();
    const text = input.value.trim();
    if (!text) return close();
    const mine = asking = new AbortController();
    const url = keep(new URL("/search", location.href));
    url.searchParams.set("q", text);
    const answer = await fetch(url, { signal: mine.signal }).then((r) => (r.ok ? r.json() : null)).catch(() => null) as { places?: Place[] } | null;
    if (mine.signal.aborted || !answer?.places || document.activeElement !== input) return;
    places = answer.places;
    show();
  };
  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!(event as InputEvent).isComposing) timer = window.setTimeout(look, PAUSE); // what is not yet a character is no question
  });
  input.addEventListener("compositionend", () => { timer = window.setTimeout(look, PAUSE); });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const open = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return void look();
      const n = places.length;
      mark(event.key === "ArrowDown" ? (at + 1) % n : (at <= 0 ? n : at) - 1);
    } else if (event.key === "Escape" && open) {
      event.preventDefault(); // else it empties the field
      close();
    } else if (event.key === "Enter" && open) {
      const place = places[at];
      if (!place) return;
      event.preventDefault();
      choose(place);
    }
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const option = (event.target as Element).closest("[role=option]");
    const place = option && places[[...list.children].indexOf(option)];
    if (place) choose(place);
  });
  input.addEventListener("blur", close);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return input.focus();
    close();
    const url = keep(new URL("/", location.href));
    url.searchParams.set("q", text);
    ask(url);
  });
}
