package phone

import (
	"strings"
	"testing"
)

func TestValid(t *testing.T) {
	for s, want := range map[string]bool{
		"110": true, "12345": true, "0555-1234567": true, "+86 (555) 123-4567": true, strings.Repeat("1", 30): true,
		"": false, "11": false, "- - -": false, "(1) 1-": false, strings.Repeat("1", 31): false, "12x": false, "１１０": false, "110\n": false, "110;120": false,
	} {
		if Valid(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}
