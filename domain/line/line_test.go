package line

import (
	"strings"
	"testing"
)

func TestFits(t *testing.T) {
	for _, c := range []struct {
		name, text string
		most       int
		want       bool
	}{
		{"nothing", "", 0, true},
		{"as long as may be, in characters", strings.Repeat("网", 20), 20, true},
		{"one more", strings.Repeat("网", 21), 20, false},
		{"a rare character", "\U0002A6D6\U00030EDE", 2, true},
		{"a space", "a b", 3, true},
		{"a line's end", "a\nb", 9, false},
		{"a tab", "a\tb", 9, false},
		{"a control of before Unicode", "a\u0085b", 9, false},
		{"a line separator", "a\u2028b", 9, false},
		{"a paragraph separator", "a\u2029b", 9, false},
		{"not UTF-8", "a\xff", 9, false},
	} {
		if got := Fits(c.text, c.most); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
