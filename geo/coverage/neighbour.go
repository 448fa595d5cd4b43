package coverage

import (
	"cmp"
	"slices"
)

// Neighbours are the areas that r has a border with, of any shard, the longest first.
func (c *Coverage) Neighbours(r Ref) []Neighbour {
	mine := c.shards[r.Shard]
	var out []Neighbour
	for n, s := range c.shards {
		if s == nil {
			continue
		}
		for i := range s.boxes {
			other := Ref{int32(n), int32(i)}
			if other == r || !meets(s.boxes[i], mine.boxes[r.Area]) {
				continue
			}
			if m := SharedBorderM(mine.Area(int(r.Area)), s.Area(i)); m > 0 {
				out = append(out, Neighbour{other, m})
			}
		}
	}
	slices.SortFunc(out, func(a, b Neighbour) int {
		return cmp.Or(cmp.Compare(b.SharedM, a.SharedM), cmp.Compare(a.Shard, b.Shard), cmp.Compare(a.Area, b.Area))
	})
	return out
}
