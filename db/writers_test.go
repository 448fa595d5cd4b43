package db_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/domain/account"
	"wangge/internal/testdb"
)

// granted are the verbs that the role of requests is granted on the tables of all schemas: "INSERT", "UPDATE" or "DELETE" by table. What it has no way to is left out.
func granted(t *testing.T, pool *pgxpool.Pool) map[string][]string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT c.oid::regclass::text, v.verb FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS v(verb)
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
		AND has_schema_privilege('wangge_app', n.oid, 'USAGE') AND (has_table_privilege('wangge_app', c.oid, v.verb) OR v.verb <> 'DELETE' AND v.verb <> 'TRUNCATE' AND has_any_column_privilege('wangge_app', c.oid, v.verb))
		ORDER BY 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	var table, verb string
	if _, err := pgx.ForEachRow(rows, []any{&table, &verb}, func() error {
		out[table] = append(out[table], verb)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	writes = regexp.MustCompile(`(INSERT INTO|UPDATE|DELETE FROM) ([a-z_]+)\b`)
	// lockedOnly are tables whose rows a statement locks, which asks for UPDATE, and none changes.
	lockedOnly = []string{"loose_photo"}
)

// TestRequestsMayDoNoMoreThanStatementsDo: a verb that no statement uses on a table is not granted.
func TestRequestsMayDoNoMoreThanStatementsDo(t *testing.T) {
	used := map[string]bool{}
	for _, table := range lockedOnly {
		used["UPDATE "+table] = true
	}
	for _, sql := range namedStatements(t) {
		for _, m := range writes.FindAllStringSubmatch(sql, -1) {
			verb, _, _ := strings.Cut(m[1], " ")
			used[verb+" "+m[2]] = true
			if verb == "INSERT" && strings.Contains(sql, "DO UPDATE") {
				used["UPDATE "+m[2]] = true
			}
		}
	}
	for table, verbs := range granted(t, testdb.New(t)) {
		if slices.Contains(guardedOffices, table) {
			continue
		}
		for _, verb := range verbs {
			if !used[verb+" "+table] {
				t.Errorf("%s ON %s is granted, and no statement uses it", verb, table)
			}
		}
	}
}

// unguarded are the tables that the role of requests may write and no policy guards, each with a reason.
var unguarded = map[string]string{}

// TestWhatMayBeWrittenIsGuarded: each table of any schema that the role of requests may write is under policies, each of which asks who writes.
func TestWhatMayBeWrittenIsGuarded(t *testing.T) {
	pool := testdb.New(t)
	look := func() (open []string) {
		for table := range granted(t, pool) {
			var guarded bool
			var careless []string
			// Itself, or by a function of ours that does.
			err := pool.QueryRow(t.Context(), `WITH RECURSIVE asks (name) AS (
					SELECT f.proname FROM pg_proc f WHERE f.pronamespace = 'public'::regnamespace AND f.prosrc ~ 'current_setting\(''wangge\.'
					UNION SELECT f.proname FROM pg_proc f JOIN asks a ON f.prosrc ~ ('\m' || a.name || '\(') WHERE f.pronamespace = 'public'::regnamespace)
				SELECT c.relrowsecurity, (SELECT array_agg(p.polname::text) FROM pg_policy p
				CROSS JOIN LATERAL (SELECT coalesce(pg_get_expr(p.polqual, p.polrelid), '') || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') AS says) e
				WHERE p.polrelid = c.oid AND p.polcmd <> 'r' AND e.says !~ 'current_setting\(''wangge\.' AND NOT EXISTS (SELECT 1 FROM asks a WHERE e.says ~ ('\m' || a.name || '\(')))
				FROM pg_class c WHERE c.oid = $1::regclass`, table).Scan(&guarded, &careless)
			if err != nil {
				t.Fatal(err)
			}
			if _, known := unguarded[table]; !known && !guarded {
				open = append(open, table)
			}
			open = append(open, careless...)
		}
		slices.Sort(open)
		return open
	}
	if open := look(); open != nil {
		t.Errorf("anybody may write by straight SQL: %v", open)
	}
	for _, planted := range []struct{ sql, want string }{
		{"SELECT place_rows('stray', 'local') FROM (SELECT 1) x", "stray"},
		{"CREATE POLICY land_for_all ON land FOR UPDATE USING (true)", "land_for_all"},
		{"GRANT INSERT ON retention TO wangge_app", "retention"},
	} {
		if planted.want == "stray" {
			if _, err := pool.Exec(t.Context(), "CREATE TABLE stray (id int)"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := pool.Exec(t.Context(), planted.sql); err != nil {
			t.Fatal(err)
		}
		if open := look(); !slices.Contains(open, planted.want) {
			t.Errorf("after %s it is said that anybody may write %v", planted.sql, open)
		}
	}
}

// planting fills what twoCommunities leaves empty: in each of the communities 1, 2 and, of another district, 3 a row of each table that says where it lies.
func planting(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	exec(`INSERT INTO division_code (code, division_id, since) SELECT code, id, now() FROM division;
INSERT INTO size_policy (division_id) SELECT id FROM division;
INSERT INTO grid_code (code, district, grid_id, since) SELECT code, district, id, now() FROM grid;
INSERT INTO grid_group (district, id, community_id, name) SELECT home, id, id, 'g' FROM division;
INSERT INTO estate (district, id, community_id, name) SELECT home, id, id, 'e' FROM division;
INSERT INTO unit_grid (district, id, unit_id, grid_id, during) SELECT u.district, u.id, u.id, g.grid_id, '[2020-01-01,)' FROM unit u JOIN building_grid g ON g.building_id = u.building_id;
INSERT INTO road (district, id, code, name, class, shape) SELECT home, id, code, '', 'r', ST_SetSRID(ST_MakeLine(ST_MakePoint(1, 1), ST_MakePoint(2, 2)), 4490) FROM division;
INSERT INTO land (district, id, code, name, class, shape) SELECT home, id, code, '', 'l', ST_Multi(ST_MakeEnvelope(1, 1, 2, 2, 4490)) FROM division;
INSERT INTO board_print (district, of_id, revision, of_kind, people, border, names, contacts, printed_on, printed_by)
	SELECT district, id, 1, 'grid', repeat('0', 64), repeat('0', 64), repeat('0', 64), repeat('0', 64), '2026-01-01', 'x' FROM grid;
INSERT INTO change_log (n, at, what, division_ids) SELECT row_number() OVER (ORDER BY id), now(), 'other', ARRAY[id] FROM division;
INSERT INTO coverage_report (division_id, n, day, checked_at, area_m2, covered_m2, gap_m2, overlap_m2, outside_m2) SELECT id, 1, '2026-01-01', now(), 1, 1, 0, 0, 0 FROM division;
INSERT INTO worker (district, id, name) SELECT home, id, 'w' FROM division;
INSERT INTO worker_photo (district, worker_id, media_type, name) SELECT district, id, 'image/png', repeat('A', 26) FROM worker;
INSERT INTO loose_photo (name) VALUES (repeat('B', 26));
INSERT INTO data_key (id, home, category, cipher, ring_key, sealed, made) SELECT id, home, (ARRAY['NAME', 'IDENTITY', 'CONTACT'])[row_number() OVER (ORDER BY id)], 'c', 'k', repeat('x', 40)::bytea, now() FROM division;
INSERT INTO resident (district, id, name, communities, grids, buildings) SELECT district, unit_id, 'x', ARRAY[community_id], ARRAY[grid_id], ARRAY[building_id] FROM unit_people WHERE grid_id IS NOT NULL;
INSERT INTO residency (district, id, resident_id, unit_id, dwelling_id, number, registered_here, lives_here, tenure, during, community_id, grid_id, building_id)
	SELECT district, unit_id, unit_id, unit_id, unit_id, '1', true, true, 'OWNER', '[2020-01-01,)', community_id, grid_id, building_id FROM unit_people WHERE grid_id IS NOT NULL;
INSERT INTO care_tag (district, id, resident_id, restricted, tag, lookup, set_by, set_on, review_on, expires_on, communities, grids, buildings)
	SELECT district, id, id, false, 'x', sha256('x'), 's', '2020-01-01', '2020-01-01', '2020-01-01', communities, grids, buildings FROM resident;
INSERT INTO household_form (district, id, unit_id, dwelling_id, number, form, answers, filled_on, filled_by, community_id, grid_id, building_id)
	SELECT district, id, unit_id, dwelling_id, number, 1, 'x', '2020-01-01', 's', community_id, grid_id, building_id FROM residency;
INSERT INTO resident_erasure (district, month, reason, people) VALUES ('home1', '2026-01-01', 'REQUEST', 1);
INSERT INTO resident_use (actor, what, uses) VALUES ('staff', 'search', '{2026-01-01}');
INSERT INTO account (id, login, role, created_at, created_by) VALUES ('` + id(divisions, 1).String() + `', 'somebody', 'auditor', now(), 'x');
INSERT INTO account_secret (account_id, password) SELECT id, '$argon2id$' FROM account;
INSERT INTO recovery_code (account_id, hash) SELECT id, sha256('x') FROM account;
INSERT INTO session (hash, account_id, handle, factor, began_at, seen_at) SELECT sha256('x'), id, id, true, now(), now() FROM account;
INSERT INTO access_token (id, account_id, name, hash, writes, rights, created_at, expires_at) SELECT id, id, 'x', sha256('x'), true, '{}', now(), now() + interval '1 day' FROM account;
INSERT INTO sign_in_try (name, tries, tried_at, until, forget_at) VALUES (sha256('x'), 1, now(), now(), now());
INSERT INTO audit_entry (district, n, at, actor, role, action, result, previous, key_id, hash) VALUES ('home1', 1, now(), 'x', 'public', 'X_X', 'OK', sha256('x'), '01234567', sha256('x'))`)
}

// places are where rows lie, by the column that says it: the grid, building or what else is planted of it, or the community.
var places = []struct {
	name     string
	grid     int
	division int
}{{"own", 1, 1}, {"another grid", 2, 1}, {"another community", 3, 2}, {"another district", 4, 3}}

// writers says of each table whose rows lie where which verbs (I, U, D) who may use: "who verbs", with /own where it holds of rows of the own area only. Nobody else may.
// Worker is of grid 1; station, chief and platform are of community 1, which grids 1 and 2 are of.
var writers = map[string]string{
	"access_token":     "door IUD",
	"account":          "door IU", // an auditor's; by who gives accounts: TestWhoGivesAccountsByStraightSQL
	"account_secret":   "door IU, security I",
	"board_print":      "operator IUD, counter IUD",
	"building":         "operator IUD",
	"building_grid":    "operator IUD, counter IUD",
	"care_category":    "operator IU",
	"care_tag":         "keeper IUD, worker/own IUD, station/own IUD, chief/own IUD",
	"change_log":       "operator I, counter I",
	"coverage_people":  "operator IU, counter IU",
	"coverage_problem": "operator IUD, counter IUD",
	"coverage_report":  "operator IU, counter IU",
	"data_key":         "keeper IUD",
	"division":         "operator IU, counter IU",
	"division_code":    "operator I",
	"dwelling":         "operator IUD, counter IUD",
	"entity_record":    "operator IUD, counter IUD",
	"estate":           "operator IU",
	"external_ref":     "operator IUD, counter IUD",
	"grid":             "operator IU",
	"grid_boundary":    "operator IU",
	"grid_code":        "operator I",
	"grid_group":       "operator I",
	"household":        "operator IUD, counter IUD",
	"household_form":   "keeper IUD, worker/own IUD, station/own IUD",
	"land":             "operator IUD",
	"legal_entity":     "operator IUD",
	"loose_photo":      "operator IUD",
	"recovery_code":    "door ID",
	"residency":        "keeper IUD, worker/own IUD, station/own IUD",
	"resident":         "keeper IUD, worker/own IUD, station/own IUD",
	"resident_erasure": "keeper IU",
	"resident_use":     "keeper IUD",
	"road":             "operator IUD",
	"session":          "door IUD",
	"sign_in_try":      "door IUD",
	"size_policy":      "operator IU, counter IU",
	"unit":             "operator ID",
	"unit_grid":        "operator IUD, counter IUD",
	"unit_people":      "operator IUD, counter IUD",
	"worker_photo":     "operator IUD",
}

// keyed are the columns that tell which row of a table is meant, where it is not grid_id or building_id; "" where there is one row.
var keyed = map[string]string{
	"access_token": "", "account": "", "account_secret": "", "recovery_code": "", "session": "", "sign_in_try": "", "audit_entry": "", "loose_photo": "", "resident_erasure": "", "resident_use": "", "care_category": "",
	"board_print": "of_id", "building": "id", "care_tag": "resident_id", "change_log": "division_ids", "coverage_people": "problem_id", "coverage_problem": "id", "coverage_report": "division_id",
	"data_key": "id", "division": "id", "division_code": "division_id", "dwelling": "unit_id", "entity_record": "entity_id", "estate": "id", "external_ref": "owner_id", "grid": "id",
	"grid_group": "id", "household": "dwelling_id", "land": "id", "legal_entity": "building_id", "resident": "id", "road": "id", "size_policy": "division_id", "unit": "id", "unit_grid": "unit_id",
	"worker_photo": "worker_id", "unit_people": "unit_id",
}

// TestWhoWritesWhatByStraightSQL: every kind of asker adds, changes and removes rows of every table, of the own area and of others, with no service in between.
func TestWhoWritesWhatByStraightSQL(t *testing.T) {
	d, pool := twoCommunities(t)
	planting(t, pool)
	in := func(kind int) []uuid.UUID { return []uuid.UUID{id(kind, 1)} }
	helps := []account.Right{account.Households, account.Residents}
	with := func(r account.Reach, more ...account.Right) account.Actor {
		return staffOf(r, append(slices.Clone(helps), more...)...)
	}
	grid, community := account.Reach{Grids: in(grids)}, account.Reach{Communities: in(divisions)}
	askers := []struct {
		name  string
		actor account.Actor
	}{
		{"public", account.Anyone()}, {"neighbour", account.Actor{Role: account.Staff, ID: "n"}},
		{"worker", with(grid, account.Reveal, account.Keep, account.Care)},
		{"station", with(community, account.Reveal, account.Keep, account.Care, account.Appoint)},
		{"chief", with(community, account.Reveal, account.Care, account.Restricted, account.Appoint, account.Arrange)},
		{"platform", staffOf(community, account.Appoint, account.Arrange)},
		{"operator", account.TheOperator()}, {"security", account.Actor{Role: account.Security, ID: "s"}}, {"auditor", account.Actor{Role: account.Auditor, ID: "a"}},
		{"door", account.TheDoor()}, {"counter", account.TheCounter()}, {"keeper", account.TheKeeper()},
	}
	may := func(table, who, verb, place string) bool {
		for _, one := range strings.Split(writers[table], ", ") {
			name, verbs, _ := strings.Cut(one, " ")
			name, own := strings.CutSuffix(name, "/own")
			held := !own || place == "own" || place == "another grid" && who != "worker"
			if name == who && strings.Contains(verbs, verb) && held {
				return true
			}
		}
		return false
	}
	errUndo, cases := errors.New("undone"), 0
	for table := range granted(t, pool) {
		if slices.Contains(guardedOffices, table) || slices.Contains(guardedAudit, table) { // TestOperatorsAloneWriteWhoIsInOffice, TestTheAuditIsOnlyAddedTo
			continue
		}
		if writers[table] == "" {
			t.Errorf("it is not said who writes %s", table)
			continue
		}
		var columns []string
		err := pool.QueryRow(t.Context(), `SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`, table).Scan(&columns)
		if err != nil {
			t.Fatal(err)
		}
		list := strings.Join(columns, ", ")
		for _, place := range places {
			key, known := keyed[table]
			if !known {
				key = map[bool]string{true: "grid_id", false: "building_id"}[slices.Contains(columns, "grid_id")]
			}
			where, text := "true", func(kind, n int) string { return "'" + id(kind, n).String() + "'" }
			switch key {
			case "":
				if place.name != "own" {
					continue
				}
			default:
				at := []string{text(grids, place.grid), text(buildings, place.grid), text(units, place.grid), text(divisions, place.division)}
				where = key + " IN (" + strings.Join(at, ", ") + ")"
				if key == "division_ids" {
					where = text(divisions, place.division) + " = ANY (division_ids)"
				}
			}
			var row string
			if err := pool.QueryRow(t.Context(), "SELECT x::text FROM "+table+" x WHERE "+where+" LIMIT 1").Scan(&row); err != nil {
				t.Fatalf("%s has no row of %s: %v", table, place.name, err)
			}
			for _, who := range askers {
				for verb, sql := range map[string]string{
					"I": fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM (SELECT ($1::%s).*) x", table, list, list, table),
					"U": fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s", table, columns[0], columns[0], where),
					"D": fmt.Sprintf("DELETE FROM %s WHERE %s", table, where),
				} {
					cases++
					did := false
					err := d.As(t.Context(), who.actor, func(ctx context.Context, tx pgx.Tx) error {
						var args []any
						if verb == "I" {
							args = []any{row}
						}
						tag, err := tx.Exec(ctx, sql, args...)
						var pg *pgconn.PgError
						switch {
						case err == nil:
							did = tag.RowsAffected() > 0
						case errors.As(err, &pg) && strings.HasPrefix(pg.Code, "23"): // it is let, and another rule keeps it
							did = true
						case !errors.As(err, &pg) || pg.Code != "42501":
							return fmt.Errorf("%s: %w", sql, err)
						}
						return errUndo
					})
					if !errors.Is(err, errUndo) {
						t.Fatal(err)
					}
					if want := may(table, who.name, verb, place.name); did != want {
						t.Errorf("%s %s of %s, %s: %v, want %v", who.name, verb, table, place.name, did, want)
					}
				}
			}
		}
	}
	t.Logf("%d cases", cases)

	// What staff arrange they may lock, and so have the server write.
	for _, who := range askers {
		for _, place := range places {
			for _, sql := range []string{
				"SELECT 1 FROM grid WHERE id = '" + id(grids, place.grid).String() + "' FOR SHARE",
				"SELECT 1 FROM division WHERE id = '" + id(divisions, place.division).String() + "' FOR NO KEY UPDATE",
			} {
				want := who.name == "operator" || strings.Contains(sql, "division") && who.name == "counter" || (who.name == "chief" || who.name == "platform") && place.division == 1
				err := d.As(t.Context(), who.actor, func(ctx context.Context, tx pgx.Tx) error {
					tag, err := tx.Exec(ctx, sql)
					if did := tag.RowsAffected() == 1; did != want {
						t.Errorf("%s locks %s by %s: %v, want %v", who.name, place.name, sql, did, want)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
