package db_test

import (
	_ "embed"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"wangge/internal/testdb"
)

//go:embed testdata/schema_lint.sql
var schemaLint string

func lint(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), schemaLint)
	if err != nil {
		t.Fatal(err)
	}
	breaches, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return breaches
}

func connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), testdb.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	return conn
}

func TestSchemaKeepsTheKeyRules(t *testing.T) {
	conn := connect(t)
	for _, breach := range lint(t, conn) {
		t.Error(breach)
	}
	// The lint itself must see what it is for.
	for _, planted := range []struct{ sql, want string }{
		{"CREATE TABLE stray (id int)", "no class given: table stray"},
		{"CREATE UNIQUE INDEX loose ON building (name)", "unique without district: loose"},
		{"ALTER TABLE road ADD CONSTRAINT road_far_fkey FOREIGN KEY (district, id) REFERENCES land (district, id) ON DELETE SET NULL", "SET NULL, SET DEFAULT or ON UPDATE over district: road_far_fkey"},
		{"CREATE RULE quiet AS ON DELETE TO grid DO INSTEAD NOTHING", "rule: quiet"},
		{"ALTER TABLE household DISABLE ROW LEVEL SECURITY", "policies that guard nothing, or none that do: household"},
		{"CREATE POLICY road_here ON road USING (district IN (SELECT home FROM division))", "policy with a sub-query: road_here"},
		{"ALTER TABLE grid ALTER district DROP NOT NULL", ""},
	} {
		if _, err := conn.Exec(t.Context(), planted.sql); err != nil {
			if planted.want != "" {
				t.Fatalf("%s: %v", planted.sql, err)
			}
			continue // the primary key itself forbids it
		}
		if found := strings.Join(lint(t, conn), "\n"); !strings.Contains(found, planted.want) {
			t.Errorf("after %q the lint says only %q", planted.sql, found)
		}
	}
}

// namedStatements are the constants of this package whose text begins with "-- name:".
func namedStatements(t testing.TB) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]ast.Expr{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == len(spec.Names) {
				for i, name := range spec.Names {
					values[name.Name] = spec.Values[i]
				}
			}
			return true
		})
	}
	var text func(e ast.Expr) (string, bool)
	text = func(e ast.Expr) (string, bool) {
		switch e := e.(type) {
		case *ast.BasicLit:
			s, err := strconv.Unquote(e.Value)
			return s, err == nil && e.Kind == token.STRING
		case *ast.Ident:
			v, known := values[e.Name]
			if !known {
				return "", false
			}
			return text(v)
		case *ast.BinaryExpr:
			x, ok := text(e.X)
			y, ok2 := text(e.Y)
			return x + y, ok && ok2 && e.Op == token.ADD
		}
		return "", false
	}
	out := map[string]string{}
	for _, e := range values {
		sql, ok := text(e)
		if !ok || !strings.HasPrefix(sql, "-- name: ") {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(sql, "-- name: "), "\n")
		if _, taken := out[name]; taken {
			t.Errorf("two statements are named %s", name)
		}
		out[name] = sql
	}
	return out
}

// inner is a parenthesis that holds none.
var inner = regexp.MustCompile(`\([^()]*\)`)

// ordered reports whether sql as a whole, not a part of it in parentheses, says ORDER BY.
func ordered(sql string) bool {
	for last := ""; last != sql; {
		last, sql = sql, inner.ReplaceAllString(sql, "")
	}
	return strings.Contains(sql, "ORDER BY")
}

// oneRow are the statements that count or sum up all they read.
var oneRow = map[string]bool{"households.Told": true, "import.Counts": true, "tiles.Bounds": true, "board.Tally": true, "account.Count": true, "resident.TagStands": true}

// orderedElsewhere are those whose rows their reader puts in order, for speed.
var orderedElsewhere = map[string]bool{"tiles.Buildings": true}

func TestEveryStatementHasAPlanAndAnOrder(t *testing.T) {
	conn := connect(t)
	all := namedStatements(t)
	if len(all) < 60 {
		t.Fatalf("only %d statements found", len(all))
	}
	exec := func(sql string) {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	// Temporary tables of an import, made once for all; not dropped with each statement's transaction here.
	for name, sql := range all {
		if strings.Contains(sql, "CREATE TEMPORARY TABLE") {
			exec(strings.ReplaceAll(sql, "ON COMMIT DROP", ""))
			delete(all, name)
		}
	}
	for name, sql := range all {
		t.Run(name, func(t *testing.T) {
			described, err := conn.Prepare(t.Context(), "", sql)
			if err != nil {
				t.Fatal(err)
			}
			nulls := strings.TrimSuffix(strings.Repeat("NULL, ", len(described.ParamOIDs)), ", ")
			if nulls != "" {
				nulls = "(" + nulls + ")"
			}
			exec("DEALLOCATE ALL")
			exec("PREPARE plan AS " + sql)
			exec("EXPLAIN EXECUTE plan" + nulls)
			body := strings.TrimSpace(sql[strings.Index(sql, "\n"):])
			reads := strings.HasPrefix(body, "SELECT") || strings.HasPrefix(body, "WITH") && !strings.Contains(body, "INSERT") && !strings.Contains(body, "\nUPDATE ")
			if reads && !ordered(body) && !oneRow[name] && !orderedElsewhere[name] {
				t.Error("it reads without an order")
			}
		})
	}
}

// TestPartsAreFoundByIndex: what a server reads of some communities, divisions or workers is found by them, by the very plan that
// PostgreSQL makes once for whatever is asked. It keeps to that plan where planning for each cost more so far, all included.
func TestPartsAreFoundByIndex(t *testing.T) {
	conn := connect(t)
	exec := func(sql string) {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	exec(`INSERT INTO division (id, code, name, level, home) SELECT gen_random_uuid(), 'd' || n, 'd', 'COMMUNITY', 'home1' FROM generate_series(1, 500) n;
INSERT INTO grid_group (district, id, community_id, name) SELECT 'home1', gen_random_uuid(), d.id, 'g' || n FROM division d, generate_series(1, 10) n;
INSERT INTO grid (district, id, code, name, kind, community_id)
	SELECT 'home1', gen_random_uuid(), d.code || '-' || n, 'g', 'COMPREHENSIVE', d.id FROM division d, generate_series(1, 10) n;
INSERT INTO grid_code (code, district, grid_id, since) SELECT code, district, id, now() FROM grid;
INSERT INTO worker (district, id, name) SELECT 'home1', gen_random_uuid(), 'w' FROM grid;
INSERT INTO assignment (district, id, worker_id, post, cover, during, grid_id)
	SELECT 'home1', gen_random_uuid(), w.id, 'GRID_WORKER', 'A', '[2026-01-01,)', g.id
	FROM (SELECT id, row_number() OVER () AS n FROM worker) w JOIN (SELECT id, row_number() OVER () AS n FROM grid) g USING (n);
SET plan_cache_mode = force_generic_plan;
ANALYZE`)
	all := namedStatements(t)
	for name, by := range map[string]string{"live.GridsOf": "community_id", "live.FormerCodesOf": "community_id", "live.GroupsOf": "community_id",
		"live.DivisionsOf": "id", "live.AreasOf": "worker_id", "live.TenuresOf": "worker_id",
		"scene.Grids": "community_id", "scene.Tenures": "area_id"} {
		exec("DEALLOCATE ALL")
		exec("PREPARE plan AS " + all[name])
		nulls := "(NULL, NULL)"
		if strings.Contains(all[name], "$3") {
			nulls = "(NULL, NULL, NULL)"
		}
		rows, err := conn.Query(t.Context(), "EXPLAIN EXECUTE plan"+nulls, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		plan := strings.Join(lines, "\n")
		if !regexp.MustCompile(`Index Cond: .*\b` + by + ` = ANY \(\$2\)`).MatchString(plan) {
			t.Errorf("%s does not find by %s:\n%s", name, by, plan)
		}
	}
}
