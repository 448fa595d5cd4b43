package graph

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/geo/coord"
	"wangge/geo/shape"
	"wangge/graph/node"
	"wangge/internal/fault"
)

// Sizes of a filter.
const (
	maxFilterCodes  = 1_000
	maxFilterPoints = 10_000 // positions of a shape; the largest community boundary known has 3,100
	// maxFilterLinePoints is for lines, which may cross themselves: relating one to anything takes time by the square of its
	// positions, 10 s for 10,000.
	maxFilterLinePoints = 1_000
	maxFilterText       = 200 // characters
)

var _ = fault.Register(
	[3]string{"input.bad", "The input cannot be read.", "无法读取输入。"},
	[3]string{"filter.tooMany", "{field} has {n} entries; at most {max} are allowed.", "{field} 有 {n} 项，最多 {max} 项。"},
	[3]string{"filter.text", "text must have at most {max} characters.", "text 最多 {max} 个字符。"},
	[3]string{"filter.box", "west must be less than east, and south less than north.", "west 必须小于 east,south 必须小于 north。"},
	[3]string{"filter.linePoints", "The lines of the shape have {n} positions; at most {max}.", "图形的线共 {n} 个坐标，最多 {max} 个。"},
	[3]string{"filter.points", "The shape has {n} positions; at most {max} are allowed.", "图形有 {n} 个坐标点，最多 {max} 个。"},
	[3]string{"filter.shape", "The shape is not valid: {reason}.", "图形无效：{reason}。"},
)

// gridQuery turns the arguments of a list of grids into a query. sel says what of the list is asked for.
func (p *plan) gridQuery(ctx context.Context, in *node.GridFilter, order *grid.Order, first *int, after *string, sel ast.SelectionSet) (grid.Query, error) {
	q := grid.Query{Order: grid.ByCode, At: p.at,
		Count: p.asks(sel, "GridConnection", "totalCount"),
		With:  grid.Fields{Boundary: p.asksNodes(sel, "Grid", "Grid", "boundary")}}
	if order != nil {
		q.Order = *order
	}
	var err error
	if q.Args, err = p.page(first, after, string(q.Order)); err != nil {
		return q, err
	}
	if q.Order == grid.ByHouseholds {
		q.History = p.asOf != nil
		if q.Hidden, err = p.Places.HiddenGrids(ctx, p.actor); err != nil {
			return q, err
		}
	}
	if in == nil {
		return q, nil
	}
	if q.Filter, err = filter(in); err != nil {
		return q, within("filter", err)
	}
	if in.HasProblem != nil {
		if err := p.ofNow("hasProblem"); err != nil {
			return q, within("filter", err)
		}
		if q.Filter.Keys, err = p.Coverage.GridsWith(ctx, p.actor, *in.HasProblem); err != nil {
			return q, err
		}
	}
	return q, within("filter", p.checkShapes(ctx, q.Filter))
}

// filter turns the input into the domain's filter, in CGCS2000. Fields of errors are within the input.
func filter(in *node.GridFilter) (grid.Filter, error) {
	out := grid.Filter{Divisions: in.Divisions, Codes: in.Codes, Kinds: in.Kinds, WithinM: in.WithinM}
	for _, list := range []struct {
		field string
		n     int
	}{{"divisions", len(in.Divisions)}, {"codes", len(in.Codes)}, {"kinds", len(in.Kinds)}} {
		if list.n > maxFilterCodes {
			return out, fault.New(fault.Invalid, list.field, "filter.tooMany", "field", list.field, "n", list.n, "max", maxFilterCodes)
		}
	}
	if in.Text != nil {
		out.Text = strings.TrimSpace(*in.Text)
		if len([]rune(out.Text)) > maxFilterText {
			return out, fault.New(fault.Invalid, "text", "filter.text", "max", maxFilterText)
		}
	}
	var err error
	if in.Box != nil {
		if out.Box, err = box(*in.Box); err != nil {
			return out, within("box", err)
		}
	}
	if in.Intersects != nil {
		if out.Intersects, err = stored(*in.Intersects); err != nil {
			return out, within("intersects.geometry", err)
		}
	}
	if in.Within != nil {
		if out.Within, err = stored(*in.Within); err != nil {
			return out, within("within.geometry", err)
		}
	}
	if in.Near != nil {
		c, err := position(in.Near.Crs, in.Near.Lng, in.Near.Lat, "lng", "lat")
		if err != nil {
			return out, within("near", err)
		}
		out.Near = &grid.Point{Lng: c.Lng, Lat: c.Lat}
	}
	return out, nil
}

// checkShapes refuses shapes whose rings cross themselves: what lies in them is not defined.
func (p *plan) checkShapes(ctx context.Context, f grid.Filter) error {
	var shapes []geom.T
	var fields []string
	for _, s := range []struct {
		shape geom.T
		field string
	}{{f.Intersects, "intersects.geometry"}, {f.Within, "within.geometry"}} {
		if s.shape != nil {
			shapes, fields = append(shapes, s.shape), append(fields, s.field)
		}
	}
	if len(shapes) == 0 {
		return nil
	}
	reasons, err := p.Grids.InvalidReasons(ctx, p.actor, shapes)
	if err != nil {
		return err
	}
	for i, reason := range reasons {
		if reason != "" {
			return fault.New(fault.Invalid, fields[i], "filter.shape", "reason", reason)
		}
	}
	return nil
}

// position takes a place into CGCS2000. INVALID at the field of the coordinate at fault: it is no place on Earth.
func position(crs coord.System, lng, lat float64, lngField, latField string) (coord.CGCS2000, error) {
	c, err := coord.ToCGCS2000(crs, lng, lat)
	if err != nil {
		err = grid.Misplaced(err)
	}
	return c, renamed(renamed(err, "lng", lngField), "lat", latField)
}

// box takes a box into CGCS2000: the smallest that holds it all, since a shifted box is not quite one.
func box(in node.BoxInput) (*place.Box, error) {
	if _, err := position(in.Crs, in.West, in.South, "west", "south"); err != nil {
		return nil, err
	}
	if _, err := position(in.Crs, in.East, in.North, "east", "north"); err != nil {
		return nil, err
	}
	if in.West >= in.East || in.South >= in.North {
		return nil, fault.New(fault.Invalid, "", "filter.box")
	}
	g, err := shape.Convert(orb.Bound{Min: orb.Point{in.West, in.South}, Max: orb.Point{in.East, in.North}}.ToPolygon(), in.Crs)
	if err != nil {
		return nil, misplaced(err)
	}
	b := g.Bound()
	return &place.Box{West: b.Left(), South: b.Bottom(), East: b.Right(), North: b.Top()}, nil
}

// stored takes a geometry into the store's reference system.
func stored(in node.ShapeInput) (geom.T, error) {
	g, err := shape.Convert(in.Geometry.Geometry, in.Crs)
	if err != nil {
		return nil, misplaced(err)
	}
	t, err := shape.FromOrb(g, shape.SRID)
	if err != nil {
		return nil, fmt.Errorf("take in a shape: %w", err)
	}
	all, ofLines := positions(t)
	switch {
	case all > maxFilterPoints:
		return nil, fault.New(fault.Invalid, "", "filter.points", "n", all, "max", maxFilterPoints)
	case ofLines > maxFilterLinePoints:
		return nil, fault.New(fault.Invalid, "", "filter.linePoints", "n", ofLines, "max", maxFilterLinePoints)
	}
	return t, nil
}

// misplaced is the refusal of a geometry with a position that is nowhere. Its field is the geometry: a position of a
// GeoJSON object has no name.
func misplaced(err error) error {
	f := *fault.As(grid.Misplaced(err))
	f.Field = ""
	return &f
}

// positions counts the positions of t, and those of its lines.
func positions(t geom.T) (all, ofLines int) {
	switch t := t.(type) {
	case *geom.GeometryCollection:
		for _, g := range t.Geoms() {
			n, l := positions(g)
			all, ofLines = all+n, ofLines+l
		}
		return all, ofLines
	case *geom.LineString, *geom.MultiLineString:
		ofLines = len(t.FlatCoords()) / t.Stride()
	}
	return len(t.FlatCoords()) / t.Stride(), ofLines
}

// within puts the input that holds the one at fault before err's field. An err that is no fault stays as it is.
func within(input string, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	moved := *f
	moved.Field = strings.TrimSuffix(input+"."+f.Field, ".")
	return &moved
}
