package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// gather keeps what the town makes for others: figures, tiles, boards, archives, lists.
func (t *town) gather() error {
	v, err := t.visitor()
	if err != nil {
		return err
	}
	var seen struct {
		Grids struct {
			Nodes []struct {
				Code      string
				Buildings struct{ Nodes []struct{ ID string } }
			}
		}
	}
	if err := v.graphql(&seen, `{ grids(first: 3) { nodes { code buildings(first: 1) { nodes { id } } } } }`, nil); err != nil {
		return err
	}
	paths := []string{"/metrics", "/readyz", "/", "/c", "/style.json", "/tiles/grids.json", "/schema.graphql", "/map.svg"}
	for i, g := range seen.Grids.Nodes {
		if len(g.Code) < 12 || len(g.Buildings.Nodes) == 0 {
			return errors.New("a grid has no building")
		}
		if i == 0 {
			c := g.Code[:12]
			paths = append(paths, "/c/"+c, "/coverage/"+c, "/c/"+c+"/map.svg", "/signboards/badges/"+c+".pdf", "/signboards/atlas/"+c+".pdf")
		}
		b := g.Buildings.Nodes[0].ID
		paths = append(paths, "/g/"+g.Code, "/b/"+b, "/signboards/"+g.Code+".svg", "/signboards/"+g.Code+".pdf", "/signboards/"+g.Code+".png", "/signboards/leaflet/"+g.Code+".svg", "/signboards/cards/"+g.Code+".pdf", "/signboards/buildings/"+b+".svg")
	}
	for _, p := range paths {
		if _, err := v.ask(true, "GET", p, "", ""); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	if err := t.printShop(seen.Grids.Nodes[0].Code[:12]); err != nil {
		return fmt.Errorf("the print shop: %w", err)
	}
	if err := t.read(); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"tiles", "export", filepath.Join(t.kept, "town.pmtiles"), "--zooms", "10-15"}, {"export", "buildings", filepath.Join(t.kept, "buildings.geojson")},
		{"audit", "list"}, {"audit", "verify"}, {"user", "list"}, {"keys", "status"}, {"check"},
	} {
		if _, err := t.run(false, args...); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(args, " "), err)
		}
	}
	pdfs, err := filepath.Glob(filepath.Join(t.kept, "*-answer"))
	if err != nil {
		return err
	}
	for _, name := range pdfs { // a PDF's text is numbers of glyphs: what a reader makes of it is looked through, too
		if text, err := os.ReadFile(name); err != nil || !bytes.HasPrefix(text, []byte("%PDF")) {
			continue
		}
		if out, err := exec.CommandContext(t.ctx, "pdftotext", name, name+".txt").CombinedOutput(); err != nil {
			return fmt.Errorf("pdftotext, of poppler-utils (script/install-debian.sh --browser): %w %s", err, out)
		}
	}
	return nil
}

// read keeps what those are shown who may read what was done, who has accounts, and what is printed.
func (t *town) read() error {
	n, err := t.auditor.pages("audit", `query($after: String) { audit(first: 1000, after: $after) { nodes { chain number at actor role action kind object purpose caseNumber result change request network hash } pageInfo { hasNextPage endCursor } } }`)
	if err != nil {
		return err
	}
	if n < 50 {
		return fmt.Errorf("the audit has %d entries after all that was done", n)
	}
	if n, err = t.security.pages("accounts", `query($after: String) { accounts(first: 1000, after: $after) { nodes { id login role workerId secondFactor mustChangePassword providerName createdAt disabledAt } pageInfo { hasNextPage endCursor } } }`); err != nil {
		return err
	}
	if n < len(t.logins)+2 {
		return fmt.Errorf("there are %d accounts", n)
	}
	for _, v := range append(t.demo, t.security, t.auditor) {
		page, err := v.ask(true, "GET", "/account", "", "")
		if err != nil {
			return err
		}
		if !strings.Contains(page, `<ul class="held">`) {
			return errors.New("/account shows no session")
		}
	}
	return nil
}

// printShop keeps the pages and files of what is to be printed in a division, of which one board is noted.
func (t *town) printShop(division string) error {
	v, err := t.signedIn("demo-operator")
	if err != nil {
		return err
	}
	path := "/signboards/print/" + division
	shown := ""
	ask := func(fields ...string) error {
		f := url.Values{}
		for i := 0; i+1 < len(fields); i += 2 {
			f.Add(fields[i], fields[i+1])
		}
		var err error
		shown, err = v.ask(true, "POST", path, formKind, f.Encode())
		return err
	}
	if err := ask("list", "never", "kind", "grid"); err != nil {
		return err
	}
	board, err := first(`name="board" value="(grid/[^"]+)"`, shown)
	if err != nil {
		return err
	}
	for _, fields := range [][]string{
		{"do", "csv", "list", "never"}, {"do", "pdf", "list", "never", "board", board}, {"do", "printed", "list", "never", "board", board},
		{"list", "printed"}, {"list", "reprint"},
	} {
		if err := ask(fields...); err != nil {
			return err
		}
	}
	for _, value := range []string{typedName, typedNumber, typedPhone, typedPassword} {
		for _, name := range []string{"token", "list", "kind", "part", "letters", "size", "on", "board", "undo", "tick", "after", "do", "of"} {
			if err := ask("do", "printed", "list", "never", "board", board, name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

var longText = regexp.MustCompile(`[A-Za-z0-9+/_=-]{26,}`)

// secretFiles notes the keys and tokens of the data folder, which stand nowhere else.
func (t *town) secretFiles() error {
	found := 0
	for _, name := range ownFiles {
		text, err := os.ReadFile(filepath.Join(t.data, name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		for _, key := range longText.FindAllString(string(text), -1) {
			if uuid.Validate(key) != nil { // what keys are called is no secret
				t.secret("a secret of "+name, key)
				found++
			}
		}
	}
	if found < 3 {
		return fmt.Errorf("only %d secrets were found in the data folder", found)
	}
	return nil
}
