package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/totp"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"wangge/domain/key"
	"wangge/internal/testdb"
	"wangge/internal/traces"
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
	r.Host = r.Header.Get("Host") // where it is set it goes there; else "", which is the address's
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
		// The demo's logins fit together: who leads the worker opens the same household.
		worker := regexp.MustCompile(`"area":\{"name":"(\d{15})"`).FindStringSubmatch(b.graphql(`{ viewer { posts { area { name } } } }`, nil))
		if worker == nil {
			t.Fatal("the demo's worker has no grid")
		}
		rooms := b.graphql(fmt.Sprintf(`{ grid(code: %q) { buildings(first: 80) { nodes { units(first: 1) { nodes { households(first: 1) { nodes { id } } } } } } } }`, worker[1]), nil)
		household := regexp.MustCompile(`"households":\{"nodes":\[\{"id":"([^"]+)"`).FindStringSubmatch(rooms)
		if household == nil {
			t.Fatal(rooms)
		}
		for _, login := range []string{"demo-worker", "demo-leader", "demo-chief"} {
			b := newBrowser(t, s)
			b.sends("/account", "/sign-in", "login", login, "password", password(login))
			if got := b.graphql(fmt.Sprintf(`{ householdFile(household: %q) { kind } }`, household[1]), nil); !strings.Contains(got, `{"kind":`) {
				t.Errorf("%s does not see the household of the worker: %s", login, got)
			}
		}
		if got := b.graphql(`mutation { createAccount(input: {login: "evil", workerId: "w"}) { password } }`, nil); !strings.Contains(got, `"FORBIDDEN"`) {
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
		traces.Plant(t, "a password", chosen)
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
		workers := regexp.MustCompile(`"id":"([^"]+)"`).FindAllStringSubmatch(b.graphql("{ grids(first: 20) { nodes { worker { id } } } }", nil), -1)
		got := b.graphql(`mutation($i: CreateAccountInput!) { createAccount(input: $i) { account { id login mustChangePassword } password } }`, map[string]any{"i": map[string]any{"login": "gao.yuan", "workerId": workers[len(workers)-1][1]}})
		if !strings.Contains(got, `"login":"gao.yuan","mustChangePassword":true}`) || !regexp.MustCompile(`"password":"[A-Z2-7-]{19}"`).MatchString(got) {
			t.Errorf("an account: %s", got)
		}
		operator := regexp.MustCompile(`"id":"([^"]+)","login":"demo-operator"`).FindStringSubmatch(b.graphql("{ accounts { nodes { id login } } }", nil))
		if got := b.graphql(`mutation($id: ID!) { resetPassword(input: {id: $id, secondFactor: true}) { password } }`, map[string]any{"id": operator[1]}); !strings.Contains(got, `"FORBIDDEN"`) {
			t.Errorf("the operator's account is taken over: %s", got)
		}
		if got := b.graphql("{ accounts(first: 1) { totalCount nodes { login role secondFactor } pageInfo { hasNextPage } } }", nil); !strings.Contains(got, `{"accounts":{"totalCount":8,"nodes":[{"login":"demo-auditor","role":"AUDITOR","secondFactor":false}],"pageInfo":{"hasNextPage":true}}}`) {
			t.Errorf("the accounts: %s", got)
		}
		// In two tabs of one browser: what one does, the other meets.
		_, _, page = b.ask("GET", "/account", "", "")
		if strings.Contains(page, "Tokens for programs") || strings.Count(page, "<small>since today, ") != 2 {
			t.Errorf("the account's page: %s", page)
		}
		third := newBrowser(t, s)
		if status, location, _ := third.ask("POST", "/sign-in", "application/x-www-form-urlencoded", url.Values{"login": {"zhou.anquan"}, "password": {chosen}}.Encode(), "User-Agent", "<b>Mozilla/5.0 (iPhone) MicroMessenger/8.0"); status != http.StatusSeeOther || location != "/sign-in/code" {
			t.Fatalf("a third browser: %d %q", status, location)
		}
		_, _, page = b.ask("GET", "/account", "", "")
		row := regexp.MustCompile(`<bdi>WeChat on iPhone</bdi>\s*<small class="bad">The password was right, but no code was shown(?s:.*?)action="(/account/sessions/[0-9a-f-]{36})"`).FindStringSubmatch(page)
		if row == nil || strings.Contains(page, "Mozilla") || strings.Count(page, "this browser") != 1 || strings.Count(page, "/account/sessions/") != 2 {
			t.Fatalf("three sessions: %s", page)
		}
		b.sends("/account", row[1])
		if status, location, _ := third.ask("GET", "/sign-in/code", "", ""); status != http.StatusSeeOther || location != "/sign-in" {
			t.Errorf("one that was ended: %d %q", status, location)
		}
		if status, _, text := b.send(row[1]); status != http.StatusNotFound || !strings.Contains(text, "This session has ended already.") {
			t.Errorf("ended twice: %d", status)
		}
		// Who wanted to go somewhere goes there after the code, too, but not elsewhere than here.
		for i, c := range [][3]string{{"/account/password", "/sign-in/code?next=%2Faccount%2Fpassword", "/account/password"}, {"https://evil.example", "/sign-in/code", "/account"}, {"//evil.example", "/sign-in/code", "/account"}, {`/\evil.example`, "/sign-in/code", "/account"}} {
			third := newBrowser(t, s)
			third.sends(c[1], "/sign-in", "login", "zhou.anquan", "password", chosen, "next", c[0])
			if _, _, page := third.ask("GET", "/sign-in/code?next="+url.QueryEscape(c[0]), "", ""); strings.Contains(page, `name="next"`) != (c[0] == c[2]) {
				t.Errorf("the code's page of %q: %s", c[0], page)
			}
			third.sends(c[2], "/sign-in/code", "code", recovery[i+1][1], "next", c[0])
			third.sends("/sign-in", "/sign-out")
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

	t.Run("who was idle", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), strings.TrimPrefix(env[0], "DATABASE_URL="))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		b := newBrowser(t, s)
		for _, c := range []struct{ past, path, to, why string }{
			{"seen_at = now() - interval '30 minutes'", "/account/password", "/sign-in?next=%2Faccount%2Fpassword", "nothing happened for a while"},
			{"seen_at = now() - interval '30 minutes'", "/account", "/sign-in", "nothing happened for a while"},
			{"began_at = now() - interval '12 hours'", "/account/second-factor?lang=en", "/sign-in?lang=en&next=%2Faccount%2Fsecond-factor", "signed in for a long time"},
		} {
			b.sends("/account", "/sign-in", "login", "demo-worker", "password", password("demo-worker"))
			if _, err := conn.Exec(t.Context(), "UPDATE session SET "+c.past+" WHERE account_id = (SELECT id FROM account WHERE login = 'demo-worker')"); err != nil {
				t.Fatal(err)
			}
			if status, location, _ := b.ask("GET", c.path, "", ""); status != http.StatusSeeOther || location != c.to {
				t.Errorf("%s, %s: %d, leads to %q", c.past, c.path, status, location)
			}
			path, _, _ := strings.Cut(c.path, "?")
			for range 2 { // also when the page is loaded again
				if status, _, page := b.ask("GET", c.to, "", ""); status != http.StatusOK || !strings.Contains(page, c.why) || strings.Contains(page, `name="next" value="`+path+`"`) != (path != "/account") {
					t.Errorf("%s, %s: %d %s", c.past, c.path, status, page)
				}
			}
			b.sends(path, "/sign-in", "login", "demo-worker", "password", password("demo-worker"), "next", path)
			b.sends("/sign-in", "/sign-out")
			if _, _, page := b.ask("GET", "/sign-in", "", ""); strings.Contains(page, "You were signed out") {
				t.Errorf("who signed out is told of a clock: %s", page)
			}
		}
	})

	t.Run("a program", func(t *testing.T) {
		b := newBrowser(t, s)
		b.sends("/account", "/sign-in", "login", "demo-chief", "password", password("demo-chief"))
		if status, _, text := b.send("/account/tokens", "name", "周报", "days", "90", "writes", "1"); status != http.StatusBadRequest || !strings.Contains(text, "<details open>") || !strings.Contains(text, `value="周报"`) || !strings.Contains(text, `<option value="90" selected>`) || !strings.Contains(text, `<option value="1" selected>`) {
			t.Errorf("a token without a right: %d %s", status, text)
		}
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

	t.Run("the demo's accounts are nobody's behind a proxy on this machine", func(t *testing.T) {
		here := newBrowser(t, s)
		here.sends("/account", "/sign-in", "login", "demo-chief", "password", password("demo-chief"))
		_, _, page := here.send("/account/tokens", "name", "x", "days", "7", "right", "HOUSEHOLDS")
		secret := regexp.MustCompile(`wgp_[A-Z2-7]{26}`).FindString(page)
		for _, header := range [][]string{{"X-Forwarded-For", "192.0.2.7"}, {"Forwarded", "for=192.0.2.7"}, {"Via", "1.1 proxy"}, {"X-Real-IP", "192.0.2.7"}, {"Host", "grid.example.org"}} {
			if got := here.graphql(whoAsks, nil); !strings.Contains(got, `"demo-chief"`) { // so that it is in memory
				t.Fatalf("here: %s", got)
			}
			if got := here.graphql(whoAsks, nil, header...); strings.TrimSpace(got) != `{"data":{"viewer":null}}` {
				t.Errorf("%v, by the cookie of one who is signed in here: %s", header, got)
			}
			if got := newBrowser(t, s).graphql(whoAsks, nil, append([]string{"Authorization", "Bearer " + secret}, header...)...); !strings.Contains(got, `"UNAUTHENTICATED"`) {
				t.Errorf("%v, by a token: %s", header, got)
			}
			b := newBrowser(t, s)
			if status, _, _ := b.ask("POST", "/sign-in", "application/x-www-form-urlencoded", url.Values{"login": {"demo-worker"}, "password": {password("demo-worker")}}.Encode(), header...); status != http.StatusUnauthorized || b.token() != "" {
				t.Errorf("%v signs in: %d", header, status)
			}
			b.sends("/account", "/sign-in", "login", "demo-worker", "password", password("demo-worker")) // and so that tries are counted anew
		}
		if status, location, _ := newBrowser(t, s).send("/sign-in", "login", "demo-chief", "password", password("demo-chief")); status != http.StatusSeeOther {
			t.Errorf("here, again: %d %s", status, location)
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

// TestStrangersAtTheDoor guess at a login from many addresses, as a proxy tells them, while its owner comes and goes.
func TestStrangersAtTheDoor(t *testing.T) {
	env := []string{"DATABASE_URL=" + testdb.URL(t), "DATA=" + filepath.Join(t.TempDir(), "data"), "TRUSTED_PROXIES=127.0.0.1"}
	mustRun(t, env, "demo")
	password := regexp.MustCompile(`demo-worker\s+\w+\s+([A-Z2-7-]{19})`).FindStringSubmatch(mustRun(t, env, "user", "demo"))[1]
	conn, err := pgx.Connect(t.Context(), strings.TrimPrefix(env[0], "DATABASE_URL="))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	// Somebody's, since those of the demo are nobody's behind a proxy.
	if _, err := conn.Exec(t.Context(), "UPDATE account SET demo = false WHERE login = 'demo-worker'"); err != nil {
		t.Fatal(err)
	}
	s := serve(t, env, "--addr", "127.0.0.1:0")
	try := func(b *browser, from, password string) (status int, text string) {
		t.Helper()
		status, _, text = b.ask("POST", "/sign-in", "application/x-www-form-urlencoded", url.Values{"login": {"demo-worker"}, "password": {password}}.Encode(), "X-Forwarded-For", from)
		return status, text
	}
	owner := newBrowser(t, s)
	if status, text := try(owner, "203.0.113.1", password); status != http.StatusSeeOther {
		t.Fatalf("the owner: %d %s", status, text)
	}
	owner.sends("/sign-in", "/sign-out")
	for n := range 50 { // five of one household each, at as many of its addresses
		if status, text := try(newBrowser(t, s), fmt.Sprintf("2001:db8:0:%x::%x", n/5, n%5+1), "not the password"); status != http.StatusUnauthorized {
			t.Fatalf("try %d: %d %s", n+1, status, text)
		}
		if n == 4 {
			if status, text := try(newBrowser(t, s), "2001:db8::ffff", password); status != http.StatusTooManyRequests || !strings.Contains(text, "Too many tries; try again in 1 min.") {
				t.Errorf("the sixth of a household: %d %s", status, text)
			}
		}
	}
	if status, text := try(newBrowser(t, s), "203.0.113.2", password); status != http.StatusTooManyRequests || !strings.Contains(text, "Too many tries; try again in ") {
		t.Errorf("in a browser that is not known: %d %s", status, text)
	}
	if status, text := try(owner, "2001:db8::1", password); status != http.StatusSeeOther || owner.token() == "" {
		t.Errorf("the owner, after signing out: %d %s", status, text)
	}
	s.stop(t, os.Interrupt)
}

// TestSigningInByAProvider signs in through the forms of a real provider of identities.
func TestSigningInByAProvider(t *testing.T) {
	var city http.Handler
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { city.ServeHTTP(w, r) }))
	defer provider.Close()
	env := []string{"DATABASE_URL=" + testdb.URL(t), "DATA=" + filepath.Join(t.TempDir(), "data"),
		"OIDC_ISSUER=" + provider.URL, "OIDC_CLIENT_ID=wangge-server", "OIDC_CLIENT_SECRET=a secret of two", "OIDC_NAME=City Login", "OIDC_CLAIM=preferred_username"}
	const login = "test-user2"
	mustRun(t, env, "user", "add", "zhou.anquan", "--role", "security")
	mustRun(t, env, "user", "add", "shen.ji", "--role", "auditor")
	s := serve(t, env, "--addr", "127.0.0.1:0")
	client := storage.WebClient("wangge-server", "a secret of two", s.url+"/sign-in/provider/back")
	storage.RegisterClients(client)
	city = exampleop.SetupServer(provider.URL, storage.NewStorage(storage.NewUserStore(provider.URL)), slog.New(slog.DiscardHandler), false)

	b := newBrowser(t, s)
	// back goes to the provider, signs in there, and returns with which path it leads back here.
	back := func(from string) string {
		t.Helper()
		status, leads, text := b.ask("GET", from, "", "")
		if status != http.StatusSeeOther || !strings.HasPrefix(leads, provider.URL+"/auth?") {
			t.Fatalf("%s: %d, leads to %q\n%s", from, status, leads, text)
		}
		there := &browser{t: t, Client: b.Client}
		_, form, _ := there.ask("GET", leads, "", "")
		id := regexp.MustCompile(`authRequestID=([^&]+)`).FindStringSubmatch(form)
		if id == nil {
			t.Fatalf("the provider leads to %q", form)
		}
		there.url = provider.URL
		_, on, _ := there.send("/login/username", "id", id[1], "username", login, "password", "verysecure")
		_, on, _ = there.ask("GET", strings.TrimPrefix(on, provider.URL), "", "")
		if !strings.HasPrefix(on, s.url+"/sign-in/provider/back?") {
			t.Fatalf("the provider leads back to %q", on)
		}
		return strings.TrimPrefix(on, s.url)
	}
	follow := func(path, to string) {
		t.Helper()
		if status, location, text := b.ask("GET", path, "", ""); status != http.StatusSeeOther || location != to {
			t.Fatalf("%d, leads to %q, want %q\n%s", status, location, to, text)
		}
	}

	if _, _, page := b.ask("GET", "/sign-in?next=/app", "", ""); !strings.Contains(page, `href="/sign-in/provider?next=%2Fapp"`) || !strings.Contains(page, "Sign in with City Login") {
		t.Errorf("no button: %s", page)
	}
	if status, _, text := b.ask("GET", back("/sign-in/provider"), "", ""); status != http.StatusUnauthorized || !strings.Contains(text, "No account here is linked") || b.token() != "" {
		t.Errorf("linked to nobody: %d %s", status, text)
	}
	mustRun(t, env, "user", "link", "shen.ji", login)
	if code, _, errOut := run(t, env, "user", "link", "zhou.anquan", login); code != 1 || !strings.Contains(errOut, "Another account is linked to this name.") {
		t.Errorf("two accounts of one name: exit %d, %s", code, errOut)
	}

	// An administrator without a second factor at the provider sets one up here. What comes back is good once, and in this browser.
	path := back("/sign-in/provider?next=/app")
	if status, _, _ := newBrowser(t, s).ask("GET", path, "", ""); status != http.StatusUnauthorized {
		t.Errorf("in another browser: %d", status)
	}
	follow(path, "/account/second-factor?next=%2Fapp")
	if status, _, text := b.ask("GET", path, "", ""); status != http.StatusUnauthorized || !strings.Contains(text, "begin again") {
		t.Errorf("the same again: %d", status)
	}
	if got := b.graphql(whoAsks, nil); strings.TrimSpace(got) != `{"data":{"viewer":null}}` {
		t.Errorf("without a second factor: %s", got)
	}
	_, _, page := b.ask("GET", "/account/second-factor?next=/app", "", "")
	secret := regexp.MustCompile(`<code>([A-Z2-7 ]+)</code>`).FindStringSubmatch(page)
	if secret == nil || !strings.Contains(page, `name="next" value="/app"`) {
		t.Fatal(page)
	}
	code, err := totp.GenerateCode(strings.ReplaceAll(secret[1], " ", ""), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if status, _, page := b.send("/account/second-factor", "code", code, "next", "/app"); status != http.StatusOK || !strings.Contains(page, `href="/app"`) {
		t.Fatalf("a code: %d %s", status, page)
	}
	if got := b.graphql(whoAsks, nil); !strings.Contains(got, `{"kind":"auditor","login":"shen.ji"`) {
		t.Errorf("signed in: %s", got)
	}
	b.sends("/sign-in?out=1", "/sign-out")
	if _, _, page = b.ask("GET", "/sign-in?out=1", "", ""); !strings.Contains(page, `href="/sign-out/provider">Sign out of City Login too</a>`) {
		t.Errorf("signed out here: %s", page)
	}
	if status, leads, _ := b.ask("GET", "/sign-out/provider", "", ""); status != http.StatusSeeOther || !strings.HasPrefix(leads, provider.URL+"/end_session?client_id=wangge-server&post_logout_redirect_uri=http") {
		t.Errorf("signing out there: %d, leads to %q", status, leads)
	}

	// Somebody of staff needs no second factor; who wanted to go somewhere goes there, but elsewhere than here nobody is led.
	mustRun(t, env, "user", "reset", "shen.ji")
	conn, err := pgx.Connect(t.Context(), strings.TrimPrefix(env[0], "DATABASE_URL="))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	worker := key.Key{Home: "dhome", ID: uuid.New()}
	if _, err := conn.Exec(t.Context(), "INSERT INTO worker (district, id, name) VALUES ($1, $2, '李娜')", worker.Home, worker.ID); err != nil {
		t.Fatal(err)
	}
	mustRun(t, env, "user", "add", "li.na", "--role", "staff", "--worker", worker.String())
	mustRun(t, env, "user", "link", "li.na", login)
	if status, _, _ := b.ask("GET", back("/sign-in/provider"), "", ""); status != http.StatusSeeOther {
		t.Errorf("linked anew: %d", status)
	}
	b.sends("/sign-in?out=1", "/sign-out")
	follow(back("/sign-in/provider?next=/app"), "/app")
	b.sends("/sign-in?out=1", "/sign-out")
	for _, next := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "javascript:alert(1)", "/%09/evil.example\t"} {
		follow(back("/sign-in/provider?next="+url.QueryEscape(next)), "/account")
		b.sends("/sign-in?out=1", "/sign-out")
		if _, _, page := newBrowser(t, s).ask("GET", "/sign-in?next="+url.QueryEscape(next), "", ""); strings.Contains(page, `name="next"`) || strings.Contains(page, "/provider?next") {
			t.Errorf("the page would lead to %q", next)
		}
	}

	// A disabled account stays out; with the provider away who has a password signs in, and the others are told.
	mustRun(t, env, "user", "disable", "li.na")
	if status, _, _ := b.ask("GET", back("/sign-in/provider"), "", ""); status != http.StatusUnauthorized {
		t.Errorf("disabled: %d", status)
	}
	mustRun(t, env, "user", "enable", "li.na")
	given := strings.Fields(mustRun(t, env, "user", "reset", "li.na"))
	if status, _, _ := b.ask("GET", back("/sign-in/provider"), "", ""); status != http.StatusUnauthorized {
		t.Errorf("after it was given a password: %d", status)
	}
	path = back("/sign-in/provider")
	provider.Close()
	if status, _, text := b.ask("GET", path, "", ""); status != http.StatusServiceUnavailable || !strings.Contains(text, "City Login does not answer at the moment.") || !strings.Contains(text, `name="password"`) {
		t.Errorf("away: %d %s", status, text)
	}
	b.sends("/account/password", "/sign-in", "login", "li.na", "password", given[len(given)-1])
	s.stop(t, os.Interrupt)
	for _, secret := range []string{login, "a secret of two", "state=", strings.Split(path, "&")[0], "李娜"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log knows %q: %s", secret, s.log)
		}
	}
}

// TestSigningInIsNoted is that the audit tells who came in, who tried to, and what the pages and commands about accounts did, as it tells what GraphQL did.
func TestSigningInIsNoted(t *testing.T) {
	env := []string{"DATABASE_URL=" + testdb.URL(t), "DATA=" + filepath.Join(t.TempDir(), "data"), "SUDO_USER=Anna.Li$"}
	mustRun(t, env, "demo")
	given := regexp.MustCompile(`demo-worker\s+\w+\s+([A-Z2-7-]{19})`).FindStringSubmatch(mustRun(t, env, "user", "demo"))
	mustRun(t, env, "user", "add", "zhou.anquan", "--role", "security")
	mustRun(t, env, "user", "reset", "zhou.anquan")
	mustRun(t, env, "user", "disable", "zhou.anquan")
	mustRun(t, env, "user", "enable", "zhou.anquan")
	mustRun(t, env, "user", "link", "zhou.anquan", "zhou@city")
	if code, _, _ := run(t, env, "user", "reset", "nobody"); code != 1 {
		t.Errorf("nobody is reset: exit %d", code)
	}
	s := serve(t, env, "--addr", "127.0.0.1:0")
	b := newBrowser(t, s)
	b.send("/sign-in", "login", "demo-worker", "password", "not the password")
	b.sends("/account", "/sign-in", "login", "demo-worker", "password", given[1])
	b.send("/account/password", "oldPassword", "not the password", "password", "another good one", "again", "another good one")
	if status, _, text := b.send("/account/tokens", "name", "a map", "days", "7", "right", "HOUSEHOLDS"); status != http.StatusOK || !strings.Contains(text, "wgp_") {
		t.Fatalf("a token: %d", status)
	}
	b.send("/account/sessions")
	b.send("/sign-out")
	b.send("/sign-out") // nobody does

	var got []string
	ids := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	for line := range strings.Lines(mustRun(t, env, "audit", "list")) {
		if f := strings.Fields(line); f[4] != "READ_AUDIT" && f[4] != "LOAD_DEMO" {
			who, _, _ := strings.Cut(f[3], "/") // the login, before the account's id
			got = append(got, ids.ReplaceAllString(strings.Join(append([]string{f[2], who}, f[4:]...), " "), "ID"))
		}
	}
	slices.Reverse(got)
	want := []string{
		"security machine-Anna-Li GIVE_DEMO_ACCOUNTS ACCOUNT OK", "security machine-Anna-Li CREATE_ACCOUNT ACCOUNT ID OK", "security machine-Anna-Li RESET_PASSWORD ACCOUNT ID OK",
		"security machine-Anna-Li DISABLE_ACCOUNT ACCOUNT ID OK", "security machine-Anna-Li ENABLE_ACCOUNT ACCOUNT ID OK", "security machine-Anna-Li LINK_ACCOUNT ACCOUNT ID OK",
		"security machine-Anna-Li RESET_PASSWORD ACCOUNT NOT_FOUND",
		"public public SIGN_IN ACCOUNT UNAUTHENTICATED", "staff demo-worker SIGN_IN ACCOUNT ID OK", "staff demo-worker CHANGE_PASSWORD ACCOUNT ID UNAUTHENTICATED",
		"staff demo-worker CREATE_ACCESS_TOKEN ACCESS_TOKEN ID OK", "staff demo-worker END_SESSIONS ACCOUNT ID OK", "staff demo-worker SIGN_OUT ACCOUNT ID OK",
	}
	if !slices.Equal(got, want) {
		t.Errorf("noted:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	// What cannot be noted is not done, by pages, GraphQL and commands alike; but who leaves is let out.
	b.sends("/account", "/sign-in", "login", "demo-worker", "password", given[1])
	conn, err := pgx.Connect(t.Context(), strings.TrimPrefix(env[0], "DATABASE_URL="))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	held := func() (all string) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), `SELECT format('%s accounts, %s sessions, %s tokens', (SELECT count(*) FROM account), (SELECT count(*) FROM session), (SELECT count(*) FROM access_token))`).Scan(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	exec("REVOKE INSERT ON audit_entry FROM wangge_app")
	was := held()
	if status, _, text := b.send("/account/tokens", "name", "another", "days", "7", "right", "HOUSEHOLDS"); status != http.StatusInternalServerError || strings.Contains(text, "wgp_") {
		t.Errorf("a token that cannot be noted: %d", status)
	}
	if text := b.graphql(`mutation { createAccessToken(input: {name: "another", rights: [HOUSEHOLDS], expiresAt: "`+time.Now().Add(time.Hour).UTC().Format(time.RFC3339)+`"}) { token } }`, nil); !strings.Contains(text, `"INTERNAL"`) || strings.Contains(text, "wgp_") {
		t.Errorf("a token that cannot be noted: %s", text)
	}
	other := newBrowser(t, s)
	if status, _, _ := other.send("/sign-in", "login", "demo-worker", "password", given[1]); status != http.StatusInternalServerError || other.token() != "" {
		t.Errorf("a sign-in that cannot be noted: %d", status)
	}
	if code, _, _ := run(t, env, "user", "add", "wang.wu", "--role", "operator"); code != 1 {
		t.Errorf("an account that cannot be noted: exit %d", code)
	}
	if is := held(); is != was {
		t.Errorf("what could not be noted was done: %s, before %s", is, was)
	}
	b.sends("/sign-in", "/sign-out")
	if is := held(); is == was || b.token() != "" {
		t.Errorf("signed out: %s, before %s", is, was)
	}
	exec("GRANT INSERT ON audit_entry TO wangge_app")
	mustRun(t, env, "audit", "verify")
}
