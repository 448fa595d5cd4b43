package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"wangge/internal/testdb"
)

// browser is one that keeps its cookies, and follows no redirection by itself.
type browser struct {
	*http.Client
	t   *testing.T
	url string
}

func newBrowser(t *testing.T, s *server) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, url: s.url, Client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// ask sends a request and returns its status, where it leads to, and its text.
func (b *browser) ask(method, path, kind, body string, header ...string) (status int, location, text string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Accept-Language", "en")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(read)
}

func (b *browser) send(path string, fields ...string) (status int, location, text string) {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.ask("POST", path, "application/x-www-form-urlencoded", form.Encode())
}

// sends expects a form to lead on to somewhere.
func (b *browser) sends(to, path string, fields ...string) {
	b.t.Helper()
	if status, location, text := b.send(path, fields...); status != http.StatusSeeOther || location != to {
		b.t.Fatalf("%s: %d, leads to %q, want %q\n%s", path, status, location, to, text)
	}
}

func (b *browser) token() string {
	b.t.Helper()
	at, err := url.Parse(b.url)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.Jar.Cookies(at) {
		if c.Name == "wangge" {
			return c.Value
		}
	}
	return ""
}

// graphql asks and returns the text of the answer.
func (b *browser) graphql(query string, variables map[string]any, header ...string) string {
	b.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		b.t.Fatal(err)
	}
	_, _, text := b.ask("POST", "/graphql", "application/json", string(body), header...)
	return text
}

const whoAsks = "{ viewer { kind login posts { post acts rights } } }"

// TestSigningIn is what people and attackers do at the door of a running server.
func TestSigningIn(t *testing.T) {
	env := []string{"DATABASE_URL=" + testdb.URL(t), "DATA=" + filepath.Join(t.TempDir(), "data")}
	mustRun(t, env, "demo")
	given := mustRun(t, env, "user", "demo")
	again := mustRun(t, env, "user", "demo")
	password := func(login string) string {
		t.Helper()
		find := regexp.MustCompile(login + `\s+\w+\s+([A-Z2-7-]{19})`)
		was, is := find.FindStringSubmatch(given), find.FindStringSubmatch(again)
		if was == nil || is == nil || was[1] == is[1] {
			t.Fatalf("%s is given %q, then %q", login, was, is)
		}
		return is[1]
	}
	first := strings.Fields(mustRun(t, env, "user", "add", "Zhou.Anquan", "--role", "security"))
	if code, _, errOut := run(t, env, "user", "add", "zhou.anquan", "--role", "auditor"); code != 1 || !strings.Contains(errOut, "not given twice") {
		t.Errorf("a login that was given: exit %d, %s", code, errOut)
	}
	s := serve(t, env, "--addr", "127.0.0.1:0")

	t.Run("a worker of the demo", func(t *testing.T) {
		b := newBrowser(t, s)
		if got := b.graphql(whoAsks, nil); strings.TrimSpace(got) != `{"data":{"viewer":null}}` {
			t.Errorf("before: %s", got)
		}
		if status, _, text := b.send("/sign-in", "login", "demo-worker", "password", "not the password"); status != http.StatusUnauthorized || !strings.Contains(text, "The login or the password is wrong.") || b.token() != "" {
			t.Errorf("a wrong password: %d", status)
		}
		b.sends("/account", "/sign-in", "login", "demo-worker", "password", password("demo-worker"))
		if got := b.graphql(whoAsks, nil); !strings.Contains(got, `{"kind":"staff","login":"demo-worker","posts":[{"post":"GRID_WORKER","acts":true,"rights":["HOUSEHOLDS"`) {
			t.Errorf("signed in: %s", got)
		}
		if got := b.graphql(`mutation { createAccount(input: {login: "evil", role: OPERATOR}) { password } }`, nil); !strings.Contains(got, `"FORBIDDEN"`) {
			t.Errorf("a worker gives an account: %s", got)
		}
		// Another site's page makes the browser send what changes something.
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
			if status, _, text := b.ask("POST", "/graphql", "application/json", `{"query":"{viewer{kind}}"}`, header...); status != http.StatusForbidden {
				t.Errorf("%v: %d %s", header, status, text)
			}
			if status, _, _ := b.ask("POST", "/sign-out", "application/x-www-form-urlencoded", "", header...); status != http.StatusForbidden {
				t.Errorf("%v signs out: %d", header, status)
			}
			stranger := newBrowser(t, s)
			if status, _, _ := stranger.ask("POST", "/sign-in", "application/x-www-form-urlencoded", "login=demo-worker&password="+password("demo-worker"), header...); status != http.StatusForbidden || stranger.token() != "" {
				t.Errorf("%v signs a stranger in: %d", header, status)
			}
		}
		// A token after signing out, and one that is made up.
		token := b.token()
		b.sends("/sign-in", "/sign-out")
		if b.token() != "" {
			t.Error("the browser keeps the cookie")
		}
		for _, cookie := range []string{token, "demo-worker", strings.Repeat("A", 26)} {
			if got := newBrowser(t, s).graphql(whoAsks, nil, "Cookie", "wangge="+cookie); strings.TrimSpace(got) != `{"data":{"viewer":null}}` {
				t.Errorf("with the cookie %q: %s", cookie, got)
			}
		}
	})

	t.Run("who gives accounts, from the first password on", func(t *testing.T) {
		b, other := newBrowser(t, s), newBrowser(t, s)
		b.sends("/account/password", "/sign-in", "login", "zhou.anquan", "password", first[len(first)-1])
		planted := b.token()
		if status, location, _ := b.ask("GET", "/account", "", ""); status != http.StatusSeeOther || location != "/account/password" {
			t.Errorf("half-way in: %d, %q", status, location)
		}
		const chosen = "nine magpies over barley"
		if status, _, text := b.send("/account/password", "oldPassword", first[len(first)-1], "password", chosen, "again", chosen+"!"); status != http.StatusBadRequest || !strings.Contains(text, "The two passwords differ.") {
			t.Errorf("two that differ: %d", status)
		}
		if status, _, text := b.send("/account/password", "oldPassword", first[len(first)-1], "password", "password1234", "again", "password1234"); status != http.StatusBadRequest || !strings.Contains(text, "Everybody tries this password first") {
			t.Errorf("a common one: %d", status)
		}
		b.sends("/account/second-factor", "/account/password", "oldPassword", first[len(first)-1], "password", chosen, "again", chosen)
		_, _, page := b.ask("GET", "/account/second-factor", "", "")
		secret := regexp.MustCompile(`<code>([A-Z2-7 ]+)</code>`).FindStringSubmatch(page)
		if secret == nil || !strings.Contains(page, `src="data:image/png;base64,`) || !strings.Contains(page, `href="otpauth://totp/`) {
			t.Fatalf("%s", page)
		}
		key := strings.ReplaceAll(secret[1], " ", "")
		code := func(ahead time.Duration) string {
			t.Helper()
			code, err := totp.GenerateCode(key, time.Now().Add(ahead))
			if err != nil {
				t.Fatal(err)
			}
			return code
		}
		if status, _, text := b.send("/account/second-factor", "code", "abc"); status != http.StatusUnauthorized || !strings.Contains(text, secret[1]) {
			t.Errorf("no code: %d", status)
		}
		used := code(0)
		status, _, page := b.send("/account/second-factor", "code", used)
		recovery := regexp.MustCompile(`<code>([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})</code>`).FindAllStringSubmatch(page, -1)
		if status != http.StatusOK || len(recovery) != 10 {
			t.Fatalf("%d, %d codes", status, len(recovery))
		}
		if b.token() == planted {
			t.Error("the token is the one of before the password")
		}
		// Another browser: the second factor is asked for, the code of before is not taken again, a recovery code is.
		other.sends("/sign-in/code", "/sign-in", "login", "zhou.anquan", "password", chosen)
		if got := other.graphql(whoAsks, nil); strings.TrimSpace(got) != `{"data":{"viewer":null}}` {
			t.Errorf("with a password alone: %s", got)
		}
		if status, _, _ := other.send("/sign-in/code", "code", used); status != http.StatusUnauthorized {
			t.Errorf("a code twice: %d", status)
		}
		half := other.token()
		other.sends("/account", "/sign-in/code", "code", recovery[0][1])
		if other.token() == half {
			t.Error("the token is the one of before the code")
		}
		got := b.graphql(`mutation($i: CreateAccountInput!) { createAccount(input: $i) { account { id login mustChangePassword } password } }`, map[string]any{"i": map[string]any{"login": "shen.ji", "role": "AUDITOR"}})
		if !strings.Contains(got, `"login":"shen.ji","mustChangePassword":true}`) || !regexp.MustCompile(`"password":"[A-Z2-7-]{19}"`).MatchString(got) {
			t.Errorf("an account: %s", got)
		}
		if got := b.graphql("{ accounts(first: 1) { totalCount nodes { login role secondFactor } pageInfo { hasNextPage } } }", nil); !strings.Contains(got, `{"accounts":{"totalCount":8,"nodes":[{"login":"demo-auditor","role":"AUDITOR","secondFactor":false}],"pageInfo":{"hasNextPage":true}}}`) {
			t.Errorf("the accounts: %s", got)
		}
		// In two tabs of one browser: what one does, the other meets.
		_, _, page = b.ask("GET", "/account", "", "")
		if strings.Contains(page, "Tokens for programs") || strings.Count(page, "<li>since ") != 2 {
			t.Errorf("the account's page: %s", page)
		}
		b.sends("/account", "/account/sessions")
		if got := other.graphql(whoAsks, nil); strings.TrimSpace(got) != `{"data":{"viewer":null}}` {
			t.Errorf("signed out everywhere else: %s", got)
		}
		if got := b.graphql(whoAsks, nil); !strings.Contains(got, `"security"`) {
			t.Errorf("but not here: %s", got)
		}
		const next = "eleven grey geese over water"
		b.sends("/account", "/account/password", "oldPassword", chosen, "password", next, "again", next)
		if status, location, _ := b.send("/account/password", "oldPassword", chosen, "password", next, "again", next); status != http.StatusUnauthorized {
			t.Errorf("the other tab sends the same again: %d, %q", status, location)
		}
		for _, old := range []string{planted, half} {
			if got := newBrowser(t, s).graphql(whoAsks, nil, "Cookie", "wangge="+old); strings.TrimSpace(got) != `{"data":{"viewer":null}}` {
				t.Errorf("a token of before: %s", got)
			}
		}
	})

	t.Run("a program", func(t *testing.T) {
		b := newBrowser(t, s)
		b.sends("/account", "/sign-in", "login", "demo-chief", "password", password("demo-chief"))
		status, _, page := b.send("/account/tokens", "name", "日报", "days", "30", "writes", "0", "right", "HOUSEHOLDS")
		secret := regexp.MustCompile(`wgp_[A-Z2-7]{26}`).FindString(page)
		if status != http.StatusOK || secret == "" {
			t.Fatalf("%d %s", status, page)
		}
		if _, _, page = b.ask("GET", "/account", "", ""); strings.Contains(page, secret) || !strings.Contains(page, "日报") {
			t.Error("it is told again, or not listed")
		}
		program := newBrowser(t, s)
		bearer := []string{"Authorization", "Bearer " + secret}
		if got := program.graphql("{ viewer { kind byToken } }", nil, bearer...); !strings.Contains(got, `{"kind":"staff","byToken":true}`) {
			t.Errorf("asks as %s", got)
		}
		for _, mutation := range []string{
			`mutation { changePassword(input: {oldPassword: "a", password: "b"}) { id } }`,
			`mutation { createAccessToken(input: {name: "x", rights: [HOUSEHOLDS], expiresAt: "2030-01-01T00:00:00Z"}) { token } }`,
		} {
			if got := program.graphql(mutation, nil, bearer...); !strings.Contains(got, "This access token may only read.") {
				t.Errorf("%s: %s", mutation, got)
			}
		}
		end := regexp.MustCompile(`action="(/account/tokens/[0-9a-f-]{36})`).FindStringSubmatch(page)
		if end == nil {
			t.Fatal(page)
		}
		b.sends("/account", end[1])
		if got := program.graphql("{ viewer { kind } }", nil, bearer...); !strings.Contains(got, `"UNAUTHENTICATED"`) {
			t.Errorf("after it was taken back: %s", got)
		}
		none := "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJkZW1vLWNoaWVmIiwicm9sZSI6Im9wZXJhdG9yIn0."
		if got := program.graphql("{ viewer { kind } }", nil, "Authorization", "Bearer "+none); !strings.Contains(got, `"UNAUTHENTICATED"`) {
			t.Errorf("a JWT without a signature: %s", got)
		}
	})

	if code := s.stop(t, os.Interrupt); code != 0 {
		t.Errorf("exit %d", code)
	}
	for _, login := range []string{"demo-worker", "demo-chief"} {
		if strings.Contains(s.log.String(), password(login)) || strings.Contains(s.log.String(), login) {
			t.Errorf("the log knows %s", login)
		}
	}

	t.Run("the demo's accounts are good on this machine alone", func(t *testing.T) {
		s := serve(t, env, "--addr", "127.0.0.1:0", "--public-url", "https://grid.example.org")
		b := newBrowser(t, s)
		if status, _, _ := b.send("/sign-in", "login", "demo-operator", "password", password("demo-operator")); status != http.StatusUnauthorized {
			t.Errorf("behind a proxy: %d", status)
		}
		s.stop(t, os.Interrupt)
	})
}
