package grid

import (
	"maps"
	"testing"
)

func TestCommunityCode(t *testing.T) {
	for code, want := range map[string]string{"990102001001003": "990102001001", "A-001": "A-", "003": "", "3": "", "": ""} {
		if got := CommunityCode(code); got != want || got+Number(code) != code {
			t.Errorf("%q: %q and %q", code, got, Number(code))
		}
	}
}

func TestNumbers(t *testing.T) {
	got := Numbers([]string{"990102001001001", "990102001001002", "A-001", "990102001001001", "B-001", "7", ""})
	want := map[string]string{"990102001001001": "990102001001001", "990102001001002": "002", "A-001": "A-001", "B-001": "B-001", "7": "7", "": ""}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
