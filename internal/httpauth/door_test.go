package httpauth

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wangge/domain/account"
	"wangge/internal/fault"
)

// list is an Access of one session and two tokens.
type list struct{ err error }

func (l list) WhoSigned(_ context.Context, token string) (account.Actor, error) {
	if token == "session" {
		return account.Actor{Role: account.Staff, ID: "s"}, l.err
	}
	return account.Anyone(), l.err
}

func (l list) WhoHolds(_ context.Context, token string) (account.Actor, error) {
	switch token {
	case "wgp_writes":
		return account.Actor{Role: account.Staff, ID: "s", Via: account.ByToken}, nil
	case "wgp_reads":
		return account.Actor{Role: account.Staff, ID: "s", Via: account.ByReadToken}, nil
	}
	return account.Actor{}, fault.New(fault.Unauthenticated, "", "badToken")
}

func TestWhoSendsARequest(t *testing.T) {
	const none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJyb2xlIjoib3BlcmF0b3IifQ." // a JWT that says of itself that nobody signed it
	for _, c := range []struct {
		name, method, path string
		header             []string // names and values in turn
		want               account.Role
		refused            fault.Code
	}{
		{"no header", "GET", "/where", nil, account.Public, ""},
		{"the token", "GET", "/where", []string{"Authorization", "Bearer " + token}, account.Operator, ""},
		{"the scheme in small letters", "GET", "/where", []string{"Authorization", "bearer " + token}, account.Operator, ""},
		{"another token", "GET", "/where", []string{"Authorization", "Bearer " + token + "x"}, "", fault.Unauthenticated},
		{"the beginning of the token", "GET", "/where", []string{"Authorization", "Bearer " + token[:10]}, "", fault.Unauthenticated},
		{"no token", "GET", "/where", []string{"Authorization", "Bearer "}, "", fault.Unauthenticated},
		{"an empty header", "GET", "/where", []string{"Authorization", ""}, "", fault.Unauthenticated},
		{"another scheme", "GET", "/where", []string{"Authorization", "Basic " + token}, "", fault.Unauthenticated},
		{"the token without its scheme", "GET", "/where", []string{"Authorization", token}, "", fault.Unauthenticated},
		{"two headers", "GET", "/where", []string{"Authorization", "Bearer " + token, "Authorization", "Bearer x"}, "", fault.Unauthenticated},
		{"a JWT without a signature", "POST", "/graphql", []string{"Authorization", "Bearer " + none}, "", fault.Unauthenticated},
		{"a session as a token", "POST", "/graphql", []string{"Authorization", "Bearer session"}, "", fault.Unauthenticated},
		{"a session beside a token that is none", "GET", "/", []string{"Authorization", "Bearer x", "Cookie", "wangge=session"}, "", fault.Unauthenticated},
		{"a program", "POST", "/photos/x", []string{"Authorization", "Bearer wgp_writes"}, account.Staff, ""},
		{"a program that reads", "POST", "/graphql", []string{"Authorization", "Bearer wgp_reads"}, account.Staff, ""},
		{"a program that reads, writing", "POST", "/photos/x", []string{"Authorization", "Bearer wgp_reads"}, "", fault.Forbidden},

		{"a browser", "GET", "/where", []string{"Cookie", "other=1; wangge=session"}, account.Staff, ""},
		{"a browser whose session ended", "POST", "/graphql", []string{"Cookie", "wangge=ended"}, account.Public, ""},
		{"two sessions", "GET", "/where", []string{"Cookie", "wangge=session; wangge=planted"}, account.Public, ""},
		{"the operator's token as a cookie", "GET", "/where", []string{"Cookie", "wangge=" + token}, account.Public, ""},
		{"our page", "POST", "/graphql", []string{"Cookie", "wangge=session", "Sec-Fetch-Site", "same-origin"}, account.Staff, ""},
		{"another site's page", "POST", "/graphql", []string{"Cookie", "wangge=session", "Sec-Fetch-Site", "cross-site"}, "", fault.Forbidden},
		{"a neighbouring site's page", "POST", "/graphql", []string{"Cookie", "wangge=session", "Sec-Fetch-Site", "same-site"}, "", fault.Forbidden},
		{"another site's page in an old browser", "POST", "/sign-out", []string{"Cookie", "wangge=session", "Origin", "https://evil.example"}, "", fault.Forbidden},
		{"another site's page without an origin", "POST", "/sign-out", []string{"Cookie", "wangge=session", "Origin", "null"}, "", fault.Forbidden},
		{"our page in an old browser", "POST", "/graphql", []string{"Cookie", "wangge=session", "Origin", "http://example.com"}, account.Staff, ""},
		{"a page that may", "POST", "/graphql", []string{"Cookie", "wangge=session", "Sec-Fetch-Site", "cross-site", "Origin", "https://map.example"}, account.Staff, ""},
		{"another site's link", "GET", "/g/1", []string{"Cookie", "wangge=session", "Sec-Fetch-Site", "cross-site"}, account.Staff, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := New(Options{Operator: token, Access: list{}, Origins: []string{"https://map.example"}})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(c.method, "http://example.com"+c.path, nil)
			for i := 0; i < len(c.header); i += 2 {
				r.Header.Add(c.header[i], c.header[i+1])
			}
			got, err := d.Who(r)
			if got.Role != c.want || (err == nil) != (c.refused == "") || err != nil && !fault.Is(err, c.refused) {
				t.Errorf("actor %+v, %v, want role %q, %q", got, err, c.want, c.refused)
			}
		})
	}
}

func TestWhatIsPublicIsAnsweredWithoutTheDatabase(t *testing.T) {
	d, err := New(Options{Operator: token, Access: list{fault.New(fault.Unavailable, "", "database")}})
	if err != nil {
		t.Fatal(err)
	}
	for method, want := range map[string]bool{"GET": true, "POST": false} {
		r := httptest.NewRequest(method, "/", nil)
		r.Header.Set("Cookie", "wangge=session")
		if a, err := d.Who(r); (err == nil) != want || want && a != account.Anyone() || !want && !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %+v, %v", method, a, err)
		}
	}
}

func TestWhatIsLookedUp(t *testing.T) {
	d, err := New(Options{Operator: token, Access: list{}})
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]bool{"": false, "Authorization: Bearer " + token: false, "Authorization: Bearer wgp_x": true, "Authorization: x": true, "Cookie: wangge=made-up": true, "Cookie: other=1": false} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if name, value, ok := strings.Cut(header, ": "); ok {
			r.Header.Set(name, value)
		}
		if got := d.Looks(r); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

func TestTheCookie(t *testing.T) {
	for _, c := range []struct {
		secure bool
		token  string
		want   string
	}{
		{false, "abc", "wangge=abc; Path=/; HttpOnly; SameSite=Lax"},
		{true, "abc", "__Host-wangge=abc; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{true, "", "__Host-wangge=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
	} {
		d, err := New(Options{Secure: c.secure})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		d.Keep(w, c.token)
		if got := strings.Join(w.Header()["Set-Cookie"], "|"); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", strings.SplitN(c.want, ";", 2)[0])
		if got := d.Session(r); got != c.token {
			t.Errorf("read back as %q", got)
		}
		w = httptest.NewRecorder()
		d.KeepBrowser(w, "known", 48*time.Hour)
		kept := w.Result().Cookies()[0]
		name, _, _ := strings.Cut(c.want, "=")
		if kept.Name != name+"-browser" || kept.MaxAge != 172_800 || !kept.HttpOnly || kept.Secure != c.secure || kept.Path != "/" || kept.Domain != "" || kept.SameSite != http.SameSiteLaxMode {
			t.Errorf("a browser is known by %+v", kept)
		}
		r.AddCookie(kept)
		if got := d.Browser(r); got != "known" || d.Session(r) != c.token {
			t.Errorf("it is known as %q, its session %q", got, d.Session(r))
		}
	}
}
