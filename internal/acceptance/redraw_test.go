package acceptance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/geo/coord"
	"wangge/internal/fault"
	"wangge/load"
)

// box is a GeoJSON polygon, thousandths of a degree from 121, 31.
func box(w, s, e, n float64) string {
	at := func(x, y float64) string { return fmt.Sprintf("[%.4f,%.4f]", 121+x/1000, 31+y/1000) }
	return `{"type":"Polygon","coordinates":[[` + strings.Join([]string{at(w, s), at(e, s), at(e, n), at(w, n), at(w, s)}, ",") + `]]}`
}

func feature(properties, geometry string) string {
	return `{"type":"Feature","properties":{` + properties + `},"geometry":` + geometry + `}`
}

func collection(features ...string) string {
	return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`
}

// village is one community with two grids and three buildings, one of them in no grid's reach when the second shrinks.
func village(t *testing.T) *town {
	w := newTown(t)
	w.mustBring(t, load.Job{Kind: load.Divisions, Path: file(t, "d.geojson", collection(
		feature(`"code":"990101001001","name":"河东","level":"COMMUNITY"`, box(0, 0, 20, 10))))})
	w.mustBring(t, load.Job{Kind: load.Grids, Path: file(t, "g.geojson", collection(
		feature(`"code":"990101001001001","name":"一"`, box(0, 0, 10, 10)),
		feature(`"code":"990101001001002","name":"二","worker":"王芳","work_phone":"15499000001"`, box(10, 0, 20, 10))))})
	w.mustBring(t, load.Job{Kind: load.Buildings, Path: file(t, "b.geojson", collection(
		feature(`"code":"b1","name":"1号楼","floors":6`, box(1, 1, 2, 2)),
		feature(`"code":"b2","name":"2号楼"`, box(11, 1, 12, 2)),
		feature(`"code":"b3","name":"3号楼"`, box(18, 1, 19, 2))))})
	return w
}

func (w *town) buildingsOf(t *testing.T, code string, at time.Time) string {
	t.Helper()
	g, err := w.Grids.ByCode(t.Context(), account.Anyone(), code, &at, grid.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	lists, err := w.Places.BuildingsOf(t.Context(), account.Anyone(), []key.Key{g.Key}, place.BuildingQuery{Args: page.Args{First: 50}, At: at, Count: true})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, item := range lists[g.Key.ID].Items {
		codes = append(codes, item.Node.Code)
	}
	if lists[g.Key.ID].Total != len(codes) {
		t.Errorf("%s: %d buildings, counted %d", code, len(codes), lists[g.Key.ID].Total)
	}
	return strings.Join(codes, " ")
}

func TestARedrawnGridTakesItsBuildingsAlongAndKeepsItsPast(t *testing.T) {
	w := village(t)
	before := time.Now()
	if got := w.buildingsOf(t, "990101001001002", before); got != "b2 b3" {
		t.Fatalf("the second grid has %q, want b2 b3", got)
	}
	w.mustBring(t, load.Job{Kind: load.Grids, Path: file(t, "g.geojson", collection(
		feature(`"code":"990101001001002","name":"二"`, box(10, 0, 15, 10))))})
	now := time.Now()
	if got := w.buildingsOf(t, "990101001001002", now); got != "b2" {
		t.Errorf("after it shrank the second grid has %q, want b2", got)
	}
	if got := w.buildingsOf(t, "990101001001002", before); got != "b2 b3" {
		t.Errorf("as of earlier the second grid has %q, want b2 b3", got)
	}
	for _, c := range []struct {
		at   time.Time
		want grid.Rule
	}{{before, grid.RuleContains}, {now, grid.RuleNearest}} {
		m, err := w.Grids.At(t.Context(), account.Anyone(), grid.AtQuery{System: coord.SystemCGCS2000, Lng: 121.0155, Lat: 31.0015, AsOf: &c.at})
		if err != nil || m.Rule != c.want || m.Grid.Code != "990101001001002" {
			t.Errorf("as of %v: %v %v, want %v", c.at, m.Rule, err, c.want)
		}
	}
	g, err := w.Grids.ByCode(t.Context(), account.Anyone(), "990101001001002", nil, grid.Fields{})
	if err != nil || g.Version != 2 {
		t.Errorf("version %d, %v; want 2", g.Version, err)
	}
}

func TestBuildingsThatCameBeforeTheirTown(t *testing.T) {
	w := newTown(t)
	bring := func(kind load.Kind, content string) {
		w.mustBring(t, load.Job{Kind: kind, Path: file(t, "f.geojson", content)})
	}
	buildings := collection(feature(`"code":"b1","name":"1号楼","estate":"河东苑"`, box(1, 1, 2, 2)))
	roads := collection(feature(`"code":"r1","name":"河东路","class":"primary"`, `{"type":"LineString","coordinates":[[121.001,31.001],[121.002,31.002]]}`))
	bring(load.Buildings, buildings)
	bring(load.Roads, roads)
	bring(load.Divisions, collection(feature(`"code":"990101001001","name":"河东","level":"COMMUNITY"`, "null")))
	bring(load.Grids, collection(feature(`"code":"990101001001001","name":"一"`, box(0, 0, 10, 10))))
	if got := w.buildingsOf(t, "990101001001001", time.Now()); got != "b1" {
		t.Errorf("the grid has %q, want b1", got)
	}
	for kind, content := range map[load.Kind]string{load.Buildings: buildings, load.Roads: roads} {
		if r := w.mustBring(t, load.Job{Kind: kind, Path: file(t, "f.geojson", content)}); r.Added != 0 || r.Updated != 1 {
			t.Errorf("%s again: %d added, %d updated; want 0, 1", kind, r.Added, r.Updated)
		}
	}
}

func TestRefusedFilesLeaveNothing(t *testing.T) {
	w := village(t)
	bowtie := `{"type":"Polygon","coordinates":[[[121.001,31.001],[121.002,31.002],[121.002,31.001],[121.001,31.002],[121.001,31.001]]]}`
	for _, c := range []struct {
		name    string
		job     load.Job
		content string
		reason  string
	}{
		{"a broken polygon", load.Job{Kind: load.Buildings}, collection(feature(`"code":"b9","name":"好"`, box(3, 3, 4, 4)), feature(`"code":"b10","name":"坏"`, bowtie)), "Self-intersection"},
		{"a grid in no division", load.Job{Kind: load.Grids}, collection(feature(`"code":"880101001001001","name":"无"`, box(3, 3, 4, 4))), "there is no division 880101001001"},
		{"a grid that does not say where", load.Job{Kind: load.Grids}, collection(feature(`"code":"x1","name":"无"`, box(3, 3, 4, 4))), "--division CODE"},
		{"a line for a grid", load.Job{Kind: load.Grids}, collection(feature(`"code":"990101001001009","name":"线"`, `{"type":"LineString","coordinates":[[121,31],[121.1,31]]}`)), "a LineString is given where a Polygon or MultiPolygon is needed"},
		{"no code", load.Job{Kind: load.Grids}, collection(feature(`"name":"无"`, box(3, 3, 4, 4))), "it has no code"},
		{"a code of odd letters", load.Job{Kind: load.Buildings}, collection(feature(`"code":"b/1; DROP","name":"无"`, box(3, 3, 4, 4))), "1 to 32 letters, digits and hyphens"},
		{"an unknown parent", load.Job{Kind: load.Divisions}, collection(feature(`"code":"770101","name":"区","level":"DISTRICT","parent":"7701"`, "null")), "its parent 7701 is neither in the file nor in the store"},
		{"a town in a community", load.Job{Kind: load.Divisions}, collection(feature(`"code":"770101001","name":"街道","level":"TOWN","parent":"990101001001"`, "null")), "a TOWN cannot lie in 990101001001, which is a COMMUNITY"},
		{"no level", load.Job{Kind: load.Divisions}, collection(feature(`"code":"770101001","name":"街道"`, "null")), "(give one for all rows with --level)"},
		{"half a floor", load.Job{Kind: load.Buildings}, collection(feature(`"code":"b9","name":"好","floors":2.5`, box(3, 3, 4, 4))), `floors "2.5" is not a whole number`},
		{"axes swapped", load.Job{Kind: load.Buildings}, collection(feature(`"code":"b9","name":"好"`, `{"type":"Point","coordinates":[31.001,121.001]}`)), "the axes look swapped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.job.Path = file(t, "f.geojson", c.content)
			r := w.bring(t, c.job)
			if r.Refused == 0 || r.Added != 0 || r.Updated != 0 {
				t.Fatalf("%d refused, %d added, %d updated", r.Refused, r.Added, r.Updated)
			}
			said := ""
			for _, n := range r.Notes {
				if n.Kind == place.Refused {
					said += n.Source + ": " + n.Reason + "\n"
				}
			}
			if !strings.Contains(said, c.reason) {
				t.Errorf("it says %q, want %q", said, c.reason)
			}
			if got := w.buildingsOf(t, "990101001001001", time.Now()); got != "b1" {
				t.Errorf("something stayed: the first grid has %q", got)
			}
		})
	}
	t.Run("mended", func(t *testing.T) {
		r := w.mustBring(t, load.Job{Kind: load.Buildings, Repair: true, Path: file(t, "f.geojson", collection(feature(`"code":"b10","name":"坏"`, bowtie)))})
		if r.Added != 1 || len(r.Notes) != 1 || r.Notes[0].Kind != place.Repaired || r.Notes[0].Lng == nil {
			t.Errorf("%d added, notes %v", r.Added, r.Notes)
		}
	})
	t.Run("a dry run", func(t *testing.T) {
		r := w.mustBring(t, load.Job{Kind: load.Buildings, DryRun: true, Path: file(t, "f.geojson", collection(feature(`"code":"b11","name":"试"`, box(3, 3, 4, 4))))})
		if got := w.buildingsOf(t, "990101001001001", time.Now()); r.Added != 1 || strings.Contains(got, "b11") {
			t.Errorf("%d added, and the first grid has %q", r.Added, got)
		}
	})
}

func TestFilesThatCannotBeReadSayWhy(t *testing.T) {
	w := village(t)
	whole := collection(feature(`"code":"b9","name":"好"`, box(3, 3, 4, 4)))
	for _, c := range []struct {
		name, content, want string
		job                 load.Job
	}{
		{"cut off", whole[:len(whole)/2], "f.geojson", load.Job{Kind: load.Buildings}},
		{"empty", "", "f.geojson", load.Job{Kind: load.Buildings}},
		{"no GeoJSON", `{"a":1}`, "f.geojson", load.Job{Kind: load.Buildings}},
		{"another system", strings.Replace(whole, `"features"`, `"crs":{"type":"name","properties":{"name":"EPSG:3857"}},"features"`, 1), "--crs epsg:N", load.Job{Kind: load.Buildings}},
		{"a column that is not there", whole, "has no column 名; it has code, name", load.Job{Kind: load.Buildings, Fields: map[string]string{"name": "名"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.job.Path = file(t, "f.geojson", c.content)
			_, err := load.Import(t.Context(), operator, w.Services, c.job)
			if err == nil || !strings.Contains(err.Error(), c.want) || fault.Is(err, fault.Unavailable) {
				t.Errorf("it says %v, want %q", err, c.want)
			}
			if got := w.buildingsOf(t, "990101001001001", time.Now()); got != "b1" {
				t.Errorf("something stayed: the first grid has %q", got)
			}
		})
	}
	world := `{"type":"Polygon","coordinates":[[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]}`
	r := w.bring(t, load.Job{Kind: load.Divisions, Path: file(t, "f.geojson", collection(feature(`"code":"w","name":"world","level":"CITY"`, world)))})
	if r.Refused != 1 || !strings.Contains(r.Notes[0].Reason, "more than 90 degrees") {
		t.Errorf("the world: %d refused, %v", r.Refused, r.Notes)
	}
	r = w.bring(t, load.Job{Kind: load.Grids, Path: file(t, "f.geojson", collection(feature(`"code":"990101001001003","name":"三"`, box(0, 0, 1, 1)), feature(`"code":"990101001001003","name":"四"`, box(5, 5, 6, 6))))})
	if r.Refused != 1 || !strings.Contains(r.Notes[0].Reason, "say different things") {
		t.Errorf("two grids of one code: %d refused, %v", r.Refused, r.Notes)
	}
}
