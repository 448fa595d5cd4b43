package osm

import (
	"bytes"
	"io"
	"testing"
)

// FuzzReader: a file of OpenStreetMap, whole or broken, ends in an error or its end, never in a panic.
func FuzzReader(f *testing.F) {
	f.Add([]byte(`<osm version="0.6"><node id="1" lat="31.2" lon="120.1"/><node id="2" lat="31.2" lon="120.2"/><node id="3" lat="31.3" lon="120.2"/><way id="9"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="building" v="yes"/></way></osm>`))
	f.Add([]byte(`<osm><relation id="1"><member type="way" ref="9" role="outer"/><member type="relation" ref="1" role=""/><tag k="type" v="multipolygon"/><tag k="building" v="yes"/></relation></osm>`))
	f.Fuzz(func(t *testing.T, file []byte) {
		r := NewReader(t.Context(), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file)), nil }, Options{Kind: Buildings})
		defer r.Close()
		for range 1000 {
			if _, err := r.Next(); err == io.EOF || r.err != nil {
				return
			}
		}
	})
}
