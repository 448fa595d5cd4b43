package node

import "wangge/domain/place"

// TilesChange says which tiles may be others than they were.
type TilesChange struct {
	Version    string
	Everything bool
	Layers     []string
	Boxes      []place.Box
	OfZooms    func(minZoom, maxZoom int) ([]TileID, error) // that the boxes meet
}

// Extents are boxes: west, south, east, north.
func (c *TilesChange) Extents() [][]float64 {
	list := make([][]float64, len(c.Boxes))
	for i, b := range c.Boxes {
		list[i] = box(b)
	}
	return list
}

// Tiles are those of these zooms that changed.
func (c *TilesChange) Tiles(minZoom, maxZoom int) ([]TileID, error) {
	return c.OfZooms(minZoom, maxZoom)
}

// EventID names the state that who was told this has.
func (c *TilesChange) EventID() string { return c.Version }

// TileID is the address of a tile.
type TileID struct{ Z, X, Y int }
