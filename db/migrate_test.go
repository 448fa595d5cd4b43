package db_test

import (
	"context"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/db"
	"wangge/internal/fault"
	"wangge/internal/testdb"
	"wangge/migrations"
)

func openEmpty(t *testing.T, address string, o db.Options) *pgxpool.Pool {
	t.Helper()
	pool, err := db.Open(context.Background(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func files(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	return names
}

func TestMigrateUpAndDown(t *testing.T) {
	ctx := context.Background()
	pool := openEmpty(t, testdb.Empty(t), db.Options{})
	want := files(t)
	done, err := db.MigrateUp(ctx, pool)
	if err != nil || len(done) != len(want) {
		t.Fatal(done, err)
	}
	if done, err := db.MigrateUp(ctx, pool); err != nil || len(done) != 0 {
		t.Error("applied again:", done, err)
	}
	status, err := db.MigrationStatus(ctx, pool)
	if err != nil || len(status) != len(want) {
		t.Fatal(status, err)
	}
	for i, m := range status {
		if m.File != want[i] || m.Applied.IsZero() {
			t.Errorf("%+v, want %s applied", m, want[i])
		}
	}
	for i := range want {
		m, err := db.MigrateDown(ctx, pool, false)
		if last := want[len(want)-1-i]; err != nil || m.File != last {
			t.Fatalf("took back %s, %v; want %s", m.File, err, last)
		}
	}
	_, err = db.MigrateDown(ctx, pool, false)
	if f := fault.As(err); err == nil || f.Key != "db.migrate.atStart" {
		t.Error(err)
	}
	var left []string
	err = pool.QueryRow(ctx, `SELECT array_agg(relname::text) FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
		AND relname NOT IN ('goose_db_version', 'spatial_ref_sys', 'geometry_columns', 'geography_columns')`).Scan(&left)
	if err != nil || len(left) > 0 {
		t.Error("left behind:", left, err)
	}
	if done, err := db.MigrateUp(ctx, pool); err != nil || len(done) != len(want) {
		t.Error(done, err)
	}
}

func TestMigrateDownKeepsARegister(t *testing.T) {
	ctx := context.Background()
	pool := openEmpty(t, testdb.URL(t), db.Options{})
	_, err := pool.Exec(ctx, `WITH l AS (INSERT INTO legal_entity (district, id, name) VALUES ('unplaced', gen_random_uuid(), 'a') RETURNING district, id)
		INSERT INTO entity_record (district, entity_id, code) SELECT district, id, 'a' FROM l`)
	if err != nil {
		t.Fatal(err)
	}
	for m := (db.Migration{}); m.Version != 6; { // what came after the register
		if m, err = db.MigrateDown(ctx, pool, false); err != nil {
			t.Fatal(err)
		}
	}
	if m, err := db.MigrateDown(ctx, pool, false); err == nil || !strings.Contains(err.Error(), "delete them first") {
		t.Errorf("took back %s, %v", m.File, err)
	}
	var left int
	if err := pool.QueryRow(ctx, "SELECT count(*) FROM legal_entity").Scan(&left); err != nil || left != 1 {
		t.Errorf("%d left, %v", left, err)
	}
}

// TestMigrateDownLosesNoFilesUnasked: a step back that would lose what nothing makes anew says how much, and waits to be told.
func TestMigrateDownLosesNoFilesUnasked(t *testing.T) {
	r := plantRegister(t)
	ctx := t.Context()
	r.enter(t)
	if _, err := r.FillForm(ctx, worker, household(1), 1, map[string]string{"party": "1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.pool.Exec(ctx, `INSERT INTO account (id, login, role, created_at, created_by) VALUES (gen_random_uuid(), 'planted', 'security', now(), '-')`); err != nil {
		t.Fatal(err)
	}
	refused := map[string]string{}
	for m := (db.Migration{}); m.Version != 14; {
		var err error
		if m, err = db.MigrateDown(ctx, r.pool, false); err == nil {
			continue
		}
		f := fault.As(err)
		if f.Code != fault.Conflict || f.Key != "db.migrate.loses" || refused[f.Text(fault.English)] != "" || strings.Contains(f.Text(fault.English), "planted") {
			t.Fatal(err)
		}
		refused[f.Text(fault.English)] = "once"
		if m, err = db.MigrateDown(ctx, r.pool, true); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"Taking 00016_residents.sql back removes what cannot be made anew (resident: 1, household_form: 1): back the database up, and repeat it with --lose-data if that is meant.",
		"Taking 00014_accounts.sql back removes what cannot be made anew (account: 1): back the database up, and repeat it with --lose-data if that is meant.",
	} {
		if refused[want] == "" {
			t.Errorf("not said: %s", want)
		}
	}
	if len(refused) != 2 {
		t.Errorf("refused: %v", refused)
	}
}

// TestMigrateDownKnowsWhatIsLost: every table that a step back drops is said to be lost, or is made anew.
func TestMigrateDownKnowsWhatIsLost(t *testing.T) {
	anew := strings.Fields(`table_class size_policy division_code division land road building_grid building estate grid_boundary grid_code grid grid_group coverage_problem coverage_report change_log
		external_ref legal_entity household dwelling unit_grid unit coverage_people entity_record unit_people loose_photo
		absence assignment worker_photo sign_in_try access_token session recovery_code account_secret
		retention resident_use resident_erasure care_tag residency collection_form care_category data_key`) // imported, derived, or the lost ones' own
	drop := regexp.MustCompile(`DROP TABLE (\w+)`)
	for _, name := range files(t) {
		text, err := migrations.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range drop.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(anew, m[1]) && !slices.Contains(db.LostWith(name), m[1]) {
				t.Errorf("%s drops %s without asking", name, m[1])
			}
		}
	}
}

func TestMigrateAtOnce(t *testing.T) {
	address := testdb.Empty(t)
	type result struct {
		done []db.Migration
		err  error
	}
	results := make(chan result)
	for range 3 {
		pool := openEmpty(t, address, db.Options{})
		go func() {
			done, err := db.MigrateUp(context.Background(), pool)
			results <- result{done, err}
		}()
	}
	applied := 0
	for range 3 {
		r := <-results
		if r.err != nil {
			t.Error(r.err)
		}
		applied += len(r.done)
	}
	if want := len(files(t)); applied != want {
		t.Errorf("%d migrations applied, want %d", applied, want)
	}
}

func sqlFile(up string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("-- +goose Up\n" + up + ";\n-- +goose Down\nSELECT 1;\n")}
}

func TestMigrationFails(t *testing.T) {
	ctx := context.Background()
	pool := openEmpty(t, testdb.Empty(t), db.Options{StatementTimeout: time.Second})
	good := fstest.MapFS{"00001_good.sql": sqlFile(`CREATE TABLE good AS SELECT pg_sleep(1.2)::text`)}
	bad := fstest.MapFS{
		"00001_good.sql": good["00001_good.sql"],
		"00002_more.sql": sqlFile(`CREATE TABLE more (n int)`),
		"00003_bad.sql":  sqlFile("CREATE TABLE half (n int);\nINSERT INTO nowhere VALUES (1)"),
	}
	if _, err := db.MigrateUpFrom(ctx, pool, good); err != nil {
		t.Fatal("a migration may be slow:", err)
	}
	done, err := db.MigrateUpFrom(ctx, pool, bad)
	f := fault.As(err)
	if err == nil || f.Key != "db.migrate.failed" || f.Code != fault.Unavailable || len(done) != 1 {
		t.Fatal(done, err)
	}
	for _, part := range []string{"00003_bad.sql", "nowhere"} {
		if !strings.Contains(f.Text(fault.English), part) {
			t.Errorf("%q does not name %q", f.Text(fault.English), part)
		}
	}
	var kept, half bool
	err = pool.QueryRow(ctx, `SELECT to_regclass('more') IS NOT NULL, to_regclass('half') IS NOT NULL`).Scan(&kept, &half)
	if err != nil || !kept || half {
		t.Error("kept, half:", kept, half, err)
	}

	_, err = db.MigrateUpFrom(ctx, pool, good)
	if f := fault.As(err); err == nil || f.Key != "db.migrate.newer" || strings.Contains(f.Text(fault.Chinese), "{") {
		t.Error("a database newer than the program:", err)
	}
}

func TestMigrateWithoutRight(t *testing.T) {
	ctx := context.Background()
	address := testdb.Empty(t)
	super, err := pgxpool.New(ctx, asUser(t, address, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer super.Close()
	if err := super.Ping(ctx); err != nil {
		t.Skip("needs a superuser without a password:", err)
	}
	const guest = "wangge_test_guest"
	if _, err := super.Exec(ctx, `DROP ROLE IF EXISTS `+guest+`; CREATE ROLE `+guest+` LOGIN`); err != nil {
		t.Fatal(err)
	}
	defer super.Exec(ctx, `DROP ROLE `+guest)
	if _, err := db.Open(ctx, asUser(t, address, guest), db.Options{}); err == nil || fault.As(err).Key != "db.connect.noRole" || strings.Contains(fault.As(err).Text(fault.English), "{") {
		t.Error("who may not become the role of requests:", err)
	}
	if _, err := super.Exec(ctx, `GRANT `+migrations.RequestRole+` TO `+guest); err != nil {
		t.Fatal(err)
	}
	_, err = db.MigrateUp(ctx, openEmpty(t, asUser(t, address, guest), db.Options{}))
	if f := fault.As(err); err == nil || f.Key != "db.migrate.noRight" || strings.Contains(f.Text(fault.English), "{") {
		t.Error(err)
	}
}

// TestALinkedAccountLosesItsPassword: what is kept of it goes when the database is brought up to date, and one that nobody knows stands there after a step back.
func TestALinkedAccountLosesItsPassword(t *testing.T) {
	ctx := t.Context()
	pool := openEmpty(t, testdb.Empty(t), db.Options{})
	if _, err := db.MigrateUp(ctx, pool); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, `WITH a AS (INSERT INTO account (id, login, role, must_change, provider_name, created_at, created_by)
		SELECT gen_random_uuid(), login, 'auditor', false, name, now(), 'machine' FROM (VALUES ('linked', 'li.na@city'), ('local', NULL)) v (login, name) RETURNING id, provider_name)
		INSERT INTO account_secret (account_id, password) SELECT id, CASE WHEN provider_name IS NULL THEN '$argon2id$kept' END FROM a`); err != nil {
		t.Fatal(err)
	}
	kept := func(login string) (s string) {
		t.Helper()
		if err := pool.QueryRow(ctx, `SELECT coalesce(password, '') FROM account_secret JOIN account ON id = account_id WHERE login = $1`, login).Scan(&s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	for {
		m, err := db.MigrateDown(ctx, pool, false)
		if err != nil {
			t.Fatal(err)
		}
		if m.File == "00028_linked_password.sql" {
			break
		}
	}
	if !strings.HasPrefix(kept("linked"), "$argon2id$") || kept("local") != "$argon2id$kept" {
		t.Errorf("a step back: %q, %q", kept("linked"), kept("local"))
	}
	if _, err := db.MigrateUp(ctx, pool); err != nil {
		t.Fatal(err)
	}
	if kept("linked") != "" || kept("local") != "$argon2id$kept" {
		t.Errorf("brought up to date: %q, %q", kept("linked"), kept("local"))
	}
}
