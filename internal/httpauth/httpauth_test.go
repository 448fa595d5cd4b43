package httpauth

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"wangge/domain/account"
	"wangge/internal/fault"
)

const token = "0123456789ABCDEFGHIJ"

func TestWhoSendsARequest(t *testing.T) {
	for _, c := range []struct {
		name   string
		header []string
		want   account.Role // empty: UNAUTHENTICATED
	}{
		{"no header", nil, account.Public},
		{"the token", []string{"Bearer " + token}, account.Operator},
		{"the scheme in small letters", []string{"bearer " + token}, account.Operator},
		{"another token", []string{"Bearer " + token + "x"}, ""},
		{"the beginning of the token", []string{"Bearer " + token[:10]}, ""},
		{"no token", []string{"Bearer "}, ""},
		{"an empty header", []string{""}, ""},
		{"another scheme", []string{"Basic " + token}, ""},
		{"the token without its scheme", []string{token}, ""},
		{"two headers", []string{"Bearer " + token, "Bearer x"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/where", nil)
			for _, v := range c.header {
				r.Header.Add("Authorization", v)
			}
			got, err := Bearer(token)(r)
			if got.Role != c.want || fault.Is(err, fault.Unauthenticated) != (c.want == "") || c.want != "" && err != nil {
				t.Errorf("actor %+v, %v, want role %q", got, err, c.want)
			}
		})
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
