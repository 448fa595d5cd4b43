package acceptance

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/twpayne/go-geom"

	"wangge/db"
	"wangge/domain/coverage"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/load"
	"wangge/load/demo"
)

// picture is what tiles show of buildings, roads and land: by layer and id all that is said of a thing with its shape, and its box.
type picture map[[2]string]struct {
	says string
	box  place.Box
}

// picture reads all there is, by the columns that tiles read.
func (w *town) picture(t *testing.T) picture {
	t.Helper()
	out := picture{}
	err := w.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT x.layer, x.id, concat(x.says, ' ', encode(ST_AsEWKB(x.drawn), 'hex')), ST_XMin(x.shape), ST_YMin(x.shape), ST_XMax(x.shape), ST_YMax(x.shape)
			FROM (
				SELECT 'buildings' AS layer, b.district || '-' || b.id AS id, json_build_array(b.name, b.floors, g.code)::text AS says, b.shape_3857 AS drawn, coalesce(b.footprint, b.location) AS shape
				FROM building b LEFT JOIN building_grid bg ON bg.district = b.district AND bg.building_id = b.id AND bg.during @> clock_timestamp()
				LEFT JOIN grid g ON g.district = bg.district AND g.id = bg.grid_id
				UNION ALL SELECT 'roads', r.district || '-' || r.id, json_build_array(r.name, r.class)::text, r.shape_3857, r.shape FROM road r
				UNION ALL SELECT 'land', l.district || '-' || l.id, json_build_array(l.name, l.class)::text, l.shape_3857, l.shape FROM land l
			) x`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var k [2]string
			var row struct {
				says string
				box  place.Box
			}
			if err := rows.Scan(&k[0], &k[1], &row.says, &row.box.West, &row.box.South, &row.box.East, &row.box.North); err != nil {
				return err
			}
			out[k] = row
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// noted are the boxes of a layer that the lines of the change log after one say, and how many lines there are.
func (w *town) noted(t *testing.T, layer string, after int) (boxes []place.Box, lines int) {
	t.Helper()
	err := w.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "SELECT "+layer+"_at FROM change_log WHERE n > $1 ORDER BY n", after)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var list []float64
			if err := rows.Scan(&list); err != nil {
				return err
			}
			if list == nil {
				return fmt.Errorf("a line says nothing of %s", layer)
			}
			lines++
			for i := 0; i+3 < len(list); i += 4 {
				boxes = append(boxes, place.Box{West: list[i], South: list[i+1], East: list[i+2], North: list[i+3]})
			}
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return boxes, lines
}

func holds(a, b place.Box) bool {
	return a.West <= b.West && a.South <= b.South && a.East >= b.East && a.North >= b.North
}

// draws runs do, and holds what the change log says of where something is drawn otherwise against what is: all that is another, new
// or gone lies in the boxes, and each box ends where something of it does. It returns how many boxes of each layer there are.
func (w *town) draws(t *testing.T, do func()) map[string]int {
	t.Helper()
	before, last := w.picture(t), w.number(t, "change_log")
	do()
	after := w.picture(t)
	others := map[string][]place.Box{}
	for k, was := range before {
		if is, stays := after[k]; !stays {
			others[k[0]] = append(others[k[0]], was.box)
		} else if is != was {
			others[k[0]] = append(others[k[0]], was.box, is.box)
		}
	}
	for k, is := range after {
		if _, known := before[k]; !known {
			others[k[0]] = append(others[k[0]], is.box)
		}
	}
	counts := map[string]int{}
	for _, layer := range []string{"buildings", "roads", "land"} {
		boxes, lines := w.noted(t, layer, last)
		counts[layer] = len(boxes)
		if len(boxes) > 48*lines {
			t.Errorf("%d boxes of %s in %d lines", len(boxes), layer, lines)
		}
		missed := 0
		ends := make([]*place.Box, len(boxes))
		for _, other := range others[layer] {
			in := false
			for i, b := range boxes {
				if !holds(b, other) {
					continue
				}
				in = true
				if e := ends[i]; e == nil {
					ends[i] = &other
				} else {
					ends[i] = &place.Box{West: min(e.West, other.West), South: min(e.South, other.South), East: max(e.East, other.East), North: max(e.North, other.North)}
				}
			}
			if !in {
				missed++
			}
		}
		if missed > 0 {
			t.Errorf("of %d places where %s are drawn otherwise the change log says nothing of %d", len(others[layer]), layer, missed)
		}
		for i, b := range boxes {
			if lines == 1 && (ends[i] == nil || *ends[i] != b) {
				t.Errorf("a box of %s is %v, of what is drawn otherwise there it is %v", layer, b, ends[i])
			}
		}
	}
	return counts
}

// TestAChangeSaysWhereItIsDrawn goes through every way in which something changes that is drawn of what servers do not hold in
// memory, and through some in which nothing does.
func TestAChangeSaysWhereItIsDrawn(t *testing.T) {
	w := newTown(t)
	line := func(x1, y1, x2, y2 float64) string {
		return fmt.Sprintf(`{"type":"LineString","coordinates":[[%.4f,%.4f],[%.4f,%.4f]]}`, 121+x1/1000, 31+y1/1000, 121+x2/1000, 31+y2/1000)
	}
	point := func(x, y float64) string {
		return fmt.Sprintf(`{"type":"Point","coordinates":[%.4f,%.4f]}`, 121+x/1000, 31+y/1000)
	}
	give := func(kind load.Kind, features ...string) func() {
		return func() {
			t.Helper()
			w.mustBring(t, load.Job{Kind: kind, Path: file(t, "f.geojson", collection(features...))})
		}
	}
	border := func(x float64) func() {
		return give(load.Grids, feature(`"code":"990101001001001","name":"一"`, box(0, 0, x, 10)), feature(`"code":"990102001001001","name":"二"`, box(x, 0, 20, 10)))
	}
	first, far := riverside+"001", riverside+"009"
	placed := func(code string, to *string) func() {
		return func() {
			t.Helper()
			if _, err := w.Places.PlaceBuilding(t.Context(), operator, w.building(t, code), to); err != nil {
				t.Fatal(err)
			}
		}
	}
	var many []string
	for i := range 1_650 {
		x, y := float64(i%50)*0.4, float64(i/50)*0.3
		many = append(many, feature(fmt.Sprintf(`"code":"m%d"`, i), box(x, y, x+0.2, y+0.2)))
	}
	for _, c := range []struct {
		what                   string
		do                     func()
		buildings, roads, land int // how many boxes
	}{
		{"buildings before their town", give(load.Buildings, feature(`"code":"b1","name":"1号楼"`, box(1, 1, 2, 2)), feature(`"code":"b2"`, box(7, 1, 9, 2))), 2, 0, 0},
		{"a road before it", give(load.Roads, feature(`"code":"r1","name":"路"`, line(7, 5, 9, 5))), 0, 1, 0},
		{"land before it", give(load.Land, feature(`"code":"l1","class":"water"`, box(7, 7, 9, 9))), 0, 0, 1},
		{"divisions without boundaries", give(load.Divisions,
			feature(`"code":"990101","name":"东区","level":"DISTRICT"`, "null"), feature(`"code":"990102","name":"西区","level":"DISTRICT"`, "null"),
			feature(`"code":"990101001001","name":"河东","level":"COMMUNITY"`, "null"), feature(`"code":"990102001001","name":"河西","level":"COMMUNITY"`, "null")), 0, 0, 0},
		{"grids, to whose districts all goes", border(10), 2, 1, 1},
		{"the same grids again", border(10), 0, 0, 0},
		{"the same building again", give(load.Buildings, feature(`"code":"b1","name":"1号楼"`, box(1, 1, 2, 2))), 0, 0, 0},
		{"a building's address", give(load.Buildings, feature(`"code":"b1","address":"河东路1号"`, box(1, 1, 2, 2))), 0, 0, 0},
		{"a building's name, not its neighbour's", give(load.Buildings, feature(`"code":"b1","name":"一号楼"`, box(1, 1, 2, 2)), feature(`"code":"b2"`, box(7, 1, 9, 2))), 1, 0, 0},
		{"a building's floors", give(load.Buildings, feature(`"code":"b1","floors":6`, box(1, 1, 2, 2))), 1, 0, 0},
		{"a building that moves far within its grid", give(load.Buildings, feature(`"code":"b1"`, box(1, 8, 2, 9))), 2, 0, 0},
		{"a point of a building with a footprint", give(load.Buildings, feature(`"code":"b1"`, point(1.2, 8.2))), 0, 0, 0},
		{"a building that is a point", give(load.Buildings, feature(`"code":"b3"`, point(15, 5))), 1, 0, 0},
		{"its footprint", give(load.Buildings, feature(`"code":"b3"`, box(15, 5, 16, 6))), 1, 0, 0},
		{"a border between districts, and all that lies there", border(6), 1, 1, 1},
		{"and back", border(10), 1, 1, 1},
		{"a building's file, into another district", give(load.Buildings, feature(`"code":"b2"`, box(9, 1, 13, 2))), 1, 0, 0},
		{"a road's and land's shape, name and class", func() {
			give(load.Roads, feature(`"code":"r1","name":"路"`, line(7, 5, 9, 5)))()
			w.draws(t, give(load.Roads, feature(`"code":"r1","name":"大路"`, line(7, 5, 9, 5))))
			w.draws(t, give(load.Roads, feature(`"code":"r1","class":"primary"`, line(7, 5, 9, 5))))
			w.draws(t, give(load.Roads, feature(`"code":"r1","class":"primary"`, line(7, 5, 8, 5))))
			w.draws(t, give(load.Land, feature(`"code":"l1","class":"water"`, box(7, 7, 9, 9))))
			w.draws(t, give(load.Land, feature(`"code":"l1","class":"park"`, box(7, 7, 9, 9))))
			w.draws(t, give(load.Land, feature(`"code":"l1","class":"park"`, box(7, 7, 8, 9))))
			w.draws(t, give(load.Land, feature(`"code":"l1","name":"湖"`, box(7, 7, 8, 9))))
		}, 0, 3, 3},
		{"a road's file, into another district", give(load.Roads, feature(`"code":"r1"`, line(7, 5, 19, 5))), 0, 1, 0},
		{"land's file, into another district", give(load.Land, feature(`"code":"l1"`, box(7, 7, 19, 9))), 0, 0, 1},
		{"a grid far away, and what else is said of one", give(load.Grids, feature(`"code":"`+far+`","name":"九"`, box(40, 0, 50, 10)), feature(`"code":"`+first+`","name":"新一"`, box(0, 0, 10, 10))), 0, 0, 0},
		{"a building placed by hand there", placed("b1", &far), 1, 0, 0},
		{"once more", placed("b1", &far), 0, 0, 0},
		{"a code that is shown outside of its grid", func() {
			if _, err := w.Grids.Recode(t.Context(), operator, far, riverside+"008", 1); err != nil {
				t.Fatal(err)
			}
		}, 1, 0, 0},
		{"a border that leaves what was placed by hand", border(9), 0, 0, 0},
		{"the codes of a community", func() { w.renumber(t, place.Renumbering{Code: riverside, NewCode: "990101001007"}) }, 1, 0, 0},
		{"the same codes, under another parent", func() {
			give(load.Divisions, feature(`"code":"990101009","name":"街道","level":"TOWN"`, "null"))()
			parent := "990101009"
			w.renumber(t, place.Renumbering{Code: "990101001007", NewCode: "990101001007", NewParent: &parent})
		}, 0, 0, 0},
		{"back to its ground", placed("b1", nil), 1, 0, 0},
		{"to it by hand, where it is", func() { code := "990101001007001"; placed("b1", &code)() }, 0, 0, 0},
		{"a whole town", give(load.Buildings, many...), 1, 0, 0},
		{"its border", give(load.Grids, feature(`"code":"990101001007001","name":"一"`, box(0, 0, 12, 10)), feature(`"code":"990102001001001","name":"二"`, box(12, 0, 20, 10))), -1, -1, -1},
		{"a border that a fix moves", func() {
			area := geom.NewPolygonFlat(geom.XY, []float64{121.000, 31.000, 121.003, 31.000, 121.003, 31.003, 121.000, 31.003, 121.000, 31.000}, []int{10}).SetSRID(4490)
			from := w.gridOf(t, "990101001007001").Key
			if err := db.NewCoverage(w.DB).Redraw(t.Context(), operator, coverage.Redraw{Area: area, From: []key.Key{from}, Change: int64(w.number(t, "change_log"))}); err != nil {
				t.Fatal(err)
			}
		}, -1, 0, 0},
		{"a division's boundary, to whose district goes what is in no grid", func() {
			give(load.Buildings, feature(`"code":"lonely"`, box(60, 1, 61, 2)))()
			give(load.Divisions, feature(`"code":"990102001001","name":"河西","level":"COMMUNITY"`, box(12, 0, 70, 10)))()
		}, 2, 0, 0},
		{"a building as it was, whose grid is in force no more", func() {
			w.exec(t, "UPDATE grid_boundary SET during = tstzrange(lower(during), now()) WHERE upper_inf(during) AND grid_id = (SELECT grid_id FROM grid_code WHERE code = $1)", beyond+"001")
			give(load.Buildings, feature(`"code":"b3"`, box(15, 5, 16, 6)))()
		}, 1, 0, 0},
		{"households", func() {
			report, err := w.Places.ImportHouseholds(t.Context(), operator, func(yield func(place.HouseholdRow, error) bool) {
				yield(place.HouseholdRow{Source: "1", Building: "b1", Unit: "1", Room: "101", Use: place.OwnerUse}, nil)
			}, place.ImportOptions{IDs: key.Random{}})
			if err != nil || report.Refused > 0 {
				t.Fatal(report, err)
			}
		}, 0, 0, 0},
		{"a try", func() {
			w.mustBring(t, load.Job{Kind: load.Roads, Path: file(t, "f.geojson", collection(feature(`"code":"r9"`, line(1, 1, 2, 2)))), DryRun: true})
		}, 0, 0, 0},
		{"a town that is made up", func() {
			if _, err := load.Region(t.Context(), operator, w.Services, demo.Make(demo.SizeCommunity), nil); err != nil {
				t.Fatal(err)
			}
		}, -1, -1, -1},
	} {
		got := w.draws(t, c.do)
		for layer, want := range map[string]int{"buildings": c.buildings, "roads": c.roads, "land": c.land} {
			if got[layer] != want && want >= 0 {
				t.Errorf("%s: %d boxes of %s, want %d", c.what, got[layer], layer, want)
			}
		}
		if t.Failed() {
			t.Fatal("after", c.what)
		}
		t.Log(c.what, strings.TrimPrefix(fmt.Sprint(got), "map"))
	}
}
