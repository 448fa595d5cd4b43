package around

import (
	"slices"
	"testing"
)

// TestGroundOf: homes and shops are no park, and what nobody knows has no colour.
func TestGroundOf(t *testing.T) {
	for class, want := range map[string]Ground{"river": Water, "dock": Water, "wetland": Water, "park": Green, "natural_wood": Green, "recreation_ground": Green, "square": Paved,
		"playground": Paved, "residential": "", "commercial": "", "retail": "", "school": "", "hospital": "", "pier": "", "": "", "else": ""} {
		if got := GroundOf(class); got != want {
			t.Errorf("%q looks like %q, want %q", class, got, want)
		}
	}
	seen := map[string]Ground{}
	for g := range classes {
		for _, class := range Classes(g) {
			if other, twice := seen[class]; twice {
				t.Errorf("%q is both %s and %s", class, g, other)
			}
			seen[class] = g
		}
	}
	for _, shore := range shores { // what a grid can end at is seen on its map
		if !slices.Contains([]Ground{Water, Green, Paved}, GroundOf(shore)) {
			t.Errorf("a grid can end at %q, which has no colour", shore)
		}
	}
}
