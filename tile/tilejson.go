package tile

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"strings"
	"time"

	"wangge/domain/account"
)

// TileJSON is a TileJSON 3.0 document. Attribution is HTML, as maps show it. Bounds are west, south, east, north and Center is longitude, latitude, zoom, in
// degrees of WGS 84; both are left out where there is no data.
type TileJSON struct {
	Version      string        `json:"tilejson"`
	Name         string        `json:"name"`
	Attribution  string        `json:"attribution,omitempty"`
	Scheme       string        `json:"scheme"`
	Tiles        []string      `json:"tiles"`
	MinZoom      uint32        `json:"minzoom"`
	MaxZoom      uint32        `json:"maxzoom"`
	Bounds       []float64     `json:"bounds,omitempty"`
	Center       []float64     `json:"center,omitempty"`
	VectorLayers []VectorLayer `json:"vector_layers"`
}

// VectorLayer describes a layer in TileJSON.
type VectorLayer struct {
	ID          string            `json:"id"`
	Description string            `json:"description"`
	MinZoom     uint32            `json:"minzoom"`
	MaxZoom     uint32            `json:"maxzoom"`
	Fields      map[string]string `json:"fields"`
}

// TileJSON describes the tiles with the layers named, as found at publicURL, of the instant at, or of now where that is zero.
// Errors are those of Tile.
func (s *Server) TileJSON(ctx context.Context, actor account.Actor, names []string, at time.Time, publicURL string) (TileJSON, error) {
	if err := actor.RequireKnown(); err != nil {
		return TileJSON{}, err
	}
	list, err := setOf(names)
	if err != nil {
		return TileJSON{}, err
	}
	doc := TileJSON{
		Version: "3.0.0", Name: "wangge", Attribution: html.EscapeString(s.Attribution), Scheme: "xyz",
		Tiles:   []string{strings.TrimSuffix(publicURL, "/") + "/tiles/" + strings.Join(names, ",") + "/{z}/{x}/{y}.mvt"},
		MinZoom: MaxZoom, MaxZoom: MaxZoom,
	}
	if !at.IsZero() {
		doc.Tiles[0] += "?asOf=" + at.UTC().Format(time.RFC3339Nano) // with Z, so that nothing in it needs to be escaped
	}
	for _, l := range list.layers() {
		doc.MinZoom = min(doc.MinZoom, l.MinZoom)
		doc.VectorLayers = append(doc.VectorLayers, VectorLayer{l.Name, l.Description, l.MinZoom, MaxZoom, l.Fields})
	}
	box, err := s.Source.Bounds(ctx, actor, names)
	if err != nil || box == nil {
		return doc, err
	}
	const mercator = 85.05112 // degrees of latitude: where the pyramid of tiles ends
	west, east := outward(box.West, -1, 180), outward(box.East, 1, 180)
	south, north := outward(box.South, -1, mercator), outward(box.North, 1, mercator)
	zoom := min(max(fitZoom(east-west), int(doc.MinZoom)), MaxZoom)
	doc.Bounds = []float64{west, south, east, north}
	doc.Center = []float64{middle(west, east), middle(south, north), float64(zoom)}
	return doc, nil
}

// outward rounds to 1e-5 degree (1 m) away from the box's inside, within ±limit.
func outward(degrees, direction, limit float64) float64 {
	rounded := direction * math.Ceil(direction*degrees*1e5) / 1e5
	return max(-limit, min(limit, rounded))
}

func middle(a, b float64) float64 { return math.Round((a+b)/2*1e5) / 1e5 }

func (s *Server) encodedTileJSON(ctx context.Context, actor account.Actor, names []string, at time.Time, publicURL string) ([]byte, error) {
	doc, err := s.TileJSON(ctx, actor, names, at, publicURL)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("encode TileJSON: %w", err)
	}
	return body, nil
}
