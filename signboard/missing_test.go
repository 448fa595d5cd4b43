package signboard

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestTheHeaderOfMissingCharactersHasAnEnd(t *testing.T) {
	grids := func(n, characters int) (out []MissingOn) {
		for i := range n {
			m := MissingOn{Code: fmt.Sprintf("990102001%03d", i)}
			for c := range characters {
				m.Characters += string(rune(0x20000 + c))
			}
			out = append(out, m, MissingOn{Code: "nothing"})
		}
		return out
	}
	for _, c := range []struct {
		name            string
		of              []MissingOn
		entries, untold int
	}{
		{"nothing", grids(0, 0), 0, 0},
		{"few", grids(3, 2), 3, 0},
		{"a town", grids(1000, 2), 51, 949},
		{"one with very many", grids(1, 2000), 1, 1},
		{"several with very many", grids(5, 2000), 1, 5},
	} {
		got := missingIn(c.of)
		if len(got) > 2048 {
			t.Errorf("%s: %d bytes", c.name, len(got))
		}
		told, untold := strings.Split(got, ", "), 0
		if got == "" {
			told = nil
		}
		if n := len(told); n > 0 && strings.HasPrefix(told[n-1], "+") {
			untold, _ = strconv.Atoi(told[n-1][1:])
			told = told[:n-1]
		}
		if len(told) != c.entries || untold != c.untold {
			t.Errorf("%s: %d entries and %d more, want %d and %d", c.name, len(told), untold, c.entries, c.untold)
		}
		for i, entry := range told {
			code, characters, _ := strings.Cut(entry, "=")
			all := c.of[2*i]
			if plain, err := url.PathUnescape(characters); err != nil || code != all.Code || plain == "" || !strings.HasPrefix(all.Characters, plain) || untold == 0 && plain != all.Characters {
				t.Errorf("%s: entry %d is %q (%v)", c.name, i, entry, err)
			}
		}
	}
}
