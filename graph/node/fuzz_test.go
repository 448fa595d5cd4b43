package node

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/twpayne/go-geom"

	"wangge/geo/coord"
	"wangge/geo/shape"
	"wangge/internal/fault"
)

// FuzzGeoJSON: an input is INVALID, or a geometry that is written as valid JSON in every coordinate system.
func FuzzGeoJSON(f *testing.F) {
	for _, s := range []string{
		`{"type":"Point","coordinates":[120,31]}`, `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`,
		`{"type":"LineString","coordinates":[[120,31],[121,31]]}`, `null`, `7`, `"x"`, `[]`, `{"type":"Point","coordinates":[1e400,0]}`,
		`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber() // as the transport does
		var v any
		if d.Decode(&v) != nil {
			return
		}
		var in GeoJSON
		if err := in.UnmarshalGQL(v); err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%s: %v", raw, err)
			}
			return
		}
		var stored geom.T
		stored, err := shape.FromOrb(in.Geometry, 4490)
		if err != nil {
			t.Fatal(err)
		}
		for _, crs := range coord.Systems {
			out, err := present(stored, &crs)
			if err != nil {
				continue // it would grow too large when cut for the shifted systems
			}
			var text bytes.Buffer
			out.MarshalGQL(&text)
			if !json.Valid(text.Bytes()) {
				t.Errorf("%s is written as %s", raw, text.Bytes())
			}
		}
	})
}
