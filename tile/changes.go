package tile

import (
	"wangge/domain/place"
	"wangge/domain/scene"
	"wangge/domain/staff"
)

// Drawn is where something changed in layers that are read from the store.
type Drawn struct {
	Layers []string
	Boxes  []place.Box // degrees of CGCS2000
}

// Turn is what Changed is told.
type Turn struct {
	Was, Is scene.Scene // of the instants before and after; Was is empty at first
	Version string      // of Is: see Change
	Anew    bool        // everything may be another
	Drawn   []Drawn
}

// The layers by what they show.
var (
	showGrids     = must("grids")
	showNames     = must("grid_labels", "signboards")
	showDivisions = must("divisions")
	showProblems  = must(gapsLayer)
)

func must(names ...string) set {
	s, err := setOf(names)
	if err != nil {
		panic(err)
	}
	return s
}

// Changed lets go of the kept tiles that show what changed, no others, and tells who follows. It is called in the order of the changes, after
// what is new can be asked for.
func (s *Server) Changed(t Turn) {
	if t.Anew || !t.Was.Whole() || !t.Is.Whole() {
		s.cache.purgeAll()
		s.feed.tell(Change{Version: t.Version, Everything: true, Layers: all.names()})
		return
	}
	stains := t.stains()
	s.cache.purge(stains...)
	c := Change{Version: t.Version}
	var concerned set
	for _, st := range stains {
		concerned |= st.layers
		c.Extents = append(c.Extents, st.boxes...)
	}
	c.Layers = concerned.names()
	s.feed.tell(c)
}

// Reported lets go of the kept tiles that show what the coverage reports found in a box, degrees of CGCS2000; nil: anywhere.
func (s *Server) Reported(box *place.Box) {
	everywhere := place.Box{West: -180, South: -90, East: 180, North: 90}
	if box == nil {
		box = &everywhere
	}
	s.cache.purge(stain{showProblems, 0, ZoomLimit, []place.Box{*box}})
	s.feed.again(Change{Layers: showProblems.names(), Extents: []place.Box{*box}})
}

func (t Turn) stains() (out []stain) {
	add := func(layers set, from, to uint8, boxes []place.Box) {
		if len(boxes) > 0 {
			out = append(out, stain{layers, from, to, boxes})
		}
	}
	redrawn := t.Is.Ground.Redrawn(t.Was.Ground)
	add(showGrids|showNames, 0, ZoomLimit, redrawn.Captions)
	add(showGrids|showNames, 0, ZoomLimit, redrawn.Shapes) // names of grids that came or went
	add(showNames, 0, ZoomLimit, redrawn.Labels)
	add(showGrids|showNames, groupsFrom, ZoomLimit, t.manned())
	for _, of := range []place.Level{place.City, place.District, place.Town, place.Community} {
		redrawn := t.Is.Ground.RedrawnDivisions(t.Was.Ground, of)
		from, to := zoomsOf(of)
		add(showDivisions, from, to, append(redrawn.Shapes, redrawn.Captions...))
	}
	for _, d := range t.Drawn {
		if layers, err := setOf(d.Layers); err == nil {
			add(layers, 0, ZoomLimit, d.Boxes)
		}
	}
	return out
}

// zoomsOf are the first and the last zoom that a level of divisions is drawn at.
func zoomsOf(level place.Level) (from, to uint8) {
	from, to = ZoomLimit, 0
	for z := range uint8(ZoomLimit + 1) {
		for _, l := range levelsAt(uint32(z)) {
			if l == level {
				from, to = min(from, z), max(to, z)
			}
		}
	}
	return from, to
}

// manned are the boxes of grids for which somebody else is to be called than before.
func (t Turn) manned() (boxes []place.Box) {
	was, is := t.Was.Roster, t.Is.Roster
	if was == is && t.Was.Day == t.Is.Day {
		return nil
	}
	called := func(s scene.Scene, ref staff.GridRef) (name, phone string) {
		if a := s.Roster.OnCall(ref, s.Day); a != nil {
			return a.Worker.Name, a.Worker.WorkPhone
		}
		return "", ""
	}
	for _, area := range is.Differing(was) {
		for _, g := range t.Is.Ground.Of(area) {
			ref := staff.GridRef{Key: g.Key, GroupID: g.GroupID}
			name, phone := called(t.Was, ref)
			if n, p := called(t.Is, ref); n != name || p != phone {
				boxes = append(boxes, g.BBox)
			}
		}
	}
	return boxes
}
