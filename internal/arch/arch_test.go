package arch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The files themselves are read, so go's test cache sees them and runs the test again after a change.
func TestTheHouseFollowsItsPicture(t *testing.T) {
	found, err := Check(filepath.Join("..", ".."), "wangge", Rooms)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Error(v)
	}
}

func TestEveryRoomNamesRoomsThatExistInTheTable(t *testing.T) {
	for _, r := range Rooms {
		for _, name := range r.Inside {
			if to, ok := roomOf(name, Rooms); !ok || to.Path != name {
				t.Errorf("%s may import %s, which is no room", r.Path, name)
			}
		}
	}
}

func TestNothingImportsUpward(t *testing.T) {
	row := map[string]int{".": 0, "internal/cli": 1, "graph": 2, "tile": 2, "web": 2, "signboard": 2, "load": 2, "db": 2}
	for _, r := range Rooms {
		for _, name := range r.Inside {
			to, known := row[name]
			if from, ours := row[r.Path]; known && ours && to <= from {
				t.Errorf("%s must not import %s", r.Path, name)
			}
			if strings.HasPrefix(r.Path, "domain/") && strings.HasPrefix(name, "domain/") {
				continue
			}
			for _, low := range []string{"domain/", "geo/"} {
				if strings.HasPrefix(r.Path, low) && !strings.HasPrefix(name, "geo/") && name != "internal/fault" {
					t.Errorf("%s must not import %s", r.Path, name)
				}
			}
		}
	}
}

func TestAPlantedImportIsFound(t *testing.T) {
	rooms := []Room{
		{Path: ".", Inside: []string{"graph", "db"}},
		{Path: "graph", Inside: []string{"domain/place"}, Outside: []string{"example.org/gql"}},
		{Path: "db", Inside: []string{"domain/place"}},
		{Path: "domain/place", Inside: []string{"geo/coord"}},
		{Path: "geo/coord"},
	}
	for _, c := range []struct {
		name, file, imported string
		want                 string // part of the reason; empty: allowed
	}{
		{"down one row", "graph/a.go", "town/domain/place", ""},
		{"a package within the same room", "graph/a.go", "town/graph/model", ""},
		{"the standard library", "geo/coord/a.go", "net/http", ""},
		{"a module of the table", "graph/a.go", "example.org/gql/ast", ""},
		{"between boxes of the middle row", "graph/a.go", "town/db", "graph may not import db"},
		{"upward", "geo/coord/a.go", "town/domain/place", "geo/coord may not import domain/place"},
		{"up to the middle row", "domain/place/a.go", "town/db", "domain/place may not import db"},
		{"from a package deeper in the room", "graph/model/a.go", "town/db", "graph may not import db"},
		{"a module that is another room's", "db/a.go", "example.org/gql", "may not import this module"},
		{"a module with a name that begins alike", "graph/a.go", "example.org/gqlx", "may not import this module"},
		{"a package that nobody drew", "attic/a.go", "fmt", "does not know this package"},
		{"an import of a package that nobody drew", "db/a.go", "town/attic", "does not know that package"},
		{"in a test", "geo/coord/a_test.go", "town/db", ""},
		{"in testdata", "geo/testdata/a.go", "town/db", ""},
		{"in somebody else's code", "web/node_modules/x/a.go", "town/db", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			file := filepath.Join(root, c.file)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte("package a\n\nimport _ \""+c.imported+"\"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			found, err := Check(root, "town", rooms)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case c.want == "" && len(found) > 0:
				t.Errorf("refused: %v", found)
			case c.want != "" && (len(found) != 1 || !strings.Contains(found[0].String(), c.want)):
				t.Errorf("found %v, want one that says %q", found, c.want)
			}
		})
	}
}
