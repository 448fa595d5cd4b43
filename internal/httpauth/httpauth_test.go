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
		name, path string
		header     []string
		want       account.Role // empty: 401
	}{
		{"no header", "/where", nil, account.Public},
		{"the token", "/where", []string{"Bearer " + token}, account.Operator},
		{"the scheme in small letters", "/where", []string{"bearer " + token}, account.Operator},
		{"another token", "/where", []string{"Bearer " + token + "x"}, ""},
		{"the beginning of the token", "/where", []string{"Bearer " + token[:10]}, ""},
		{"no token", "/where", []string{"Bearer "}, ""},
		{"an empty header", "/where", []string{""}, ""},
		{"another scheme", "/where", []string{"Basic " + token}, ""},
		{"the token without its scheme", "/where", []string{token}, ""},
		{"two headers", "/where", []string{"Bearer " + token, "Bearer x"}, ""},
		{"another token to GraphQL", "/graphql", []string{"Bearer x"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got account.Actor
			h := Middleware(token)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got = account.FromContext(r.Context())
			}))
			r := httptest.NewRequest(http.MethodGet, c.path, nil)
			for _, v := range c.header {
				r.Header.Add("Authorization", v)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if got.Role != c.want {
				t.Errorf("actor %+v, want role %q", got, c.want)
			}
			if c.want != "" {
				return
			}
			if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("status %d, headers %v", w.Code, w.Header())
			}
			shape := `{"error":{"code":"UNAUTHENTICATED"`
			if c.path == "/graphql" {
				shape = `{"errors":[{"extensions":{"code":"UNAUTHENTICATED"}`
			}
			if !strings.HasPrefix(w.Body.String(), shape) {
				t.Errorf("body %s", w.Body)
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
