// A page that stands in a hall: nothing leads away, and who has gone leaves nothing behind.

/** So long nobody touches it before it asks whether somebody is there, and so long it then waits, ms. */
const IDLE = 60_000;
const WARNING = 20_000;

/** Returns to the start after a warning; away reports whether the page shows something else. */
export function watch(away: () => boolean): void {
  const dialog = document.getElementById("still") as HTMLDialogElement | null;
  const text = dialog?.querySelector<HTMLElement>("[role=timer]");
  if (!dialog || !text) return;
  let timer = 0;
  let ticking = 0;

  const rest = () => {
    clearTimeout(timer);
    timer = window.setTimeout(warn, IDLE);
  };
  const warn = () => {
    if (!away()) return rest();
    const end = Date.now() + WARNING;
    const tick = () => {
      const left = Math.ceil((end - Date.now()) / 1000);
      if (left <= 0) {
        clearInterval(ticking); // to leave again and again would never arrive where the network is slow
        return location.replace(dialog.dataset["start"] ?? "/");
      }
      text.textContent = (text.dataset["pattern"] ?? "").replace("#", String(left));
    };
    tick();
    ticking = window.setInterval(tick, 250);
    dialog.showModal();
  };
  dialog.addEventListener("close", () => {
    clearInterval(ticking);
    rest();
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); }); // beside it: somebody is there
  for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"]) {
    addEventListener(kind, () => { if (!dialog.open) rest(); }, { passive: true, capture: true });
  }
  addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[href]");
    if (link && (link.origin !== location.origin || link.target || !link.search.includes("kiosk=1"))) event.preventDefault();
  }, { capture: true });
  addEventListener("contextmenu", (event) => event.preventDefault());
  rest();
}
