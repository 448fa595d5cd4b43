package httpauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"wangge/domain/account"
	"wangge/internal/fault"
)

// Access knows sessions of browsers and tokens of programs.
type Access interface {
	// WhoSigned is the public where the session has ended or is on its way.
	WhoSigned(ctx context.Context, token string) (account.Actor, error)
	// WhoHolds: UNAUTHENTICATED where the token is none.
	WhoHolds(ctx context.Context, token string) (account.Actor, error)
}

// Options of New.
type Options struct {
	Operator string   // the operator's token
	Access   Access   // nil: there are neither sessions nor tokens but the operator's
	Secure   bool     // people reach this server by https alone
	Origins  []string // whose pages may send what a browser signs, besides those of the host that was asked
}

// Door finds out who sends a request.
type Door struct {
	operator [sha256.Size]byte
	access   Access
	secure   bool
	cookie   string
	errand   string // the cookie of a sign-in that is under way elsewhere
	browser  string // the cookie that tells which logins signed in with the browser before
	origins  *http.CrossOriginProtection
}

// New returns a Door. It fails where one of the origins is none.
func New(o Options) (*Door, error) {
	d := &Door{operator: sha256.Sum256([]byte(o.Operator)), access: o.Access, secure: o.Secure, cookie: "wangge", origins: http.NewCrossOriginProtection()}
	if o.Secure {
		d.cookie = "__Host-wangge" // browsers take it from this host alone, by https alone: no neighbouring site can plant one
	}
	d.errand, d.browser = d.cookie+"-errand", d.cookie+"-browser"
	for _, origin := range o.Origins {
		if err := d.origins.AddTrustedOrigin(origin); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// Who returns who sends r: by "Authorization: Bearer" the operator or a program, else by its cookie a browser that is signed in, else anyone. A token that
// is not valid is UNAUTHENTICATED: whoever sends one expects more than the public gets. A cookie that is not is sent along by the browser of who was signed in
// once, with all that is public. FORBIDDEN: the page of another site sent it, or a token that may only read.
func (d *Door) Who(r *http.Request) (account.Actor, error) {
	header := r.Header["Authorization"]
	if len(header) > 0 {
		return d.bearer(r, header)
	}
	token := d.Session(r)
	if token == "" || d.access == nil {
		return account.Anyone(), nil
	}
	if err := d.SameOrigin(r); err != nil {
		return account.Actor{}, err
	}
	a, err := d.access.WhoSigned(r.Context(), token)
	if fault.Is(err, fault.Unavailable) && safe(r) {
		return account.Anyone(), nil // what is public is answered without the database
	}
	return a, err
}

func (d *Door) bearer(r *http.Request, header []string) (account.Actor, error) {
	scheme, given, _ := strings.Cut(header[0], " ")
	given = strings.TrimSpace(given)
	switch {
	case len(header) > 1 || !strings.EqualFold(scheme, "Bearer"):
		return account.Actor{}, fault.New(fault.Unauthenticated, "", "badToken")
	case d.isOperator(given):
		return account.TheOperator(), nil
	case d.access == nil:
		return account.Actor{}, fault.New(fault.Unauthenticated, "", "badToken")
	}
	a, err := d.access.WhoHolds(r.Context(), given)
	if err == nil && !safe(r) && (r.URL == nil || r.URL.Path != "/graphql") { // where it is told by the document whether something changes
		err = a.RequireWriter()
	}
	if err != nil {
		return account.Actor{}, err
	}
	return a, nil
}

// Looks reports whether Who asks the database about r, for which nobody may ask too often.
func (d *Door) Looks(r *http.Request) bool {
	if header := r.Header["Authorization"]; len(header) > 0 {
		_, given, _ := strings.Cut(header[0], " ")
		return !d.isOperator(strings.TrimSpace(given))
	}
	return d.Session(r) != ""
}

// isOperator compares hashes, of equal lengths, so that the time says nothing.
func (d *Door) isOperator(given string) bool {
	got := sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(got[:], d.operator[:]) == 1
}

// SameOrigin refuses what the page of another site made a browser send: FORBIDDEN. Reading is left to browsers, who do not show other sites what is read.
func (d *Door) SameOrigin(r *http.Request) error {
	if err := d.origins.Check(r); err != nil {
		return fault.Wrap(err, fault.Forbidden, "", "httpauth.origin")
	}
	return nil
}

func safe(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
}

// Session is the token in r's cookie; "" where there is none. Of two none is believed: one of them was planted.
func (d *Door) Session(r *http.Request) string { return readCookie(r, d.cookie) }

// Errand is what r's browser keeps of a sign-in that is under way elsewhere; "" where there is none.
func (d *Door) Errand(r *http.Request) string { return readCookie(r, d.errand) }

// Browser is what r's browser keeps of those who signed in with it before; "": nothing.
func (d *Door) Browser(r *http.Request) string { return readCookie(r, d.browser) }

func readCookie(r *http.Request, cookie string) string {
	if len(r.Header["Cookie"]) == 0 {
		return ""
	}
	found := r.CookiesNamed(cookie)
	if len(found) != 1 {
		return ""
	}
	return found[0].Value
}

// Keep has the browser send a session's token from now on, until it is closed; "": none any more. Scripts do not see it, and other sites' pages do not send it along,
// but where they lead here.
func (d *Door) Keep(w http.ResponseWriter, token string) { d.keep(w, d.cookie, token, 0) }

// errandTime is how long a browser keeps an errand, in seconds. Whoever made it says for how long it is good.
const errandTime = 15 * 60

// KeepErrand has the browser keep what it needs when it comes back from elsewhere; "": nothing any more.
func (d *Door) KeepErrand(w http.ResponseWriter, errand string) {
	d.keep(w, d.errand, errand, errandTime)
}

// KeepBrowser has the browser keep for so long what tells who signed in with it, after they sign out, too.
func (d *Door) KeepBrowser(w http.ResponseWriter, known string, lasts time.Duration) {
	d.keep(w, d.browser, known, int(lasts.Seconds()))
}

func (d *Door) keep(w http.ResponseWriter, name, value string, seconds int) {
	c := &http.Cookie{Name: name, Value: value, MaxAge: seconds, Path: "/", Secure: d.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
