package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"wangge/domain/access"
	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/staff"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

// Access is how people sign in; *access.Service implements it. See there for what each refuses.
type Access interface {
	SignIn(ctx context.Context, from access.From, login, password, had string) (token string, v access.Visitor, err error)
	SignInBy(ctx context.Context, who access.Identity, had string) (token string, v access.Visitor, err error)
	Visit(ctx context.Context, token string) (access.Visitor, error)
	Remember(login, kept string) (browser string, err error)
	ShowCode(ctx context.Context, from access.From, token, code string) (renewed string, v access.Visitor, err error)
	Enrol(ctx context.Context, token string) (access.Enrolment, error)
	Prove(ctx context.Context, token, code string) (renewed string, recovery []string, v access.Visitor, err error)
	ChangePassword(ctx context.Context, token, old, password string) (renewed string, v access.Visitor, err error)
	SignOut(ctx context.Context, token string) error
	EndOtherSessions(ctx context.Context, token string) error
	EndSession(ctx context.Context, token string, handle uuid.UUID) error
	Sessions(ctx context.Context, token string) ([]access.Session, error)
	MakeToken(ctx context.Context, actor account.Actor, n access.NewToken) (secret string, t access.Token, err error)
	Tokens(ctx context.Context, actor account.Actor) ([]access.Token, error)
	TakeBack(ctx context.Context, actor account.Actor, token uuid.UUID) error
}

// Audit notes who signed in and what became of the account; *audit.Service implements it.
type Audit interface {
	Do(ctx context.Context, actor account.Actor, e audit.Entry, deed func(ctx context.Context) error) error
}

// Sessions is how a browser keeps its session; *httpauth.Door implements it.
type Sessions interface {
	Session(r *http.Request) (token string)
	Keep(w http.ResponseWriter, token string) // "": none any more
	Errand(r *http.Request) string            // what it keeps of a sign-in that is under way elsewhere
	KeepErrand(w http.ResponseWriter, errand string)
	Browser(r *http.Request) string // what it keeps of those who signed in with it before
	KeepBrowser(w http.ResponseWriter, known string, lasts time.Duration)
	// SameOrigin refuses what another site's page made a browser send: FORBIDDEN.
	SameOrigin(r *http.Request) error
}

// Provider is where people sign in instead; *oidc.Provider implements it. See there for what each refuses.
type Provider interface {
	Called() string
	Begin(ctx context.Context, next string) (leads, errand string, err error)
	End(ctx context.Context, errand string, answer url.Values) (who access.Identity, next string, err error)
	Out(ctx context.Context) (string, error)
}

// Where the steps of signing in are taken, and what follows.
const (
	signInPath   = "/sign-in"
	codePath     = "/sign-in/code"
	passwordPath = "/account/password"
	factorPath   = "/account/second-factor"
	accountPath  = "/account"
	providerPath = "/sign-in/provider"
	backPath     = "/sign-in/provider/back"
	outPath      = "/sign-out/provider"
)

// pathOf is where a step is taken.
var pathOf = map[access.Step]string{access.StepCode: codePath, access.StepPassword: passwordPath, access.StepEnrol: factorPath, access.StepNone: accountPath}

const mostSigned = 16 << 10 // bytes of a form

// signed is what a page about the account shows.
type signed struct {
	View     view
	Kind     string // of the page, which names its form and its title
	Error    string
	Field    string // at fault
	Next     string // where to go on afterwards: a path of this site
	Why      string // one is not signed in any more
	Provider string // what people call it; "": there is none
	Out      bool   // signed out here, not yet there
	Login    string // as it was typed, or whose account it is
	Visitor  access.Visitor
	Enrol    access.Enrolment
	Recovery []string
	Sessions []access.Session
	Tokens   []access.Token
	Rights   []account.Right // that a token may be given
	Lives    []int           // days
	Secret   string          // of the token that was made
	NoTokens bool            // accounts of this kind have none
	Making   bool            // a token was refused: the form shows what was typed
	Made     access.NewToken
	MadeDays int
	now      time.Time
}

// ToProvider is where people sign in instead.
func (p signed) ToProvider() string { return withNext(providerPath, p.Next) }

// QR is the second factor as a picture.
func (p signed) QR() template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(p.Enrol.Image))
}

// OTP is where the app is opened with the second factor.
func (p signed) OTP() template.URL { return template.URL(p.Enrol.URL) }

// Role is what the account is, for people.
func (p signed) Role() (string, error) { return p.View.Say("role." + string(p.Visitor.Role)) }

// Right is what a right is called.
func (p signed) Right(r account.Right) (string, error) { return p.View.Say("right." + r.String()) }

// Time is t as people write it, in the zone that days are of here: of today the hour is enough.
func (p signed) Time(t time.Time) (string, error) {
	if p.Day(t) == p.Day(p.now) {
		return p.View.Say("sign.today", t.In(p.now.Location()).Format("15:04"))
	}
	return t.In(p.now.Location()).Format("2006-01-02 15:04"), nil
}

// Device is what a session's browser and system are called.
func (p signed) Device(d access.Device) (string, error) {
	browser, err := d.Browser, error(nil)
	if _, named := sentences["browser."+browser]; named {
		browser, err = p.View.Say("browser." + browser)
	}
	switch {
	case browser != "" && d.System != "":
		return p.View.Say("sign.device", browser, d.System)
	case browser == "" && d.System == "":
		return p.View.Say("sign.noDevice")
	}
	return browser + d.System, err
}

// Half reports whether a session stopped before the second factor was shown.
func (p signed) Half(s access.Session) bool { return p.Visitor.SecondFactor != nil && !s.Factor }

// Day is the day of t.
func (p signed) Day(t time.Time) string { return t.In(p.now.Location()).Format(time.DateOnly) }

// Expired reports whether a token has ended by the clock.
func (p signed) Expired(t access.Token) bool { return !p.now.Before(t.Expires) }

// Post is what a duty's post is called.
func (p signed) Post(d staff.Duty) string { return d.Post.Text(p.View.Lang) }

// Grouped is a secret in fours, to be typed.
func (p signed) Grouped() string {
	var out []string
	for s := p.Enrol.Secret; s != ""; s = s[min(4, len(s)):] {
		out = append(out, s[:min(4, len(s))])
	}
	return strings.Join(out, " ")
}

// registerSign adds the pages about accounts to mux.
func (s *site) registerSign(mux *http.ServeMux) {
	mux.HandleFunc("GET "+signInPath, s.signInPage)
	mux.HandleFunc("POST "+signInPath, s.sent(s.signIn))
	mux.HandleFunc("GET "+codePath, s.stepPage("code", access.StepCode))
	mux.HandleFunc("POST "+codePath, s.sent(s.showCode))
	mux.HandleFunc("GET "+passwordPath, s.stepPage("password", access.StepPassword, access.StepNone))
	mux.HandleFunc("POST "+passwordPath, s.sent(s.changePassword))
	mux.HandleFunc("GET "+factorPath, s.stepPage("enrol", access.StepEnrol, access.StepNone))
	mux.HandleFunc("POST "+factorPath, s.sent(s.prove))
	mux.HandleFunc("GET "+accountPath, s.stepPage("account", access.StepNone))
	mux.HandleFunc("POST /account/sessions", s.sent(s.endOthers))
	mux.HandleFunc("POST /account/sessions/{id}", s.sent(s.endSession))
	mux.HandleFunc("POST /account/tokens", s.sent(s.makeToken))
	mux.HandleFunc("POST /account/tokens/{id}", s.sent(s.takeBack))
	mux.HandleFunc("POST /sign-out", s.sent(s.signOut))
	if s.provider != nil {
		mux.HandleFunc("GET "+providerPath, s.toProvider)
		mux.HandleFunc("GET "+backPath, s.fromProvider)
		mux.HandleFunc("GET "+outPath, s.outOfProvider)
	}
}

// sent is h for a form that a page of ours sent.
func (s *site) sent(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := s.sessions.SameOrigin(r); err != nil {
			answer.Refuse(r, s.log, err).Write(w, r)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, mostSigned)
		if err := r.ParseForm(); err != nil {
			var large *http.MaxBytesError
			if !errors.As(err, &large) {
				err = fault.Wrap(err, fault.Invalid, "", "page.form")
			}
			answer.Refuse(r, s.log, err).Write(w, r)
			return
		}
		h(w, r)
	}
}

// What is noted of these pages. Tokens and passwords are noted as where they change by GraphQL.
const (
	signedIn    audit.Action = "SIGN_IN"
	codeShown   audit.Action = "SHOW_CODE"
	factorSet   audit.Action = "SET_SECOND_FACTOR"
	sessionsEnd audit.Action = "END_SESSIONS"
	signedOut   audit.Action = "SIGN_OUT"
)

// deed does what actor asks for here and notes it. What cannot be noted is not done, and nothing is handed out for it.
func (s *site) deed(r *http.Request, actor account.Actor, action audit.Action, about audit.Object, do func(ctx context.Context) error) error {
	if s.audit == nil {
		return do(r.Context())
	}
	ctx := r.Context()
	if s.origin != nil {
		ctx = audit.From(ctx, s.origin(r))
	}
	return s.audit.Do(ctx, actor, audit.Entry{Action: action, Object: about}, do)
}

// own is deed for whose session it is, at whatever step; an account that it is about is theirs. Where the session has ended, nobody does anything.
func (s *site) own(r *http.Request, action audit.Action, about audit.Object, do func(ctx context.Context, v access.Visitor) error) error {
	v, err := s.access.Visit(r.Context(), s.sessions.Session(r))
	if err != nil {
		return err
	}
	if about == anAccount {
		about.ID = v.ID.String()
	}
	return s.deed(r, v.Owner(), action, about, func(ctx context.Context) error { return do(ctx, v) })
}

// What these deeds are about.
var (
	anAccount = audit.Object{Kind: "ACCOUNT"}
	aToken    = audit.Object{Kind: "ACCESS_TOKEN"}
)

func (s *site) signedPage(r *http.Request, kind string) signed {
	now := s.places.At(nil)
	if at, _ := s.asOf(); !at.IsZero() {
		now = now.In(at.Location())
	}
	p := signed{View: s.newView(r), Kind: kind, now: now, Lives: []int{7, 30, 90, 365}}
	p.View.Path = pagePaths[kind] // forms are sent elsewhere too
	p.Next = ownPath(cmp.Or(r.PostForm.Get("next"), r.URL.Query().Get("next")))
	if s.provider != nil {
		p.Provider = s.provider.Called()
	}
	return p
}

// pagePaths are where a page is read.
var pagePaths = map[string]string{"sign-in": signInPath, "code": codePath, "password": passwordPath, "enrol": factorPath, "account": accountPath}

// goOn leads on to the step that is next, in the view of r.
func (s *site) goOn(w http.ResponseWriter, r *http.Request, path string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, s.newView(r).Link(path), http.StatusSeeOther)
}

// goIn leads on after a step of signing in: to next once all are taken.
func (s *site) goIn(w http.ResponseWriter, r *http.Request, step access.Step, next string) {
	path := withNext(pathOf[step], next)
	if step == access.StepNone {
		path = cmp.Or(next, accountPath)
	}
	s.goOn(w, r, path)
}

// ownPath is a path of this site that somebody wants to go on to; "" where it is none: who is led elsewhere from here would take that for ours.
func ownPath(path string) string {
	at, err := url.Parse(path)
	if err != nil || len(path) > 500 || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.Contains(path, "\\") || at.Host != "" {
		return ""
	}
	return path
}

// showSigned writes a page about an account. Nobody keeps it.
func (s *site) showSigned(w http.ResponseWriter, r *http.Request, status int, p signed) {
	var body bytes.Buffer
	if err := templates.ExecuteTemplate(&body, "sign", p); err != nil {
		answer.Refuse(r, s.log, fmt.Errorf("account template: %w", err)).Write(w, r)
		return
	}
	header := w.Header()
	header.Add("Vary", "Accept, Accept-Language")
	header.Set("Content-Language", p.View.HTMLLang())
	header.Set("Content-Security-Policy", s.policy)
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Robots-Tag", "noindex")
	header["Cache-Control"], header["Content-Type"] = noStore, asHTML
	w.WriteHeader(status)
	w.Write(body.Bytes()) // the sender may be gone; nobody is left to tell
}

// failSigned writes the page again with what is wrong. Who is not signed in, or at another step, is led to where that is said.
func (s *site) failSigned(w http.ResponseWriter, r *http.Request, p signed, err error) {
	if access.Ended(err) {
		s.anew(w, r, p, err)
		return
	}
	refusal := answer.Refuse(r, s.log, err)
	if refusal.Status == answer.StatusClosed {
		w.WriteHeader(refusal.Status)
		return
	}
	p.Error, p.Field = forPeople(refusal.Fault, p.View.Lang), refusal.Field
	if err := s.fillSigned(r, &p); err != nil && access.Ended(err) {
		s.anew(w, r, p, err)
		return
	}
	s.showSigned(w, r, refusal.Status, p)
}

// anew leads who is not signed in, or no longer, to where one does, and afterwards back to the page. Of one that ended by the clock the browser keeps the token, by which that page says why.
func (s *site) anew(w http.ResponseWriter, r *http.Request, p signed, err error) {
	if !access.ByClock(err) {
		s.sessions.Keep(w, "")
		s.goOn(w, r, signInPath)
		return
	}
	next := p.View.Path
	if p.Kind == "code" || p.Kind == "account" { // where one gets anyway
		next = ""
	}
	s.goOn(w, r, withNext(signInPath, cmp.Or(p.Next, next)))
}

// withNext is a path that knows where to go on afterwards.
func withNext(path, next string) string {
	if next == "" {
		return path
	}
	return path + "?" + url.Values{"next": {next}}.Encode()
}

// fillSigned reads what a page shows of the account.
func (s *site) fillSigned(r *http.Request, p *signed) (err error) {
	if p.Kind == "sign-in" {
		return nil
	}
	token := s.sessions.Session(r)
	if p.Visitor, err = s.access.Visit(r.Context(), token); err != nil {
		return err
	}
	p.Login = p.Visitor.Login
	switch p.Kind {
	case "enrol":
		p.Enrol, err = s.access.Enrol(r.Context(), token)
	case "account":
		if p.Sessions, err = s.access.Sessions(r.Context(), token); err != nil {
			return err
		}
		p.Visitor.Duties = slices.Clone(p.Visitor.Duties) // others may read the same
		if err = s.nameAreas(r.Context(), p.Visitor.Duties); err != nil {
			return err
		}
		actor := p.Visitor.Actor
		if p.NoTokens = actor.Role != account.Staff && actor.Role != account.Operator; p.NoTokens {
			return nil
		}
		for right := range account.Rights {
			if actor.Role == account.Staff && !actor.Reach(right).Empty() {
				p.Rights = append(p.Rights, right)
			}
		}
		p.NoTokens = actor.Role == account.Staff && len(p.Rights) == 0
		p.Tokens, err = s.access.Tokens(r.Context(), actor)
	}
	return err
}

// nameAreas gives the areas of duties their names, instead of the codes and ids by which they are known. A building's has none.
func (s *site) nameAreas(ctx context.Context, duties []staff.Duty) error {
	for i := range duties {
		d, name := &duties[i], ""
		switch d.Area.Kind {
		case staff.AreaDivision:
			found, err := s.places.Division(ctx, account.Anyone(), d.Area.ID)
			if err != nil {
				return err
			}
			if found != nil {
				name = found.Name
			}
		case staff.AreaGroup:
			found, err := s.grids.Groups(ctx, account.Anyone(), []key.Key{{Home: d.Area.Home, ID: d.Area.ID}})
			if err != nil {
				return err
			}
			name = found[d.Area.ID].Name
		case staff.AreaGrid:
			found, err := s.grids.ByCode(ctx, account.Anyone(), d.AreaName, nil, grid.Fields{})
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			name = found.Name
		}
		d.AreaName = name
	}
	return nil
}

// signInPage answers GET /sign-in; who is signed in, or on the way, is led on.
func (s *site) signInPage(w http.ResponseWriter, r *http.Request) {
	p := s.signedPage(r, "sign-in")
	if token := s.sessions.Session(r); token != "" {
		v, err := s.access.Visit(r.Context(), token)
		if err == nil {
			s.goIn(w, r, v.Step, p.Next)
			return
		}
		if access.ByClock(err) {
			p.Why = fault.As(err).Text(p.View.Lang)
		}
	}
	p.Out = r.URL.Query().Get("out") == "1"
	s.showSigned(w, r, http.StatusOK, p)
}

// toProvider leads to where people sign in instead.
func (s *site) toProvider(w http.ResponseWriter, r *http.Request) {
	leads, errand, err := s.provider.Begin(r.Context(), ownPath(r.URL.Query().Get("next")))
	if err != nil {
		s.failSigned(w, r, s.signedPage(r, "sign-in"), err)
		return
	}
	s.sessions.KeepErrand(w, errand)
	s.lead(w, r, leads)
}

// lead leads to an address of the provider.
func (s *site) lead(w http.ResponseWriter, r *http.Request, to string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// fromProvider takes who comes back from there. An errand is good once.
func (s *site) fromProvider(w http.ResponseWriter, r *http.Request) {
	errand := s.sessions.Errand(r)
	s.sessions.KeepErrand(w, "")
	var token, next string
	var v access.Visitor
	err := s.deed(r, account.Anyone(), signedIn, anAccount, func(ctx context.Context) (err error) {
		var who access.Identity
		if who, next, err = s.provider.End(ctx, errand, r.URL.Query()); err == nil {
			token, v, err = s.access.SignInBy(access.By(ctx, access.DeviceOf(r.UserAgent())), who, s.sessions.Session(r))
		}
		return err
	})
	if err != nil {
		s.failSigned(w, r, s.signedPage(r, "sign-in"), err)
		return
	}
	s.sessions.Keep(w, token)
	s.goIn(w, r, v.Step, next)
}

// outOfProvider leads to where the session at the provider ends, too.
func (s *site) outOfProvider(w http.ResponseWriter, r *http.Request) {
	to, err := s.provider.Out(r.Context())
	if err != nil {
		s.failSigned(w, r, s.signedPage(r, "sign-in"), err)
		return
	}
	if to == "" {
		s.goOn(w, r, signInPath)
		return
	}
	s.lead(w, r, to)
}

// stepPage answers GET of the page of a kind; who is at another step is led there.
func (s *site) stepPage(kind string, steps ...access.Step) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := s.signedPage(r, kind)
		v, err := s.access.Visit(r.Context(), s.sessions.Session(r))
		if err == nil {
			if !slices.Contains(steps, v.Step) || kind == "enrol" && v.SecondFactor != nil {
				s.goIn(w, r, v.Step, p.Next)
				return
			}
			err = s.fillSigned(r, &p)
		}
		if err != nil {
			s.failSigned(w, r, p, err)
			return
		}
		s.showSigned(w, r, http.StatusOK, p)
	}
}

func (s *site) signIn(w http.ResponseWriter, r *http.Request) {
	p := s.signedPage(r, "sign-in")
	p.Login = r.PostForm.Get("login")
	var token string
	var v access.Visitor
	err := s.deed(r, account.Anyone(), signedIn, anAccount, func(ctx context.Context) (err error) {
		token, v, err = s.access.SignIn(access.By(ctx, access.DeviceOf(r.UserAgent())), s.from(r), p.Login, r.PostForm.Get("password"), s.sessions.Session(r))
		return err
	})
	if err != nil {
		s.failSigned(w, r, p, err)
		return
	}
	s.keep(w, r, token, v)
	s.goIn(w, r, v.Step, p.Next)
}

// from is where a try to sign in comes from.
func (s *site) from(r *http.Request) access.From {
	from := access.From{Browser: s.sessions.Browser(r)}
	if s.network != nil {
		from.Network = s.network(r)
	}
	return from
}

// keep has the browser keep a session's token and, once all steps were taken by a password, that this login is known in it.
func (s *site) keep(w http.ResponseWriter, r *http.Request, token string, v access.Visitor) {
	s.sessions.Keep(w, token)
	if v.Step != access.StepNone || v.Provider != "" {
		return
	}
	known, err := s.access.Remember(v.Login, s.sessions.Browser(r))
	if err != nil {
		s.log.ErrorContext(r.Context(), "a browser is not remembered", "error", err) // who signed in is signed in all the same
		return
	}
	s.sessions.KeepBrowser(w, known, access.KnownFor)
}

func (s *site) showCode(w http.ResponseWriter, r *http.Request) {
	p := s.signedPage(r, "code")
	var token string
	var v access.Visitor
	err := s.own(r, codeShown, anAccount, func(ctx context.Context, _ access.Visitor) (err error) {
		token, v, err = s.access.ShowCode(ctx, s.from(r), s.sessions.Session(r), r.PostForm.Get("code"))
		return err
	})
	if err != nil {
		s.failSigned(w, r, p, err)
		return
	}
	s.keep(w, r, token, v)
	s.goIn(w, r, v.Step, p.Next)
}

func (s *site) changePassword(w http.ResponseWriter, r *http.Request) {
	p := s.signedPage(r, "password")
	token, v, err := "", access.Visitor{}, error(nil)
	if r.PostForm.Get("password") != r.PostForm.Get("again") {
		err = fault.New(fault.Invalid, "again", "page.again")
	} else {
		err = s.own(r, audit.OfMutation("changePassword"), anAccount, func(ctx context.Context, _ access.Visitor) (err error) {
			token, v, err = s.access.ChangePassword(ctx, s.sessions.Session(r), r.PostForm.Get("oldPassword"), r.PostForm.Get("password"))
			return err
		})
	}
	if err != nil {
		s.failSigned(w, r, p, err)
		return
	}
	s.keep(w, r, token, v)
	s.goIn(w, r, v.Step, p.Next)
}

// prove answers the code that proves a second factor with the recovery codes, which are shown this once.
func (s *site) prove(w http.ResponseWriter, r *http.Request) {
	p := s.signedPage(r, "enrol")
	var token string
	var recovery []string
	var v access.Visitor
	err := s.own(r, factorSet, anAccount, func(ctx context.Context, _ access.Visitor) (err error) {
		token, recovery, v, err = s.access.Prove(ctx, s.sessions.Session(r), r.PostForm.Get("code"))
		return err
	})
	if err != nil {
		s.failSigned(w, r, p, err)
		return
	}
	s.keep(w, r, token, v)
	p.Kind, p.Recovery, p.Visitor, p.Login, p.View.Path = "recovery", recovery, v, v.Login, accountPath
	s.showSigned(w, r, http.StatusOK, p)
}

func (s *site) endOthers(w http.ResponseWriter, r *http.Request) {
	err := s.own(r, sessionsEnd, anAccount, func(ctx context.Context, _ access.Visitor) error {
		return s.access.EndOtherSessions(ctx, s.sessions.Session(r))
	})
	if err != nil {
		s.failSigned(w, r, s.signedPage(r, "account"), err)
		return
	}
	s.goOn(w, r, accountPath)
}

// endSession ends one session of who asks; who ends this one is signed out.
func (s *site) endSession(w http.ResponseWriter, r *http.Request) {
	err := s.own(r, sessionsEnd, anAccount, func(ctx context.Context, _ access.Visitor) error {
		id, err := uuid.Parse(r.PathValue("id"))
		if err != nil {
			return fault.New(fault.NotFound, "id", "access.noSession")
		}
		return s.access.EndSession(ctx, s.sessions.Session(r), id)
	})
	if err != nil {
		s.failSigned(w, r, s.signedPage(r, "account"), err)
		return
	}
	s.goOn(w, r, accountPath)
}

// makeToken answers with the page that shows the token, this once.
func (s *site) makeToken(w http.ResponseWriter, r *http.Request) {
	p := s.signedPage(r, "account")
	err := s.own(r, audit.OfMutation("createAccessToken"), aToken, func(ctx context.Context, v access.Visitor) (err error) {
		n := access.NewToken{Name: r.PostForm.Get("name"), Writes: r.PostForm.Get("writes") == "1"}
		days, bad := strconv.Atoi(r.PostForm.Get("days"))
		if bad == nil && days > 0 && days < 1000 {
			n.Expires = time.Now().AddDate(0, 0, days)
		}
		for _, name := range r.PostForm["right"] {
			if right, ok := account.ParseRight(name); ok {
				n.Rights |= account.SetOf(right)
			}
		}
		p.Making, p.Made, p.MadeDays = true, n, days
		p.Secret, _, err = s.access.MakeToken(ctx, v.Actor, n)
		return err
	})
	if err == nil {
		p.Making, p.Made, p.MadeDays = false, access.NewToken{}, 0
		err = s.fillSigned(r, &p)
	}
	if err != nil {
		s.failSigned(w, r, p, err)
		return
	}
	s.showSigned(w, r, http.StatusOK, p)
}

func (s *site) takeBack(w http.ResponseWriter, r *http.Request) {
	about := audit.Object{Kind: aToken.Kind, ID: audit.Named(r.PathValue("id"))}
	err := s.own(r, audit.OfMutation("revokeAccessToken"), about, func(ctx context.Context, v access.Visitor) error {
		id, err := uuid.Parse(r.PathValue("id"))
		if err != nil {
			return fault.New(fault.NotFound, "id", "access.noToken")
		}
		return s.access.TakeBack(ctx, v.Actor, id)
	})
	if err != nil {
		s.failSigned(w, r, s.signedPage(r, "account"), err)
		return
	}
	s.goOn(w, r, accountPath)
}

// signOut ends the session, and then what the browser kept of it.
func (s *site) signOut(w http.ResponseWriter, r *http.Request) {
	then := signInPath
	if token := s.sessions.Session(r); token != "" {
		v, gone := s.access.Visit(r.Context(), token)
		if gone == nil && v.Provider != "" && s.provider != nil {
			then += "?out=1"
		}
		out, err := false, error(nil)
		end := func(ctx context.Context) error {
			err := s.access.SignOut(ctx, token)
			out = err == nil
			return err
		}
		if gone == nil {
			err = s.deed(r, v.Owner(), signedOut, audit.Object{Kind: anAccount.Kind, ID: v.ID.String()}, end)
		} else {
			err = end(r.Context())
		}
		if out && err != nil { // who leaves is not to stay signed in because it cannot be noted
			s.log.ErrorContext(r.Context(), "signing out is not noted", "error", err)
		}
		if !out {
			s.failSigned(w, r, s.signedPage(r, "sign-in"), err)
			return
		}
	}
	s.sessions.Keep(w, "")
	s.goOn(w, r, then)
}
