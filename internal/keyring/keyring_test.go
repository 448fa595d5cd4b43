package keyring

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wangge/internal/fault"
)

var day = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func TestARingIsMadeOnceAndKept(t *testing.T) {
	file := File(t.TempDir())
	texts, mades := make([]string, 8), make([]bool, 8)
	var all sync.WaitGroup
	for i := range texts {
		all.Go(func() {
			r, made, err := Open(file, day)
			if err != nil {
				t.Error(err)
				return
			}
			texts[i], mades[i] = string(r.Text()), made
		})
	}
	all.Wait()
	n := 0
	for i := range texts {
		if texts[i] != texts[0] {
			t.Error("two that start at once have two rings")
		}
		if mades[i] {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d say that they made it", n)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %04o", info.Mode().Perm())
	}
	r, _, err := Open(file, day)
	if err != nil {
		t.Fatal(err)
	}
	turned, err := r.Turned(day)
	if err != nil {
		t.Fatal(err)
	}
	if err := Save(file, turned); err != nil {
		t.Fatal(err)
	}
	again, made, err := Open(file, day)
	if err != nil || made || !bytes.Equal(again.Text(), turned.Text()) {
		t.Errorf("the turned ring is not the one that is read: %v, %v", made, err)
	}
	if left, _ := filepath.Glob(file + ".*"); len(left) > 0 { // nothing was turned alone here
		t.Errorf("files stay behind: %v", left)
	}
}

// Of many that turn the ring at once, none loses another's key.
func TestTurnsFollowEachOther(t *testing.T) {
	file := File(t.TempDir())
	if _, _, err := Open(file, day); err != nil {
		t.Fatal(err)
	}
	const turns = 8
	var all sync.WaitGroup
	for range turns {
		all.Go(func() {
			err := Alone(file, func() error {
				r, _, err := Open(file, day)
				if err != nil {
					return err
				}
				if r, err = r.Turned(day); err != nil {
					return err
				}
				return Save(file, r)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if r, _, err := Open(file, day); err != nil || r.Len() != turns+1 {
		t.Errorf("%v, %v", r, err)
	}
}

func TestARingThatCannotBeUsedIsToldAndLeftAlone(t *testing.T) {
	for name, spoil := range map[string]func(file string) error{
		"others may read it": func(file string) error { return os.Chmod(file, 0o640) },
		"half of it": func(file string) error {
			return os.Truncate(file, 40)
		},
		"too long": func(file string) error { return os.Truncate(file, 1<<20) },
		"a folder": func(file string) error {
			if err := os.Remove(file); err != nil {
				return err
			}
			return os.Mkdir(file, 0o700)
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := File(t.TempDir())
			r, _, err := Open(file, day)
			if err != nil {
				t.Fatal(err)
			}
			key := string(r.Text())
			key = key[strings.Index(key, `"key": "`)+8:][:20]
			if err := spoil(file); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(file)
			_, made, err := Open(file, day)
			if !fault.Is(err, fault.Unavailable) || made || !strings.Contains(err.Error(), file) {
				t.Errorf("made %v, %v", made, err)
			}
			if err != nil && strings.Contains(err.Error(), key) {
				t.Error("the sentence holds the key")
			}
			if after, _ := os.ReadFile(file); !bytes.Equal(after, before) {
				t.Error("it was changed")
			}
		})
	}
}
