package coverage

import (
	"math/bits"
	"slices"

	"github.com/paulmach/orb"
)

// node is a square of the index over the shards, divided into 1<<bits times as many fields, each of which knows the shards that have
// an area in it, or is divided again where these are many. It is changed only by the edit that made it.
type node struct {
	fields   []int32 // by rows: empty, the only shard, or ^k: branches[k]
	branches []branch
	bits     int // of a cell's column and row that tell the field
	below    int // bits that tell the place in a field
	edit     int
}

// branch is what does not fit into a field: several shards in order, or a node.
type branch struct {
	list  []int32
	child *node
}

const (
	cellBits  = 24 // of the smallest cells there are along each side of the index: of the whole Earth 2.4 m
	childBits = 4  // of nodes beneath the root
	rootBits  = 9  // of the root, at most
	perShard  = 32 // fields that the root has for a shard, so that most have one shard
	fullField = 3  // shards smaller than a field that it may have without being divided
	empty     = 1<<31 - 1
)

// frame is where an index lies. All its nodes have their fields from the same cells, which are found alike each time, with slack for rounding.
type frame struct {
	box        orb.Bound
	perX, perY float64 // cells a degree
}

func frameOf(box orb.Bound) frame {
	return frame{box, (1 << cellBits) / (box.Max[0] - box.Min[0]), (1 << cellBits) / (box.Max[1] - box.Min[1])}
}

// column and row are those of a place in the box.
func (f *frame) column(x float64) int { return min(int((x-f.box.Min[0])*f.perX), 1<<cellBits-1) }
func (f *frame) row(y float64) int    { return min(int((y-f.box.Min[1])*f.perY), 1<<cellBits-1) }

// cells are columns and rows, ends included.
type cells struct{ west, south, east, north int }

// cells are those that b comes into.
func (f *frame) cells(b orb.Bound) cells {
	inside := func(p orb.Point) orb.Point {
		return orb.Point{min(max(p[0], f.box.Min[0]), f.box.Max[0]), min(max(p[1], f.box.Min[1]), f.box.Max[1])}
	}
	low, high := inside(b.Min), inside(b.Max)
	return cells{f.column(low[0]), f.row(low[1]), f.column(high[0]), f.row(high[1])}
}

// bound is the box of cells.
func (f *frame) bound(c cells) orb.Bound {
	at := func(i, j int) orb.Point {
		return orb.Point{f.box.Min[0] + float64(i)/f.perX, f.box.Min[1] + float64(j)/f.perY}
	}
	return orb.Bound{Min: at(c.west, c.south), Max: at(c.east+1, c.north+1)}
}

// slack is how much larger a field is taken to be, in degrees: more than rounding errors are.
const slack = 1e-9

func widened(b orb.Bound, by float64) orb.Bound {
	return orb.Bound{Min: orb.Point{b.Min[0] - by, b.Min[1] - by}, Max: orb.Point{b.Max[0] + by, b.Max[1] + by}}
}

func meets(a, b orb.Bound) bool {
	return a.Min[0] <= b.Max[0] && b.Min[0] <= a.Max[0] && a.Min[1] <= b.Max[1] && b.Min[1] <= a.Max[1]
}

// newNode is an empty node.
func newNode(bits, below, edit int) *node {
	n := &node{fields: make([]int32, 1<<(2*bits)), bits: bits, below: below, edit: edit}
	for at := range n.fields {
		n.fields[at] = empty
	}
	return n
}

// newRoot is the root of an index with room for so many shards.
func newRoot(shards, edit int) *node {
	n := min((bits.Len(uint(shards*perShard))+1)/2, rootBits)
	return newNode(n, cellBits-n, edit)
}

// field is the number of the field that a cell lies in.
func (n *node) field(column, row int) int {
	mask := 1<<n.bits - 1
	return (row>>n.below&mask)<<n.bits | column>>n.below&mask
}

// eachField calls f with the fields, by number, that some cells lie in, and the fields' own. square are the cells of n.
func (n *node) eachField(square, c cells, f func(at int, field cells)) {
	size := 1 << n.below
	for j := max(c.south, square.south) &^ (size - 1); j <= min(c.north, square.north); j += size {
		for i := max(c.west, square.west) &^ (size - 1); i <= min(c.east, square.east); i += size {
			f(n.field(i, j), cells{i, j, i + size - 1, j + size - 1})
		}
	}
}

// everywhere is the square of a root.
var everywhere = cells{0, 0, 1<<cellBits - 1, 1<<cellBits - 1}

// shards returns the shards of a field, or its child.
func (n *node) shards(at int, one *[1]int32) ([]int32, *node) {
	switch v := n.fields[at]; {
	case v == empty:
		return nil, nil
	case v >= 0:
		one[0] = v
		return one[:], nil
	default:
		return n.branches[^v].list, n.branches[^v].child
	}
}

// put sets what a field has. A branch stays one.
func (n *node) put(at int, b branch) {
	switch v := n.fields[at]; {
	case v < 0:
		n.branches[^v] = b
	case b.child == nil && len(b.list) == 0:
		n.fields[at] = empty
	case b.child == nil && len(b.list) == 1:
		n.fields[at] = b.list[0]
	default:
		n.fields[at] = ^int32(len(n.branches))
		n.branches = append(n.branches, b)
	}
}

// near appends the shards that have an area in a field that some cells lie in, some of them several times.
func (n *node) near(square, c cells, out []int32) []int32 {
	n.eachField(square, c, func(at int, field cells) {
		var one [1]int32
		list, child := n.shards(at, &one)
		if child != nil {
			out = child.near(field, c, out)
		}
		out = append(out, list...)
	})
	return out
}

// edit changes an index. It copies the nodes that it has not made itself before it changes them.
type edit struct {
	number int
	frame  *frame
	shards []*Shard // as they are after it
}

// own is n, or a copy that may be changed.
func (e *edit) own(n *node) *node {
	if n.edit == e.number {
		return n
	}
	return &node{slices.Clone(n.fields), slices.Clone(n.branches), n.bits, n.below, e.number}
}

// remove takes shard s, which lay in b, out of n.
func (e *edit) remove(n *node, square cells, s int32, b orb.Bound) {
	n.eachField(square, e.frame.cells(widened(b, slack)), func(at int, field cells) {
		var one [1]int32
		list, child := n.shards(at, &one)
		if child != nil {
			child = e.own(child)
			e.remove(child, field, s, b)
			n.put(at, branch{nil, child})
		} else if slices.Contains(list, s) {
			n.put(at, branch{slices.DeleteFunc(slices.Clone(list), func(other int32) bool { return other == s }), nil})
		}
	})
}

// insert puts shard s into n.
func (e *edit) insert(n *node, square cells, s int32) {
	n.eachField(square, e.frame.cells(widened(e.shards[s].bound(), slack)), func(at int, field cells) {
		if !e.shards[s].comesInto(widened(e.frame.bound(field), slack)) {
			return
		}
		var one [1]int32
		list, child := n.shards(at, &one)
		if child != nil {
			child = e.own(child)
			e.insert(child, field, s)
			n.put(at, branch{nil, child})
			return
		}
		k, _ := slices.BinarySearch(list, s)
		list = slices.Insert(slices.Clip(list), k, s)
		if n.below >= childBits && e.small(list, field) > fullField {
			child = newNode(childBits, n.below-childBits, e.number)
			for _, s := range list {
				e.insert(child, field, s)
			}
			list = nil
		}
		n.put(at, branch{list, child})
	})
}

// small is how many shards fit into a field: only those can be told apart by dividing it.
func (e *edit) small(list []int32, field cells) (n int) {
	f := e.frame.bound(field)
	for _, s := range list {
		if b := e.shards[s].bound(); b.Max[0]-b.Min[0] < f.Max[0]-f.Min[0] && b.Max[1]-b.Min[1] < f.Max[1]-f.Min[1] {
			n++
		}
	}
	return n
}
