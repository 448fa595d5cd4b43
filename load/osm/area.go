package osm

import (
	"fmt"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/paulmach/osm"
)

// assemble makes the area of a multipolygon or boundary relation: its outer and inner member ways joined into
// rings, and each hole put into the outer ring around it. Members that are no ways (labels, sub-areas) do not
// count. Nothing is guessed: a way that is missing, a ring that does not close or a hole outside is a fault.
func (r *Reader) assemble(rel *osm.Relation) (orb.MultiPolygon, *fault) {
	var outer, inner []*segment
	seen := map[osm.WayID]bool{}
	for _, m := range rel.Members {
		if m.Type != osm.TypeWay {
			continue
		}
		id := osm.WayID(m.Ref)
		if seen[id] {
			return nil, &fault{reason: fmt.Sprintf("way %d is listed twice", id)}
		}
		seen[id] = true
		way := r.members[id]
		if way == nil {
			return nil, &fault{reason: fmt.Sprintf("its member way %d is not in the file", id)}
		}
		line, bad := r.line(way)
		if bad != nil {
			return nil, bad
		}
		if len(line) < 2 {
			return nil, &fault{reason: fmt.Sprintf("its member way %d has one node only", id), at: &line[0]}
		}
		s := &segment{way: id, from: way.Nodes[0].ID, to: way.Nodes[len(line)-1].ID, line: line}
		switch m.Role {
		case "outer", "": // the role was optional once
			outer = append(outer, s)
		case "inner":
			inner = append(inner, s)
		default:
			return nil, &fault{reason: fmt.Sprintf("its member way %d has the role %.20q, neither outer nor inner", id, m.Role), at: &line[0]}
		}
	}
	if len(outer) == 0 {
		return nil, &fault{reason: "it has no outer way"}
	}
	shells, bad := rings(outer)
	if bad != nil {
		return nil, bad
	}
	holes, bad := rings(inner)
	if bad != nil {
		return nil, bad
	}
	area := make(orb.MultiPolygon, len(shells))
	for i, shell := range shells {
		area[i] = orb.Polygon{shell}
	}
	for _, hole := range holes {
		home := -1
		for i, shell := range shells {
			if within(hole, shell) && (home < 0 || within(shell, shells[home])) { // the innermost, where shells nest
				home = i
			}
		}
		if home < 0 {
			return nil, &fault{reason: "an inner ring lies in no outer ring", at: &hole[0]}
		}
		area[home] = append(area[home], hole)
	}
	return area, nil
}

// segment is one member way.
type segment struct {
	way      osm.WayID
	from, to osm.NodeID
	line     orb.LineString
	used     bool
}

// rings joins segments end to end, by the ids of their end nodes, into closed rings. Where rings touch in a node
// the walk closes a ring as soon as it comes back to a node it has passed, so no ring touches itself there.
func rings(segments []*segment) ([]orb.Ring, *fault) {
	at := map[osm.NodeID][]*segment{}
	for _, s := range segments {
		at[s.from] = append(at[s.from], s)
		if s.from != s.to {
			at[s.to] = append(at[s.to], s)
		}
	}
	var all []orb.Ring
	for _, first := range segments {
		if first.used {
			continue
		}
		var path []step
		node := first.from
		passed := map[osm.NodeID]int{node: 0} // how many steps lead up to the node
		for next := first; ; next = unused(at[node]) {
			if next == nil {
				if len(path) == 0 {
					break // all rings through the starting node are closed
				}
				end := path[len(path)-1]
				return nil, &fault{reason: fmt.Sprintf("a ring does not close: nothing goes on where way %d ends", end.way), at: end.last()}
			}
			next.used = true
			s := step{segment: next, backward: next.from != node}
			path = append(path, s)
			node = next.to
			if s.backward {
				node = next.from
			}
			if n, again := passed[node]; again {
				ring, bad := ringOf(path[n:])
				if bad != nil {
					return nil, bad
				}
				all = append(all, ring)
				for _, gone := range path[n:] {
					delete(passed, gone.end())
				}
				passed[node] = n
				path = path[:n]
			} else {
				passed[node] = len(path)
			}
		}
	}
	return all, nil
}

func unused(segments []*segment) *segment {
	for _, s := range segments {
		if !s.used {
			return s
		}
	}
	return nil
}

// step is a segment as a walk passes it.
type step struct {
	*segment
	backward bool
}

func (s step) end() osm.NodeID {
	if s.backward {
		return s.from
	}
	return s.to
}

func (s step) last() *orb.Point {
	if s.backward {
		return &s.line[0]
	}
	return &s.line[len(s.line)-1]
}

func ringOf(path []step) (orb.Ring, *fault) {
	var ring orb.Ring
	for _, s := range path {
		line := s.line
		if s.backward {
			line = line.Clone()
			line.Reverse()
		}
		if len(ring) > 0 {
			line = line[1:] // it begins where the ring ends
		}
		ring = append(ring, line...)
	}
	if len(ring) < 4 {
		return nil, &fault{reason: fmt.Sprintf("a ring of way %d has fewer than 3 different nodes", path[0].way), at: &ring[0]}
	}
	return ring, nil
}

// within reports whether a lies in b, judged by a corner of a that is no corner of b: the rings of one relation
// may touch in nodes. Rings that cross are left to the check of the geometry.
func within(a, b orb.Ring) bool {
	corners := make(map[orb.Point]bool, len(b))
	for _, p := range b {
		corners[p] = true
	}
	for _, p := range a {
		if !corners[p] {
			return planar.RingContains(b, p)
		}
	}
	// All corners are shared: the middle of an edge decides.
	return len(a) > 1 && planar.RingContains(b, orb.Point{(a[0][0] + a[1][0]) / 2, (a[0][1] + a[1][1]) / 2})
}
