package main

import (
	"context"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"wangge/internal/testdb"
)

// noted are all commands with what each leaves in the audit; "": nothing, since it changes no data and opens none that is personal.
var noted = map[string]string{
	"serve": "", // each mutation and each sign-in is noted by itself
	"demo":  "LOAD_DEMO", "import": "IMPORT", "export": "EXPORT", "photos move": "MOVE_PHOTOS", "keys rotate": "ROTATE_KEYS", "migrate": "MIGRATE_DOWN MIGRATE_UP",
	"user add": "CREATE_ACCOUNT", "user disable": "DISABLE_ACCOUNT", "user enable": "ENABLE_ACCOUNT", "user reset": "RESET_PASSWORD", "user link": "LINK_ACCOUNT", "user demo": "GIVE_DEMO_ACCOUNTS",
	"audit list":   "READ_AUDIT",
	"audit verify": "", // tells ends, no entry
	"keys status":  "", // counts
	"user list":    "", // logins, as the query accounts
	"template":     "", "tiles export": "", "signboards": "", "check": "", "version": "",
}

// TestWhatCommandsLeaveInTheAudit runs every command that is to leave something, and holds the list above against what can be typed.
func TestWhatCommandsLeaveInTheAudit(t *testing.T) {
	env := []string{"DATABASE_URL=" + testdb.URL(t), "DATA=" + filepath.Join(t.TempDir(), "data"), "SUDO_USER=li.na"}
	_, help, ok := strings.Cut(mustRun(t, env, "--help"), "\nCommands:\n")
	if !ok {
		t.Fatal("no commands in the help")
	}
	var typed []string
	for _, found := range regexp.MustCompile(`(?m)^  ([a-z]+(?: [a-z]+)?)  `).FindAllStringSubmatch(help, -1) {
		typed = append(typed, found[1])
	}
	slices.Sort(typed)
	if want := slices.Sorted(maps.Keys(noted)); !slices.Equal(typed, want) {
		t.Fatalf("commands are\n%q, listed are\n%q", typed, want)
	}
	grids := filepath.Join(t.TempDir(), "grids.geojson")
	conn, err := pgx.Connect(t.Context(), strings.TrimPrefix(env[0], "DATABASE_URL="))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var before []string // a deed leaves one with each change that it makes
	for _, args := range [][]string{
		{"demo"}, {"export", "grids", grids}, {"import", "grids", grids}, {"photos", "move"}, {"keys", "rotate"}, {"migrate", "down"}, {"migrate", "up"},
		{"user", "add", "zhou.anquan", "--role", "security"}, {"user", "disable", "zhou.anquan"}, {"user", "enable", "zhou.anquan"}, {"user", "link", "zhou.anquan", "anquan"}, {"user", "reset", "zhou.anquan"},
		{"user", "demo"}, {"audit", "list"},
		{"audit", "verify"}, {"keys", "status"}, {"user", "list"}, {"migrate", "status"}, {"version"},
	} {
		mustRun(t, env, args...)
		command := args[0]
		want, known := noted[command]
		if !known {
			command = strings.Join(args[:2], " ")
			want = noted[command]
		}
		if command == "migrate" {
			want = map[string]string{"down": "MIGRATE_DOWN", "up": "MIGRATE_UP"}[args[1]]
		}
		if want != "" {
			want += " OK li-na"
		}
		rows, err := conn.Query(t.Context(), "SELECT concat_ws(' ', action, result, regexp_replace(actor, '^(operator|machine)-', '')) FROM audit_entry ORDER BY at, district, n")
		if err != nil {
			t.Fatal(err)
		}
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if left := strings.Join(slices.Compact(slices.Clone(all[len(before):])), ", "); left != want {
			t.Errorf("wangge %s left %q, want %q", strings.Join(args, " "), left, want)
		}
		before = all
	}
	mustRun(t, env, "audit", "verify")
}
