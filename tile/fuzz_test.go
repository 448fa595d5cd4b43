package tile

import "testing"

// FuzzPath: whatever stands in an address is a tile that there is, or refused.
func FuzzPath(f *testing.F) {
	f.Add("grids,buildings", "14", "13600", "6600", "asOf=2026-03-01T08:00:00Z")
	f.Add("grids,,grids", "-1", "0x1", "9999999999999999999", "asOf=%zz")
	f.Fuzz(func(t *testing.T, names, z, x, y, query string) {
		j, err := parse(names, z, x, y, query)
		if err == nil && (j.z > ZoomLimit || j.x >= 1<<j.z || j.y >= 1<<j.z) {
			t.Errorf("%s/%s/%s/%s is %+v", names, z, x, y, j)
		}
	})
}

// FuzzVersion: a version that is read goes on from where it says.
func FuzzVersion(f *testing.F) {
	f.Add("12.1790000000000000000")
	f.Add("12")
	f.Fuzz(func(t *testing.T, text string) {
		if v, ok := parseVersion(text); ok && (!v.holds(v) || v.n > 1<<63 || v.t > 1<<63) {
			t.Errorf("%q is %+v", text, v)
		}
	})
}
