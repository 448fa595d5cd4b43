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

func TestGrouped(t *testing.T) {
	for s, want := range map[string]string{"15499011222": "154 9901 1222", "25499011222": "25499011222", "154990112223": "154990112223", "154-9901-12": "154-9901-12", "": ""} {
		if got := Grouped(s); got != want {
			t.Errorf("%q: %q", s, got)
		}
	}
}

func TestDial(t *testing.T) {
	for s, want := range map[string]string{
		"154 9901 1222": "tel:15499011222", "0555-1234567": "tel:05551234567", "+86 (555) 123-4567": "tel:+865551234567", "(+86) 555": "tel:+86555", "110": "tel:110",
		"": "", "—": "", "12;34<script>": "tel:1234", "1+2": "tel:12",
	} {
		if got := Dial(s); got != want {
			t.Errorf("%q: %q", s, got)
		}
	}
}
