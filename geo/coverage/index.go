package coverage

import (
	"slices"

	"github.com/paulmach/orb"
)

// node is a square of the index over the shards: fan × fan fields, each of which knows the shards that have an area in it, or is
// divided again where these are many. It does not change; with makes the next one and shares what stays.
type node struct {
	fields   [fan * fan]int32 // empty, the only shard, or ^k: lists[k], and past these children[k-len(lists)]
	lists    [][]int32
	children []*node
}

const (
	fan       = 16
	fullField = 3 // shards smaller than a field that it may have without being divided
	deepest   = 5 // levels: a millionth of the whole is a field of the fifth
	empty     = 1<<31 - 1
)

// frame is where a node lies. Its fields are found as the cells of a raster are: alike each time, with a margin for rounding.
type frame struct {
	origin        orb.Point
	width, height float64 // of a field
	perX, perY    float64
	level         int
}

func frameOf(box orb.Bound, level int) frame {
	w, h := (box.Max[0]-box.Min[0])/fan, (box.Max[1]-box.Min[1])/fan
	return frame{box.Min, w, h, 1 / w, 1 / h, level}
}

func (f *frame) column(x float64) int { return min(max(int((x-f.origin[0])*f.perX), 0), fan-1) }
func (f *frame) row(y float64) int    { return min(max(int((y-f.origin[1])*f.perY), 0), fan-1) }

// field is the box of a field.
func (f *frame) field(i, j int) orb.Bound {
	x, y := f.origin[0]+float64(float64(i)*f.width), f.origin[1]+float64(float64(j)*f.height)
	return orb.Bound{Min: orb.Point{x, y}, Max: orb.Point{x + f.width, y + f.height}}
}

func (f *frame) child(i, j int) frame { return frameOf(f.field(i, j), f.level+1) }

// slack is how much larger a field is taken to be, in degrees: more than rounding errors are.
const slack = 1e-9

func widened(b orb.Bound, by float64) orb.Bound {
	return orb.Bound{Min: orb.Point{b.Min[0] - by, b.Min[1] - by}, Max: orb.Point{b.Max[0] + by, b.Max[1] + by}}
}

func meets(a, b orb.Bound) bool {
	return a.Min[0] <= b.Max[0] && b.Min[0] <= a.Max[0] && a.Min[1] <= b.Max[1] && b.Min[1] <= a.Max[1]
}

// shards returns the shards of a field, or its child.
func (n *node) shards(at int, one *[1]int32) ([]int32, *node) {
	switch v := n.fields[at]; {
	case v == empty:
		return nil, nil
	case v >= 0:
		one[0] = v
		return one[:], nil
	case int(^v) < len(n.lists):
		return n.lists[^v], nil
	default:
		return nil, n.children[int(^v)-len(n.lists)]
	}
}

// change is a shard that comes into a node, or leaves it, or both.
type change struct {
	shard    int32
	was, now orb.Bound // nowhere for none
}

// with is n, nil for an empty one, after changes, of which each comes or goes somewhere in the frame. all are the shards as they
// are then.
func (n *node) with(f frame, all []*Shard, changes []change) *node {
	var here [fan * fan][]change
	each := func(b orb.Bound, visit func(at, i, j int)) {
		if b == nowhere {
			return
		}
		b = widened(b, slack)
		for j, top := f.row(b.Min[1]), f.row(b.Max[1]); j <= top; j++ {
			for i, east := f.column(b.Min[0]), f.column(b.Max[0]); i <= east; i++ {
				visit(j*fan+i, i, j)
			}
		}
	}
	for _, c := range changes {
		each(c.now, func(at, i, j int) {
			if all[c.shard].comesInto(widened(f.field(i, j), slack)) {
				here[at] = append(here[at], c)
			}
		})
		each(c.was, func(at, _, _ int) {
			if k := len(here[at]); k == 0 || here[at][k-1].shard != c.shard {
				here[at] = append(here[at], change{c.shard, c.was, nowhere})
			}
		})
	}

	next := &node{}
	var children [fan * fan]*node
	for at := range next.fields {
		var one [1]int32
		var list []int32
		var child *node
		if n != nil {
			list, child = n.shards(at, &one)
		}
		if inner := f.child(at%fan, at/fan); len(here[at]) > 0 && child != nil {
			child = child.with(inner, all, here[at])
		} else if len(here[at]) > 0 {
			list = slices.DeleteFunc(slices.Clone(list), func(s int32) bool {
				return slices.ContainsFunc(here[at], func(c change) bool { return c.shard == s })
			})
			for _, c := range here[at] {
				if c.now != nowhere {
					list = append(list, c.shard)
				}
			}
			slices.Sort(list)
			if f.level < deepest && small(list, all, f) > fullField {
				come := make([]change, len(list))
				for k, s := range list {
					come[k] = change{s, nowhere, all[s].raster.box}
				}
				child = (*node)(nil).with(inner, all, come)
			}
		}
		switch {
		case child != nil:
			children[at] = child
		case len(list) == 0:
			next.fields[at] = empty
		case len(list) == 1:
			next.fields[at] = list[0]
		default:
			next.fields[at] = ^int32(len(next.lists))
			next.lists = append(next.lists, slices.Clip(list))
		}
	}
	for at, child := range children {
		if child != nil {
			next.fields[at] = ^int32(len(next.lists) + len(next.children))
			next.children = append(next.children, child)
		}
	}
	return next
}

// small is how many shards fit into a field: only those can be told apart by dividing it.
func small(list []int32, all []*Shard, f frame) int {
	n := 0
	for _, s := range list {
		if b := all[s].raster.box; b.Max[0]-b.Min[0] < f.width && b.Max[1]-b.Min[1] < f.height {
			n++
		}
	}
	return n
}

// near appends the shards that have an area in a field that b meets, some of them several times.
func (n *node) near(f frame, b orb.Bound, out []int32) []int32 {
	for j, top := f.row(b.Min[1]), f.row(b.Max[1]); j <= top; j++ {
		for i, east := f.column(b.Min[0]), f.column(b.Max[0]); i <= east; i++ {
			var one [1]int32
			list, child := n.shards(j*fan+i, &one)
			if child != nil {
				out = child.near(f.child(i, j), b, out)
			} else {
				out = append(out, list...)
			}
		}
	}
	return out
}
