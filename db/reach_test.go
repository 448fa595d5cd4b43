package db_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/db"
	"wangge/domain/account"
	"wangge/internal/fault"
	"wangge/internal/testdb"
)

// id is the nth id of a kind.
func id(kind, n int) uuid.UUID {
	return uuid.MustParse(fmt.Sprintf("%08d-0000-7000-8000-%012d", kind, n))
}

const divisions, grids, buildings, units = 1, 2, 3, 4

// twoCommunities fills a database with two communities of one district and one of another. The first has two grids, the others one each. In
// each grid, and in none, stands a building, with a household, an employer, a number in another system and something wrong with it.
func twoCommunities(t testing.TB) (*db.DB, *pgxpool.Pool) {
	t.Helper()
	pool := testdb.New(t)
	exec := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	text := func(kind, n int) string { return "'" + id(kind, n).String() + "'" }
	for n, home := range []string{"home1", "home1", "home2"} {
		exec(fmt.Sprintf("INSERT INTO division (id, code, name, level, home) VALUES (%s, 'd%d', 'd', 'COMMUNITY', '%s')", text(divisions, n+1), n+1, home))
	}
	for n, community := range []int{1, 1, 2, 3, 0} {
		n++
		home := map[int]string{3: "home2"}[community]
		if home == "" {
			home = "home1"
		}
		if community > 0 {
			exec(fmt.Sprintf("INSERT INTO grid (district, id, code, name, kind, community_id) VALUES ('%s', %s, 'g%d', 'g', 'COMPREHENSIVE', %s)", home, text(grids, n), n, text(divisions, community)))
			exec(fmt.Sprintf(`INSERT INTO grid_boundary (district, id, grid_id, during, boundary, label_point) SELECT '%[1]s', %[2]s, %[2]s, '[2020-01-01,)', ST_Multi(b), ST_Centroid(b)
				FROM ST_MakeEnvelope(%[3]d, 31, %[3]d + 1, 32, 4490) b`, home, text(grids, n), 100+n))
		}
		exec(fmt.Sprintf("INSERT INTO building (district, id, code, name, location) VALUES ('%s', %s, 'b%d', '', ST_SetSRID(ST_MakePoint(%d.5, 31.5), 4490))", home, text(buildings, n), n, 100+n))
		if community > 0 {
			exec(fmt.Sprintf("INSERT INTO building_grid (district, id, building_id, grid_id, during) VALUES ('%s', gen_random_uuid(), %s, %s, '[2020-01-01,)')", home, text(buildings, n), text(grids, n)))
		}
		exec(fmt.Sprintf("INSERT INTO unit (district, id, building_id, name) VALUES ('%s', %s, %s, '')", home, text(units, n), text(buildings, n)))
		exec(fmt.Sprintf(`INSERT INTO dwelling (district, id, unit_id, room) VALUES ('%s', %[2]s, %[2]s, '101')`, home, text(units, n)))
		exec(fmt.Sprintf(`INSERT INTO household (district, id, dwelling_id, residents, since) VALUES ('%s', %[2]s, %[2]s, 3, '2020-01-01')`, home, text(units, n)))
		exec(fmt.Sprintf(`INSERT INTO legal_entity (district, id, name, building_id) VALUES ('%s', %[2]s, 'e', %[2]s)`, home, text(buildings, n)))
		exec(fmt.Sprintf(`INSERT INTO entity_record (district, entity_id, code, employees) VALUES ('%s', %s, 'e%d', 7)`, home, text(buildings, n), n))
		exec(fmt.Sprintf(`INSERT INTO external_ref (district, owner_kind, owner_id, system, code) VALUES ('%s', 'building', %s, 's', 'n%d')`, home, text(buildings, n), n))
		exec(fmt.Sprintf(`INSERT INTO coverage_problem (id, division_id, found_by, kind, weight, division_ids, grid_keys, fixes)
			VALUES (%[1]s, %[2]s, %[2]s, 'GAP', 1, '{}', '{}', '[]')`, text(grids, n), text(divisions, max(community, 1))))
		exec(fmt.Sprintf(`INSERT INTO coverage_people (problem_id, households) VALUES (%s, 1)`, text(grids, n)))
	}
	testdb.Settle(exec)
	return db.New(pool), pool
}

// staffOf may, with these rights, reach what r says.
func staffOf(r account.Reach, rights ...account.Right) account.Actor {
	return account.Actor{Role: account.Staff, ID: "staff", Scope: account.NewScope(account.Grant{Rights: account.SetOf(rights...), Reach: r})}
}

// What policies guard, by the tests of what they let whom see; and what they need not, since it is for everybody to know.
var (
	guardedPlaces   = []string{"coverage_people", "dwelling", "entity_record", "external_ref", "household", "unit_people"}            // TestPoliciesAloneShowNobodyMore
	guardedFiles    = []string{"care_tag", "data_key", "household_form", "residency", "resident", "resident_erasure", "resident_use"} // TestPoliciesAlone
	guardedAccounts = []string{"access_token", "account", "account_secret", "recovery_code", "session", "sign_in_try"}
	guardedAudit    = []string{"audit_entry"}
	guardedOffices  = []string{"absence", "assignment", "worker"} // TestOperatorsAloneWriteWhoIsInOffice, TestWhoAppointsByStraightSQL
	// For everybody to read, guarded where they are written: TestWhoWritesWhatByStraightSQL.
	publicFacts = []string{
		"worker_photo", "loose_photo", // workers' public faces
		"division", "division_code", "grid", "grid_boundary", "grid_code", "grid_group", "size_policy",
		"building", "building_grid", "estate", "land", "legal_entity", "road", "unit", "unit_grid",
		"board_print", "change_log", "coverage_problem", "coverage_report", "care_category",
	}
	notWritten = []string{"collection_form", "retention", "goose_db_version", "table_class"} // which requests are not granted to write
)

// TestEveryTableIsGuardedOrPublic: a new one is neither until somebody has thought of what it tells.
func TestEveryTableIsGuardedOrPublic(t *testing.T) {
	pool := testdb.New(t)
	for _, c := range []struct {
		guarded bool
		want    []string
	}{{true, slices.Concat(guardedPlaces, guardedFiles, guardedAccounts, guardedAudit, guardedOffices, publicFacts)}, {false, notWritten}} {
		var got []string
		err := pool.QueryRow(t.Context(), `SELECT array_agg(k.table_name ORDER BY k.table_name COLLATE "C") FROM table_class k
			JOIN pg_class c ON c.oid = k.table_name::regclass WHERE c.relrowsecurity = $1`, c.guarded).Scan(&got)
		if slices.Sort(c.want); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("guarded (%v) are\n%v (%v), want\n%v", c.guarded, got, err, c.want)
		}
	}
}

// TestPoliciesAloneShowNobodyMore: what straight SQL reads of every guarded table of places, without any service in between, as everybody that
// there is. Each reads after one who may see all, on the connections that that one used.
func TestPoliciesAloneShowNobodyMore(t *testing.T) {
	d, _ := twoCommunities(t)
	places := []string{"dwelling", "household", "unit_people"} // which say where they lie
	count := func(actor account.Actor, table string) (n int) {
		t.Helper()
		err := d.As(t.Context(), actor, func(ctx context.Context, tx pgx.Tx) error {
			return tx.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n)
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	in := func(kind int, n ...int) (out []uuid.UUID) {
		for _, n := range n {
			out = append(out, id(kind, n))
		}
		return out
	}
	all := map[account.Role]bool{account.Operator: true, account.Counter: true}
	cases := 0
	for _, c := range []struct {
		name  string
		actor account.Actor
		want  string // the buildings whose rows are seen
	}{
		{"the public", account.Anyone(), ""},
		{"the door", account.TheDoor(), ""},
		{"who gives accounts", account.Actor{Role: account.Security, ID: "s"}, ""},
		{"who reads the audit", account.Actor{Role: account.Auditor, ID: "a"}, ""},
		{"the operator", account.TheOperator(), "1 2 3 4 5"},
		{"the server that counts", account.TheCounter(), "1 2 3 4 5"},
		{"the server that keeps files", account.TheKeeper(), ""},
		{"staff without a post", account.Actor{Role: account.Staff, ID: "n"}, ""},
		{"a scope with another role", account.Actor{Role: account.Public, ID: "p", Scope: staffOf(account.Reach{Everywhere: true}, account.Households).Scope}, ""},
		{"a worker of a grid", staffOf(account.Reach{Grids: in(grids, 1)}, account.Households), "1"},
		{"a worker of grids of two communities", staffOf(account.Reach{Grids: in(grids, 2, 3)}, account.Households), "2 3"},
		{"a community", staffOf(account.Reach{Communities: in(divisions, 1)}, account.Households), "1 2"},
		{"two districts' communities", staffOf(account.Reach{Communities: in(divisions, 2, 3)}, account.Households), "3 4"},
		{"a district", staffOf(account.Reach{Districts: []string{"home1"}}, account.Households), "1 2 3 5"},
		{"a district whose key begins alike", staffOf(account.Reach{Districts: []string{"home", "home11"}}, account.Households), ""},
		{"a building", staffOf(account.Reach{Buildings: in(buildings, 5)}, account.Households), "5"},
		{"a grid and a building", staffOf(account.Reach{Grids: in(grids, 1), Buildings: in(buildings, 3)}, account.Households), "1 3"},
		{"everywhere", staffOf(account.Reach{Everywhere: true}, account.Households), "1 2 3 4 5"},
		{"many grids", staffOf(account.Reach{Grids: append(many(grids, 40), in(grids, 2, 3)...)}, account.Households), "2 3"},
		{"many communities", staffOf(account.Reach{Communities: append(many(divisions, 40), in(divisions, 1)...)}, account.Households), "1 2"},
		{"many buildings", staffOf(account.Reach{Buildings: append(many(buildings, 40), in(buildings, 5)...)}, account.Households), "5"},
		{"a community and a district", staffOf(account.Reach{Communities: in(divisions, 1), Districts: []string{"home2"}}, account.Households), "1 2 4"},
		{"many others", staffOf(account.Reach{Grids: many(grids, 40), Communities: many(divisions, 40), Buildings: many(buildings, 40)}, account.Households), ""},
		{"many ids of others", staffOf(account.Reach{Grids: append(many(grids, 40), in(buildings, 1)...), Communities: in(grids, 1), Buildings: in(divisions, 1)}, account.Households), ""},
		{"the ids of others", staffOf(account.Reach{Grids: in(buildings, 1), Communities: in(grids, 1), Buildings: in(divisions, 1)}, account.Households), ""},
		{"the id of nothing", staffOf(account.Reach{Grids: []uuid.UUID{{}}, Communities: []uuid.UUID{{}}}, account.Households), ""},
		{"another right", staffOf(account.Reach{Grids: in(grids, 1)}, account.Residents, account.Care, account.Keep, account.Restricted, account.Arrange), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, table := range guardedPlaces {
				if n := count(account.TheOperator(), table); n != 5 {
					t.Fatalf("the operator sees %d rows of %s", n, table)
				}
				cases++
				if !slices.Contains(places, table) {
					want := 0
					if all[c.actor.Role] {
						want = 5
					}
					if n := count(c.actor, table); n != want {
						t.Errorf("sees %d rows of %s, want %d", n, table, want)
					}
					continue
				}
				var seen string
				err := d.As(t.Context(), c.actor, func(ctx context.Context, tx pgx.Tx) error {
					return tx.QueryRow(ctx, `SELECT coalesce(string_agg(x.n, ' ' ORDER BY x.n), '') FROM (SELECT ltrim(right(building_id::text, 12), '0') AS n FROM `+table+`) x`).Scan(&seen)
				})
				if err != nil || seen != c.want {
					t.Errorf("sees of %s %q (%v), want %q", table, seen, err, c.want)
				}
			}
		})
	}
	t.Logf("%d cases", cases)
}

// TestPoliciesLetStaffWriteNothing: not even what they may read. The operator may.
func TestPoliciesLetStaffWriteNothing(t *testing.T) {
	d, _ := twoCommunities(t)
	errUndo := errors.New("undone")
	reader := staffOf(account.Reach{Everywhere: true}, account.Households, account.Keep, account.Arrange)
	for _, sql := range []string{"UPDATE unit_people SET households = 9", "UPDATE dwelling SET room = '9'", "UPDATE household SET residents = 9", "DELETE FROM household",
		"UPDATE entity_record SET employees = 9", "UPDATE external_ref SET code = code || '9'", "UPDATE coverage_people SET households = 9"} {
		for _, c := range []struct {
			actor account.Actor
			want  int64
		}{{account.Anyone(), 0}, {reader, 0}, {account.TheOperator(), 5}} {
			err := d.As(t.Context(), c.actor, func(ctx context.Context, tx pgx.Tx) error {
				done, err := tx.Exec(ctx, sql)
				if err != nil {
					return err
				}
				if done.RowsAffected() != c.want {
					t.Errorf("%s as %s: %d rows, want %d", sql, c.actor.Role, done.RowsAffected(), c.want)
				}
				return errUndo
			})
			if !errors.Is(err, errUndo) {
				t.Errorf("%s as %s: %v", sql, c.actor.Role, err)
			}
		}
	}
	err := d.As(t.Context(), reader, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO household (district, id, dwelling_id, since, building_id) SELECT district, gen_random_uuid(), id, now(), building_id FROM dwelling LIMIT 1")
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "row-level security") {
		t.Errorf("staff bring a household in: %v", err)
	}
}

// TestOperatorsAloneWriteWhoIsInOffice, which says what everybody may do, but for those who appoint as a worker (TestWhoAppointsByStraightSQL); all read it.
func TestOperatorsAloneWriteWhoIsInOffice(t *testing.T) {
	d, pool := twoCommunities(t)
	for _, sql := range []string{
		"INSERT INTO worker (district, id, name) VALUES ('home1', gen_random_uuid(), '张')",
		"INSERT INTO assignment (district, id, worker_id, post, cover, during, grid_id) SELECT 'home1', gen_random_uuid(), w.id, 'GRID_WORKER', 'A', '[2020-01-01,)', g.id FROM worker w, grid g WHERE g.code = 'g1'",
		"INSERT INTO absence (district, id, worker_id, during) SELECT 'home1', gen_random_uuid(), id, '[2020-01-01,2020-02-01)' FROM worker",
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	all := account.SetOf(account.Households, account.Residents, account.Reveal, account.Keep, account.Care, account.Restricted, account.Appoint, account.Arrange)
	errUndo := errors.New("undone")
	for _, actor := range []account.Actor{account.Anyone(), staffOf(account.Reach{Everywhere: true}, all.All()...), {Role: account.Security, ID: "s"}, {Role: account.Auditor, ID: "a"},
		account.TheDoor(), account.TheCounter(), account.TheKeeper(), account.TheOperator()} {
		may := actor.Role == account.Operator
		for _, sql := range []string{"SELECT 1 FROM worker", "SELECT 1 FROM assignment", "SELECT 1 FROM absence",
			"UPDATE worker SET name = '李'", "UPDATE assignment SET cover = 'B'", "UPDATE absence SET during = '[2021-01-01,2021-02-01)'", "DELETE FROM absence", "DELETE FROM assignment",
			"INSERT INTO worker (district, id, name) VALUES ('home1', gen_random_uuid(), '王')",
			"INSERT INTO assignment (district, id, worker_id, post, cover, during, division_id) SELECT 'home1', gen_random_uuid(), worker_id, 'CHIEF_LEADER', 'A', '[2020-01-01,)', '" + id(divisions, 1).String() + "' FROM assignment",
			"INSERT INTO absence (district, id, worker_id, during) SELECT 'home1', gen_random_uuid(), id, '[2022-01-01,2022-02-01)' FROM worker",
		} {
			err := d.As(t.Context(), actor, func(ctx context.Context, tx pgx.Tx) error {
				done, err := tx.Exec(ctx, sql)
				if strings.HasPrefix(sql, "INSERT") && !may {
					if err == nil || !strings.Contains(err.Error(), "row-level security") {
						t.Errorf("%s as %s: %v", sql, actor.Role, err)
					}
					return errUndo
				}
				if err != nil {
					return err
				}
				if n := done.RowsAffected(); (n == 1) != (may || strings.HasPrefix(sql, "SELECT")) {
					t.Errorf("%s as %s: %d rows", sql, actor.Role, n)
				}
				return errUndo
			})
			if !errors.Is(err, errUndo) {
				t.Errorf("%s as %s: %v", sql, actor.Role, err)
			}
		}
	}
}

// TestTheServerCountsWithinAnothersTransaction: what it reads there is of the same state of the data, and who it works for sees no more
// afterwards than before, also where it fails.
func TestTheServerCountsWithinAnothersTransaction(t *testing.T) {
	d, _ := twoCommunities(t)
	seen := func(ctx context.Context, actor account.Actor) (n, pid int) {
		t.Helper()
		err := d.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
			return tx.QueryRow(ctx, "SELECT (SELECT count(*) FROM household), pg_backend_pid()").Scan(&n, &pid)
		})
		if err != nil {
			t.Fatal(err)
		}
		return n, pid
	}
	worker := staffOf(account.Reach{Grids: []uuid.UUID{id(grids, 1)}}, account.Households)
	for actor, want := range map[account.Actor]int{account.Anyone(): 0, worker: 1} {
		err := d.Do(t.Context(), actor, func(ctx context.Context) error {
			before, one := seen(ctx, actor)
			counted, other := seen(ctx, account.TheCounter())
			failed := d.As(ctx, account.TheCounter(), func(context.Context, pgx.Tx) error { return fault.New(fault.Invalid, "", "forbidden") })
			after, last := seen(ctx, actor)
			if before != want || counted != 5 || after != want || one != other || other != last || !fault.Is(failed, fault.Invalid) {
				t.Errorf("%s sees %d, counted are %d, then %d, on connections %d, %d, %d; %v", actor.Role, before, counted, after, one, other, last, failed)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	err := d.Do(t.Context(), account.Anyone(), func(ctx context.Context) error {
		broken, cancel := context.WithCancel(ctx)
		err := d.As(broken, account.TheCounter(), func(context.Context, pgx.Tx) error { cancel(); return nil })
		if err == nil {
			t.Error("nobody hears that it did not become the public's again")
		}
		err = d.As(ctx, account.Anyone(), func(ctx context.Context, tx pgx.Tx) error {
			var n int
			return tx.QueryRow(ctx, "SELECT count(*) FROM household").Scan(&n)
		})
		if err == nil {
			t.Error("it is read on as the server")
		}
		return err
	})
	if err == nil {
		t.Error("it was committed")
	}
}

func TestAReachHasALimit(t *testing.T) {
	d, _ := twoCommunities(t)
	many := make([]uuid.UUID, 2001)
	for i := range many {
		many[i] = id(grids, i+1)
	}
	read := func(n int) error {
		return d.As(t.Context(), staffOf(account.Reach{Grids: many[:n]}, account.Households), func(ctx context.Context, tx pgx.Tx) error {
			var rows int
			if err := tx.QueryRow(ctx, "SELECT count(*) FROM household").Scan(&rows); err != nil || rows != 4 {
				t.Errorf("sees %d, %v", rows, err)
			}
			return nil
		})
	}
	if err := read(2000); err != nil {
		t.Error(err)
	}
	if err := read(2001); !fault.Is(err, fault.Limited) {
		t.Error(err)
	}
}

// crowd adds to the first community a grid with so many buildings of three units, each with ten households.
func crowd(t testing.TB, pool *pgxpool.Pool, n int) {
	t.Helper()
	exec := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	exec(fmt.Sprintf(`INSERT INTO building (district, id, code, name, location) SELECT 'home1', gen_random_uuid(), 'c' || n, '', ST_SetSRID(ST_MakePoint(101 + n %% 1000 / 1000.0, 31 + n / 1000 / 1000.0), 4490)
		FROM generate_series(1, %d) n`, n))
	exec("INSERT INTO building_grid (district, id, building_id, grid_id, during) SELECT district, gen_random_uuid(), id, '" + id(grids, 1).String() + "', '[2020-01-01,)' FROM building WHERE code LIKE 'c%'")
	exec("INSERT INTO unit (district, id, building_id, name) SELECT district, gen_random_uuid(), id, u || '单元' FROM building, generate_series(1, 3) u WHERE code LIKE 'c%'")
	exec("INSERT INTO dwelling (district, id, unit_id, room) SELECT district, gen_random_uuid(), id, r::text FROM unit, generate_series(101, 110) r WHERE name <> ''")
	exec("INSERT INTO household (district, id, dwelling_id, residents, since) SELECT district, gen_random_uuid(), id, 3, '2020-01-01' FROM dwelling  WHERE NOT EXISTS (SELECT 1 FROM household h WHERE h.dwelling_id = dwelling.id)")
	exec("ANALYZE")
	testdb.Settle(exec)
	exec("ANALYZE")
}

// TestPlansKeepTheirIndexesUnderPolicies: as the role that policies bind, for somebody whose rows they pick.
func TestPlansKeepTheirIndexesUnderPolicies(t *testing.T) {
	d, pool := twoCommunities(t)
	crowd(t, pool, 3000)
	worker := staffOf(account.Reach{Grids: []uuid.UUID{id(grids, 1)}, Communities: []uuid.UUID{id(divisions, 2)}}, account.Households)
	all := namedStatements(t)
	home, now := []string{"home1"}, time.Now()
	var someBuildings, someUnits []uuid.UUID
	err := pool.QueryRow(t.Context(), `SELECT (SELECT array_agg(id) FROM (SELECT id FROM building WHERE code LIKE 'c%' LIMIT 10) x),
		(SELECT array_agg(id) FROM (SELECT id FROM unit WHERE name <> '' LIMIT 30) x)`).Scan(&someBuildings, &someUnits)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, sql string
		args      []any
		has, not  string
	}{
		{"buildings in a box", "SELECT id FROM building WHERE location && ST_MakeEnvelope(101.1, 31, 101.11, 31.0005, 4490)", nil, `building_location`, `Seq Scan`},
		{"buildings of a tile", "SELECT id FROM building WHERE shape_3857 && ST_Transform(ST_MakeEnvelope(101.1, 31, 101.11, 31.0005, 4490), 3857)", nil, `building_shape_3857`, `Seq Scan`},
		{"grids around a point", "SET LOCAL enable_seqscan = off; SELECT grid_id FROM grid_boundary WHERE boundary && ST_SetSRID(ST_MakePoint(101.1, 31.5), 4490)", nil, `grid_boundary_boundary`, `Seq Scan`},
		{"units", all["unit.OfBuildings"], []any{home, someBuildings, now, true, nil, nil, 21}, `unit_name_key`, `Seq Scan on (unit|unit_people)\b`},
		{"households", all["household.OfUnits"], []any{home, someUnits, now, nil, nil, nil, 21}, `household_dwelling|household_in_force`, `Seq Scan on (dwelling|household)\b`},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := d.As(t.Context(), worker, func(ctx context.Context, tx pgx.Tx) error {
				sql := c.sql
				if set, rest, several := strings.Cut(sql, "; "); several {
					if _, err := tx.Exec(ctx, set); err != nil {
						return err
					}
					sql = rest
				}
				rows, err := tx.Query(ctx, "EXPLAIN "+sql, c.args...)
				if err != nil {
					return err
				}
				lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
				plan := strings.Join(lines, "\n")
				if !regexp.MustCompile(c.has).MatchString(plan) || regexp.MustCompile(c.not).MatchString(plan) {
					t.Errorf("the plan is\n%s", plan)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// BenchmarkNestedReadUnderPolicies reads a community's units and households page by page, in turn as a worker whose rows policies pick
// and as the tables' owner, whom none binds, and says how many times longer the former takes.
func BenchmarkNestedReadUnderPolicies(b *testing.B) {
	_, pool := twoCommunities(b)
	crowd(b, pool, 300)
	all := namedStatements(b)
	// One each, since statements that were prepared are planned anew where the role changes, as none does in use.
	bound, err := pool.Acquire(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer bound.Release()
	free, err := pool.Acquire(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer free.Release()
	var of, in []uuid.UUID
	err = pool.QueryRow(b.Context(), "SELECT (SELECT array_agg(id) FROM building WHERE code LIKE 'c%'), (SELECT array_agg(id) FROM unit WHERE name <> '')").Scan(&of, &in)
	if err != nil {
		b.Fatal(err)
	}
	home, now := []string{"home1"}, time.Now()
	read := func(conn *pgxpool.Conn, begin string) time.Duration {
		start := time.Now()
		tx, err := conn.BeginTx(b.Context(), pgx.TxOptions{BeginQuery: begin})
		if err != nil {
			b.Fatal(err)
		}
		defer tx.Rollback(b.Context())
		for name, args := range map[string][]any{
			"unit.OfBuildings":  {home, of, now, true, nil, nil, 21},
			"household.OfUnits": {home, in, now, nil, nil, nil, 21},
			"household.Counted": {home, in, now},
			"stats.Now":         {[]uuid.UUID{id(divisions, 1)}, now, home, nil},
		} {
			rows, err := tx.Query(b.Context(), all[name], args...)
			if err != nil {
				b.Fatal(err)
			}
			rows.Close()
			if rows.Err() != nil {
				b.Fatal(rows.Err())
			}
		}
		return time.Since(start)
	}
	for _, c := range []struct {
		name  string
		reach account.Reach
	}{
		{"grid", account.Reach{Grids: []uuid.UUID{id(grids, 1)}}},
		{"20 grids", account.Reach{Grids: append(many(grids, 19), id(grids, 1))}},
		{"community", account.Reach{Communities: []uuid.UUID{id(divisions, 1)}}},
		{"50 communities", account.Reach{Communities: append(many(divisions, 49), id(divisions, 1))}},
		{"400 communities", account.Reach{Communities: append(many(divisions, 399), id(divisions, 1))}},
		{"district", account.Reach{Districts: []string{"home1"}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			begin := "BEGIN" + db.Identity(staffOf(c.reach, account.Households))
			var under, over []time.Duration
			for b.Loop() {
				under, over = append(under, read(bound, begin)), append(over, read(free, "BEGIN"))
			}
			slices.Sort(under)
			slices.Sort(over)
			with, without := under[len(under)/2], over[len(over)/2]
			b.ReportMetric(float64(with.Microseconds())/1000, "ms-policies")
			b.ReportMetric(float64(without.Microseconds())/1000, "ms-owner")
			b.ReportMetric(float64(with)/float64(without), "ratio")
		})
	}
}

// many is n ids of a kind, of nothing that there is, which end in each of the digits.
func many(kind, n int) (out []uuid.UUID) {
	for i := range n {
		out = append(out, uuid.MustParse(fmt.Sprintf("%08d-0000-7000-8000-%012x", kind, 0xa000+i)))
	}
	return out
}
