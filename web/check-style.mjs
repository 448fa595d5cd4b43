// Validates a MapLibre style from standard input with the specification's own validator.
// Prints one line a fault and exits 1 where there is one. Run by the tests of package tile.
import { readFileSync } from "node:fs";
import spec from "@maplibre/maplibre-gl-style-spec";

const faults = spec.validateStyleMin(JSON.parse(readFileSync(0, "utf8")));
for (const fault of faults) console.log(fault.message);
process.exit(faults.length === 0 ? 0 : 1);
