package traces_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wangge/internal/traces"
)

// TestWhatTestsLeave: what is logged and planted lies in the folder when the test has ended, and nothing without one.
func TestWhatTestsLeave(t *testing.T) {
	var log bytes.Buffer
	leave := func(t *testing.T) {
		fmt.Fprint(traces.Log(t, &log), "a line")
		traces.Plant(t, "a telephone", "13812345678", "13900001111")
	}
	t.Setenv("KEPT", "")
	t.Run("nowhere", leave)
	dir := t.TempDir()
	t.Setenv("KEPT", dir)
	t.Run("in a folder", leave)
	if log.String() != "a linea line" {
		t.Errorf("the test itself reads %q", &log)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 || !strings.HasPrefix(filepath.Base(files[0]), "go-traces-TestWhatTestsLeave-in_a_folder-") {
		t.Fatalf("%v, %v", files, err)
	}
	if text, err := os.ReadFile(files[0]); string(text) != "a line" {
		t.Errorf("%q, %v are left", text, err)
	}
	if values, err := traces.Planted(dir); fmt.Sprint(values, err) != "[{a telephone 13812345678} {a telephone 13900001111}] <nil>" {
		t.Errorf("%v, %v", values, err)
	}
}
