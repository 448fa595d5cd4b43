package tile

import (
	"math"
	"slices"

	"wangge/domain/place"
)

// reach is how far beyond its side, in sides, a tile shows things: 64 units of 4,096, and the half unit by which what lies
// beyond is rounded onto the rim.
const reach = 65.0 / 4096

// places finds kept tiles by where they lie. The zero places is empty.
type places struct {
	now  [ZoomLimit + 1]map[spot][]*entry
	then map[*entry]struct{} // those of other instants than now
}

// spot is x and y of a tile.
type spot struct{ x, y uint32 }

func (p *places) add(e *entry) {
	if e.key.past {
		if p.then == nil {
			p.then = map[*entry]struct{}{}
		}
		p.then[e] = struct{}{}
		return
	}
	at := p.now[e.key.z]
	if at == nil {
		at = map[spot][]*entry{}
		p.now[e.key.z] = at
	}
	s := spot{e.key.x, e.key.y}
	at[s] = append(at[s], e)
}

func (p *places) has(e *entry) bool {
	if e.key.past {
		_, ok := p.then[e]
		return ok
	}
	return slices.Contains(p.now[e.key.z][spot{e.key.x, e.key.y}], e)
}

// remove strikes e, where it is there.
func (p *places) remove(e *entry) {
	if e.key.past {
		delete(p.then, e)
		return
	}
	s := spot{e.key.x, e.key.y}
	at := p.now[e.key.z]
	if i := slices.Index(at[s], e); i >= 0 {
		if len(at[s]) == 1 {
			delete(at, s)
			return
		}
		at[s] = slices.Delete(at[s], i, i+1)
	}
}

// meeting returns the tiles of now of the zooms of a stain that have one of its layers and meet one of areas, each once. At each zoom either the tiles
// that an area could meet are looked up, or those that there are are held against the areas, whichever is less.
func (p *places) meeting(of stain, areas []area) (out []*entry) {
	take := func(entries []*entry) {
		for _, e := range entries {
			if e.key.layers&of.layers != 0 {
				out = append(out, e)
			}
		}
	}
	spans := make([]span, len(areas))
	for z, at := range p.now {
		if len(at) == 0 || z < int(of.from) || z > int(of.to) {
			continue
		}
		lookups := 0.0
		for i, a := range areas {
			spans[i] = a.at(uint8(z))
			lookups += spans[i].count()
		}
		if lookups > float64(len(at)*len(spans)) {
			for s, entries := range at {
				if slices.ContainsFunc(spans, func(r span) bool { return r.holds(s) }) {
					take(entries)
				}
			}
			continue
		}
		seen := map[spot]struct{}{}
		for _, r := range spans {
			for x := r.west; x <= r.east; x++ {
				for y := r.north; y <= r.south; y++ {
					s := spot{uint32(x), uint32(y)}
					entries, ok := at[s]
					if _, twice := seen[s]; ok && !twice {
						seen[s] = struct{}{}
						take(entries)
					}
				}
			}
		}
	}
	return out
}

func (p *places) past() (out []*entry) {
	for e := range p.then {
		out = append(out, e)
	}
	return out
}

func (p *places) all() []*entry {
	out := p.past()
	for _, at := range p.now {
		for _, entries := range at {
			out = append(out, entries...)
		}
	}
	return out
}

// area is a box in the Web Mercator world, which is 1 wide and high, x to the east and y to the south from its north-west corner.
type area struct{ west, north, east, south float64 }

func areaOf(b place.Box) area {
	return area{worldX(b.West), worldY(b.North), worldX(b.East), worldY(b.South)}
}

func worldX(lng float64) float64 { return (lng + 180) / 360 }

func worldY(lat float64) float64 {
	return (1 - math.Asinh(math.Tan(lat*math.Pi/180))/math.Pi) / 2
}

// span is a rectangle of tiles of one zoom, its ends among them; empty where one end lies beyond the other.
type span struct{ west, north, east, south int64 }

// at returns the tiles of zoom z which show something of a: those whose side, widened by reach, it meets or touches.
func (a area) at(z uint8) span {
	n := float64(uint64(1) << z)
	first := func(w float64) int64 { return int64(max(0, math.Ceil(w*n-1-reach))) }
	last := func(w float64) int64 { return int64(max(-1, min(n-1, math.Floor(w*n+reach)))) }
	return span{first(a.west), first(a.north), last(a.east), last(a.south)}
}

func (r span) count() float64 {
	return float64(max(0, r.east-r.west+1)) * float64(max(0, r.south-r.north+1))
}

func (r span) holds(s spot) bool {
	x, y := int64(s.x), int64(s.y)
	return r.west <= x && x <= r.east && r.north <= y && y <= r.south
}

func meetsAny(areas []area, k key) bool {
	return slices.ContainsFunc(areas, func(a area) bool { return a.at(k.z).holds(spot{k.x, k.y}) })
}
