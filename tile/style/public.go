package style

import "strings"

// Layers are the tile layers of the public map.
func Layers() []string { return strings.Split(tileLayers, ",") }
