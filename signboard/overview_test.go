package signboard

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/around"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/signboard/paper"
)

// country is divisions beneath each other, of which the last hold grids side by side.
type country struct {
	Places
	Grids
	Around
	divisions []place.Division // parents first
	grids     []grid.Grid
	large     bool // larger than what is known around grids
	roots     int  // how often they were asked for
}

func (c *country) InOneState(ctx context.Context, _ account.Actor, fn func(context.Context) error) error {
	return fn(ctx)
}

func (c *country) under(parent *uuid.UUID) (out []place.Division) {
	for _, d := range c.divisions {
		if parent == nil && d.ParentID == nil || parent != nil && d.ParentID != nil && *d.ParentID == *parent {
			out = append(out, d)
		}
	}
	return out
}

func (c *country) Roots(context.Context, account.Actor, place.Fields) ([]place.Division, error) {
	c.roots++
	return c.under(nil), nil
}

func (c *country) Children(_ context.Context, _ account.Actor, of []uuid.UUID, _ place.Fields) (map[uuid.UUID][]place.Division, error) {
	return map[uuid.UUID][]place.Division{of[0]: c.under(&of[0])}, nil
}

func (c *country) ListOf(_ context.Context, _ account.Actor, ids []uuid.UUID, q grid.Query) (map[uuid.UUID]page.Page[grid.Grid], error) {
	out := map[uuid.UUID]page.Page[grid.Grid]{}
	for _, id := range ids {
		if n := len(c.beneath(id)); n > 0 && q.Count {
			out[id] = page.Page[grid.Grid]{Total: n}
		}
	}
	return out, nil
}

func (c *country) beneath(id uuid.UUID) (out []grid.Grid) {
	for _, g := range c.grids {
		if g.CommunityID == id {
			out = append(out, g)
		}
	}
	for _, d := range c.under(&id) {
		out = append(out, c.beneath(d.ID)...)
	}
	return out
}

func (c *country) DivisionsByID(_ context.Context, _ account.Actor, ids []uuid.UUID, _ place.Fields) (map[uuid.UUID]place.Division, error) {
	for _, d := range c.divisions {
		if d.ID == ids[0] {
			return map[uuid.UUID]place.Division{d.ID: d}, nil
		}
	}
	return nil, nil
}

type ofGrids struct{ *country }

func (c *country) ByCode(_ context.Context, _ account.Actor, code string, _ place.Fields) (place.Division, error) {
	for _, d := range c.divisions {
		if d.Code == code {
			return d, nil
		}
	}
	return place.Division{}, fault.New(fault.NotFound, "code", "division.notFound", "code", code)
}

func (c ofGrids) ByCode(context.Context, account.Actor, string, *time.Time, grid.Fields) (grid.Grid, error) {
	panic("nobody asks for one grid")
}

func (c *country) OfCommunity(_ context.Context, _ account.Actor, id uuid.UUID) ([]grid.Grid, error) {
	return c.beneath(id), nil
}

func (c *country) ByKeys(_ context.Context, _ account.Actor, keys []key.Key, _ *time.Time, with grid.Fields) (map[uuid.UUID]grid.Grid, error) {
	out := map[uuid.UUID]grid.Grid{}
	for _, g := range c.grids {
		for _, k := range keys {
			if g.Key == k && with.Boundary {
				out[k.ID] = g
			}
		}
	}
	return out, nil
}

func (c *country) Wide(_ context.Context, _ account.Actor, _ key.Key, _ place.Box, _ *time.Time) (around.Surroundings, error) {
	if c.large {
		return around.Surroundings{}, fault.New(fault.Invalid, "box", "around.box")
	}
	return around.Surroundings{Streets: []around.Street{{Name: "望舒路", Class: "primary"}}}, nil
}

// plot is the n-th of many side by side.
func plot(n int) (*geom.MultiPolygon, place.Box) {
	b := place.Box{West: 120 + 0.01*float64(n%10), South: 31 + 0.01*float64(n/10)}
	b.East, b.North = b.West+0.01, b.South+0.01
	return geom.NewMultiPolygonFlat(geom.XY, []float64{b.West, b.South, b.East, b.South, b.East, b.North, b.West, b.North, b.West, b.South}, [][]int{{10}}), b
}

// add adds a division with so many grids and returns its id.
func (c *country) add(code, name string, parent *uuid.UUID, grids int) *uuid.UUID {
	n := len(c.divisions)
	d := place.Division{ID: uuid.UUID{1, byte(n), byte(n >> 8)}, Code: code, Name: name, ParentID: parent}
	d.Boundary, _ = plot(n)
	c.divisions = append(c.divisions, d)
	for i := range grids {
		n := len(c.grids)
		g := grid.Grid{Key: key.Key{Home: "d", ID: uuid.UUID{2, byte(n), byte(n >> 8)}}, Code: fmt.Sprintf("%s%03d", code, i+1), Name: name + "网格", CommunityID: d.ID}
		g.Boundary, g.BBox = plot(n)
		c.grids = append(c.grids, g)
	}
	return &d.ID
}

func TestOverview(t *testing.T) {
	small := &country{}
	town := small.add("9901", "区", nil, 0)
	small.add("990101", "空街道", town, 0)
	town = small.add("990102", "街道", town, 0)
	small.add("990102001", "甲<script>", town, 2)
	small.add("990102002", "乙", town, 1)

	city := &country{}
	top := city.add("9901", "区", nil, 0)
	city.add("990101", "空街道", top, 0)
	for i := range 3 {
		in := city.add(fmt.Sprintf("99010%d", i+2), "街道", top, 0)
		for j := range 3 {
			city.add(fmt.Sprintf("99010%d00%d", i+2, j), "社区", in, 20)
		}
	}
	wide := &country{}
	for i := range 300 {
		wide.add(fmt.Sprintf("9901%03d", i), "社区", nil, 1)
	}
	dense := &country{}
	dense.add("9901", "社区", nil, 300)
	bare := &country{}
	bare.add("9901", "区", nil, 300)
	for i := range bare.grids {
		bare.grids[i].Boundary = nil
	}

	for _, c := range []struct {
		name  string
		of    *country
		code  string
		first string // link
		areas int
		all   bool // of them can be tapped
	}{
		{"a small town shows its communities first", small, "", "/c/990102001", 2, true},
		{"one of its communities", small, "990102002", "/g/990102002001", 1, true},
		{"a city shows its towns", city, "", "/c/990102", 3, true},
		{"a town of it its communities", city, "990103", "/c/990103000", 3, true},
		{"a community of it its grids", city, "990103000", "/g/990103000001", 20, true},
		{"too many communities: the first of them", wide, "", "/c/9901000", mostInOverview, false},
		{"a community of too many grids", dense, "", "/g/9901001", mostInOverview, false},
	} {
		for _, c.of.large = range []bool{false, true} {
			c.of.roots = 0
			s := &Source{Places: c.of, Grids: ofGrids{c.of}, Around: c.of}
			f, err := s.Overview(t.Context(), account.Anyone(), c.code, fault.Chinese)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			var drawn bytes.Buffer
			if err := paper.WriteSVG(&drawn, mapSheet(f, fonts(t)), fonts(t)); err != nil {
				t.Fatal(err)
			}
			links := map[string]bool{}
			for _, m := range regexp.MustCompile(`href="([^"#]+)"`).FindAllStringSubmatch(drawn.String(), -1) {
				links[m[1]] = true
			}
			if len(f.Scene.Grids) != c.areas || f.Scene.Grids[0].URL != c.first || len(links) > c.areas || c.all && len(links) != c.areas || strings.Contains(drawn.String(), "<script") {
				t.Errorf("%s: %d areas, %d links, first %s", c.name, len(f.Scene.Grids), len(links), f.Scene.Grids[0].URL)
			}
			if (c.of.roots > 0) != (c.code == "") {
				t.Errorf("%s: what is highest was asked for %d times", c.name, c.of.roots)
			}
			if drawn.Len() > 400_000 {
				t.Errorf("%s: %d bytes", c.name, drawn.Len())
			}
		}
	}
	for _, c := range []struct {
		of   *country
		code string
	}{{&country{}, ""}, {small, "9999"}, {small, "990101"}, {bare, ""}} {
		s := &Source{Places: c.of, Grids: ofGrids{c.of}, Around: c.of}
		if f, err := s.Overview(t.Context(), account.Anyone(), c.code, fault.Chinese); !fault.Is(err, fault.NotFound) {
			t.Errorf("%q: %d areas, %v", c.code, len(f.Scene.Grids), err)
		}
	}
}
