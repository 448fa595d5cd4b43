package acceptance

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/search"
	"wangge/load"
)

// entitiesOf are the codes of the entities that a division lists, by name.
func (w *town) entitiesOf(t *testing.T, code string) string {
	t.Helper()
	id := w.division(t, code).ID
	lists, err := w.Places.EntitiesOf(t.Context(), operator, place.EntityQuery{Divisions: []uuid.UUID{id}, Args: page.Args{First: 50}})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, item := range lists[id].Items {
		codes = append(codes, item.Node.Code)
	}
	return strings.Join(codes, " ")
}

// TestARedrawTakesEntitiesAlong: those in a building with it, those in none by their point, to another community or district.
func TestARedrawTakesEntitiesAlong(t *testing.T) {
	const beside = "990101001002" // another community of the first district
	w := twoDistricts(t)
	w.give(t, load.Divisions, feature(`"code":"990101001002","name":"河北","level":"COMMUNITY"`, "null"))
	shop := func(code, at string) string {
		return feature(`"code":"`+code+`","name":"`+code+`"`, `{"type":"Point","coordinates":[`+at+`]}`)
	}
	w.give(t, load.Entities, shop("in-b1", "121.0015,31.0015"), shop("in-b2", "121.008,31.0015"),
		shop("near-b1", "121.0015,31.005"), shop("near-b2", "121.008,31.005"), shop("same", "121.009,31.005"), shop("stays", "121.005,31.005"), shop("waits", "121.015,31.015"))
	w.exec(t, "INSERT INTO external_ref SELECT district, 'legal_entity', id, 'grid.example', 'N-1' FROM legal_entity WHERE name = 'near-b2'")
	w.exec(t, `WITH l AS (INSERT INTO legal_entity (district, id, name) SELECT home, gen_random_uuid(), '别家' FROM division WHERE code = '990102' RETURNING district, id)
		INSERT INTO entity_record (district, entity_id, code) SELECT district, id, 'same' FROM l`)
	check := func(when string, want map[string]string) {
		t.Helper()
		for division, list := range want {
			if got := w.entitiesOf(t, division); got != list {
				t.Errorf("%s: %s lists %q, want %q", when, division, got, list)
			}
		}
		// What is in a building is kept with it, and in the community of its grid.
		if n := w.number(t, `legal_entity l LEFT JOIN building b ON b.district = l.district AND b.id = l.building_id
			LEFT JOIN building_grid bg ON bg.district = b.district AND bg.building_id = b.id AND upper_inf(bg.during) LEFT JOIN grid g ON g.id = bg.grid_id
			WHERE l.building_id IS NOT NULL AND l.community_id IS DISTINCT FROM g.community_id`); n != 0 {
			t.Errorf("%s: %d are in a building and not in its community", when, n)
		}
		if n := w.number(t, "external_ref f JOIN legal_entity l ON l.district = f.district AND l.id = f.owner_id WHERE f.code = 'N-1' AND l.name = 'near-b2'"); n != 1 {
			t.Errorf("%s: the number was left behind", when)
		}
	}
	check("at first", map[string]string{riverside: "in-b1 in-b2 near-b1 near-b2 same stays", beyond: ""})
	w.give(t, load.Buildings, feature(`"code":"b3"`, box(14, 14, 16, 16)))
	w.give(t, load.Grids, feature(`"code":"990101001001001","name":"一"`, box(4, 0, 6, 10)), feature(`"code":"990102001001001","name":"二"`, box(6, 0, 20, 10)),
		feature(`"code":"990101001002001","name":"三"`, box(0, 0, 4, 10)), feature(`"code":"990101001002002","name":"四"`, box(10, 10, 20, 20)))
	check("redrawn", map[string]string{riverside: "same stays", beside: "in-b1 near-b1 waits", beyond: "in-b2 near-b2"})
	if n := w.number(t, "legal_entity l JOIN building b ON b.district = l.district AND b.id = l.building_id WHERE l.name = 'waits' AND b.code = 'b3'"); n != 1 {
		t.Error("the one that waited is not in its building")
	}
	w.border(t, 10)
	check("back", map[string]string{riverside: "in-b1 in-b2 near-b1 near-b2 same stays", beside: "waits", beyond: ""})

	w.give(t, load.Buildings, feature(`"code":"b2"`, box(9, 1, 13, 2)))
	check("moved by a file", map[string]string{riverside: "in-b1 near-b1 near-b2 same stays", beyond: "in-b2"})
}

// TestTwoOfOneCodeMoveTogether: of two that would meet in one district one stays where it is kept.
func TestTwoOfOneCodeMoveTogether(t *testing.T) {
	spot := func(x, y float64) string { return fmt.Sprintf(`[%.4f,%.4f]`, 121+x/1000, 31+y/1000) }
	square := func(x float64) string { return box(x, 1, x+1, 2) }
	for _, c := range []struct {
		name  string
		kind  load.Kind
		table string
		shape func(x float64) string
		codes [2]string
		more  string // done to both before the redraw
	}{
		{"buildings", load.Buildings, "building", square, [2]string{"twin", "twin"}, ""},
		{"buildings with one number", load.Buildings, "building", square, [2]string{"one", "two"},
			"INSERT INTO external_ref SELECT district, 'building', id, 'grid.example', 'T' FROM building"},
		{"buildings with shops of one code", load.Buildings, "building", square, [2]string{"one", "two"},
			`WITH l AS (INSERT INTO legal_entity (district, id, name, building_id) SELECT district, gen_random_uuid(), '小店', id FROM building RETURNING district, id)
				INSERT INTO entity_record (district, entity_id, code) SELECT district, id, 'shop' FROM l`},
		{"entities", load.Entities, "legal_entity", func(x float64) string { return `{"type":"Point","coordinates":` + spot(x, 1) + `}` }, [2]string{"twin", "twin"}, ""},
		{"roads", load.Roads, "road", func(x float64) string {
			return `{"type":"LineString","coordinates":[` + spot(x, 1) + `,` + spot(x+1, 2) + `]}`
		}, [2]string{"twin", "twin"}, ""},
		{"land", load.Land, "land", square, [2]string{"twin", "twin"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTown(t)
			w.give(t, load.Divisions,
				feature(`"code":"990101","name":"东区","level":"DISTRICT"`, "null"), feature(`"code":"990102","name":"西区","level":"DISTRICT"`, "null"),
				feature(`"code":"990103","name":"南区","level":"DISTRICT"`, "null"), feature(`"code":"990101001001","name":"河东","level":"COMMUNITY"`, "null"),
				feature(`"code":"990102001001","name":"河西","level":"COMMUNITY"`, "null"), feature(`"code":"990103001001","name":"河南","level":"COMMUNITY"`, "null"))
			draw := func(west, east float64) {
				w.give(t, load.Grids, feature(`"code":"990101001001001","name":"一"`, box(0, 0, west, 10)),
					feature(`"code":"990102001001001","name":"二"`, box(west, 0, east, 10)), feature(`"code":"990103001001001","name":"三"`, box(east, 0, 30, 10)))
			}
			draw(10, 20)
			w.give(t, c.kind, feature(`"name":"甲","code":"`+c.codes[0]+`"`, c.shape(5)))
			w.give(t, c.kind, feature(`"name":"乙","code":"`+c.codes[1]+`"`, c.shape(25)))
			if c.more != "" {
				w.exec(t, c.more)
			}
			draw(2, 28)
			if all, moved := w.number(t, c.table), w.number(t, c.table+" x JOIN division d ON d.home = x.district WHERE d.code = '990102'"); all != 2 || moved != 1 {
				t.Errorf("%d are kept, %d in the district where both lie; want 2 and 1", all, moved)
			}
		})
	}
}

// TestAnEstateStaysOne: after a redraw the same file finds the estate that it brought before.
func TestAnEstateStaysOne(t *testing.T) {
	w := twoDistricts(t)
	w.give(t, load.Divisions, feature(`"code":"990101001002","name":"河北","level":"COMMUNITY"`, "null"))
	bring := func() {
		w.give(t, load.Buildings, feature(`"code":"b1","estate":"东苑"`, box(1, 1, 2, 2)), feature(`"code":"b2","name":"2号楼","estate":"河苑"`, box(7, 1, 9, 2)))
	}
	bring()
	estates := func(communities string) {
		t.Helper()
		var got string
		w.row(t, `SELECT string_agg(e.name || ' ' || coalesce(d.code, '?') || ' ' || (SELECT count(*) FROM building b WHERE b.district = e.district AND b.estate_id = e.id), ', ' ORDER BY e.name, d.code)
			FROM estate e LEFT JOIN division d ON d.id = e.community_id`, &got)
		if got != communities {
			t.Errorf("the estates are %s, want %s", got, communities)
		}
	}
	estates("东苑 990101001001 1, 河苑 990101001001 1")
	var was, is string
	w.row(t, "SELECT id::text FROM estate WHERE name = '东苑'", &was)
	w.give(t, load.Grids, feature(`"code":"990101001001001","name":"一"`, box(4, 0, 10, 10)), feature(`"code":"990101001002001","name":"三"`, box(0, 0, 4, 10)))
	bring()
	estates("东苑 990101001002 1, 河苑 990101001001 1")
	if w.row(t, "SELECT id::text FROM estate WHERE name = '东苑'", &is); is != was {
		t.Errorf("it was %s and is %s", was, is)
	}
	// One that is cut by a border is two, and the search is told of none without a building.
	w.border(t, 6)
	bring()
	data, err := db.NewSearch(w.DB).SearchData(t.Context(), account.Anyone())
	if err != nil || len(data.Estates) != 2 {
		t.Errorf("the search has the estates %+v, %v; want 2", data.Estates, err)
	}
}

// TestANumberWaitsForARedraw: it would land in the district that its owner has just left.
func TestANumberWaitsForARedraw(t *testing.T) {
	w := twoDistricts(t)
	b := w.building(t, "b2")
	set := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := w.Places.SetExternalRef(ctx, operator, b.String(), place.ExternalRef{System: "grid.example", Code: "B-2"})
		return err
	}
	err := w.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('wangge import'))"); err != nil {
			return err
		}
		if set() == nil {
			t.Error("it was set beside a redraw")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := set(); err != nil {
		t.Error(err)
	}
}

// TestAnEntityThatMovesKeepsItsNumbers: by a file; where a number is another's there, the row is refused and nothing is lost.
func TestAnEntityThatMovesKeepsItsNumbers(t *testing.T) {
	w := twoDistricts(t)
	bring := func(x float64) place.Report {
		return w.bring(t, load.Job{Kind: load.Entities, Path: file(t, "e.geojson", collection(
			feature(`"code":"shop","name":"小店","credit_code":"91350100M000100Y43"`, fmt.Sprintf(`{"type":"Point","coordinates":[%.4f,31.005]}`, 121+x/1000))))})
	}
	kept := func(division string) int {
		return w.number(t, "external_ref f JOIN legal_entity l ON l.district = f.district AND l.id = f.owner_id JOIN entity_record r ON r.entity_id = l.id JOIN division d ON d.home = l.district WHERE r.code = 'shop' AND d.code = '"+division+"'")
	}
	bring(5)
	w.exec(t, "INSERT INTO external_ref SELECT district, 'legal_entity', id, 'grid.example', 'N-1' FROM legal_entity")
	if report := bring(15); report.Refused != 0 || kept("990102") != 1 {
		t.Errorf("moved: %s %+v, %d numbers", counts(report), report.Notes, kept("990102"))
	}
	w.exec(t, "INSERT INTO external_ref SELECT home, 'legal_entity', gen_random_uuid(), 'grid.example', 'N-1' FROM division WHERE code = '990101'")
	if report := bring(5); report.Refused != 1 || kept("990102") != 1 || !strings.Contains(report.Notes[0].Reason, "N-1") {
		t.Errorf("its number is another's: %s %+v, %d numbers", counts(report), report.Notes, kept("990102"))
	}
}

// TestAnEstateOfThePast is where its buildings were then.
func TestAnEstateOfThePast(t *testing.T) {
	w := twoDistricts(t)
	w.Grids.Addresses = &search.Service{Store: db.NewSearch(w.DB)}
	was := time.Now()
	w.give(t, load.Grids, feature(`"code":"990101001001001","name":"一"`, box(0, 0, 6, 10)), feature(`"code":"990101001001002","name":"三"`, box(6, 0, 10, 10)))
	for _, c := range []struct {
		asOf *time.Time
		want string
	}{{&was, riverside + "001"}, {nil, riverside + "002"}} {
		m, err := w.Grids.AtAddress(t.Context(), account.Anyone(), "河苑", c.asOf)
		if err != nil || m.Rule != grid.RuleAddress || m.Grid.Code != c.want {
			t.Errorf("as of %v: %+v %v, want %s", c.asOf, m, err, c.want)
		}
	}
}
