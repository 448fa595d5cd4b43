package coverage

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"
)

// Faults are what is wrong with parts that should cover a whole exactly once, all pieces however small. Polygons are valid and wound as
// shape.Wind does; their positions are those of the input, and crossings of its edges, which are not snapped, so that areas
// are exact to the last place of float64: those of the parts less the overlaps and what lies outside, each as often as it is too much,
// and the gaps make the whole. (Of edges longer than 42° crossings are rounded to 2e-27 degree.)
type Faults struct {
	Gaps     []orb.Polygon // pieces of the whole that no part covers, each in one piece
	Overlaps []Overlap     // by A, then B
	Outside  []Outside     // by Part
}

// Overlap is what two parts, by number, share. A < B.
type Overlap struct {
	A, B int
	Area orb.MultiPolygon
}

// Outside is what of a part lies outside the whole.
type Outside struct {
	Part int
	Area orb.MultiPolygon
}

// FindFaults compares parts with their whole. Without a whole (nil) there are overlaps only. Input as for NewResidue; parts
// may have any vertices, but the more they have in common along borders, the less there is to look at.
//
// Of the parts only those at what is left of the borders are looked at: 10,000 sound grids cost their residue.
func FindFaults(whole orb.MultiPolygon, parts []orb.MultiPolygon) Faults {
	r := NewResidue(whole, parts)
	if r.Seamless() {
		return Faults{}
	}
	suspects := r.Suspects()
	// The residue tells where gaps are: it knows of the parts that are not looked at.
	layers := [][]leftEdge{r.edges, borders(whole, nil)}
	const residue, ofWhole, ofParts = 0, 1, 2
	for _, i := range suspects {
		layers = append(layers, borders(parts[i], nil))
	}
	// A name is two parts that share ground; the first alone, which is outside; or none, a gap.
	type name struct{ a, b int }
	const none = -1
	found := regions(newOverlay(layers), func(cover []count, call func(name)) {
		inside := whole == nil
		for i, c := range cover {
			switch {
			case c.layer == residue:
				if c.n < 0 {
					call(name{none, none})
				}
			case c.n <= 0:
			case c.layer == ofWhole:
				inside = true
			default:
				a := suspects[c.layer-ofParts]
				if !inside {
					call(name{a, none})
				}
				for _, d := range cover[i+1:] {
					if d.n > 0 {
						call(name{a, suspects[d.layer-ofParts]})
					}
				}
			}
		}
	})
	var out Faults
	for n, area := range found {
		switch {
		case n.a == none:
			for _, p := range area {
				out.Gaps = append(out.Gaps, p)
			}
		case n.b == none:
			out.Outside = append(out.Outside, Outside{n.a, area})
		default:
			out.Overlaps = append(out.Overlaps, Overlap{n.a, n.b, area})
		}
	}
	slices.SortFunc(out.Overlaps, func(x, y Overlap) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	slices.SortFunc(out.Outside, func(x, y Outside) int { return cmp.Compare(x.Part, y.Part) })
	return out
}

// Within returns what any of the areas, less the one of minus with the same number, covers within whole. Winding does not matter.
// minus may be shorter, for nothing.
func Within(whole orb.MultiPolygon, areas, minus []orb.MultiPolygon) orb.MultiPolygon {
	layers := [][]leftEdge{borders(whole, nil)}
	for i, area := range areas {
		var less orb.MultiPolygon
		if i < len(minus) {
			less = minus[i]
		}
		layers = append(layers, borders(area, less))
	}
	return regions(newOverlay(layers), func(cover []count, call func(struct{})) {
		if len(cover) > 1 && cover[0].layer == 0 && slices.ContainsFunc(cover[1:], func(c count) bool { return c.n > 0 }) {
			call(struct{}{})
		}
	})[struct{}{}]
}

// borders are the edges of an area, and those of another one as far as it is missing from it.
func borders(area, less orb.MultiPolygon) []leftEdge {
	var out []leftEdge
	eachEdge(area, func(a, b vertex) { out = append(out, leftEdge{a, b, 1}) })
	eachEdge(less, func(a, b vertex) { out = append(out, leftEdge{a, b, -1}) })
	return out
}
