package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/graph"
	"wangge/internal/testdb"
)

// What lives in 晴川社区; 芳草社区 has nobody registered. The first building of grid n has 2单元 and 10单元, the second
// 1单元; grid 7 has none. In grid 3 live 4 households, in grid n 10 + n: 5 + n, 3 and 2 in its units. The 10单元 of grid
// 4 is placed in grid 2 by hand since February. In grid 5 one household left on 10 February, and twelve came on the 15th.
// Each has 3 residents, but that of room 101, which has not said.
const (
	registerUnits = `INSERT INTO unit (district, id, building_id, name)
SELECT b.district, md5(b.code || u.name)::uuid, b.id, u.name FROM building b
CROSS JOIN LATERAL (VALUES ('1', '2单元'), ('1', '10单元'), ('2', '1单元')) AS u (building, name)
WHERE b.code LIKE $1 || '%-' || u.building AND substr(b.code, 13, 3) <> '007'`

	registerDwellings = `WITH n AS (
	SELECT u.district, u.id, u.name, substr(b.code, 13, 3)::int AS grid FROM unit u JOIN building b ON b.district = u.district AND b.id = u.building_id
	WHERE b.code LIKE $1 || '%'
), counted AS (
	SELECT n.*, CASE WHEN n.grid = 3 THEN CASE n.name WHEN '2单元' THEN 4 ELSE 0 END
		ELSE CASE n.name WHEN '2单元' THEN 5 + n.grid WHEN '10单元' THEN 3 ELSE CASE n.grid WHEN 5 THEN 15 ELSE 2 END END END AS households FROM n
), dwellings AS (
	INSERT INTO dwelling (district, id, unit_id, room, use)
	SELECT c.district, md5(c.id || 'room' || k)::uuid, c.id, (100 + k)::text, CASE k WHEN 2 THEN 'RENTED' END
	FROM counted c CROSS JOIN LATERAL generate_series(1, c.households) k RETURNING *
)
INSERT INTO household (district, id, dwelling_id, residents, since, until)
SELECT w.district, md5(w.id || 'household')::uuid, w.id, CASE w.room WHEN '101' THEN NULL ELSE 3 END,
	CASE WHEN c.name = '1单元' AND w.room > '103' THEN timestamptz '2026-02-15 00:00+08' ELSE '2026-01-01 00:00+08' END,
	CASE WHEN c.name = '1单元' AND w.room = '103' THEN timestamptz '2026-02-10 00:00+08' END
FROM dwellings w JOIN counted c ON c.district = w.district AND c.id = w.unit_id`

	registerByHand = `INSERT INTO unit_grid (district, id, unit_id, grid_id, during)
SELECT u.district, md5(u.id || 'grid')::uuid, u.id, g.id, tstzrange('2026-02-01 00:00+08', NULL)
FROM unit u JOIN building b ON b.district = u.district AND b.id = u.building_id JOIN grid g ON g.code = $1 || '002'
WHERE b.code = $1 || '004-1' AND u.name = '10单元'`
	registerChange = `INSERT INTO change_log (n, at, what, division_ids) SELECT coalesce(max(n), 0) + 1, now(), 'households', ARRAY(SELECT id FROM division) FROM change_log`
)

func run(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func register(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	for _, sql := range []string{registerUnits, registerDwellings, registerByHand} {
		run(t, pool, sql, c1)
	}
	testdb.Settle(func(sql string) { run(t, pool, sql) }) // what the writers keep
	run(t, pool, registerChange)
}

// village adds a community with so many grids, buildings, units and households, each in turn.
func village(t testing.TB, r *graph.Resolver, pool *pgxpool.Pool, code string, grids, buildings, units, households int) {
	t.Helper()
	ctx, op := t.Context(), account.TheOperator()
	o := place.ImportOptions{IDs: &ids{n: 1 << 40, home: 100}}
	took := func(report place.Report, err error) {
		t.Helper()
		if err != nil || report.Refused > 0 {
			t.Fatalf("fill the village: %v %+v", err, report.Notes)
		}
	}
	took(r.Places.ImportDivisions(ctx, op, rowsOf([]place.DivisionRow{{Row: place.Row{Source: code, Code: code, Name: "长宁社区"}, Level: place.Community}}), o))
	var rows []grid.Row
	at := func(n int) (w, s float64) { return west + 0.1 + step*float64(n%10), south + step*float64(n/10) }
	for n := range grids {
		w, s := at(n)
		rows = append(rows, grid.Row{Row: place.Row{Source: code, Code: gridCode(code, n+1), Name: fmt.Sprint(n), Geometry: square(w, s, step)}, Kind: grid.Comprehensive, Community: code})
	}
	took(r.Grids.Import(ctx, op, rowsOf(rows), grid.ImportOptions{ImportOptions: o}))
	var houses []place.BuildingRow
	for n := range buildings {
		w, s := at(n % grids)
		k := n / grids
		houses = append(houses, place.BuildingRow{Row: place.Row{Source: code, Code: fmt.Sprintf("%s-b%d", code, n), Name: fmt.Sprintf("%d号楼", n),
			Geometry: square(w+0.0001*float64(1+k%8), s+0.0001*float64(1+k/8), 0.00005)}, Address: fmt.Sprintf("晴川路%d号", n), Estate: "长宁里"})
	}
	took(r.Places.ImportBuildings(ctx, op, rowsOf(houses), o))
	run(t, pool, "UPDATE grid_boundary SET during = tstzrange('2026-01-01', NULL)")
	run(t, pool, "UPDATE building_grid SET during = tstzrange('2026-01-01', NULL)")
	const turn = `WITH b AS (SELECT b.district, b.id, row_number() OVER (ORDER BY b.id) - 1 AS i, count(*) OVER () AS n FROM building b WHERE b.code LIKE $1 || '-b%')
		INSERT INTO unit (district, id, building_id, name) SELECT b.district, gen_random_uuid(), b.id, (k / b.n + 1) || '单元' FROM generate_series(0, $2::int - 1) k JOIN b ON b.i = k % b.n`
	run(t, pool, turn, code, units)
	run(t, pool, `WITH u AS (SELECT u.district, u.id, row_number() OVER (ORDER BY u.id) - 1 AS i, count(*) OVER () AS n FROM unit u JOIN building b ON b.id = u.building_id WHERE b.code LIKE $1 || '-b%'),
		w AS (INSERT INTO dwelling (district, id, unit_id, room) SELECT u.district, gen_random_uuid(), u.id, (101 + k / u.n)::text FROM generate_series(0, $2::int - 1) k JOIN u ON u.i = k % u.n RETURNING *)
		INSERT INTO household (district, id, dwelling_id, residents, since) SELECT district, gen_random_uuid(), id, 3, '2026-01-01' FROM w`, code, households)
	testdb.Settle(func(sql string) { run(t, pool, sql) }) // what the writers keep
	run(t, pool, registerChange)
	run(t, pool, "ANALYZE")
}

// TestPagesOfTheRegister: page by page, lists are what they are as a whole, and in natural order.
func TestPagesOfTheRegister(t *testing.T) {
	pool := testdb.New(t)
	s := serve(t, town(t, pool), t.Output())
	names := []string{"2单元", "2单元A", "10单元", "A2", "东单元", "A10"}
	run(t, pool, "DELETE FROM unit_grid")
	run(t, pool, "DELETE FROM household")
	run(t, pool, "DELETE FROM dwelling")
	run(t, pool, "DELETE FROM unit WHERE building_id IN (SELECT id FROM building WHERE code = $1)", gridCode(c1, 1)+"-1")
	run(t, pool, `INSERT INTO unit (district, id, building_id, name) SELECT b.district, md5(n)::uuid, b.id, n
		FROM building b CROSS JOIN unnest($2::text[]) n WHERE b.code = $1`, gridCode(c1, 1)+"-1", names)
	run(t, pool, `WITH w AS (INSERT INTO dwelling (district, id, unit_id, room) SELECT u.district, md5(r)::uuid, u.id, r
		FROM unit u JOIN building b ON b.id = u.building_id CROSS JOIN unnest('{1001,301,3-301,301A,A/1}'::text[]) r WHERE u.name = $1 AND b.code = $2 RETURNING *)
		INSERT INTO household (district, id, dwelling_id, number, since) SELECT w.district, md5(w.room || n)::uuid, w.id, n, '2026-01-01'
		FROM w CROSS JOIN unnest('{1,2,10,a/b}'::text[]) n WHERE n = '1' OR w.room IN ('301', 'A/1')`, names[0], gridCode(c1, 1)+"-1")
	const unit = "grids(first: 1) { nodes { buildings(first: 1) { nodes { units(first: 1) { nodes { "
	for _, test := range []struct{ name, query, closing, field, node, want string }{
		{"units", "grids(first: 1) { nodes { buildings(first: 1) { nodes { ", " } } } }", "units", "name", "2单元 2单元A 10单元 A2 A10 东单元"},
		{"households", unit, " } } } } } }", "households", "room number", "3-301 1 301 1 301 2 301 10 301 a/b 301A 1 1001 1 A/1 1 A/1 2 A/1 10 A/1 a/b"},
		{"grids", "", "", "grids(orderBy: HOUSEHOLDS", "code", ""},
	} {
		for _, actor := range []account.Actor{account.Anyone(), account.TheOperator()} {
			if test.name == "households" && actor.Role == account.Public {
				continue
			}
			read := func(first int, after string) (page string, next string) {
				args := fmt.Sprintf("(first: %d", first)
				if rest, ok := strings.CutPrefix(test.field, "grids("); ok {
					args = fmt.Sprintf("(%s, first: %d", rest, first)
				}
				if after != "" {
					args += fmt.Sprintf(", after: %q", after)
				}
				name, _, _ := strings.Cut(test.field, "(")
				a := s.ask(t, actor, "{ "+test.query+name+args+") { pageInfo { hasNextPage hasPreviousPage endCursor } nodes { "+test.node+" } }"+test.closing+" }", nil)
				if a.Errors != nil {
					t.Fatalf("%s", a.Raw)
				}
				var list struct {
					PageInfo struct {
						HasNextPage, HasPreviousPage bool
						EndCursor                    string
					}
					Nodes []struct{ Name, Room, Number, Code string }
				}
				raw := a.Data
				for range 12 { // down to the list
					var object map[string]json.RawMessage
					if json.Unmarshal(raw, &object) != nil {
						break
					}
					if inner, ok := object[name]; ok && (name != "grids" || !strings.Contains(test.query, "grids")) {
						raw = inner
						break
					}
					for _, v := range object {
						raw = v
					}
					var elements []json.RawMessage
					if json.Unmarshal(raw, &elements) == nil && len(elements) > 0 {
						raw = elements[0]
					}
				}
				if err := json.Unmarshal(raw, &list); err != nil {
					t.Fatal(err)
				}
				if list.PageInfo.HasPreviousPage != (after != "") {
					t.Errorf("%s after %q: hasPreviousPage %v", test.name, after, list.PageInfo.HasPreviousPage)
				}
				var words []string
				for _, n := range list.Nodes {
					words = append(words, strings.Fields(strings.Join([]string{n.Name, n.Room, n.Number, n.Code}, " "))...)
				}
				if !list.PageInfo.HasNextPage {
					list.PageInfo.EndCursor = ""
				}
				return strings.Join(words, " "), list.PageInfo.EndCursor
			}
			whole, next := read(50, "")
			if next != "" || len(whole) < 20 || test.want != "" && whole != test.want {
				t.Errorf("%s: %s, want %s", test.name, whole, test.want)
			}
			var paged []string
			page, next := read(2, "")
			paged = append(paged, page)
			for next != "" {
				page, next = read(2, next)
				paged = append(paged, page)
			}
			if got := strings.Join(paged, " "); got != whole {
				t.Errorf("%s page by page: %s, want %s", test.name, got, whole)
			}
		}
	}
}

const fiveLevels = `query ($code: ID!) { division(code: $code) { name grids(first: 200) { nodes { code name kind
	buildings(first: 200) { nodes { id name address units(first: 50) { nodes { id name households(first: 100) { nodes { id room number residents use } } } } } } } } } }`

func TestFiveLevels(t *testing.T) {
	pool := testdb.New(t)
	r := town(t, pool)
	const code = "990102001009"
	village(t, r, pool, code, 14, 455, 1138, 3582)
	s := serve(t, r, t.Output())
	for actor, want := range map[account.Actor]int{account.TheOperator(): 3582, account.Anyone(): 0} {
		start := time.Now()
		a := s.ask(t, actor, fiveLevels, map[string]any{"code": code})
		t.Logf("%s: %v, %d bytes", actor.Role, time.Since(start), len(a.Raw))
		if a.Errors != nil {
			t.Fatalf("answered %.400s", a.Raw)
		}
		if n := strings.Count(string(a.Raw), `"room"`); n != want {
			t.Errorf("%s reads %d households, want %d", actor.Role, n, want)
		}
		if n := strings.Count(string(a.Raw), `单元"`); n != 1138 {
			t.Errorf("%s reads %d units", actor.Role, n)
		}
	}
}

// fiveLevelsOf is a whole community over HTTP: 14 grids with 455 buildings and 3,582 households. Calling what it gives reads it once, as an actor.
func fiveLevelsOf(b *testing.B, pool *pgxpool.Pool) func(actor account.Actor) (took time.Duration) {
	b.Helper()
	const code = "990102001009"
	r := town(b, pool)
	village(b, r, pool, code, 14, 455, 1138, 3582)
	h := must(graph.NewHandler(r, graph.Options{Log: logger(b, b.Output())}))
	var asking atomic.Pointer[account.Actor]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(account.NewContext(r.Context(), *asking.Load())))
	}))
	b.Cleanup(server.Close)
	body, err := json.Marshal(map[string]any{"query": fiveLevels, "variables": map[string]any{"code": code}})
	if err != nil {
		b.Fatal(err)
	}
	return func(actor account.Actor) time.Duration {
		asking.Store(&actor)
		start := time.Now()
		answer, err := http.Post(server.URL, "application/json", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		raw, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if n := bytes.Count(raw, []byte(`"room"`)); err != nil || n != 3582 {
			b.Fatalf("%d households, %v", n, err)
		}
		return time.Since(start)
	}
}

func BenchmarkFiveLevels(b *testing.B) {
	read := fiveLevelsOf(b, testdb.New(b))
	for b.Loop() {
		read(account.TheOperator())
	}
}

// BenchmarkFiveLevelsUnderPolicies reads it as staff, in turn from a database whose policies pick the rows and from one where they are
// switched off, and says how many times longer the former takes.
func BenchmarkFiveLevelsUnderPolicies(b *testing.B) {
	bound, free := testdb.New(b), testdb.New(b)
	under, without := fiveLevelsOf(b, bound), fiveLevelsOf(b, free)
	run(b, free, `DO $$ DECLARE t text; BEGIN FOR t IN SELECT oid::regclass FROM pg_class WHERE relrowsecurity LOOP
		EXECUTE 'ALTER TABLE ' || t || ' DISABLE ROW LEVEL SECURITY'; END LOOP; END $$`)
	var home string
	var communities, grids []uuid.UUID
	err := bound.QueryRow(b.Context(), `SELECT min(g.district), array_agg(DISTINCT g.community_id), array_agg(g.id) FROM grid g JOIN division d ON d.id = g.community_id
		WHERE d.code = '990102001009'`).Scan(&home, &communities, &grids)
	if err != nil {
		b.Fatal(err)
	}
	many := func(n int) (out []uuid.UUID) {
		for range n {
			out = append(out, uuid.New())
		}
		return out
	}
	for _, c := range []struct {
		name  string
		reach account.Reach
	}{
		{"its grids", account.Reach{Grids: grids}},
		{"400 grids", account.Reach{Grids: append(many(386), grids...)}},
		{"the community", account.Reach{Communities: communities}},
		{"50 communities", account.Reach{Communities: append(many(49), communities...)}},
		{"400 communities", account.Reach{Communities: append(many(399), communities...)}},
		{"the district", account.Reach{Districts: []string{home}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			actor := account.Actor{Role: account.Staff, ID: "staff", Scope: account.NewScope(account.Grant{Rights: account.SetOf(account.Households), Reach: c.reach})}
			var with, no []time.Duration
			for b.Loop() {
				with, no = append(with, under(actor)), append(no, without(actor))
			}
			slices.Sort(with)
			slices.Sort(no)
			b.ReportMetric(float64(with[len(with)/2].Microseconds())/1000, "ms-policies")
			b.ReportMetric(float64(no[len(no)/2].Microseconds())/1000, "ms-none")
			b.ReportMetric(float64(with[len(with)/2])/float64(no[len(no)/2]), "ratio")
		})
	}
}

// counts asks for the counts of the first community's grids and all divisions, by code; nil is null.
func counts(t *testing.T, s server, actor account.Actor) map[string]*int {
	t.Helper()
	type object struct {
		Code     string
		Stats    struct{ Households *int }
		Children []json.RawMessage
		Grids    struct{ Nodes []json.RawMessage }
	}
	const fields = "code stats { households }"
	a := s.ask(t, actor, "{ rootDivisions { "+fields+" children { "+fields+" children { "+fields+" children { "+fields+" grids(first: 200) { nodes { "+fields+" } } } } } } }", nil)
	if a.Errors != nil {
		t.Fatalf("answered %s", a.Raw)
	}
	var roots struct{ RootDivisions []json.RawMessage }
	if err := json.Unmarshal(a.Data, &roots); err != nil {
		t.Fatal(err)
	}
	out := map[string]*int{}
	for list := roots.RootDivisions; len(list) > 0; list = list[1:] {
		var o object
		if err := json.Unmarshal(list[0], &o); err != nil {
			t.Fatal(err)
		}
		out[o.Code] = o.Stats.Households
		list = append(list, append(o.Children, o.Grids.Nodes...)...)
	}
	return out
}

// TestCountsOfManyDivisions: what is counted through all grids is what is counted through those asked for.
func TestCountsOfManyDivisions(t *testing.T) {
	pool := testdb.New(t)
	s := serve(t, town(t, pool), t.Output())
	want := counts(t, s, account.TheOperator())
	run(t, pool, `INSERT INTO division (id, code, name, level, parent_id, home) SELECT gen_random_uuid(), '99010299' || (1000 + k), '空', 'COMMUNITY', id, home
		FROM division, generate_series(1, 300) k WHERE code = '990102001'`)
	run(t, pool, registerChange)
	got := counts(t, s, account.TheOperator())
	for code, n := range want {
		if (n == nil) != (got[code] == nil) || n != nil && *n != *got[code] {
			t.Errorf("%s: %v, want %v", code, got[code], n)
		}
	}
	if len(got) != len(want)+300 || *got["9901"] != 231 {
		t.Errorf("%d places, %d households", len(got), *got["9901"])
	}
}

// TestSuppressionFollowsTheData: what is hidden is found anew after a change, and a count that became small is never told,
// also before the change is noted.
func TestSuppressionFollowsTheData(t *testing.T) {
	pool := testdb.New(t)
	s := serve(t, town(t, pool), t.Output())
	hidden := func() string {
		var codes []string
		for code, n := range counts(t, s, account.Anyone()) {
			if of, ok := strings.CutPrefix(code, c1); ok && n == nil {
				codes = append(codes, of)
			}
		}
		slices.Sort(codes)
		return strings.Join(codes, " ")
	}
	if got := hidden(); got != "001 003" {
		t.Fatalf("hides %s", got)
	}
	const grow = `UPDATE unit_people p SET households = households + $2, residents = residents + 3 * $2 FROM unit u JOIN building b ON b.id = u.building_id
		WHERE u.id = p.unit_id AND b.code = $1 AND u.name = '2单元'`
	run(t, pool, grow, gridCode(c1, 4)+"-1", -5) // 11 are now 6
	if got := hidden(); got != "001 003 004" {
		t.Errorf("with a small count that was not noted it hides %s", got)
	}
	run(t, pool, registerChange)
	if got := hidden(); got != "001 003 004" { // 4 and 6 leave each other little room
		t.Errorf("after the change it hides %s", got)
	}
	run(t, pool, grow, gridCode(c1, 3)+"-1", 30)
	run(t, pool, grow, gridCode(c1, 4)+"-1", 30)
	run(t, pool, registerChange)
	if got := hidden(); got != "" {
		t.Errorf("where nothing is small it hides %s", got)
	}
}
