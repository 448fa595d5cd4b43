package coverage

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"coverage.GAP", "gap", "空白"},
	[3]string{"coverage.OVERLAP", "overlap", "重叠"},
	[3]string{"coverage.OUTSIDE", "outside its community", "越界"},
	[3]string{"coverage.UNASSIGNED_BUILDING", "building in no grid", "楼栋未入网格"},
	[3]string{"coverage.UNSTAFFED", "no worker in office", "无在岗网格员"},
	[3]string{"coverage.CUT_BUILDING", "building cut by a border", "楼栋被边界切开"},
	[3]string{"coverage.MULTIPART", "grid in several parts", "网格不连片"},
	[3]string{"coverage.OVERSIZE", "grid too large", "规模超上限"},
	[3]string{"coverage.UNDERSIZE", "grid too small", "规模低于下限"},
)

// Text names the kind in lang.
func (k Kind) Text(lang fault.Language) string {
	return fault.New("", "", "coverage."+string(k)).Text(lang)
}

// Version names the state of the data that r was made from: its last change and, since who is in office moves by the clock,
// its day.
func (r Report) Version() string { return fmt.Sprintf("%d-%s", r.Change, r.Day) }

// Found is a problem with the names of what it concerns. What is no longer there is left out.
type Found struct {
	Problem
	Divisions []place.Division
	Grids     []grid.Grid
	Building  *place.Building
	fixGrids  map[key.Key]string // names
}

// Checked is how a division is covered, with all its problems, the gravest first.
type Checked struct {
	Division place.Division
	Report   Report
	Problems []Found
}

// HouseholdsFor is how many households live where p is, for operators; nil for the public. Problems lie within each other: a
// grid's ground outside its community is the sum of what it shares with the neighbours' grids, so that one count would be found
// from the others.
func (p Problem) HouseholdsFor(actor account.Actor) *int {
	if actor.RequireOperator() != nil {
		return nil
	}
	return p.Households
}

// Spot is a position in degrees at which the problem can be seen: a point of its largest part. ok is false where it has no place.
func (p Problem) Spot() (lng, lat float64, ok bool) {
	if part := largest(p.Geometry); part != nil {
		if lng, lat, ok = within(part); ok {
			return lng, lat, true
		}
	}
	if p.Geometry == nil || p.Geometry.Empty() {
		return 0, 0, false
	}
	at := p.Geometry.FlatCoords()
	return at[0], at[1], true
}

// largest is the part of t with the largest area; nil where it has none.
func largest(t geom.T) *geom.Polygon {
	switch t := t.(type) {
	case *geom.Polygon:
		return t
	case *geom.MultiPolygon:
		var out *geom.Polygon
		for i := range t.NumPolygons() {
			if p := t.Polygon(i); out == nil || p.Area() > out.Area() {
				out = p
			}
		}
		return out
	}
	return nil
}

// within is a point inside p: the middle of its widest stretch along the parallel in the middle of its height. ok is false
// where p is too flat to have one.
func within(p *geom.Polygon) (lng, lat float64, ok bool) {
	b := p.Bounds()
	lat = (b.Min(1) + b.Max(1)) / 2
	var crossings []float64
	for i := range p.NumLinearRings() {
		ring := p.LinearRing(i).Coords()
		for j := 1; j < len(ring); j++ {
			a, c := ring[j-1], ring[j]
			if (a[1] > lat) != (c[1] > lat) {
				crossings = append(crossings, a[0]+(lat-a[1])/(c[1]-a[1])*(c[0]-a[0]))
			}
		}
	}
	slices.SortFunc(crossings, cmp.Compare)
	widest := 0.0
	for i := 1; i < len(crossings); i += 2 {
		if w := crossings[i] - crossings[i-1]; w > widest {
			widest, lng, ok = w, (crossings[i]+crossings[i-1])/2, true
		}
	}
	return lng, lat, ok
}
