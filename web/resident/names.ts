// Names that the map's style (tile/style) and this page agree on, and those of the layers the page adds.
// A test in tile/style compares the first five.
export const SOURCE = "wangge";
export const BENEATH = "road-label"; // for lines
export const GROUND = "green"; // for areas

export const BASEMAP = "basemap-"; // what sources of a basemap begin with, where there is one
export const LAYERS = ["divisions", "grids", "grid_labels", "buildings", "roads", "land"]; // what the tiles hold
export const GAPS = "gaps"; // and those of a map of problems

export const GRIDS = "grids"; // source layer of the grids
export const FIRST_GRIDS = 10.1; // zoom from which a tile holds them
export const HERE = "here"; // source of the circle that a position may lie in

export const LAYER = {
  grid: "grid-fill",
  selectedFill: "selected-fill",
  selectedCasing: "selected-casing",
  selectedLine: "selected-line",
  hereFill: "here-fill",
  hereLine: "here-line",
  herePin: "here-pin",
} as const;
