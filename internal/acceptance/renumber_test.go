package acceptance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/load"
)

// county is 990101 with a town, two communities and a grid in each, and 990103 with a town.
func county(t *testing.T) *town {
	w := newTown(t)
	w.give(t, load.Divisions,
		feature(`"code":"9901","name":"市","level":"CITY"`, "null"),
		feature(`"code":"990101","name":"东区","level":"DISTRICT"`, "null"), feature(`"code":"990101001","name":"东街道","level":"TOWN"`, "null"),
		feature(`"code":"990101001001","name":"河东","level":"COMMUNITY"`, box(0, 0, 10, 10)), feature(`"code":"990101001002","name":"河中","level":"COMMUNITY"`, "null"),
		feature(`"code":"990103","name":"西区","level":"DISTRICT"`, "null"), feature(`"code":"990103001","name":"西街道","level":"TOWN"`, "null"))
	w.give(t, load.Grids, feature(`"code":"990101001001001","name":"一"`, box(0, 0, 5, 10)), feature(`"code":"own-code","name":"自","community":"990101001001"`, box(5, 0, 10, 10)),
		feature(`"code":"990101001002001","name":"中一"`, box(10, 0, 20, 10)))
	w.give(t, load.Buildings, feature(`"code":"990101001001b1","name":"1号楼"`, box(1, 1, 2, 2)))
	return w
}

func (w *town) renumber(t *testing.T, r place.Renumbering) place.Division {
	t.Helper()
	r.Version = w.division(t, r.Code).Version
	d, err := w.Places.Renumber(t.Context(), operator, r)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// codes are all codes of divisions and grids, with the former ones, in a line.
func (w *town) codes(t *testing.T) (line string) {
	t.Helper()
	w.row(t, `SELECT string_agg(x.line, ' ' ORDER BY x.line) FROM (
		SELECT concat(d.code, ':', p.code, ':', (SELECT string_agg(c.code, '+' ORDER BY c.since, c.code) FROM division_code c WHERE c.division_id = d.id AND c.code <> d.code)) AS line
		FROM division d LEFT JOIN division p ON p.id = d.parent_id WHERE d.level = 'COMMUNITY'
		UNION ALL
		SELECT concat(g.code, ':', (SELECT string_agg(c.code, '+' ORDER BY c.since, c.code) FROM grid_code c WHERE c.grid_id = g.id AND c.code <> g.code)) FROM grid g) x`, &line)
	return line
}

func TestARenumberedCommunity(t *testing.T) {
	w := county(t)
	before := w.division(t, "990101001001")
	grid := w.gridOf(t, "990101001001001")
	parent := "990103001"
	d := w.renumber(t, place.Renumbering{Code: before.Code, NewCode: "990103001005", NewParent: &parent})
	if d.ID != before.ID || d.Home != before.Home || d.Code != "990103001005" || fmt.Sprint(d.FormerCodes) != "[990101001001]" ||
		*d.ParentID != w.division(t, parent).ID || d.Version != before.Version+1 {
		t.Errorf("the division is %+v", d)
	}
	const codes = "990101001002001: 990101001002:990101001: 990103001005001:990101001001001 990103001005:990103001:990101001001 own-code:"
	if got := w.codes(t); got != codes {
		t.Errorf("codes are %q,\nwant %q", got, codes)
	}
	for _, code := range []string{"990101001001001", "990103001005001"} {
		g := w.gridOf(t, code)
		if g.Key != grid.Key || g.Code != "990103001005001" || fmt.Sprint(g.FormerCodes) != "[990101001001001]" || g.Version != grid.Version+1 {
			t.Errorf("%s answers %+v", code, g)
		}
		if got := w.buildingsOf(t, code, time.Now()); got != "990101001001b1" {
			t.Errorf("%s has %q", code, got)
		}
	}
	if n := w.number(t, "change_log c WHERE c.n = (SELECT max(n) FROM change_log) AND c.what = 'boundaries' AND cardinality(c.division_ids) = 3"); n != 1 {
		t.Error("the change log does not name it and both its parents")
	}

	// Files that were made before the change, and after it.
	for _, c := range []struct{ name, division, grid, former string }{
		{"before", `"code":"990101001001","name":"河东社区","level":"COMMUNITY","parent":"990101001"`, `"code":"990101001001001","name":"甲"`, "990101001001 990101001001001"},
		{"after", `"code":"990103001005","name":"河东新社区","level":"COMMUNITY","parent":"990103001"`, `"code":"990103001005001","name":"乙"`, ""},
	} {
		var under []string
		for _, r := range []place.Report{w.give(t, load.Divisions, feature(c.division, box(0, 0, 10, 10))), w.give(t, load.Grids, feature(c.grid, box(0, 0, 5, 10)))} {
			if r.Added != 0 || r.Updated != 1 {
				t.Errorf("a file made %s the change: %d added, %d updated", c.name, r.Added, r.Updated)
			}
			for _, n := range r.Notes {
				if n.Kind == place.Former {
					under = append(under, n.Code)
				}
			}
		}
		if got := w.codes(t); got != codes {
			t.Errorf("a file made %s the change: codes are %q,\nwant %q", c.name, got, codes)
		}
		if got := strings.Join(under, " "); got != c.former {
			t.Errorf("a file made %s the change: notes %q, want %q", c.name, got, c.former)
		}
	}
	if got := w.division(t, "990103001005").Name + w.gridOf(t, "990103001005001").Name; got != "河东新社区乙" {
		t.Errorf("the names are %s", got)
	}

	// A code may come back to what had it, and finds it either way.
	w.renumber(t, place.Renumbering{Code: "990103001005", NewCode: "990101001001"})
	const back = "990101001001001:990103001005001 990101001001:990103001:990103001005 990101001002001: 990101001002:990101001: own-code:"
	if got := w.codes(t); got != back {
		t.Errorf("back again codes are %q,\nwant %q", got, back)
	}
}

func TestARenumberedTownTakesItsCommunitiesAlong(t *testing.T) {
	w := county(t)
	w.renumber(t, place.Renumbering{Code: "990101001", NewCode: "990101007"})
	const want = "990101007001001:990101001001001 990101007001:990101007:990101001001 990101007002001:990101001002001 990101007002:990101007:990101001002 own-code:"
	if got := w.codes(t); got != want {
		t.Errorf("codes are %q,\nwant %q", got, want)
	}
	before := w.number(t, "change_log")
	w.renumber(t, place.Renumbering{Code: "990101007", NewCode: "990101007"})
	if w.number(t, "change_log") != before || w.division(t, "990101007").Version != 2 {
		t.Error("the same code again is a change")
	}
}

func TestARecodedGrid(t *testing.T) {
	w := county(t)
	g, err := w.Grids.Recode(t.Context(), operator, "own-code", "990101001001002", 1)
	if err != nil || g.Code != "990101001001002" || g.Version != 2 || fmt.Sprint(g.FormerCodes) != "[own-code]" {
		t.Fatalf("%+v %v", g, err)
	}
	if r := w.give(t, load.Grids, feature(`"code":"own-code","community":"990101001002"`, box(5, 0, 10, 10))); r.Updated != 1 {
		t.Errorf("%d updated", r.Updated)
	}
	if g := w.gridOf(t, "own-code"); g.Code != "990101001001002" || g.CommunityID != w.division(t, "990101001001").ID {
		t.Errorf("a file under the former code made of it %+v", g)
	}
}

func TestChangesOfCodesThatAreRefused(t *testing.T) {
	w := county(t)
	w.renumber(t, place.Renumbering{Code: "990101001002", NewCode: "990101001003"}) // 990101001002 and its grid's are aliases now
	was := w.codes(t)
	pointer := func(s string) *string { return &s }
	for _, c := range []struct {
		name  string
		actor account.Actor
		r     place.Renumbering
		want  fault.Code
		field string
	}{
		{"the public", account.Anyone(), place.Renumbering{Code: "990101001001", NewCode: "990101001009", Version: 1}, fault.Forbidden, ""},
		{"no such division", operator, place.Renumbering{Code: "7", NewCode: "8", Version: 1}, fault.NotFound, "code"},
		{"another version", operator, place.Renumbering{Code: "990101001001", NewCode: "990101001009", Version: 2}, fault.Conflict, "version"},
		{"no code", operator, place.Renumbering{Code: "990101001001", NewCode: "九", Version: 1}, fault.Invalid, "newCode"},
		{"too long with the grids' numbers", operator, place.Renumbering{Code: "990101001001", NewCode: strings.Repeat("9", 30), Version: 1}, fault.Invalid, "newCode"},
		{"another's code", operator, place.Renumbering{Code: "990101001001", NewCode: "990103001", Version: 1}, fault.Conflict, "newCode"},
		{"another's former code", operator, place.Renumbering{Code: "990101001001", NewCode: "990101001002", Version: 1}, fault.Conflict, "newCode"},
		{"no such parent", operator, place.Renumbering{Code: "990101001001", NewCode: "990101001009", NewParent: pointer("7"), Version: 1}, fault.NotFound, "newParent"},
		{"a parent of its level", operator, place.Renumbering{Code: "990101001001", NewCode: "990101001009", NewParent: pointer("990101001003"), Version: 1}, fault.Invalid, "newParent"},
		{"its own parent", operator, place.Renumbering{Code: "990101001001", NewCode: "990101001009", NewParent: pointer("990101001001"), Version: 1}, fault.Invalid, "newParent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := w.Places.Renumber(t.Context(), c.actor, c.r)
			if !fault.Is(err, c.want) || fault.As(err).Field != c.field {
				t.Errorf("answered %v, want %s at %q", err, c.want, c.field)
			}
			if c.want == fault.Conflict && c.field == "newCode" && !strings.Contains(err.Error(), c.r.NewCode) {
				t.Errorf("%v does not name the code", err)
			}
		})
	}
	for _, c := range []struct {
		name, code, to string
		version        int
		want           fault.Code
	}{
		{"no such grid", "7", "8", 1, fault.NotFound},
		{"another version", "own-code", "x1", 2, fault.Conflict},
		{"no code", "own-code", "a b", 1, fault.Invalid},
		{"another's code", "own-code", "990101001001001", 1, fault.Conflict},
		{"another's former code", "own-code", "990101001002001", 1, fault.Conflict},
	} {
		t.Run("a grid: "+c.name, func(t *testing.T) {
			if _, err := w.Grids.Recode(t.Context(), operator, c.code, c.to, c.version); !fault.Is(err, c.want) {
				t.Errorf("answered %v, want %s", err, c.want)
			}
			if _, err := w.Grids.Recode(t.Context(), account.Anyone(), c.code, c.to, c.version); !fault.Is(err, fault.Forbidden) {
				t.Errorf("the public was answered %v", err)
			}
		})
	}
	if got := w.codes(t); got != was {
		t.Errorf("something changed: %s", got)
	}
}
