package httpauth

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"wangge/internal/fault"
)

const token = "0123456789ABCDEFGHIJ"

func TestTheKeyIsMadeOnceAndKept(t *testing.T) {
	data := t.TempDir()
	first, err := OpenKey(data)
	again, err2 := OpenKey(data)
	if err != nil || err2 != nil || first != again || first == [32]byte{} {
		t.Fatal(err, err2, first == again)
	}
	other, err := OpenKey(t.TempDir())
	if err != nil || other == first {
		t.Error("two folders have one key", err)
	}
	file := filepath.Join(data, KeyFile)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(file, []byte(strings.Repeat("0", 63)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKey(data); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), file) {
		t.Errorf("a key that was cut: %v", err)
	}
}

func TestTheTokenIsMadeOnceAndKept(t *testing.T) {
	data := filepath.Join(t.TempDir(), "new")
	first, made, err := OpenToken(data)
	if err != nil || !made || len(first) < 20 {
		t.Fatalf("%q, %v, %v", first, made, err)
	}
	again, made, err := OpenToken(data)
	if err != nil || made || again != first {
		t.Errorf("again: %q, %v, %v", again, made, err)
	}
	info, err := os.Stat(filepath.Join(data, TokenFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if rest, err := os.ReadDir(data); err != nil || len(rest) != 1 {
		t.Errorf("left in the folder: %v, %v", rest, err)
	}
}

func TestProcessesThatStartAtOnceAgree(t *testing.T) {
	data := t.TempDir()
	tokens, mades := make([]string, 16), make([]bool, 16)
	var wg sync.WaitGroup
	for i := range tokens {
		wg.Go(func() {
			var err error
			if tokens[i], mades[i], err = OpenToken(data); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n := 0
	for i := range tokens {
		if tokens[i] != tokens[0] {
			t.Errorf("two tokens: %q and %q", tokens[0], tokens[i])
		}
		if mades[i] {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d say that they made it", n)
	}
}

func TestATokenFileThatCannotBeUsed(t *testing.T) {
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		want       string
	}{
		{"empty", "", 0o600, "fewer than 16"},
		{"too short", "secret\n", 0o600, "fewer than 16"},
		{"with a space inside", "0123456789 0123456789", 0o600, "letters, digits and signs"},
		{"open to others", token, 0o644, "chmod 600"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := t.TempDir()
			file := filepath.Join(data, TokenFile)
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(file, c.mode); err != nil {
				t.Fatal(err)
			}
			_, _, err := OpenToken(data)
			if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("got %v", err)
			}
			if c.text != "" && strings.Contains(err.Error(), strings.TrimSpace(c.text)) {
				t.Errorf("the sentence holds the token: %v", err)
			}
		})
	}
	t.Run("a folder that is a file", func(t *testing.T) {
		data := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(data, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := OpenToken(data); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v", err)
		}
	})
}
