// Package arch holds the picture in ARCHITECTURE.md as a table: which rooms of the house there are, which other rooms
// each may import, and which modules from outside. Its test reads the source files themselves and compares; nothing
// runs this package otherwise.
package arch

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Room is a package with all beneath it, and what it may import besides the standard library and itself.
type Room struct {
	Path    string   // from the module's root; "." is package main
	Inside  []string // rooms of this module
	Outside []string // modules, or parts of them
}

// Violation is an import that the table does not allow, or a package that it does not know.
type Violation struct {
	File   string // with the line, from the module's root
	Import string
	Reason string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s: %s: %s", v.File, v.Import, v.Reason)
}

// Check compares the files of the module called module in the folder root with rooms. Tests are left out: a test may
// set up whatever it needs. So are folders that hold no code of ours: testdata, node_modules, hidden ones.
//
// It parses the files instead of asking the go command, whose answer go's test cache would keep after an illegal
// import had been added.
func Check(root, module string, rooms []Room) ([]Violation, error) {
	var found []Violation
	files := os.DirFS(root)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && skipped(d.Name()):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		v, err := checkFile(root, name, module, rooms)
		found = append(found, v...)
		return err
	})
	return found, err
}

func skipped(dir string) bool {
	return dir == "testdata" || dir == "node_modules" || dir == "vendor" || strings.HasPrefix(dir, ".") || strings.HasPrefix(dir, "_")
}

func checkFile(root, name, module string, rooms []Room) ([]Violation, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, filepath.Join(root, filepath.FromSlash(name)), nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	from, known := roomOf(path.Dir(name), rooms)
	if !known {
		return []Violation{{name, path.Dir(name), "the picture does not know this package; add it to the table in internal/arch and to ARCHITECTURE.md"}}, nil
	}
	var found []Violation
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if reason := refusal(from, imported, module, rooms); reason != "" {
			place := fmt.Sprintf("%s:%d", name, set.Position(spec.Pos()).Line)
			found = append(found, Violation{place, imported, reason})
		}
	}
	return found, nil
}

// refusal says why from may not import imported; "" where it may.
func refusal(from Room, imported, module string, rooms []Room) string {
	inside, ours := strings.CutPrefix(imported, module+"/")
	if ours {
		to, known := roomOf(inside, rooms)
		switch {
		case !known:
			return "the picture does not know that package"
		case to.Path == from.Path || slices.Contains(from.Inside, to.Path):
			return ""
		}
		return fmt.Sprintf("%s may not import %s", from.Path, to.Path)
	}
	first, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(first, ".") { // the standard library
		return ""
	}
	if slices.ContainsFunc(from.Outside, func(m string) bool { return within(imported, m) }) {
		return ""
	}
	return fmt.Sprintf("%s may not import this module", from.Path)
}

// roomOf finds the room that holds a package: the one with the longest path.
func roomOf(pkg string, rooms []Room) (Room, bool) {
	best, found := Room{}, false
	for _, r := range rooms {
		if within(pkg, r.Path) && (!found || len(r.Path) > len(best.Path)) {
			best, found = r, true
		}
	}
	return best, found
}

func within(name, parent string) bool {
	return name == parent || strings.HasPrefix(name, parent+"/")
}
