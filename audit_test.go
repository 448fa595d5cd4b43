package main

import (
	"context"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/internal/ops"
	"wangge/internal/testdb"
)

// refused asks the server for a mutation that it refuses, which is noted.
func refused(t *testing.T, s *server, data string) {
	t.Helper()
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
	if answered, err := http.DefaultClient.Do(r); err == nil { // else it was killed
		answered.Body.Close()
	}
}

// TestTheEndsOfTheAuditAreAnchoredMeanwhile: while a server runs, soon after an entry was added, in one file for two servers; one that was killed
// anchored nothing that is not there, and what an owner takes away is told by the next to start.
func TestTheEndsOfTheAuditAreAnchoredMeanwhile(t *testing.T) {
	data, address := filepath.Join(t.TempDir(), "data"), testdb.URL(t)
	env := []string{"DATA=" + data, "DATABASE_URL=" + address, "ADDR=127.0.0.1:0", "LOG_LEVEL=warn"}
	s, other := serve(t, env), serve(t, env)
	anchored := func(least int64, what string) (n int64) {
		t.Helper()
		for began := time.Now(); time.Since(began) < 5*time.Second; time.Sleep(20 * time.Millisecond) {
			list, err := ops.Heads{Data: data}.Read()
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 1 && list[0].N >= least {
				return list[0].N
			}
		}
		t.Fatalf("not anchored: %s", what)
		return 0
	}
	refused(t, s, data)
	n := anchored(1, "the first entry")
	for _, s := range []*server{other, s} {
		refused(t, s, data)
		n = anchored(n+1, "one more")
	}

	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE TABLE audit_copy AS SELECT * FROM audit_entry")
	for range 40 {
		refused(t, s, data)
	}
	s.stop(t, os.Kill)
	if other.stop(t, os.Interrupt); strings.Contains(other.log.String(), "audit") {
		t.Errorf("the server says\n%s", other.log)
	}
	exec("CREATE TABLE audit_whole AS SELECT * FROM audit_entry")
	mustRun(t, env, "audit", "verify")

	for _, c := range []struct{ name, sql, want string }{
		{"the newest entries", "DELETE FROM audit_entry WHERE n > 30", "entry 31 of chain unplaced: it is missing: the chain went on to 4"},
		{"a chain", "DELETE FROM audit_entry WHERE district = 'unplaced'", "the whole chain is missing"},
		{"all", "TRUNCATE audit_entry", "the whole chain is missing"},
		{"a backup of before", "TRUNCATE audit_entry; INSERT INTO audit_entry SELECT * FROM audit_copy", "or the database is a backup of before"},
	} {
		exec(c.sql)
		if code, out, _ := run(t, env, "audit", "verify"); code != 1 || !strings.HasPrefix(out, "wrong: ") || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit %d, %s", c.name, code, out)
		}
		_, _, said := run(t, env, "audit", "list") // which adds to the chain, and anchors it
		if !strings.Contains(said, "entries of the audit that were there are gone, or the database is a backup of before") {
			t.Errorf("%s: the next to anchor says %q", c.name, said)
		}
		if code, out, _ := run(t, env, "audit", "verify"); code != 1 || !strings.HasPrefix(out, "wrong: ") {
			t.Errorf("%s, and something after it: exit %d, %s", c.name, code, out)
		}
		exec("TRUNCATE audit_entry; INSERT INTO audit_entry SELECT * FROM audit_whole")
		// As an operator does who restored a backup: the ends that are not there any more are put aside.
		if err := os.Rename(filepath.Join(data, ops.HeadsFile), filepath.Join(data, "audit.heads.before")); err != nil {
			t.Fatal(err)
		}
		if code, _, said := run(t, env, "audit", "list"); code != 0 || said != "" {
			t.Errorf("%s, put right: exit %d, %s", c.name, code, said)
		}
		mustRun(t, env, "audit", "verify")
		exec("TRUNCATE audit_whole; INSERT INTO audit_whole SELECT * FROM audit_entry")
	}
}

// TestAKilledServerAnchorsNothingThatIsGone: it and its PostgreSQL end in the midst of what they write; the next to start finds all that was anchored.
func TestAKilledServerAnchorsNothingThatIsGone(t *testing.T) {
	needPrivate(t)
	data := dataFolder(t)
	env := []string{"DATA=" + data, "ADDR=127.0.0.1:0", "LOG_LEVEL=error"}
	for range 2 {
		s := serve(t, env)
		ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for ctx.Err() == nil {
					refused(t, s, data)
				}
			})
		}
		<-ctx.Done()
		s.stop(t, os.Kill)
		all.Wait()
		stop()
		list, err := ops.Heads{Data: data}.Read()
		if err != nil || len(list) != 1 || list[0].N < 33 {
			t.Fatalf("anchored is %v, %v", list, err)
		}
		if code, out, errOut := run(t, env, "audit", "verify"); code != 0 {
			t.Fatalf("exit %d, %s%s", code, out, errOut)
		}
		again := serve(t, env)
		if again.stop(t, os.Interrupt); again.log.String() != "" {
			t.Errorf("the server says\n%s", again.log)
		}
	}
}

// TestWhoOwnsTheDatabaseIsFoundOut: commands and mutations are noted; whoever then changes the audit by SQL, or takes its end away, is found out by the
// key and the heads that lie outside the database.
func TestWhoOwnsTheDatabaseIsFoundOut(t *testing.T) {
	data, address := filepath.Join(t.TempDir(), "data"), testdb.URL(t)
	env := []string{"DATA=" + data, "DATABASE_URL=" + address, "ADDR=127.0.0.1:0", "LOG_LEVEL=error"}
	mustRun(t, env, "demo", "--size", "community")
	s := serve(t, env)
	refused(t, s, data)
	if code := s.stop(t, os.Interrupt); code != 0 {
		t.Errorf("the server ended with %d", code)
	}

	list := mustRun(t, env, "audit", "list")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"operator operator-" + me.Username + " LOAD_DEMO OK", "operator operator UPDATE_WORKER WORKER NOT_FOUND"} {
		if !strings.Contains(list, want) {
			t.Errorf("not noted is %q:\n%s", want, list)
		}
	}
	said := mustRun(t, env, "audit", "verify")
	if !strings.Contains(said, " hold\nanchored until ") || !strings.HasSuffix(said, "no entry after it") { // a server that stops anchors what was noted, and so does a command

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

// TestWhatIsDueIsDoneOnce: of two servers of a database one lets go of what is over, and who stops leaves nothing running.
func TestWhatIsDueIsDoneOnce(t *testing.T) {
	address := testdb.URL(t)
	var servers []*server
	for range 2 {
		servers = append(servers, serve(t, []string{"DATA=" + filepath.Join(t.TempDir(), "data"), "DATABASE_URL=" + address, "ADDR=127.0.0.1:0", "LOG_LEVEL=error", "AUDIT_KEY=" + strings.Repeat("k", 26)}))
	}
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	const want = "audit completed 1, residents completed 1"
	got := ""
	for began := time.Now(); got != want && time.Since(began) < time.Minute; time.Sleep(200 * time.Millisecond) {
		if err := conn.QueryRow(t.Context(), `SELECT coalesce(string_agg(concat_ws(' ', args ->> 'job', state, attempt), ', ' ORDER BY args ->> 'job'), '') FROM river.river_job`).Scan(&got); err != nil {
			t.Fatal(err)
		}
	}
	if got != want {
		t.Errorf("done are %q, want %q", got, want)
	}
	for _, s := range servers {
		if code := s.stop(t, os.Interrupt); code != 0 || s.log.String() != "" {
			t.Errorf("exit %d: %s", code, s.log)
		}
	}
}
