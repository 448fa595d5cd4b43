// Package oidc sends people to a provider of identities (OpenID Connect, authorization code flow with PKCE) and checks what they come back with. Which
// account somebody has here, and whether one, is left to domain/access; cookies are left to who speaks HTTP.
package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"wangge/domain/access"
	"wangge/internal/fault"
)

// BackPath is where the provider sends people back to; OutPath is where they are sent who signed out there. Both are told to the provider when wangge is registered.
const (
	BackPath = "/sign-in/provider/back"
	OutPath  = "/sign-in"
)

const (
	underWay   = 10 * time.Minute // from here to the provider and back, with a password and a second factor typed there
	patience   = 8 * time.Second  // with one answer of the provider
	pause      = 5 * time.Second  // before a provider that was away is asked again
	mostAnswer = 1 << 20          // bytes of one answer
	mostID     = 255              // bytes of a subject (OpenID Connect Core, 2)
)

// algorithms are those of signatures that nobody but the provider can make: none and those of shared secrets are not among them.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}

// about is what sealed cookies are for: nothing else that is sealed with the same key opens as one.
var about = []byte("sign-in by OpenID Connect")

var _ = fault.Register(
	[3]string{"oidc.away", "{provider} does not answer at the moment. Try again in a minute; who has a login of this system signs in with that.", "{provider}暂时没有响应，请稍候再试；有本系统账号的可直接登录。"},
	[3]string{"oidc.begin", "This sign-in took too long, or began in another window: begin again.", "本次登录已超时，或是在其他窗口开始的，请重新登录。"},
	[3]string{"oidc.refused", "{provider} did not sign you in: begin again.", "{provider}未能完成登录，请重新登录。"},
	[3]string{"oidc.bad", "What {provider} answered cannot be believed: begin again, and tell who runs this system if it stays so.", "{provider}返回的信息无法通过验证，请重新登录；如仍不行，请告知系统管理员。"},
)

// Options of New.
type Options struct {
	Issuer   string
	ClientID string
	Secret   string   // "": a client without one
	Name     string   // what people call the provider
	Claim    string   // by which accounts are linked: sub, or one that the provider gives to nobody else
	Factor   []string // values of acr that say that a second factor was shown
	Here     string   // where people reach this server
	Sealer   access.Sealer
	Now      func() time.Time
	Log      *slog.Logger
}

// Provider is one provider of identities.
type Provider struct {
	Options
	client *http.Client

	mu    sync.Mutex
	found *found
	tried time.Time // when it was away last
}

// found is what the provider says of itself. Its keys are asked for anew where a token names one that is not known.
type found struct {
	*oidc.Provider
	verifier *oidc.IDTokenVerifier
	end      string // where sessions end there; "": nowhere
	config   oauth2.Config
}

// New returns a Provider. It is first asked when somebody is to sign in.
func New(o Options) *Provider {
	return &Provider{Options: o, client: &http.Client{
		Timeout: patience, Transport: capped{http.DefaultTransport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // secrets go where the provider said, and no further
	}}
}

// capped lets no answer be longer than mostAnswer.
type capped struct{ http.RoundTripper }

func (c capped) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, mostAnswer), resp.Body}
	}
	return resp, err
}

// Called is what people call the provider.
func (p *Provider) Called() string { return p.Name }

func (p *Provider) away(err error) error {
	return fault.Wrap(err, fault.Unavailable, "", "oidc.away", "provider", p.Name)
}

func (p *Provider) bad(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	p.Log.Warn("an answer of the provider of identities is refused", "error", err) // nobody else learns why
	return fault.Wrap(err, fault.Unauthenticated, "", "oidc.bad", "provider", p.Name)
}

// find asks the provider for what it says of itself, once. UNAVAILABLE: it is away, and is asked again when pause is over.
func (p *Provider) find(ctx context.Context) (*found, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if p.Now().Sub(p.tried) < pause {
		return nil, p.away(errors.New("it was away a moment ago"))
	}
	f, err := p.discover(context.WithoutCancel(ctx)) // others wait for it too
	if err != nil {
		p.tried = p.Now()
		return nil, p.away(err)
	}
	p.found = f
	return f, nil
}

func (p *Provider) discover(ctx context.Context) (*found, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.Issuer)
	if err != nil {
		return nil, fmt.Errorf("ask the provider of identities what it offers: %w", err)
	}
	var more struct {
		End     string   `json:"end_session_endpoint"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, fmt.Errorf("read what the provider of identities offers: %w", err)
	}
	f := &found{Provider: provider, end: more.End,
		verifier: provider.Verifier(&oidc.Config{ClientID: p.ClientID, SupportedSigningAlgs: algorithms, Now: p.Now}),
		config:   oauth2.Config{ClientID: p.ClientID, ClientSecret: p.Secret, Endpoint: provider.Endpoint(), RedirectURL: p.Here + BackPath, Scopes: p.scopes()}}
	f.config.Endpoint.AuthStyle = oauth2.AuthStyleInHeader // what it is where nothing is said (Discovery, 3); to try both would send the code twice
	if p.Secret == "" || len(more.Methods) > 0 && !slices.Contains(more.Methods, "client_secret_basic") {
		f.config.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return f, nil
}

// scopes are no more than what the claim needs.
func (p *Provider) scopes() []string {
	switch p.Claim {
	case "sub":
		return []string{oidc.ScopeOpenID}
	case "email":
		return []string{oidc.ScopeOpenID, "email"}
	case "phone_number":
		return []string{oidc.ScopeOpenID, "phone"}
	}
	return []string{oidc.ScopeOpenID, "profile"}
}

// pending is a sign-in that is under way. It is sealed and kept by the browser, so that any server can go on with it, and no other browser.
type pending struct {
	State, Nonce, Verifier string
	Next                   string // where to go on afterwards
	Until                  time.Time
}

// Begin returns where somebody signs in, and what the browser is to keep until it is back. UNAVAILABLE: the provider is away.
func (p *Provider) Begin(ctx context.Context, next string) (leads, kept string, err error) {
	f, err := p.find(ctx)
	if err != nil {
		return "", "", err
	}
	w := pending{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(), Next: next, Until: p.Now().Add(underWay)}
	plain, err := json.Marshal(w)
	if err != nil {
		return "", "", err
	}
	sealed, err := p.Sealer.Seal(plain, about)
	if err != nil {
		return "", "", err
	}
	with := []oauth2.AuthCodeOption{oidc.Nonce(w.Nonce), oauth2.S256ChallengeOption(w.Verifier)}
	if len(p.Factor) > 0 {
		with = append(with, oauth2.SetAuthURLParam("acr_values", strings.Join(p.Factor, " ")))
	}
	return f.config.AuthCodeURL(w.State, with...), base64.RawURLEncoding.EncodeToString(sealed), nil
}

// End returns who came back with an answer of the provider, and where they go on. UNAUTHENTICATED: this browser began no such sign-in, the provider signed nobody in, or what it says
// cannot be believed; UNAVAILABLE: it is away.
func (p *Provider) End(ctx context.Context, kept string, answer url.Values) (who access.Identity, next string, err error) {
	w, ok := p.open(kept)
	if !ok || !same(w.State, answer.Get("state")) {
		return who, "", fault.New(fault.Unauthenticated, "", "oidc.begin")
	}
	if from := answer.Get("iss"); from != "" && from != p.Issuer { // RFC 9207
		return who, "", p.bad("the answer is of another issuer")
	}
	code := answer.Get("code")
	if code == "" || answer.Has("error") {
		return who, "", fault.New(fault.Unauthenticated, "", "oidc.refused", "provider", p.Name)
	}
	f, err := p.find(ctx)
	if err != nil {
		return who, "", err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := f.config.Exchange(ctx, code, oauth2.VerifierOption(w.Verifier))
	if refused := (*oauth2.RetrieveError)(nil); errors.As(err, &refused) && refused.Response.StatusCode < http.StatusInternalServerError {
		return who, "", fault.Wrap(fmt.Errorf("the provider of identities refuses the code with status %d", refused.Response.StatusCode), fault.Unauthenticated, "", "oidc.refused", "provider", p.Name)
	}
	if err != nil {
		return who, "", p.away(fmt.Errorf("the provider of identities gives no token: %w", plain(err)))
	}
	if who, err = p.identity(ctx, f, token, w.Nonce); err != nil {
		return who, "", err
	}
	return who, w.Next, nil
}

// plain is an error without the answer that oauth2 puts into it.
func plain(err error) error {
	if refused := (*oauth2.RetrieveError)(nil); errors.As(err, &refused) {
		return fmt.Errorf("status %d", refused.Response.StatusCode)
	}
	return err
}

func (p *Provider) open(kept string) (w pending, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(kept)
	if err != nil || kept == "" {
		return w, false
	}
	text, err := p.Sealer.Open(sealed, about)
	if err != nil || json.Unmarshal(text, &w) != nil {
		return w, false
	}
	return w, p.Now().Before(w.Until)
}

func same(want, got string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(got)) == 1
}

// identity reads the ID token: issuer, audience, expiry and signature are checked by go-oidc.
func (p *Provider) identity(ctx context.Context, f *found, token *oauth2.Token, nonce string) (who access.Identity, err error) {
	raw, _ := token.Extra("id_token").(string)
	id, err := f.verifier.Verify(ctx, raw)
	if err != nil {
		return who, p.bad("the ID token: %w", err)
	}
	var says struct {
		For string `json:"azp"`
		ACR string `json:"acr"`
	}
	if err := id.Claims(&says); err != nil {
		return who, p.bad("the ID token cannot be read")
	}
	switch {
	case !same(nonce, id.Nonce):
		return who, p.bad("the ID token is of another sign-in")
	case says.For != "" && says.For != p.ClientID || says.For == "" && len(id.Audience) > 1: // OpenID Connect Core, 3.1.3.7
		return who, p.bad("the ID token is for another client")
	case id.Subject == "" || len(id.Subject) > mostID:
		return who, p.bad("the ID token names nobody")
	}
	who = access.Identity{Issuer: p.Issuer, Subject: id.Subject, Factor: says.ACR != "" && slices.Contains(p.Factor, says.ACR)}
	who.Name, err = p.name(ctx, f, id, token)
	return who, err
}

// name is the claim that accounts are linked by; "": the provider does not vouch for it. Some tell it in the ID token, others when they are asked.
func (p *Provider) name(ctx context.Context, f *found, id *oidc.IDToken, token *oauth2.Token) (string, error) {
	if p.Claim == "sub" {
		return id.Subject, nil
	}
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return "", p.bad("the ID token cannot be read")
	}
	if claims[p.Claim] == nil && f.UserInfoEndpoint() != "" {
		info, err := f.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return "", p.away(errors.New("the provider of identities does not say who signed in"))
		}
		if info.Subject != id.Subject { // OpenID Connect Core, 5.3.2
			return "", p.bad("the provider of identities speaks of somebody else")
		}
		if claims = nil; info.Claims(&claims) != nil {
			return "", p.bad("what the provider of identities says of who signed in cannot be read")
		}
	}
	if p.Claim == "email" || p.Claim == "phone_number" { // which people type themselves
		if verified := claims[p.Claim+"_verified"]; verified != true && verified != "true" {
			return "", nil
		}
	}
	name, _ := claims[p.Claim].(string)
	return name, nil
}

// Out is where somebody's session at the provider ends; "": it ends none. UNAVAILABLE: the provider is away.
func (p *Provider) Out(ctx context.Context) (string, error) {
	f, err := p.find(ctx)
	if err != nil || f.end == "" {
		return "", err
	}
	at, err := url.Parse(f.end)
	if err != nil || at.Scheme != "https" && at.Scheme != "http" {
		return "", p.away(errors.New("the provider of identities names no address to sign out at"))
	}
	q := at.Query()
	q.Set("client_id", p.ClientID)
	q.Set("post_logout_redirect_uri", p.Here+OutPath)
	at.RawQuery = q.Encode()
	return at.String(), nil
}
