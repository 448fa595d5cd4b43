package osm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmgeojson"
	"github.com/paulmach/osm/osmpbf"
	"github.com/paulmach/osm/osmxml"

	"wangge/load/feature"
)

func data(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "..", "..", "shared", "data"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the real data is not here: %v", err)
	}
	return path
}

func fromFile(path string) Opener {
	return func() (io.ReadCloser, error) { return os.Open(path) }
}

func fromText(text string) Opener {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

func readAll(t testing.TB, open Opener, opts Options) (rows []feature.Feature, bad []*feature.RowError, err error) {
	t.Helper()
	r := NewReader(context.Background(), open, opts)
	defer r.Close()
	for {
		f, err := r.Next()
		var row *feature.RowError
		switch {
		case errors.As(err, &row):
			bad = append(bad, row)
		case err == io.EOF:
			return rows, bad, nil
		case err != nil:
			return rows, bad, err
		default:
			rows = append(rows, f)
		}
	}
}

var (
	haidian = []string{"osm-haidian", "beijing-haidian-pku-tsinghua-2017-06.osm"}
	monaco  = []string{"osm-monaco", "monaco-2021-04-21.osm.pbf"}
)

func TestCountsOfTheRealFiles(t *testing.T) {
	for _, c := range []struct {
		name      string
		path      []string
		opts      Options
		ways      int
		relations int
		refused   int
	}{
		{"Haidian buildings", haidian, Options{Kind: Buildings}, 520, 1, 0},
		{"Haidian roads", haidian, Options{Kind: Roads}, 678, 0, 0},
		{"Monaco buildings", monaco, Options{Kind: Buildings}, 1183, 24, 0},
		{"Monaco roads", monaco, Options{Kind: Roads}, 2361, 0, 0},
		// 3 of the 9 wards are whole in the extract.
		{"Monaco wards", monaco, Options{Kind: Boundaries, AdminLevel: "10"}, 0, 6, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, bad, err := readAll(t, fromFile(data(t, c.path...)), c.opts)
			if err != nil {
				t.Fatal(err)
			}
			ways, ids := 0, map[string]bool{}
			for _, f := range rows {
				ids[f.ID] = true
				if strings.HasPrefix(f.Source, "way ") {
					ways++
				}
				switch f.Geometry.(type) {
				case orb.LineString:
					if c.opts.Kind != Roads {
						t.Errorf("%s is a line", f.Source)
					}
				case orb.Polygon, orb.MultiPolygon:
					if c.opts.Kind == Roads {
						t.Errorf("%s is an area", f.Source)
					}
				default:
					t.Errorf("%s has a %T", f.Source, f.Geometry)
				}
			}
			if ways != c.ways || len(rows)-ways != c.relations || len(bad) != c.refused || len(ids) != len(rows) {
				t.Errorf("%d ways, %d relations, %d refused, %d ids; want %d, %d, %d: %v",
					ways, len(rows)-ways, len(bad), len(ids), c.ways, c.relations, c.refused, bad)
			}
		})
	}
}

func TestWhatIsMadeOfTheTags(t *testing.T) {
	rows, _, err := readAll(t, fromFile(data(t, monaco...)), Options{Kind: Buildings})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range rows {
		var want map[string]any
		switch f.Source {
		case "relation 2093796":
			want = map[string]any{"name": "Fairmont", "address": "12 Avenue des Spélugues", "class": "yes", "tourism": "hotel", "floors": nil}
		case "relation 11484093":
			want = map[string]any{"name": "Seaside Plaza", "address": nil, "class": "apartments", "floors": int64(12)}
		case "relation 393226":
			want = map[string]any{"name": "Palais Princier de Monaco", "name:zh": "摩納哥親王宮", "class": "castle"}
		default:
			continue
		}
		found++
		for name, value := range want {
			if f.Properties[name] != value {
				t.Errorf("%s: %s is %v, want %v", f.Source, name, f.Properties[name], value)
			}
		}
	}
	if found != 3 {
		t.Errorf("%d of the 3 buildings were found", found)
	}
}

// town is a sheet of nodes 1 to 8 around two squares, one within the other, and 9, which no way needs.
const town = `
<node id="1" lat="31.0" lon="121.0"/><node id="2" lat="31.0" lon="121.4"/><node id="3" lat="31.4" lon="121.4"/><node id="4" lat="31.4" lon="121.0"/>
<node id="5" lat="31.1" lon="121.1"/><node id="6" lat="31.1" lon="121.2"/><node id="7" lat="31.2" lon="121.2"/><node id="8" lat="31.2" lon="121.1"/>
<node id="9" lat="32" lon="122"/><node id="10" lat="31.12" lon="121.17"/><node id="11" lat="31.12" lon="121.18"/><node id="12" lat="31.14" lon="121.18"/>`

func way(id, nodes, tags string) string {
	var b strings.Builder
	b.WriteString(`<way id="` + id + `">`)
	for n := range strings.FieldsSeq(nodes) {
		b.WriteString(`<nd ref="` + n + `"/>`)
	}
	return b.String() + tagged(tags) + "</way>\n"
}

func relation(id, members, tags string) string {
	var b strings.Builder
	b.WriteString(`<relation id="` + id + `">`)
	for m := range strings.FieldsSeq(members) {
		role, ref, _ := strings.Cut(m, ":")
		b.WriteString(`<member type="way" ref="` + ref + `" role="` + role + `"/>`)
	}
	return b.String() + tagged(tags) + "</relation>\n"
}

func tagged(tags string) string {
	var b strings.Builder
	for t := range strings.SplitSeq(tags, "|") {
		if k, v, ok := strings.Cut(t, "="); ok {
			b.WriteString(`<tag k="` + k + `" v="` + v + `"/>`)
		}
	}
	return b.String()
}

var (
	outerRing = orb.Ring{{121, 31}, {121.4, 31}, {121.4, 31.4}, {121, 31.4}, {121, 31}}
	innerRing = orb.Ring{{121.1, 31.1}, {121.2, 31.1}, {121.2, 31.2}, {121.1, 31.2}, {121.1, 31.1}}
)

const isBuilding = "type=multipolygon|building=yes"

func TestAreas(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       orb.Geometry
		refused    string
	}{
		{"closed way", way("1", "1 2 3 4 1", "building=yes"), orb.Polygon{outerRing}, ""},
		{"building=no", way("1", "1 2 3 4 1", "building=no"), nil, ""},
		{"part of a building", way("1", "1 2 3 4 1", "building:part=yes"), nil, ""},
		{"open way", way("1", "1 2 3 4", "building=yes"), nil, "way 1: the outline is not closed: its first and last node differ"},
		{"way of two nodes", way("1", "1 2 1", "building=yes"), nil, "way 1: an outline needs 3 different nodes or more, has 2"},
		{"way without nodes", way("1", "", "building=yes"), nil, "way 1: way 1 has no nodes"},
		{"node not in the file", way("1", "1 2 99 1", "building=yes"), nil, "way 1: node 99 of way 1 is not in the file"},
		{"ring of one way with a hole", way("1", "1 2 3 4 1", "") + way("2", "5 6 7 8 5", "") + relation("5", "outer:1 inner:2", isBuilding), orb.Polygon{outerRing, innerRing}, ""},
		{"ring of three ways, two of them backward", way("1", "1 2", "") + way("2", "4 3 2", "") + way("3", "1 4", "") + relation("5", "outer:1 outer:3 outer:2", isBuilding), orb.Polygon{outerRing}, ""},
		{"no role means outer", way("1", "1 2 3 4 1", "") + relation("5", ":1", isBuilding), orb.Polygon{outerRing}, ""},
		{"two rings", way("1", "1 2 6 5 1", "") + way("2", "8 7 3 4 8", "") + relation("5", "outer:1 outer:2", isBuilding), orb.MultiPolygon{
			{{{121, 31}, {121.4, 31}, {121.2, 31.1}, {121.1, 31.1}, {121, 31}}}, {{{121.1, 31.2}, {121.2, 31.2}, {121.4, 31.4}, {121, 31.4}, {121.1, 31.2}}}}, ""},
		{"rings that touch in a node", way("1", "5 1 2 5", "") + way("2", "5 7", "") + way("3", "7 8 5", "") + relation("5", "outer:2 outer:3 outer:1", isBuilding), orb.MultiPolygon{
			{{{121.1, 31.1}, {121.2, 31.2}, {121.1, 31.2}, {121.1, 31.1}}}, {{{121.1, 31.1}, {121, 31}, {121.4, 31}, {121.1, 31.1}}}}, ""},
		{"rings that touch in a node, begun elsewhere", way("1", "5 1 2 5", "") + way("2", "5 7", "") + way("3", "7 8 5", "") + relation("5", "outer:3 outer:1 outer:2", isBuilding), orb.MultiPolygon{
			{{{121.1, 31.1}, {121.2, 31.2}, {121.1, 31.2}, {121.1, 31.1}}}, {{{121.1, 31.1}, {121, 31}, {121.4, 31}, {121.1, 31.1}}}}, ""},
		{"a hole in an island in a hole", way("1", "1 2 3 4 1", "") + way("2", "5 6 7 8 5", "") + way("3", "5 6 7 5", "") + way("4", "10 11 12 10", "") + relation("5", "outer:1 inner:2 outer:3 inner:4", isBuilding),
			orb.MultiPolygon{{outerRing, innerRing}, {{{121.1, 31.1}, {121.2, 31.1}, {121.2, 31.2}, {121.1, 31.1}}, {{121.17, 31.12}, {121.18, 31.12}, {121.18, 31.14}, {121.17, 31.12}}}}, ""},
		{"an island in a hole", way("1", "1 2 3 4 1", "") + way("2", "5 6 7 8 5", "") + way("3", "5 6 7 5", "") + relation("5", "outer:1 inner:2 outer:3", isBuilding),
			orb.MultiPolygon{{outerRing, innerRing}, {{{121.1, 31.1}, {121.2, 31.1}, {121.2, 31.2}, {121.1, 31.1}}}}, ""},
		{"ring that does not close", way("1", "1 2 3 4", "") + relation("5", "outer:1", isBuilding), nil, "relation 5: a ring does not close: nothing goes on where way 1 ends"},
		{"member not in the file", way("1", "1 2 3 4 1", "") + relation("5", "outer:1 inner:77", isBuilding), nil, "relation 5: its member way 77 is not in the file"},
		{"hole outside", way("1", "5 6 7 8 5", "") + way("2", "2 3 4 2", "") + relation("5", "outer:1 inner:2", isBuilding), nil, "relation 5: an inner ring lies in no outer ring"},
		{"unknown role", way("1", "1 2 3 4 1", "") + relation("5", "outline:1", isBuilding), nil, `relation 5: its member way 1 has the role "outline", neither outer nor inner`},
		{"member twice", way("1", "1 2 3 4 1", "") + relation("5", "outer:1 outer:1", isBuilding), nil, "relation 5: way 1 is listed twice"},
		{"only inner", way("1", "1 2 3 4 1", "") + relation("5", "inner:1", isBuilding), nil, "relation 5: it has no outer way"},
		{"relation of another type", way("1", "1 2 3 4 1", "") + relation("5", "outline:1", "type=building|building=yes"), nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			inOrder := "<osm>" + town + c.text + "</osm>"
			nodesLast := "<osm>" + c.text + town + "</osm>"
			for _, text := range []string{inOrder, nodesLast} {
				rows, bad, err := readAll(t, fromText(text), Options{Kind: Buildings})
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case c.refused != "":
					if len(bad) != 1 || bad[0].Error() != c.refused {
						t.Errorf("refused %v, want %q", bad, c.refused)
					}
				case c.want == nil:
					if len(rows)+len(bad) > 0 {
						t.Errorf("read %v, refused %v; want nothing", rows, bad)
					}
				default:
					if len(bad) > 0 || len(rows) != 1 || !same(rows[0].Geometry, c.want) {
						t.Errorf("refused %v, read %v\nwant %v", bad, rows, c.want)
					}
				}
			}
		})
	}
}

// same compares areas whatever the direction and the beginning of a ring and the order of the parts: each polygon
// by the edges of its outer ring and of its holes.
func same(got, want orb.Geometry) bool {
	canonical := func(g orb.Geometry) []string {
		var parts orb.MultiPolygon
		switch g := g.(type) {
		case orb.Polygon:
			parts = orb.MultiPolygon{g}
		case orb.MultiPolygon:
			parts = g
		}
		var all []string
		for _, p := range parts {
			text := ""
			for _, r := range p {
				var edges []string
				for i := 1; i < len(r); i++ {
					a, b := fmt.Sprint(r[i-1]), fmt.Sprint(r[i])
					edges = append(edges, min(a, b)+max(a, b))
				}
				slices.Sort(edges)
				text += fmt.Sprintln(edges)
			}
			all = append(all, text)
		}
		slices.Sort(all)
		return all
	}
	return slices.Equal(canonical(got), canonical(want))
}

func TestRoadsAndBoundaries(t *testing.T) {
	text := "<osm>" + town +
		way("1", "1 2 3", "highway=residential|name=听雨路") + way("2", "5 6 7 8 5", "highway=pedestrian|area=yes") +
		way("3", "5 6 7 8 5", "highway=service") + way("4", "1 2 3 4 1", "") + way("5", "1", "highway=steps") +
		relation("6", "outer:4", "type=multipolygon|highway=pedestrian") +
		relation("7", "outer:4", "type=boundary|boundary=administrative|admin_level=10|name=听雨社区") +
		relation("8", "outer:4", "type=boundary|boundary=administrative|admin_level=8") +
		relation("9", "outer:4", "type=boundary|boundary=postal_code") + "</osm>"
	rows, bad, err := readAll(t, fromText(text), Options{Kind: Roads})
	if err != nil || len(rows) != 2 || rows[0].Source != "way 1" || rows[0].ID != "way/1" || rows[1].Source != "way 3" || len(bad) != 1 || bad[0].Source != "way 5" {
		t.Fatalf("roads: %v, refused %v, error %v", rows, bad, err)
	}
	if want := (map[string]any{"highway": "residential", "name": "听雨路", "class": "residential"}); !reflect.DeepEqual(rows[0].Properties, want) {
		t.Errorf("properties %v, want %v", rows[0].Properties, want)
	}
	rows, bad, err = readAll(t, fromText(text), Options{Kind: Boundaries, AdminLevel: "10"})
	if err != nil || len(bad) > 0 || len(rows) != 1 || rows[0].Source != "relation 7" || rows[0].Properties["class"] != "10" {
		t.Errorf("boundaries: %v, refused %v, error %v", rows, bad, err)
	}
}

func TestAddressesAndFloors(t *testing.T) {
	for _, c := range []struct{ tags, address string }{
		{"addr:street=滨江大道|addr:housenumber=2727", "滨江大道2727号"},
		{"addr:street=长安街|addr:housenumber=甲5号", "长安街甲5号"},
		{"addr:street=Avenue des Spélugues|addr:housenumber=12|addr:country=MC", "12 Avenue des Spélugues"},
		{"addr:street=Hauptstraße|addr:housenumber=5|addr:country=DE", "Hauptstraße 5"},
		{"addr:street=Hauptstraße", "Hauptstraße"},
		{"addr:housenumber=5", ""},
		{"addr:place=听雨里|addr:housenumber=3", "听雨里3号"},
		{"addr:full=澜州市听雨路1号|addr:street=x", "澜州市听雨路1号"},
	} {
		rows, _, err := readAll(t, fromText("<osm>"+town+way("1", "1 2 3 1", "building=yes|"+c.tags)+"</osm>"), Options{})
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		if got, _ := rows[0].Text("address"); got != c.address {
			t.Errorf("%s: %q, want %q", c.tags, got, c.address)
		}
	}
	for text, want := range map[string]int64{"6": 6, "5.5": 6, "3;4": 4, " 7 ": 7, "0": 0, "many": -1, "": -1, "-2": -1, "1e9": -1, "NaN": -1} {
		got, ok := floors(text)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("floors(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestWhatEndsAFile(t *testing.T) {
	whole := "<osm>" + town + way("1", "1 2 3 1", "building=yes") + "</osm>"
	xml, err := os.ReadFile(data(t, haidian...))
	if err != nil {
		t.Fatal(err)
	}
	pbf, err := os.ReadFile(data(t, monaco...))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "neither OSM XML nor PBF"},
		{"text", "hello", "neither OSM XML nor PBF"},
		{"other XML", "<?xml version='1.0'?><gpx></gpx>", "<gpx> instead of <osm>"},
		{"changes", "<osmChange></osmChange>", "list of changes"},
		{"cut in a tag", whole[:len(whole)-20], "cut off"},
		{"cut before the end", whole[:len(whole)-6], "cut off"},
		{"real XML cut", string(xml[:len(xml)/2]), "cut off"},
		{"not a number", strings.Replace(whole, `lat="31.0"`, `lat="north"`, 1), "cannot be read"},
		{"PBF cut in a block", string(pbf[:len(pbf)-1000]), "cut off"},
		{"PBF cut after a length", string(pbf[:4]), "neither OSM XML nor PBF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := readAll(t, fromText(c.text), Options{})
			var whole *feature.FileError
			if !errors.As(err, &whole) || !strings.Contains(whole.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	// Cut between a block's length, header and body: walk the blocks to find the places.
	length := func(at int) int { return int(pbf[at])<<24 | int(pbf[at+1])<<16 | int(pbf[at+2])<<8 | int(pbf[at+3]) }
	second := 4 + length(0) + headerDataSize(t, pbf[4:4+length(0)])
	for _, cut := range []int{second + 4, second + 4 + length(second)} {
		if _, _, err := readAll(t, fromText(string(pbf[:cut])), Options{}); err == nil || !strings.Contains(err.Error(), "cut off") {
			t.Errorf("PBF cut at byte %d: %v", cut, err)
		}
	}
}

// headerDataSize reads field 3 (datasize), the last of a BlobHeader without index data.
func headerDataSize(t *testing.T, header []byte) int {
	for i := len(header) - 1; i > 0; i-- {
		if header[i] == 3<<3 {
			n, shift := 0, 0
			for _, b := range header[i+1:] {
				n |= int(b&0x7f) << shift
				shift += 7
			}
			return n
		}
	}
	t.Fatal("no datasize")
	return 0
}

// Somebody else's converter is the judge of the areas: paulmach/osm's own osmgeojson, which holds a file in memory and
// forgives what we refuse. Where both build an area they must agree.
func TestAreasAreThoseOfOsmgeojson(t *testing.T) {
	for _, path := range [][]string{haidian, monaco} {
		file, err := os.Open(data(t, path...))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		var scanner osm.Scanner = osmxml.New(context.Background(), file)
		if strings.HasSuffix(path[1], ".pbf") {
			scanner = osmpbf.New(context.Background(), file, 1)
		}
		whole := &osm.OSM{}
		for scanner.Scan() {
			whole.Append(scanner.Object())
		}
		if err := errors.Join(scanner.Err(), scanner.Close()); err != nil {
			t.Fatal(err)
		}
		theirs, err := osmgeojson.Convert(whole, osmgeojson.NoMeta(true))
		if err != nil {
			t.Fatal(err)
		}
		areas := map[string]float64{}
		for _, f := range theirs.Features {
			id, _ := f.ID.(string)
			areas[id] = planar.Area(f.Geometry)
		}
		ours, _, err := readAll(t, fromFile(data(t, path...)), Options{Kind: Buildings})
		if err != nil {
			t.Fatal(err)
		}
		compared := 0
		for _, f := range ours {
			want, ok := areas[f.ID]
			if !ok {
				t.Errorf("%s is not among theirs", f.ID)
				continue
			}
			compared++
			if got := planar.Area(f.Geometry); math.Abs(got-want) > want*1e-9 {
				t.Errorf("%s: %v square degrees, they have %v", f.ID, got, want)
			}
		}
		t.Logf("%s: %d areas compared", path[1], compared)
	}
}

func TestCancelAndClose(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r := NewReader(ctx, fromFile(data(t, haidian...)), Options{})
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	cancel()
	for {
		_, err := r.Next()
		if err == nil {
			continue
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("after cancel: %v", err)
		}
		break
	}
	r = NewReader(context.Background(), fromFile(data(t, monaco...)), Options{})
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := r.Next(); err == nil || err == io.EOF {
		t.Errorf("after Close: %v", err)
	}
}

func BenchmarkHaidianBuildings(b *testing.B) {
	open := fromFile(data(b, haidian...))
	for b.Loop() {
		if _, _, err := readAll(b, open, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMonacoBuildings(b *testing.B) {
	open := fromFile(data(b, monaco...))
	for b.Loop() {
		if _, _, err := readAll(b, open, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
