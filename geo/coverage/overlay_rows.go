package coverage

import (
	"cmp"
	"slices"
)

// rows is an index of boxes: horizontal rows about twice as high as the mean box, and in each the boxes that reach into it,
// by their western sides.
type rows struct {
	low, height int64
	boxes       [][]int32
}

func newRows(spans []span) rows {
	if len(spans) == 0 {
		return rows{height: 1}
	}
	low, high, rise := spans[0].low.y, spans[0].high.y, 0.0
	order := make([]int32, len(spans))
	for i, s := range spans {
		order[i] = int32(i)
		low, high = min(low, s.low.y), max(high, s.high.y)
		rise += float64(s.high.y - s.low.y)
	}
	// As many rows as boxes at most, whatever their shapes.
	height := max(1, int64(2*rise/float64(len(spans))), (high-low)/int64(len(spans)))
	r := rows{low, height, make([][]int32, (high-low)/height+1)}
	slices.SortFunc(order, func(i, j int32) int { return cmp.Or(cmp.Compare(spans[i].low.x, spans[j].low.x), cmp.Compare(i, j)) })
	for _, i := range order {
		for row := r.row(spans[i].low.y); row <= r.row(spans[i].high.y); row++ {
			r.boxes[row] = append(r.boxes[row], i)
		}
	}
	return r
}

func (r rows) row(y int64) int { return int((y - r.low) / r.height) }

// at returns all boxes that hold a latitude, and some others.
func (r rows) at(y int64) []int32 {
	if y < r.low || r.row(y) >= len(r.boxes) {
		return nil
	}
	return r.boxes[r.row(y)]
}

// meet reports whether any of the boxes meets s; spans are those that the rows were made of.
func (r rows) meet(spans []span, s span) bool {
	if len(r.boxes) == 0 || s.high.y < r.low {
		return false
	}
	for row := r.row(max(s.low.y, r.low)); row <= min(r.row(s.high.y), len(r.boxes)-1); row++ {
		for _, i := range r.boxes[row] {
			if spans[i].low.x > s.high.x {
				break
			}
			if spans[i].meets(s) {
				return true
			}
		}
	}
	return false
}

// meetings calls f once with every two boxes that meet; spans are those that the rows were made of.
func (r rows) meetings(spans []span, f func(i, j int32)) {
	for n, row := range r.boxes {
		for k, i := range row {
			s := &spans[i]
			for _, j := range row[k+1:] {
				t := &spans[j]
				if t.low.x > s.high.x {
					break
				}
				// Both may reach into several rows: the lowest of these counts.
				if t.low.y <= s.high.y && s.low.y <= t.high.y && r.row(max(s.low.y, t.low.y)) == n {
					f(i, j)
				}
			}
		}
	}
}
