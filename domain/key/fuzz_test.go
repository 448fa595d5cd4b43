package key

import (
	"strings"
	"testing"
)

// FuzzParse: what is read is written as it was, and is nothing but what a key may be.
func FuzzParse(f *testing.F) {
	f.Add("near-0123456789abcdef0123456789abcdef")
	f.Add("near-0123456789ABCDEF0123456789abcdef")
	f.Add("' OR 1=1 --")
	f.Fuzz(func(t *testing.T, s string) {
		k, ok := Parse(s)
		if ok && (k.String() != strings.ToLower(s) || strings.ContainsAny(k.Home, "-' ")) {
			t.Errorf("%q is read as %v", s, k)
		}
	})
}
