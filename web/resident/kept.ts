// What goes along from page to page, as the server's links have it: the language, the kiosk, the elder view, the device's system.
const params = new URL(location.href).searchParams;

/** Adds to a page's address what goes along. */
export function keep(url: URL): URL {
  for (const name of ["lang", "kiosk", "elder"]) {
    const value = params.get(name);
    if (value) url.searchParams.set(name, value);
  }
  const device = document.getElementById("map")?.dataset["device"];
  // crs is that of the question's own coordinates, where it has any.
  if (device) url.searchParams.set(url.searchParams.has("crs") ? "from" : "crs", device);
  return url;
}
