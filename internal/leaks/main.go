// Command leaks plants personal values and secrets in a town that is running, by the ways that people and programs take, and then
// looks for them in all that was made meanwhile: logs, answers of refusals, figures, tiles, boards, archives, a copy of the database and its
// files, the data folder, and what Go's tests left (internal/traces), for whose values it looks as well. It fails where one is found, and says where, never what:
//
//	script/with-town.sh go run ./internal/leaks KEPT
//
// KEPT is a folder that holds what was kept before, such as the server's log and what tests printed. It names the town by what
// script/with-town.sh sets.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"wangge/internal/localpg"
	"wangge/internal/traces"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: script/with-town.sh go run ./internal/leaks FOLDER")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	if err := look(ctx, os.Args[1], os.Getenv("WANGGE_URL"), os.Getenv("WANGGE_DATA")); err != nil {
		fmt.Fprintln(os.Stderr, "leaks:", err)
		os.Exit(1)
	}
}

func look(ctx context.Context, kept, address, data string) (err error) {
	if address == "" || data == "" {
		return errors.New("WANGGE_URL and WANGGE_DATA name no town: run it by script/with-town.sh")
	}
	begun := time.Now()
	t := &town{ctx: ctx, url: address, data: data, kept: kept}
	if err := t.plant(); err != nil {
		return fmt.Errorf("planting: %w", err)
	}
	if err := t.gather(); err != nil {
		return fmt.Errorf("gathering: %w", err)
	}
	folders := []string{kept, data}
	database, err := t.dump()
	if err != nil {
		return fmt.Errorf("copying the database: %w", err)
	}
	if !strings.HasPrefix(database, data+string(filepath.Separator)) {
		folders = append(folders, database)
	}
	planted := time.Since(begun)
	if err := t.secretFiles(); err != nil {
		return err
	}
	noted, err := traces.Planted(t.kept) // by Go's tests, whose servers' logs are kept as well
	if err != nil {
		return err
	}
	for _, v := range noted {
		t.add(value{what: v.What + " of a Go test", text: v.Text})
	}
	s, err := newSeeker(t.values)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if err := s.folder(folder, t.own); err != nil {
			return err
		}
	}
	fmt.Printf("leaks: %d values in %d requests and %d commands; looked through %d files, %.0f MB; %.0f s of planting, %.0f s of looking\n",
		s.values, t.requests, t.commands, s.files, float64(s.bytes)/1e6, planted.Seconds(), (time.Since(begun) - planted).Seconds())
	if len(s.found) == 0 {
		return nil
	}
	for i, f := range s.found {
		if i == 50 {
			fmt.Fprintf(os.Stderr, "leaks: and %d more\n", len(s.found)-i)
			break
		}
		fmt.Fprintln(os.Stderr, "leaks: found", f)
	}
	return fmt.Errorf("%d places tell what nothing may tell", len(s.found))
}

// ownFiles are the files of the data folder that hold a secret because it lives there, each read by nobody else (mode 0600):
// the operator's token, the key of second factors, that of the audit, the ring of keys of residents' files.
var ownFiles = []string{"operator.token", "access.key", "audit.key", "keys/ring.json"}

// own reports whether a secret lives in the file, or is told there on purpose: script/with-town.sh keeps what the server prints when it
// is started the first time, which is the operator's token, and Go's tests note what they plant.
func (t *town) own(path string) bool {
	if filepath.Dir(path) == filepath.Join(t.kept, traces.Values) {
		return true
	}
	name, err := filepath.Rel(t.data, path)
	return err == nil && (name == "out" || slices.Contains(ownFiles, name))
}

// dump writes the whole database as text into what is kept, and returns the folder that its files lie in.
func (t *town) dump() (folder string, err error) {
	pg, err := localpg.Start(t.ctx, localpg.Options{DataDir: t.data})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, pg.Close(context.WithoutCancel(t.ctx))) }()
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump") // the only error is a bad pattern
	if found, err := exec.LookPath("pg_dump"); err == nil {
		programs = append(programs, found)
	}
	if len(programs) == 0 {
		return "", errors.New("pg_dump is not installed")
	}
	folder = filepath.Join(t.data, "postgresql")
	if text, err := os.ReadFile(filepath.Join(t.data, "postgresql.path")); err == nil {
		folder = strings.TrimSpace(string(text))
	}
	owner, err := url.Parse(pg.URL())
	if err != nil {
		return "", err
	}
	owner.User = url.User("postgres")         // policies hide rows from everybody else
	for i := len(programs) - 1; i >= 0; i-- { // one that is older than the server refuses
		out, failed := exec.CommandContext(t.ctx, programs[i], "--file", filepath.Join(t.kept, "database.sql"), owner.String()).CombinedOutput()
		if failed == nil {
			break
		}
		if err = fmt.Errorf("%s: %w\n%s", programs[i], failed, out); i > 0 {
			err = nil
		}
	}
	return folder, err
}
