package access_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/db"
	"wangge/domain/access"
	"wangge/domain/account"
	"wangge/internal/fault"
)

// interruption lets something else happen once, right before or after a statement is answered.
type interruption struct {
	before, after string // the statement's name
	run           func() // nil: it happened
}

type interrupted struct{}

func (i *interruption) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	is := func(name string) bool {
		return i.run != nil && name != "" && strings.HasPrefix(q.SQL, "-- name: "+name+"\n")
	}
	if is(i.before) {
		i.now()
	}
	return context.WithValue(ctx, interrupted{}, is(i.after))
}

func (i *interruption) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if ctx.Value(interrupted{}) == true {
		i.now()
	}
}

func (i *interruption) now() {
	run := i.run
	i.run = nil
	run()
}

// another is a second server of the town, whose statements are followed.
func (w *town) another(met pgx.QueryTracer) *access.Service {
	w.t.Helper()
	config := w.pool.Config()
	config.ConnConfig.Tracer = met
	pool, err := pgxpool.NewWithConfig(w.t.Context(), config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(pool.Close)
	s := access.New(db.NewAccounts(db.New(pool)))
	s.Now, s.Sealer, s.Staff, s.Grids, s.Places = w.Now, w.Sealer, w.Staff, w.Grids, w.Places
	return s
}

const anotherPassword = "eleven grey geese over water"

// raced is something that takes more than one statement, in which all may change: what was read first is old when it is written.
type raced struct {
	name          string
	before, after string // where it is interrupted
	provider      bool   // the account signs in by one
	// begin comes so far, and returns what is next.
	begin func(w *town, a access.Account) func(*access.Service) error
}

var races = []raced{
	{"changes the password", "", "credentials.ByID", false, changing},
	{"goes on after the password is changed", "session.Add", "", false, changing},
	{"signs in", "", "credentials.ByLogin", false, func(w *town, a access.Account) func(*access.Service) error {
		return func(s *access.Service) error {
			return third(s.SignIn(w.t.Context(), access.From{}, a.Login, newPassword, ""))
		}
	}},
	{"signs in by the provider", "", "account.Linked", true, func(w *town, a access.Account) func(*access.Service) error {
		who := access.Identity{Issuer: "https://login.city.example", Subject: a.Login, Name: a.Login + "@city"}
		return func(s *access.Service) error { return third(s.SignInBy(w.t.Context(), who, "")) }
	}},
	{"sets up a second factor", "", "session.ByHash", false, func(w *town, a access.Account) func(*access.Service) error {
		token, _ := w.half(a)
		return func(s *access.Service) error { return second(s.Enrol(w.t.Context(), token)) }
	}},
	{"proves a second factor", "", "credentials.ByID", false, func(w *town, a access.Account) func(*access.Service) error {
		token, _ := w.half(a)
		e, err := w.Enrol(w.t.Context(), token)
		if err != nil {
			w.t.Fatal(err)
		}
		return func(s *access.Service) error {
			_, _, _, err := s.Prove(w.t.Context(), token, w.code(e.Secret))
			return err
		}
	}},
	{"makes a token", "", "token.Of", false, func(w *town, a access.Account) func(*access.Service) error {
		_, session := w.half(a)
		actor := account.Actor{Role: a.Role, ID: a.ID.String(), Session: session}
		return func(s *access.Service) error {
			return third(s.MakeToken(w.t.Context(), actor, access.NewToken{Name: "x", Expires: w.now.Add(time.Hour)}))
		}
	}},
}

func changing(w *town, a access.Account) func(*access.Service) error {
	w.exec(`UPDATE account SET must_change = true WHERE id = $1`, a.ID)
	token, _ := w.half(a)
	return func(s *access.Service) error {
		return third(s.ChangePassword(w.t.Context(), token, newPassword, "the thief's own password"))
	}
}

// half signs somebody in by the first step.
func (w *town) half(a access.Account) (token string, session uuid.UUID) {
	w.t.Helper()
	token, v, err := w.SignIn(w.t.Context(), a.Login, newPassword, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return token, v.Handle
}

// ends are what ends all that is under way with an account.
var ends = []struct {
	name string
	do   func(ctx context.Context, w *town, a access.Account) error
}{
	{"a reset", func(ctx context.Context, w *town, a access.Account) error {
		return third(w.Reset(ctx, access.OnTheMachine(), a.ID, true))
	}},
	{"a link", func(ctx context.Context, w *town, a access.Account) error {
		return second(w.Link(ctx, access.OnTheMachine(), a.ID, a.Login+"@other.city"))
	}},
	{"the end of the account", func(ctx context.Context, w *town, a access.Account) error {
		return second(w.Disable(ctx, access.OnTheMachine(), a.ID, true))
	}},
	{"the owner's new password", func(ctx context.Context, w *town, a access.Account) error {
		return w.ChangeOwnPassword(ctx, account.Actor{Role: a.Role, ID: a.ID.String()}, newPassword, anotherPassword)
	}},
	{"signing out everywhere", func(ctx context.Context, w *town, a access.Account) error {
		return w.EndSessions(ctx, access.OnTheMachine(), a.ID)
	}},
}

// meets reports whether something ends a race: who knows the password that is still right may sign in.
func (r raced) meets(end string) bool {
	switch end {
	case "the owner's new password":
		return !r.provider && r.before == "" // else it is the one that was changed
	case "signing out everywhere":
		return slices.Contains([]string{"sets up a second factor", "proves a second factor", "makes a token"}, r.name)
	}
	return true
}

// What was asked of an account before it was given to somebody else, or ended, does nothing when it comes to be written: neither where that happened between reading and writing, nor where
// it is being written at the same time.
func TestWhatEndsAnAccountEndsWhatIsUnderWay(t *testing.T) {
	w := newTown(t)
	w.account("template", account.Operator, 0)
	w.signedIn("template", w.reset("template"))
	kept := one[string](w, `SELECT password FROM account_secret`)
	var met interruption
	s := w.another(&met)
	n := 0
	prepare := func(t *testing.T, r raced) (a access.Account, try func(*access.Service) error) {
		w.t = t
		n++
		a = access.Account{ID: uuid.New(), Login: fmt.Sprint("account-", n), Role: account.Operator, Created: w.now, CreatedBy: "machine"}
		if err := w.Store.AddAccount(t.Context(), access.OnTheMachine(), a, kept); err != nil {
			t.Fatal(err)
		}
		if r.provider {
			if _, err := w.Link(t.Context(), access.OnTheMachine(), a.ID, a.Login+"@city"); err != nil {
				t.Fatal(err)
			}
		}
		try = r.begin(w, a)
		if r.provider {
			if err := try(w.Service); err != nil { // the first time, which takes the name
				t.Fatal(err)
			}
		}
		return a, try
	}
	state := func(a access.Account) string {
		return one[string](w, `SELECT concat(a, ' ', s, ' ', (SELECT count(*) FROM session WHERE account_id = a.id), ' sessions ', (SELECT count(*) FROM access_token WHERE account_id = a.id),
			' tokens ', (SELECT count(*) FROM recovery_code WHERE account_id = a.id), ' codes') FROM account a JOIN account_secret s ON s.account_id = a.id WHERE a.id = $1`, a.ID)
	}
	holds := func(t *testing.T, a access.Account, err error, then string) {
		t.Helper()
		if !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("it is done: %v", err)
		}
		if got := state(a); got != then || !strings.HasSuffix(got, " 0 sessions 0 tokens 0 codes") {
			t.Errorf("it is\n%s, was\n%s", got, then)
		}
	}
	for _, r := range races {
		for _, end := range ends {
			if !r.meets(end.name) {
				continue
			}
			t.Run(r.name+" beside "+end.name, func(t *testing.T) {
				a, try := prepare(t, r)
				var then string
				met = interruption{r.before, r.after, func() {
					if err := end.do(t.Context(), w, a); err != nil {
						t.Error(err)
					}
					then = state(a)
				}}
				err := try(s)
				if met.run != nil {
					t.Fatalf("it came to no %s%s", met.before, met.after)
				}
				holds(t, a, err, then)
			})
			if r.before != "" {
				continue
			}
			t.Run(r.name+" while there is "+end.name, func(t *testing.T) {
				a, try := prepare(t, r)
				done := make(chan error, 1)
				err := w.store.As(t.Context(), account.TheDoor(), func(ctx context.Context, _ pgx.Tx) error {
					if err := end.do(ctx, w, a); err != nil {
						return err
					}
					go func() { done <- try(s) }()
					w.untilOneWaits(done)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				select {
				case err := <-done:
					if got := state(a); !fault.Is(err, fault.Unauthenticated) || !strings.HasSuffix(got, " 0 sessions 0 tokens 0 codes") {
						t.Errorf("%v: it is\n%s", err, got)
					}
				case <-time.After(20 * time.Second):
					t.Fatal("it waits for nothing")
				}
				w.wholeFactor(a)
			})
		}
	}
	w.t = t
}

// untilOneWaits returns once a statement waits for a lock, or done has an answer, which it leaves there.
func (w *town) untilOneWaits(done chan error) {
	w.t.Helper()
	for range 500 {
		if len(done) > 0 || one[int](w, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Error("nothing waits, and nothing is done")
}

// wholeFactor says where an account shall show a second factor that no app can make codes of, or has one that nobody proved.
func (w *town) wholeFactor(a access.Account) {
	w.t.Helper()
	if !one[bool](w, `SELECT a.second_factor_since IS NULL AND s.factor IS NULL FROM account a JOIN account_secret s ON s.account_id = a.id WHERE a.id = $1`, a.ID) {
		w.t.Errorf("%s has half a second factor, or somebody else's", a.Login)
	}
}

// reset gives an account another first password.
func (w *town) reset(login string) string {
	w.t.Helper()
	_, password, err := w.Reset(w.t.Context(), access.OnTheMachine(), one[uuid.UUID](w, `SELECT id FROM account WHERE login = $1`, login), true)
	if err != nil {
		w.t.Fatal(err)
	}
	return password
}
