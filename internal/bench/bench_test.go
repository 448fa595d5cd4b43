package main

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"
)

// sides are those of rings that have no counterpart.
type sides map[[4]float64]int

func (s sides) put(ring [][2]float64, by int) {
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		k, sign := [4]float64{a[0], a[1], b[0], b[1]}, by
		if b[0] < a[0] || b[0] == a[0] && b[1] < a[1] {
			k, sign = [4]float64{b[0], b[1], a[0], a[1]}, -by
		}
		if s[k] += sign; s[k] == 0 {
			delete(s, k)
		}
	}
}

// The strips of the patch share every vertex, also where one has 22 grids and the next 23, and where a border bulges.
func TestPatchIsSeamless(t *testing.T) {
	grids := 0
	sides := sides{}
	for row := range patchCommunities {
		bulge := 0.0
		if row == 0 {
			bulge = 12
		}
		for col := range patchColumns(row) {
			grids++
			sides.put(patchRing(row, col, col+1, bulge), 1)
		}
		sides.put(patchRing(row, 0, patchColumns(row), 0), -1)
	}
	if grids != patchGrids || len(sides) != 0 {
		t.Errorf("%d grids, %d sides without a counterpart", grids, len(sides))
	}
	outline := map[[4]float64]bool{}
	for row := range patchCommunities {
		sides.put(patchRing(row, 0, patchColumns(row), 0), 1)
	}
	for k := range sides {
		outline[k] = true
	}
	if want := 2*patchWidth + 2*10*patchCommunities; len(outline) != want {
		t.Errorf("the outline of all strips has %d sides, not %d: they do not meet", len(outline), want)
	}
}

// What the soak takes for right: the old and the new while nobody can know, and neither too early nor too late.
func TestHistoryAllows(t *testing.T) {
	at := func(s float64) time.Time { return time.Unix(1000, 0).Add(time.Duration(s * float64(time.Second))) }
	h := &history{grace: time.Second, states: []state{{"a", at(0), at(0.1)}, {"b", at(10), at(10.1)}}}
	for _, c := range []struct {
		name, code  string
		from, until float64
		want        bool
	}{
		{"the old before", "a", 9, 9.1, true},
		{"the new before it was published", "b", 9, 9.1, false},
		{"the old while it is published", "a", 10.05, 10.06, true},
		{"the new while it is published", "b", 10.05, 10.06, true},
		{"a question that waited for it", "b", 9.9, 10.05, true},
		{"the old on its way out", "a", 10.9, 10.95, true},
		{"the old long after", "a", 11.2, 11.3, false},
		{"the new after", "b", 11.2, 11.3, true},
		{"what never was", "c", 11.2, 11.3, false},
	} {
		if got := h.allows(c.code, at(c.from), at(c.until)); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
	h.states = append(h.states, state{code: "a", began: at(20)})
	if !h.allows("a", at(21), at(22)) || !h.allows("b", at(30), at(30)) {
		t.Error("while a publication is not done, both are allowed")
	}
}

func TestRatioIsOfTheMedians(t *testing.T) {
	of := func(rates ...int64) (s score) {
		for _, r := range rates {
			s.runs = append(s.runs, result{Requests: r, Us: 1e6})
		}
		return s
	}
	mid, lo, hi := row{ours: of(70, 90, 80), over: of(100, 100, 160)}.ratio()
	if mid != 0.8 || lo != 0.5 || hi != 0.9 {
		t.Errorf("%g (%g to %g)", mid, lo, hi)
	}
}

func TestRewriteKeepsWhatPeopleWrote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.md")
	for _, text := range []string{"before\n" + partBegin + "\nold\n" + partEnd + "\nafter\n", "before\n" + partBegin + "\n" + partEnd + "\nafter\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := rewrite(path, "new\n"); err != nil {
			t.Fatal(err)
		}
		if b, _ := os.ReadFile(path); string(b) != "before\n"+partBegin+"\nnew\n"+partEnd+"\nafter\n" {
			t.Errorf("%s", b)
		}
	}
	if err := os.WriteFile(path, []byte("no marks"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := rewrite(path, "new"); err == nil || !strings.Contains(err.Error(), "has no lines") {
		t.Errorf("a file without marks: %v", err)
	}
}

// The towns share every vertex, and only the outline of all is left over.
func TestAreasAreSeamless(t *testing.T) {
	const n = 12
	sides := sides{}
	for row := range n {
		for col := range n {
			ring := areaRing(col, row)
			if len(ring) != 4<<areaHalvings+1 {
				t.Fatalf("a ring of %d places", len(ring))
			}
			sides.put(ring, 1)
		}
	}
	if want := 4 * n << areaHalvings; len(sides) != want {
		t.Errorf("%d sides without a counterpart, the outline has %d", len(sides), want)
	}
}

func TestWhatATileLacks(t *testing.T) {
	ten := 100.0
	near := map[string]nearTile{
		"a": {map[string]any{"code": "a", "name": "A"}, &ten},
		"b": {map[string]any{"code": "b", "name": "B"}, &ten},
		"c": {map[string]any{"code": "c", "name": "C"}, nil}, // in the buffer only
	}
	square := func(code, name string, x float64) *geojson.Feature {
		f := geojson.NewFeature(orb.Polygon{{{x, 0}, {x + 10, 0}, {x + 10, 10}, {x, 10}, {x, 0}}})
		f.Properties = geojson.Properties{"code": code, "name": name}
		return f
	}
	a, b := square("a", "A", 0), square("b", "B", 10)
	for _, c := range []struct {
		name     string
		features []*geojson.Feature
		missing  int
		area     float64
		says     string
	}{
		{"all", []*geojson.Feature{a, b, square("c", "C", -60)}, 0, 200, ""},
		{"without the buffer", []*geojson.Feature{a, b}, 0, 200, ""},
		{"half of one beyond the edge", []*geojson.Feature{a, square("b", "B", tileExtent-5)}, 0, 150, ""},
		{"one missing", []*geojson.Feature{b}, 1, 100, ""},
		{"one from elsewhere", []*geojson.Feature{a, b, square("x", "X", 50)}, 0, 0, "x is not near"},
		{"one twice", []*geojson.Feature{a, b, a}, 0, 0, "a is there twice"},
		{"another name", []*geojson.Feature{a, square("b", "Bee", 10)}, 0, 0, "name is Bee"},
		{"no name", []*geojson.Feature{a, {Geometry: b.Geometry, Properties: geojson.Properties{"code": "b"}}}, 0, 0, "PostGIS says B"},
		{"an attribute too many", []*geojson.Feature{{Geometry: a.Geometry, Properties: geojson.Properties{"code": "a", "name": "A", "sold": "yes"}}}, 0, 0, "sold is yes"},
	} {
		layers := mvt.Layers{{Name: "grids", Extent: tileExtent, Features: c.features}}
		found, err := compareTile("grids", layers, near)
		if c.says != "" {
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil || found.missing != c.missing || found.expected != 2 || found.area != c.area || found.wanted != 200 {
			t.Errorf("%s: %+v, %v", c.name, found, err)
		}
	}
	if _, err := compareTile("grids", nil, near); err == nil {
		t.Error("no layer passes")
	}
}

// The tile that is looked at holds the border wherever it is, and counts as near.
func TestTileOfTheBorder(t *testing.T) {
	at := borderTile()
	box := at.Bound()
	for _, way := range []float64{0, bulge} {
		for k := range 3 {
			y := 0.4 + 0.1*float64(k)
			if p := patchAt(patchWidth/22+way*math.Sin(math.Pi*y), y); !box.Contains(orb.Point(p)) {
				t.Errorf("%v is outside %v", p, at)
			}
		}
	}
	if !nearBorder(at) || !nearBorder(at.Parent()) || nearBorder(maptile.New(at.X+40, at.Y, at.Z)) {
		t.Error("what is near")
	}
}

func TestFiguresOfKeptTiles(t *testing.T) {
	text := "# TYPE wangge_tiles_total counter\n" + `wangge_tiles_total{kept="true",layer="grids",zoom="15"} 7
wangge_tiles_total{kept="false",layer="grids",zoom="15"} 2
wangge_tiles_total{kept="true",layer="grids",zoom="16"} 100
wangge_tiles_total{kept="true",layer="roads",zoom="15"} 1000
wangge_tiles_purged_total 1.5e+03
`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, text) }))
	defer server.Close()
	p := &process{url: server.URL}
	got, err := tileFigures(t.Context(), []*process{p, p}, "15")
	if err != nil || got["true"] != 14 || got["false"] != 4 || got["purged"] != 3000 || got["counts"] != 2 {
		t.Errorf("%v, %v", got, err)
	}
	text = "wangge_http_requests_open 1\n"
	if got, err := tileFigures(t.Context(), []*process{p}, "15"); err != nil || got["counts"] != 0 {
		t.Errorf("a version that does not count: %v, %v", got, err)
	}
}
