// Package traces has tests leave what their servers log, and the values that nothing may tell, in the folder that KEPT names (script/kept.sh), where
// internal/leaks looks for all of these in all that is there. Where KEPT is not set, nothing is left.
package traces

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Value is something that nothing may tell: what it is, as "a telephone", and itself.
type Value struct{ What, Text string }

// Values is the folder of the values, below that of KEPT: the one place where they may stand.
const Values = "planted"

// Folder is where things are left; "": nowhere.
func Folder() string { return os.Getenv("KEPT") }

// Log is w, of which all that is written is left, too, until the test ends.
func Log(t testing.TB, w io.Writer) io.Writer {
	t.Helper()
	if Folder() == "" {
		return w
	}
	f, err := create(Folder(), t.Name()+"-*.log")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return both{w, f}
}

// both writes to w. The file is closed when the test ends: what a server still says then is not left.
type both struct {
	w io.Writer
	f *os.File
}

func (b both) Write(p []byte) (int, error) {
	if _, err := b.f.Write(p); err != nil && !errors.Is(err, fs.ErrClosed) {
		return 0, err
	}
	return b.w.Write(p)
}

// Open is Log for what outlives a test. It is nobody's to close: the process ends with it.
func Open(name string) (io.Writer, error) {
	if Folder() == "" {
		return io.Discard, nil
	}
	return create(Folder(), name+"-*.log")
}

// Plant notes what a test puts into its town, of which nothing that any test leaves may tell.
func Plant(t testing.TB, what string, texts ...string) {
	t.Helper()
	if Folder() == "" {
		return
	}
	var list []Value
	for _, text := range texts {
		list = append(list, Value{what, text})
	}
	folder := filepath.Join(Folder(), Values)
	text, err := json.Marshal(list)
	if err == nil {
		err = os.MkdirAll(folder, 0o700)
	}
	var f *os.File
	if err == nil {
		f, err = create(folder, t.Name()+"-*.json")
	}
	if err == nil {
		_, err = f.Write(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Planted are the values that tests noted in a folder.
func Planted(folder string) (all []Value, err error) {
	files, err := filepath.Glob(filepath.Join(folder, Values, "*.json"))
	for _, file := range files {
		text, failed := os.ReadFile(file)
		var list []Value
		if failed == nil {
			failed = json.Unmarshal(text, &list)
		}
		all, err = append(all, list...), errors.Join(err, failed)
	}
	return all, err
}

// create makes a file whose name tells the package and the test.
func create(folder, name string) (*os.File, error) {
	program := strings.TrimSuffix(filepath.Base(os.Args[0]), ".test")
	return os.CreateTemp(folder, strings.ReplaceAll("go-"+program+"-"+name, "/", "-"))
}
