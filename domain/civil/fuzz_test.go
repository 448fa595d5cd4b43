package civil

import "testing"

// FuzzParse: what is read is written as it was.
func FuzzParse(f *testing.F) {
	f.Add("2026-03-01")
	f.Add("2026-02-29")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := Parse(s); err == nil && d.String() != s {
			t.Errorf("%q is read as %s", s, d)
		}
	})
}
