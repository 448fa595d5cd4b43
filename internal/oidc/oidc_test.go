package oidc_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"

	"wangge/domain/access"
	"wangge/internal/fault"
	"wangge/internal/oidc"
)

const here = "http://127.0.0.1:18765" // nobody listens there: what comes back is read from where it leads

// city is a real provider on loopback, which can be made to err: its tokens are those that it made, changed where forge says so and signed anew with its own key.
type city struct {
	*httptest.Server
	*storage.Storage
	t *testing.T

	mu    sync.Mutex
	key   *rsa.PrivateKey
	keyID string
	forge func(claims map[string]any)
	sign  func(claims []byte) string // nil: as it does itself
	asked map[string]int             // by path
	away  bool
}

// signing is the provider's key, as its storage tells it.
type signing struct {
	key *rsa.PrivateKey
	id  string
}

func (s signing) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (s signing) Algorithm() jose.SignatureAlgorithm          { return jose.RS256 }
func (s signing) Use() string                                 { return "sig" }
func (s signing) ID() string                                  { return s.id }

type private struct{ signing }

func (s private) Key() any { return s.key }

type public struct{ signing }

func (s public) Key() any { return &s.key.PublicKey }

func (c *city) current() signing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return signing{c.key, c.keyID}
}

func (c *city) SigningKey(context.Context) (op.SigningKey, error) { return private{c.current()}, nil }
func (c *city) KeySet(context.Context) ([]op.Key, error)          { return []op.Key{public{c.current()}}, nil }

// leaving is a client that people may come back to after signing out.
type leaving struct{ op.Client }

func (leaving) PostLogoutRedirectURIs() []string { return []string{here + oidc.OutPath} }

func (c *city) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	client, err := c.Storage.GetClientByClientID(ctx, id)
	return leaving{client}, err
}

// rotate has the provider sign with another key.
func (c *city) rotate() {
	c.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.key, c.keyID = key, rand.Text()
}

func (c *city) err(forge func(map[string]any), sign func([]byte) string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forge, c.sign = forge, sign
}

func (c *city) times(path string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[path]
}

func newCity(t *testing.T) *city {
	t.Helper()
	c := &city{t: t, asked: map[string]int{}}
	c.rotate()
	var handler http.Handler
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.asked[r.URL.Path]++
		away := c.away
		c.mu.Unlock()
		switch {
		case away:
			http.Error(w, "down for repairs", http.StatusBadGateway)
		case r.URL.Path == "/oauth/token":
			c.token(w, r, handler)
		default:
			handler.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(c.Close)
	client := storage.WebClient("wangge", "a secret of two", here+oidc.BackPath)
	storage.RegisterClients(client)
	c.Storage = storage.NewStorage(storage.NewUserStore(c.URL))
	handler = exampleop.SetupServer(c.URL, c, slog.New(slog.DiscardHandler), false)
	return c
}

// token answers as the provider does, with the errors that the test asks for.
func (c *city) token(w http.ResponseWriter, r *http.Request, real http.Handler) {
	rec := httptest.NewRecorder()
	real.ServeHTTP(rec, r)
	c.mu.Lock()
	forge, sign := c.forge, c.sign
	c.mu.Unlock()
	var says map[string]any
	if rec.Code != http.StatusOK || forge == nil && sign == nil || json.Unmarshal(rec.Body.Bytes(), &says) != nil {
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		w.Write(rec.Body.Bytes())
		return
	}
	parts := strings.Split(says["id_token"].(string), ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	claims := map[string]any{}
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err == nil && forge != nil {
		forge(claims)
	}
	if err == nil {
		payload, err = json.Marshal(claims)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if sign == nil {
		sign = func(payload []byte) string { return signed(c.t, jose.RS256, c.current().key, c.current().id, payload) }
	}
	says["id_token"] = sign(payload)
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(says)
}

func signed(t *testing.T, alg jose.SignatureAlgorithm, key any, id string, payload []byte) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", id))
	if err != nil {
		t.Error(err)
		return ""
	}
	jws, err := s.Sign(payload)
	if err != nil {
		t.Error(err)
		return ""
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Error(err)
	}
	return token
}

// clock is set by hand.
type clock struct{ ahead time.Duration }

func (c *clock) now() time.Time { return time.Now().Add(c.ahead) }

func provider(t *testing.T, c *city, set func(*oidc.Options)) (*oidc.Provider, *clock) {
	t.Helper()
	sealer, err := access.NewSealer([access.KeyBytes]byte{7})
	if err != nil {
		t.Fatal(err)
	}
	clock := &clock{}
	o := oidc.Options{Issuer: c.URL, ClientID: "wangge", Secret: "a secret of two", Name: "City", Claim: "sub", Here: here, Sealer: sealer, Now: clock.now, Log: slog.New(slog.DiscardHandler)}
	if set != nil {
		set(&o)
	}
	return oidc.New(o), clock
}

// through signs somebody in at the provider by its own forms, and returns what the browser brings back.
func through(t *testing.T, leads, login string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var back url.Values
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), here) {
			back = r.URL.Query()
			return http.ErrUseLastResponse
		}
		return nil
	}}
	resp, err := browser.Get(leads)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindSubmatch(page)
	if err != nil || id == nil {
		t.Fatalf("no form to sign in with: %v %s", err, page)
	}
	resp, err = browser.PostForm(resp.Request.URL.Scheme+"://"+resp.Request.URL.Host+"/login/username", url.Values{"id": {string(id[1])}, "username": {login}, "password": {"verysecure"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if back == nil {
		t.Fatalf("the provider leads to %s, %d", resp.Request.URL, resp.StatusCode)
	}
	return back
}

func begin(t *testing.T, p *oidc.Provider) (leads, kept string) {
	t.Helper()
	leads, kept, err := p.Begin(t.Context(), "/app")
	if err != nil {
		t.Fatal(err)
	}
	return leads, kept
}

func refused(t *testing.T, what string, err error, code fault.Code, key string) {
	t.Helper()
	if got := fault.As(err); err == nil || got.Code != code || got.Key != key {
		t.Errorf("%s: %v, want %s %s", what, err, code, key)
	}
}

func TestSomebodySignsIn(t *testing.T) {
	c := newCity(t)
	p, _ := provider(t, c, nil)
	leads, kept := begin(t, p)
	at, err := url.Parse(leads)
	if err != nil {
		t.Fatal(err)
	}
	q := at.Query()
	if q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || len(q.Get("state")) < 40 || len(q.Get("nonce")) < 40 || q.Get("scope") != "openid" {
		t.Errorf("asks with %v", q)
	}
	if plain, _ := base64.RawURLEncoding.DecodeString(kept); strings.Contains(string(plain), q.Get("state")) {
		t.Error("what the browser keeps can be read")
	}
	back := through(t, leads, "test-user2")
	who, next, err := p.End(t.Context(), kept, back)
	if err != nil || who != (access.Identity{Issuer: c.URL, Subject: "id2", Name: "id2"}) || next != "/app" {
		t.Fatalf("%+v, %q, %v", who, next, err)
	}
	_, _, err = p.End(t.Context(), kept, back)
	refused(t, "the code twice", err, fault.Unauthenticated, "oidc.refused")
	if c.times("/.well-known/openid-configuration") != 1 || c.times("/keys") != 1 {
		t.Errorf("asked %v", c.asked)
	}
	out, err := p.Out(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Get(out)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != here+"/sign-in" {
		t.Errorf("signing out there: %d, leads to %q", resp.StatusCode, resp.Header.Get("Location"))
	}
}

func TestOfWhoseSignInItIs(t *testing.T) {
	c := newCity(t)
	p, clock := provider(t, c, nil)
	leads, kept := begin(t, p)
	_, others := begin(t, p)
	back := through(t, leads, "test-user2")
	with := func(name, value string) url.Values {
		q := maps.Clone(back)
		q[name] = []string{value}
		return q
	}
	other, _ := provider(t, c, func(o *oidc.Options) {
		var err error
		if o.Sealer, err = access.NewSealer([access.KeyBytes]byte{8}); err != nil {
			t.Fatal(err)
		}
	})
	_, foreign := begin(t, other)
	forged := []byte(kept)
	forged[len(forged)/2] ^= 1
	for _, one := range []struct {
		what, kept string
		answer     url.Values
		key        string
	}{
		{"a browser that began none", "", back, "oidc.begin"},
		{"a browser that began another", others, back, "oidc.begin"},
		{"what was sealed with another key", foreign, back, "oidc.begin"},
		{"what was changed", string(forged), back, "oidc.begin"},
		{"what is no text", "§", back, "oidc.begin"},
		{"another state", kept, with("state", "x"), "oidc.begin"},
		{"no state", kept, with("state", ""), "oidc.begin"},
		{"another issuer", kept, with("iss", "https://evil.example"), "oidc.bad"},
		{"a refusal", kept, with("error", "access_denied"), "oidc.refused"},
		{"no code", kept, with("code", ""), "oidc.refused"},
		{"a code that is none", kept, with("code", "x"), "oidc.refused"},
	} {
		_, _, err := p.End(t.Context(), one.kept, one.answer)
		refused(t, one.what, err, fault.Unauthenticated, one.key)
	}
	clock.ahead = 11 * time.Minute
	_, _, err := p.End(t.Context(), kept, back)
	refused(t, "too late", err, fault.Unauthenticated, "oidc.begin")
	clock.ahead = 0
	if _, _, err := p.End(t.Context(), kept, back); err != nil { // none of them cost who began it the code
		t.Error(err)
	}
	// The code of somebody else, slipped under a sign-in of one's own: it was made for another verifier.
	leads, _ = begin(t, p)
	stolen := through(t, leads, "test-user2")
	leads, kept = begin(t, p)
	mine := through(t, leads, "test-user2")
	mine["code"] = stolen["code"]
	_, _, err = p.End(t.Context(), kept, mine)
	refused(t, "the code of another sign-in", err, fault.Unauthenticated, "oidc.refused")
}

func TestTokensThatAreNotBelieved(t *testing.T) {
	c := newCity(t)
	p, _ := provider(t, c, nil)
	set := func(name string, value any) func(map[string]any) {
		return func(claims map[string]any) { claims[name] = value }
	}
	none := func(payload []byte) string {
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
	}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		what  string
		forge func(map[string]any)
		sign  func([]byte) string
		good  bool
	}{
		{"as it is, signed anew", set("x", 1), nil, true},
		{"another nonce", set("nonce", "x"), nil, false},
		{"no nonce", func(claims map[string]any) { delete(claims, "nonce") }, nil, false},
		{"another audience", set("aud", []string{"another"}), nil, false},
		{"two audiences, and for us", func(claims map[string]any) { claims["aud"], claims["azp"] = []string{"wangge", "another"}, "wangge" }, nil, true},
		{"two audiences, and for nobody", func(claims map[string]any) { claims["aud"] = []string{"wangge", "another"}; delete(claims, "azp") }, nil, false},
		{"for another client", set("azp", "another"), nil, false},
		{"expired", set("exp", time.Now().Add(-time.Second).Unix()), nil, false},
		{"of tomorrow", set("nbf", time.Now().Add(24*time.Hour).Unix()), nil, false},
		{"another issuer", set("iss", "https://evil.example"), nil, false},
		{"nobody", set("sub", ""), nil, false},
		{"somebody with a long name", set("sub", strings.Repeat("x", 256)), nil, false},
		{"alg none", nil, none, false},
		{"signed with the client's secret", nil, func(payload []byte) string {
			return signed(t, jose.HS256, []byte("a secret of two, made long enough for HS256"), c.current().id, payload)
		}, false},
		{"signed by a stranger under the same key's name", nil, func(payload []byte) string { return signed(t, jose.RS256, stranger, c.current().id, payload) }, false},
		{"no token", nil, func([]byte) string { return "" }, false},
	} {
		c.err(one.forge, one.sign)
		leads, kept := begin(t, p)
		who, _, err := p.End(t.Context(), kept, through(t, leads, "test-user2"))
		switch {
		case one.good && (err != nil || who.Subject != "id2"):
			t.Errorf("%s: %+v, %v", one.what, who, err)
		case !one.good:
			refused(t, one.what, err, fault.Unauthenticated, "oidc.bad")
			if who != (access.Identity{}) {
				t.Errorf("%s: %+v", one.what, who)
			}
		}
	}
}

func TestTheProviderChangesItsKey(t *testing.T) {
	c := newCity(t)
	p, _ := provider(t, c, nil)
	for turn := range 2 {
		leads, kept := begin(t, p)
		if _, _, err := p.End(t.Context(), kept, through(t, leads, "test-user2")); err != nil {
			t.Fatalf("turn %d: %v", turn, err)
		}
		if n := c.times("/keys"); n != turn+1 {
			t.Errorf("turn %d: keys were asked for %d times", turn, n)
		}
		c.rotate()
	}
}

func TestTheProviderIsAway(t *testing.T) {
	c := newCity(t)
	p, clock := provider(t, c, nil)
	c.mu.Lock()
	c.away = true
	c.mu.Unlock()
	for range 3 {
		_, _, err := p.Begin(t.Context(), "")
		refused(t, "away", err, fault.Unavailable, "oidc.away")
	}
	if n := c.times("/.well-known/openid-configuration"); n != 1 {
		t.Errorf("asked %d times within a second", n)
	}
	c.mu.Lock()
	c.away = false
	c.mu.Unlock()
	clock.ahead = 6 * time.Second
	leads, kept := begin(t, p)
	back := through(t, leads, "test-user2")
	c.mu.Lock()
	c.away = true
	c.mu.Unlock()
	_, _, err := p.End(t.Context(), kept, back)
	refused(t, "away in between", err, fault.Unavailable, "oidc.away")
	if strings.Contains(err.Error(), "repairs") {
		t.Errorf("the cause holds what the provider answered: %v", err)
	}
}

func TestNamesAndSecondFactors(t *testing.T) {
	c := newCity(t)
	for _, one := range []struct {
		what, claim string
		forge       func(map[string]any)
		name        string
		factor      bool
	}{
		{"a name, which the provider tells when asked", "preferred_username", nil, "test-user2", false},
		{"a name in the token", "preferred_username", func(claims map[string]any) { claims["preferred_username"] = "wang.wu" }, "wang.wu", false},
		{"a claim of the provider's own", "employee_number", func(claims map[string]any) { claims["employee_number"] = "0017" }, "0017", false},
		{"an address that was verified", "email", nil, "test-user2@zitadel.ch", false},
		{"one that was not", "email", func(claims map[string]any) { claims["email"] = "boss@city.example" }, "", false},
		{"one that is said not to be", "email", func(claims map[string]any) { claims["email"], claims["email_verified"] = "boss@city.example", false }, "", false},
		{"a number that nobody has", "phone_number", nil, "", false},
		{"a claim that is no text", "preferred_username", func(claims map[string]any) { claims["preferred_username"] = []string{"a"} }, "", false},
		{"a second factor", "sub", func(claims map[string]any) { claims["acr"] = "urn:city:mfa" }, "id2", true},
		{"something else", "sub", func(claims map[string]any) { claims["acr"] = "0" }, "id2", false},
	} {
		c.err(one.forge, nil)
		p, _ := provider(t, c, func(o *oidc.Options) { o.Claim, o.Factor = one.claim, []string{"urn:city:mfa", "urn:city:card"} })
		leads, kept := begin(t, p)
		if !strings.Contains(leads, "acr_values=urn%3Acity%3Amfa+urn%3Acity%3Acard") {
			t.Errorf("%s: no second factor is asked for: %s", one.what, leads)
		}
		who, _, err := p.End(t.Context(), kept, through(t, leads, "test-user2"))
		if err != nil || who.Subject != "id2" || who.Name != one.name || who.Factor != one.factor {
			t.Errorf("%s: %+v, %v", one.what, who, err)
		}
	}
	if !slices.Contains(slices.Collect(maps.Keys(c.asked)), "/userinfo") {
		t.Error("the provider was never asked who it is")
	}
}
