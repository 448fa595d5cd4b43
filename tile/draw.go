package tile

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/domain/account"
	shown "wangge/domain/coverage"
	"wangge/domain/grid"
	entity "wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/scene"
	"wangge/domain/staff"
	"wangge/geo/coverage"
)

// drawing makes the layers of a tile that are drawn here, from what is in memory as a rule.
type drawing struct {
	scene  scene.Scene // of what layers of drawers show; gaps need none
	tile   coverage.Tile
	detail uint32 // the zoom whose borders are drawn
	cut    Reduction
	public string // where signboards lead
}

// coarser is by how many zooms borders are drawn as from farther away where a tile is too long.
const coarser = 2

func newDrawing(j job, cut Reduction, public string) *drawing {
	d := &drawing{tile: coverage.Tile{Zoom: j.z, X: j.x, Y: j.y}, detail: j.z, cut: cut, public: public}
	if j.z >= MaxZoom {
		d.detail = ZoomLimit // clients enlarge it
	}
	if cut >= Coarser {
		d.detail = max(j.z, coarser) - coarser
	}
	return d
}

// boxOf is the box of a tile with its buffer, degrees of CGCS2000.
func boxOf(j job) place.Box {
	b := coverage.Tile{Zoom: j.z, X: j.x, Y: j.y}.Box()
	return place.Box{West: b.Min[0], South: b.Min[1], East: b.Max[0], North: b.Max[1]}
}

// drawers are the layers that are drawn here. What they answer depends on the data and the tile alone: features are in the order of their ids.
var drawers = map[string]func(*drawing) *layerWriter{
	"divisions":   (*drawing).divisions,
	"grids":       (*drawing).grids,
	"grid_labels": (*drawing).labels,
	"signboards":  (*drawing).signboards,
}

// figure is a feature before it is encoded: its shape is geometry[from:to].
type figure[T any] struct {
	id       uint64
	text     string // its id in the attributes
	of       T
	from, to int
}

// figures are those of a layer.
type figures[T any] struct {
	list     []figure[T]
	geometry []byte
}

func (f *figures[T]) add(id string, of T, draw func([]byte) []byte) {
	f.addNumbered(FeatureID(id), id, of, draw)
}

// addNumbered is add where the feature's number is known.
func (f *figures[T]) addNumbered(feature uint64, id string, of T, draw func([]byte) []byte) {
	from := len(f.geometry)
	f.geometry = draw(f.geometry)
	f.list = append(f.list, figure[T]{feature, id, of, from, len(f.geometry)})
}

// encode writes the features, of which describe tells the attributes.
func (f *figures[T]) encode(l *layerWriter, kind uint64, describe func(figure[T])) *layerWriter {
	slices.SortFunc(f.list, func(a, b figure[T]) int { return cmp.Or(cmp.Compare(a.id, b.id), strings.Compare(a.text, b.text)) })
	for _, x := range f.list {
		l.open(x.id)
		describe(x)
		l.kind, l.geometry = kind, append(l.geometry, f.geometry[x.from:x.to]...)
		l.close()
	}
	return l
}

// The attributes of grids, by their places.
const (
	gridID = iota
	gridCode
	gridName
	gridKind
	gridGroup
	gridWorker
)

func newGridLayer(name string) *layerWriter {
	return newLayer(name, "id", "code", "name", "kind", "group", "worker")
}

// groupsFrom is the zoom from which group and worker are worth their bytes: a grid can be pointed at.
const groupsFrom = 12

func (d *drawing) describe(l *layerWriter, id string, g *grid.Grid) {
	l.text(gridCode, g.Code)
	l.text(gridKind, string(g.Kind))
	if d.cut >= Attributes {
		return
	}
	l.own(gridID, id)
	l.text(gridName, g.Name)
	if d.tile.Zoom < groupsFrom {
		return
	}
	if g.GroupID != nil {
		group, _ := d.scene.Ground.Group(entity.Key{Home: g.Key.Home, ID: *g.GroupID})
		l.text(gridGroup, group.Name)
	}
	if a := d.onCall(g); a != nil {
		l.text(gridWorker, a.Worker.Name)
	}
}

// onCall is whom to call for a grid; nil: nobody.
func (d *drawing) onCall(g *grid.Grid) *staff.Assignment {
	return d.scene.Roster.OnCall(staff.GridRef{Key: g.Key, GroupID: g.GroupID}, d.scene.Day)
}

func (d *drawing) grids() *layerWriter {
	l, ground := newGridLayer("grids"), d.scene.Ground
	if d.cut == Aggregated {
		var f figures[int]
		ground.Cover().DrawShards(d.tile, d.detail, func(shard int32, areas int, rings [][]coverage.Pixel) {
			community := ground.At(coverage.Ref{Shard: shard}).CommunityID
			f.add(community.String(), areas, func(b []byte) []byte { return appendPolygons(b, rings) })
		})
		const id, grids = 0, 1
		l = newLayer("grids", "id", "grids")
		return f.encode(l, typePolygon, func(x figure[int]) {
			l.own(id, x.text)
			l.number(grids, float64(x.of))
		})
	}
	var f figures[*grid.Grid]
	ground.Cover().Draw(d.tile, d.detail, func(r coverage.Ref, rings [][]coverage.Pixel) {
		g := ground.At(r)
		f.add(g.Key.String(), g, func(b []byte) []byte { return appendPolygons(b, rings) })
	})
	return f.encode(l, typePolygon, func(x figure[*grid.Grid]) { d.describe(l, x.text, x.of) })
}

// spots are the grids whose names stand on the tile, each on one tile of a zoom.
func (d *drawing) spots() (f figures[*grid.Grid]) {
	d.scene.Ground.Cover().Areas(d.tile, func(r coverage.Ref) {
		g := d.scene.Ground.At(r)
		if g.LabelPoint == nil {
			return
		}
		if at, here := d.tile.Pixel(orb.Point{g.LabelPoint.X(), g.LabelPoint.Y()}); here {
			f.add(g.Key.String(), g, func(b []byte) []byte { return appendPoint(b, at) })
		}
	})
	return f
}

func (d *drawing) labels() *layerWriter {
	l := newGridLayer("grid_labels")
	if d.cut == Aggregated {
		return l
	}
	f := d.spots()
	return f.encode(l, typePoint, func(x figure[*grid.Grid]) { d.describe(l, x.text, x.of) })
}

// signboards have one point a board: so far each grid has one.
func (d *drawing) signboards() *layerWriter {
	l := newLayer("signboards", "grid", "building", "worker", "work_phone", "url")
	const grid_, worker, phone, url = 0, 2, 3, 4
	f := d.spots()
	return f.encode(l, typePoint, func(x figure[*grid.Grid]) {
		l.text(grid_, x.of.Code)
		l.text(url, d.public+"/g/"+x.of.Code)
		if a := d.onCall(x.of); a != nil && d.cut < Attributes {
			l.text(worker, a.Worker.Name)
			l.text(phone, a.Worker.WorkPhone)
		}
	})
}

// levelsAt says which divisions are drawn at a zoom; each level covers the whole by itself.
func levelsAt(zoom uint32) []place.Level {
	switch {
	case zoom <= 7:
		return []place.Level{place.City, place.District}
	case zoom == 8:
		return []place.Level{place.Town}
	case zoom == 9:
		return []place.Level{place.Town, place.Community}
	default:
		return []place.Level{place.Community}
	}
}

// levelsFrom are the levels of divisions that are drawn at some of these zooms.
func levelsFrom(zoom, last uint32) (levels []place.Level) {
	for ; zoom <= last; zoom++ {
		for _, l := range levelsAt(zoom) {
			if !slices.Contains(levels, l) {
				levels = append(levels, l)
			}
		}
	}
	return levels
}

func (d *drawing) divisions() *layerWriter {
	l := newLayer("divisions", "id", "code", "name", "level")
	const id, code, name, level = 0, 1, 2, 3
	var f figures[*place.Division]
	ground := d.scene.Ground
	for _, of := range levelsAt(d.tile.Zoom) {
		ground.DivisionCover(of).Draw(d.tile, d.detail, func(r coverage.Ref, rings [][]coverage.Pixel) {
			division := ground.DivisionAt(of, r)
			f.add(division.ID.String(), division, func(b []byte) []byte { return appendPolygons(b, rings) })
		})
	}
	return f.encode(l, typePolygon, func(x figure[*place.Division]) {
		l.text(level, string(x.of.Level))
		l.text(code, x.of.Code)
		if d.cut < Attributes {
			l.own(id, x.text)
			l.text(name, x.of.Name)
		}
	})
}

// buildings are drawn each by itself. codes are those of their grids.
func (d *drawing) buildings(list []scene.Building, codes map[entity.Key]string) *layerWriter {
	l := newLayer("buildings", "id", "name", "grid", "floors")
	const id, name, grid, floors = 0, 1, 2, 3
	var areas, points figures[*scene.Building]
	for i := range list {
		b := &list[i]
		if area, ok := multiPolygon(b.Shape); ok {
			coverage.DrawAlone(d.tile, ZoomLimit, area, func(rings [][]coverage.Pixel) {
				areas.addNumbered(b.Feature, b.Key.String(), b, func(out []byte) []byte { return appendPolygons(out, rings) })
			})
		} else if at, ok := b.Shape.(orb.Point); ok {
			if at, seen := d.tile.Seen(at); seen {
				points.addNumbered(b.Feature, b.Key.String(), b, func(out []byte) []byte { return appendPoint(out, at) })
			}
		}
	}
	describe := func(x figure[*scene.Building]) {
		l.own(id, x.text)
		if d.cut >= Attributes {
			return
		}
		l.text(name, x.of.Name)
		l.text(grid, codes[x.of.GridKey])
		if x.of.Floors != nil {
			l.whole(floors, uint64(*x.of.Floors))
		}
	}
	areas.encode(l, typePolygon, describe)
	return points.encode(l, typePoint, describe)
}

// gridsOf are the grids that buildings are in, each once.
func gridsOf(list []scene.Building) (grids []entity.Key) {
	var last entity.Key
	seen := map[entity.Key]bool{last: true} // in none
	for i := range list {
		if k := list[i].GridKey; k != last && !seen[k] {
			last = k
			seen[k] = true
			grids = append(grids, k)
		}
	}
	return grids
}

// speck is how many units² a problem's area must have to be drawn as one: about four pixels of a tile shown 512 wide. What is less is a
// point: a gap of a metre is somebody's door too.
const speck = 256

// gaps are drawn from the reports as they are stored: making one anew is no work for a tile.
func (d *drawing) gaps(problems []shown.Shown) *layerWriter {
	l := newLayer("gaps", "id", "kind", "area_m2")
	var areas, points figures[shown.Shown]
	for _, p := range problems {
		var drawn bool
		if area, ok := multiPolygon(p.Shape); ok {
			coverage.DrawAlone(d.tile, d.detail, area, func(rings [][]coverage.Pixel) {
				if drawn = sizeOf(d.tile, area) >= speck; drawn {
					areas.add(p.ID.String(), p, func(b []byte) []byte { return appendPolygons(b, rings) })
				}
			})
		}
		if drawn || d.cut == Aggregated {
			continue
		}
		if at, here := d.tile.Pixel(middleOf(p.Shape)); here {
			points.add(p.ID.String(), p, func(b []byte) []byte { return appendPoint(b, at) })
		}
	}
	describe := func(x figure[shown.Shown]) {
		l.text(1, string(x.of.Kind))
		if d.cut < Attributes {
			l.own(0, x.text)
		}
		if x.of.AreaM2 != nil {
			l.number(2, *x.of.AreaM2)
		}
	}
	areas.encode(l, typePolygon, describe)
	return points.encode(l, typePoint, describe)
}

func multiPolygon(g orb.Geometry) (orb.MultiPolygon, bool) {
	switch g := g.(type) {
	case orb.Polygon:
		return orb.MultiPolygon{g}, true
	case orb.MultiPolygon:
		return g, true
	}
	return nil, false
}

// sizeOf is about how many units² an area has on the whole map of the tile's zoom.
func sizeOf(t coverage.Tile, area orb.MultiPolygon) float64 {
	degree := coverage.Extent * math.Exp2(float64(t.Zoom)) / 360 // units
	centre, square := planar.CentroidArea(area)
	return math.Abs(square) * degree * degree / math.Cos(centre[1]*math.Pi/180)
}

// middleOf is a place on or near g.
func middleOf(g orb.Geometry) orb.Point {
	if p, ok := g.(orb.Point); ok {
		return p
	}
	centre, _ := planar.CentroidArea(g)
	if area, ok := multiPolygon(g); ok && !planar.MultiPolygonContains(area, centre) {
		return area[0][0][0] // bent around its middle: its border is nearer to it than that
	}
	return centre
}

// make makes j, whose instant is told, with its layers one after the other, without what cut leaves out. known is the scene, where it is needed.
func (s *Server) make(ctx context.Context, actor account.Actor, j job, cut Reduction, known func() (scene.Scene, error)) (out []byte, err error) {
	var stored []string
	names := j.layers.names()
	d := newDrawing(j, cut, s.Signboards)
	for _, name := range names {
		if drawers[name] == nil && name != gapsLayer {
			stored = append(stored, name)
		} else if name != gapsLayer && !d.scene.Whole() {
			if d.scene, err = known(); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range names {
		switch draw := drawers[name]; {
		case draw != nil:
			out = draw(d).appendTo(out)
		case name == gapsLayer:
			problems, err := s.Problems.Shown(ctx, actor, boxOf(j))
			if err != nil {
				return nil, err
			}
			out = d.gaps(problems).appendTo(out)
		case len(stored) > 0: // they stand together
			buildings, encoded, err := s.Source.Stored(ctx, actor, stored, j.z, j.x, j.y, j.at, uint8(cut))
			if err != nil {
				return nil, err
			}
			var codes map[entity.Key]string
			if grids := gridsOf(buildings); len(grids) > 0 {
				if codes, err = s.Scenes.Codes(ctx, actor, grids); err != nil {
					return nil, err
				}
			}
			out, stored = append(d.buildings(buildings, codes).appendTo(out), encoded...), nil
		}
	}
	return out, nil
}

const gapsLayer = "gaps"
