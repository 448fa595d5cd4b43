package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/internal/ops"
	"wangge/internal/testdb"
)

// TestWhoOwnsTheDatabaseIsFoundOut: commands and mutations are noted; whoever then changes the audit by SQL, or takes its end away, is found out by the
// key and the heads that lie outside the database.
func TestWhoOwnsTheDatabaseIsFoundOut(t *testing.T) {
	data, address := filepath.Join(t.TempDir(), "data"), testdb.URL(t)
	env := []string{"DATA=" + data, "DATABASE_URL=" + address, "ADDR=127.0.0.1:0", "LOG_LEVEL=error"}
	mustRun(t, env, "demo", "--size", "community")
	s := serve(t, env)
	token, err := os.ReadFile(filepath.Join(data, "operator.token"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, s.url+"/graphql", strings.NewReader(`{"query":"mutation { updateWorker(input: {id: \"x\", version: 1}) { version } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	answered, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answered.Body.Close()
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(10 * time.Millisecond) { // it writes the ends of the chains when it has come up
		if _, err := os.Stat(filepath.Join(data, ops.HeadsFile)); err == nil {
			break
		}
	}
	if code := s.stop(t, os.Interrupt); code != 0 {
		t.Errorf("the server ended with %d", code)
	}

	list := mustRun(t, env, "audit", "list")
	for _, want := range []string{"operator operator LOAD_DEMO OK", "operator operator UPDATE_WORKER WORKER NOT_FOUND"} {
		if !strings.Contains(list, want) {
			t.Errorf("not noted is %q:\n%s", want, list)
		}
	}
	said := mustRun(t, env, "audit", "verify")
	if !strings.HasSuffix(said, " hold") {
		t.Fatalf("verify says %s", said)
	}
	head := strings.SplitN(said, "\n", 2)[0]
	for _, secret := range []string{"audit.key", ops.HeadsFile} {
		if info, err := os.Stat(filepath.Join(data, secret)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", secret, info, err)
		}
	}

	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, c := range []struct{ name, sql, want string }{
		{"an entry changed", `UPDATE audit_entry SET actor = 'somebody' WHERE n = 2`, "entry 2 "},
		{"an entry taken out", `DELETE FROM audit_entry WHERE n = 2`, "entry 2 "},
		{"the beginning taken out", `DELETE FROM audit_entry WHERE n < 3`, "entry 2 "},
		{"the end taken out", `DELETE FROM audit_entry WHERE n > 1`, "entry 2 "},
		{"all taken out", `DELETE FROM audit_entry`, "missing"},
	} {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		exec := func(sql string) {
			t.Helper()
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		exec("CREATE TABLE audit_copy AS SELECT * FROM audit_entry; " + c.sql)
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if code, out, _ := run(t, env, "audit", "verify", "--head", head); code != 1 || !strings.HasPrefix(out, "wrong: ") || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit %d, %s", c.name, code, out)
		}
		exec("DELETE FROM audit_entry; INSERT INTO audit_entry SELECT * FROM audit_copy; DROP TABLE audit_copy")
	}
	if code, out, _ := run(t, append(env, "AUDIT_KEY="+strings.Repeat("another", 5)), "audit", "verify"); code != 1 || !strings.Contains(out, "which is not among those of AUDIT_KEY") {
		t.Errorf("another key: exit %d, %s", code, out)
	}
	mustRun(t, env, "audit", "verify", "--head", head)
}
