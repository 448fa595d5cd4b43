package board

import (
	"testing"
	"unicode"

	"wangge/internal/fault"
)

func TestEveryPartHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{"": true}
	for _, p := range Parts {
		zh, en := p.Text(fault.Chinese), p.Text(fault.English)
		if seen[zh] || seen[en] {
			t.Errorf("%s is %q, %q", p, zh, en)
		}
		seen[zh], seen[en] = true, true
		for _, r := range zh {
			if !unicode.Is(unicode.Han, r) {
				t.Errorf("%s is %q in Chinese", p, zh)
			}
		}
	}
	if len(partNames) != len(Parts) {
		t.Errorf("%d names of %d parts", len(partNames), len(Parts))
	}
}
