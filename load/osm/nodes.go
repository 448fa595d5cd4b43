package osm

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/osm"
)

// nodes holds the places of the nodes that are needed: two sorted slices, a quarter of what a map would take.
type nodes struct {
	ids    []osm.NodeID
	places []orb.Point // NaN until set
}

// need asks for a node, before ready.
func (n *nodes) need(id osm.NodeID) {
	if len(n.ids) == cap(n.ids) && len(n.ids) > 1<<16 {
		n.compact() // neighbours share nodes: make room before growing
	}
	n.ids = append(n.ids, id)
}

func (n *nodes) compact() {
	slices.Sort(n.ids)
	unique := slices.Compact(n.ids)
	if len(unique) > cap(n.ids)*3/4 { // else every other call would sort again
		unique = slices.Grow(unique, cap(n.ids))
	}
	n.ids = unique
}

// ready ends the asking.
func (n *nodes) ready() {
	slices.Sort(n.ids)
	n.ids = slices.Clip(slices.Compact(n.ids))
	n.places = make([]orb.Point, len(n.ids))
	for i := range n.places {
		n.places[i] = orb.Point{math.NaN(), math.NaN()}
	}
}

// set notes a place, degrees. 0, 0 in the Gulf of Guinea is what a node without a place reads as, so it is none.
func (n *nodes) set(node *osm.Node) {
	if node.Lon == 0 && node.Lat == 0 {
		return
	}
	if i, ok := slices.BinarySearch(n.ids, node.ID); ok {
		n.places[i] = orb.Point{node.Lon, node.Lat}
	}
}

func (n *nodes) at(id osm.NodeID) (orb.Point, bool) {
	i, ok := slices.BinarySearch(n.ids, id)
	if !ok || n.places[i] != n.places[i] { // NaN: asked for, never seen
		return orb.Point{}, false
	}
	return n.places[i], true
}
