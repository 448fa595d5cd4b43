package access_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pquerna/otp/totp"
	"golang.org/x/text/unicode/norm"

	"wangge/db"
	"wangge/domain/access"
	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/internal/testdb"
)

var shanghai, _ = time.LoadLocation("Asia/Shanghai")

// id is what number n stands for in the planted town.
func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

// The town: district 1 with the communities 2 and 3; 2 has group 10 with the grids 11 and 12, 3 has grid 13; building 20. Workers are 30 to 39.
func plant(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := testdb.New(t)
	for _, sql := range []string{
		`CREATE FUNCTION n(int) RETURNS uuid LANGUAGE sql AS $$ SELECT ('00000000-0000-0000-0000-0000000000' || lpad(to_hex($1), 2, '0'))::uuid $$`,
		`INSERT INTO division (id, code, name, level, home, parent_id) VALUES (n(4), '9901', '市', 'CITY', 'unplaced', NULL), (n(1), '990101', '区', 'DISTRICT', 'dhome', n(4)),
			(n(5), '990102', '另一区', 'DISTRICT', 'dother', n(4)), (n(2), '990101001001', '东社区', 'COMMUNITY', 'dhome', n(1)), (n(3), '990101001002', '西社区', 'COMMUNITY', 'dhome', n(1))`,
		`INSERT INTO grid_group (district, id, community_id, name) VALUES ('dhome', n(16), n(2), '一组')`,
		`INSERT INTO grid (district, id, code, name, kind, community_id, group_id) VALUES ('dhome', n(17), 'g11', '一', 'COMPREHENSIVE', n(2), n(16)),
			('dhome', n(18), 'g12', '二', 'COMPREHENSIVE', n(2), n(16)), ('dhome', n(19), 'g13', '三', 'COMPREHENSIVE', n(3), NULL)`,
		`INSERT INTO grid_boundary (district, id, grid_id, during, boundary, label_point) SELECT 'dhome', gen_random_uuid(), id, tstzrange('2020-01-01', NULL),
			ST_Multi(ST_SnapToGrid(ST_MakeEnvelope(120 + i, 31, 120.5 + i, 31.5, 4490), 1e-8)), ST_SetSRID(ST_MakePoint(120.25 + i, 31.25), 4490)
			FROM (SELECT id, row_number() OVER (ORDER BY id) AS i FROM grid) g`,
		`INSERT INTO building (district, id, code, name, location) VALUES ('dhome', n(32), 'b20', '', ST_SetSRID(ST_MakePoint(121.2, 31.2), 4490))`,
		`INSERT INTO worker (district, id, name) SELECT 'dhome', n(i), '工' || i FROM generate_series(48, 59) i`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return pool
}

// town is a service on a planted town, whose clock is set by hand.
type town struct {
	*access.Service
	t     *testing.T
	pool  *pgxpool.Pool
	store *db.DB
	now   time.Time
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{t: t, pool: plant(t), now: time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai)}
	store := db.New(w.pool)
	w.store = store
	clock := func() time.Time { return w.now }
	w.Service = access.New(db.NewAccounts(store))
	w.Now = clock
	sealer, err := access.NewSealer([access.KeyBytes]byte{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	w.Sealer = sealer
	w.Staff = &staff.Service{Store: db.NewStaff(store), Now: clock, Zone: shanghai, IDs: key.Random{}}
	w.Grids = &grid.Service{Store: db.NewGrids(store), Now: clock}
	w.Places = &place.Service{Store: db.NewPlaces(store), Now: clock}
	return w
}

// SignIn and ShowCode are those of somebody of whom nobody knows where they are.
func (w *town) SignIn(ctx context.Context, login, password, had string) (string, access.Visitor, error) {
	return w.Service.SignIn(ctx, access.From{}, login, password, had)
}

func (w *town) ShowCode(ctx context.Context, token, code string) (string, access.Visitor, error) {
	return w.Service.ShowCode(ctx, access.From{}, token, code)
}

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.pool.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *town) appoint(worker byte, post staff.Post, cover staff.Cover, kind string, area byte, during string) {
	w.t.Helper()
	w.exec(`INSERT INTO assignment (district, id, worker_id, post, cover, during, `+kind+`_id) VALUES ('dhome', gen_random_uuid(), $1, $2, $3, $4, $5)`, id(worker), post, cover, during, id(area))
}

const newPassword = "麦田上的九只喜鹊 flew"

// account gives an account, of worker n where that is not 0, and returns it with its first password.
func (w *town) account(login string, role account.Role, n byte) (access.Account, string) {
	w.t.Helper()
	of := access.NewAccount{Login: login, Role: role}
	if n != 0 {
		of.Worker = &key.Key{Home: "dhome", ID: id(n)}
	}
	a, password, err := w.Give(w.t.Context(), access.OnTheMachine(), of)
	if err != nil {
		w.t.Fatal(err)
	}
	return a, password
}

// signedIn is the session of an account whose first password is given, after all steps. secret is that of the second factor, where there is one.
func (w *town) signedIn(login, password string) (token, secret string) {
	w.t.Helper()
	token, v, err := w.SignIn(w.t.Context(), login, password, "")
	for ; err == nil && v.Step != access.StepNone; w.now = w.now.Add(time.Second) {
		switch v.Step {
		case access.StepPassword:
			token, v, err = w.ChangePassword(w.t.Context(), token, password, newPassword)
		case access.StepEnrol:
			var e access.Enrolment
			if e, err = w.Enrol(w.t.Context(), token); err == nil {
				secret = e.Secret
				token, _, v, err = w.Prove(w.t.Context(), token, w.code(secret))
			}
		default:
			w.t.Fatalf("step %s", v.Step)
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return token, secret
}

func (w *town) code(secret string) string {
	w.t.Helper()
	code, err := totp.GenerateCode(secret, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

func (w *town) who(token string) account.Actor {
	w.t.Helper()
	a, err := w.WhoSigned(w.t.Context(), token)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func TestTheStepsOfSigningIn(t *testing.T) {
	w := newTown(t)
	w.appoint(48, staff.GridWorker, staff.CoverA, "grid", 17, "[2026-01-01,)")
	w.appoint(49, staff.PlatformAdmin, staff.CoverA, "division", 1, "[2026-01-01,)")
	for _, c := range []struct {
		login  string
		role   account.Role
		worker byte
		factor bool
	}{
		{"li.na", account.Staff, 48, false}, {"zhao.platform", account.Staff, 49, true}, {"postless", account.Staff, 50, false},
		{"oper", account.Operator, 0, true}, {"sec", account.Security, 0, true}, {"aud", account.Auditor, 0, true},
	} {
		t.Run(c.login, func(t *testing.T) {
			a, password := w.account(c.login, c.role, c.worker)
			token, v, err := w.SignIn(t.Context(), strings.ToUpper(c.login)+" ", password, "")
			if err != nil || v.Step != access.StepPassword {
				t.Fatalf("step %q, %v", v.Step, err)
			}
			if got := w.who(token); got != account.Anyone() {
				t.Errorf("before the first password is changed it asks as %+v", got)
			}
			if _, err := w.Enrol(t.Context(), token); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("a second factor before the password: %v", err)
			}
			first := token
			token, v, err = w.ChangePassword(t.Context(), token, password, newPassword)
			if err != nil || token == first {
				t.Fatal(err)
			}
			if (v.Step == access.StepEnrol) != c.factor {
				t.Fatalf("then step %q", v.Step)
			}
			if c.factor {
				if got := w.who(token); got != account.Anyone() {
					t.Errorf("before a second factor is there it asks as %+v", got)
				}
				e, err := w.Enrol(t.Context(), token)
				again, err2 := w.Enrol(t.Context(), token)
				if err != nil || err2 != nil || e.Secret != again.Secret || !strings.HasPrefix(e.URL, "otpauth://totp/wangge:"+c.login) || len(e.Image) == 0 {
					t.Fatalf("%+v, %v, %v", e, err, err2)
				}
				if _, _, _, err := w.Prove(t.Context(), token, "000000"); !fault.Is(err, fault.Unauthenticated) {
					t.Errorf("a wrong code: %v", err)
				}
				before := token
				var recovery []string
				if token, recovery, v, err = w.Prove(t.Context(), token, w.code(e.Secret)); err != nil || v.Step != access.StepNone || len(recovery) != 10 || token == before {
					t.Fatalf("%q, %v, %v", v.Step, recovery, err)
				}
				if got := w.who(before); got != account.Anyone() {
					t.Errorf("the token of before asks as %+v", got)
				}
				w.now = w.now.Add(time.Minute)
				// The next time it is asked for, and each code is good once.
				half, v, err := w.SignIn(t.Context(), c.login, newPassword, "")
				if err != nil || v.Step != access.StepCode || w.who(half) != account.Anyone() {
					t.Fatalf("%q, %v", v.Step, err)
				}
				code := w.code(e.Secret)
				full, v, err := w.ShowCode(t.Context(), half, " "+code[:3]+" "+code[3:])
				if err != nil || v.Step != access.StepNone || full == half || w.who(half) != account.Anyone() || w.who(full).ID != a.ID.String() {
					t.Fatalf("%q, %v", v.Step, err)
				}
				half, _, _ = w.SignIn(t.Context(), c.login, newPassword, "")
				if _, _, err := w.ShowCode(t.Context(), half, code); !fault.Is(err, fault.Unauthenticated) {
					t.Errorf("the same code again: %v", err)
				}
				w.now = w.now.Add(10 * time.Second) // a code of an earlier step is old as well
				if _, _, err := w.ShowCode(t.Context(), half, recovery[3]); err != nil {
					t.Errorf("a recovery code: %v", err)
				}
				half, _, _ = w.SignIn(t.Context(), c.login, newPassword, "")
				if _, _, err := w.ShowCode(t.Context(), half, recovery[3]); !fault.Is(err, fault.Unauthenticated) {
					t.Errorf("the same recovery code again: %v", err)
				}
			}
			got := w.who(token)
			if got.Role != c.role || got.ID != a.ID.String() || got.Via != account.InPerson {
				t.Errorf("it asks as %+v", got)
			}
			if c.login == "postless" && got.Scope != nil {
				t.Error("without a post it reaches something")
			}
		})
	}
}

func TestATokenIsNeverGoneOnWith(t *testing.T) { // fixation: what an attacker planted in the browser is worth nothing
	w := newTown(t)
	_, password := w.account("sec", account.Security, 0)
	planted, _, err := w.SignIn(t.Context(), "sec", password, "attackers-own")
	if err != nil || planted == "attackers-own" {
		t.Fatal(planted, err)
	}
	token, v, err := w.SignIn(t.Context(), "sec", password, planted)
	if err != nil || token == planted {
		t.Fatal(err)
	}
	if _, err := w.Visit(t.Context(), planted); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("the token of before goes on: %v", err)
	}
	if v.Step != access.StepPassword {
		t.Errorf("step %q", v.Step)
	}
	// Neither ids of rows nor hashes are tokens.
	var hash []byte
	if err := w.pool.QueryRow(t.Context(), `SELECT hash FROM session`).Scan(&hash); err != nil {
		t.Fatal(err)
	}
	for _, guess := range []string{string(hash), "", token[:25], token + "A", strings.ToLower(token), v.ID.String(), "sec"} {
		if _, err := w.Visit(t.Context(), guess); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%q: %v", guess, err)
		}
	}
}

func TestASessionEndsByTheClock(t *testing.T) {
	w := newTown(t)
	_, password := w.account("postless", account.Staff, 50)
	token, _ := w.signedIn("postless", password)
	begun := w.now
	for w.now.Sub(begun) < access.Absolute-30*time.Minute {
		w.now = w.now.Add(29 * time.Minute)
		if _, err := w.Visit(t.Context(), token); err != nil {
			t.Fatalf("after %v: %v", w.now.Sub(begun), err)
		}
	}
	w.now = begun.Add(access.Absolute)
	if _, err := w.Visit(t.Context(), token); !fault.Is(err, fault.Unauthenticated) || fault.As(err).Key != "access.longest" {
		t.Errorf("after a working day: %v", err)
	}
	token, _, err := w.SignIn(t.Context(), "postless", newPassword, "")
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(access.Idle)
	if got := w.who(token); got != account.Anyone() {
		t.Errorf("after half an hour without a request it asks as %+v", got)
	}
	if _, err := w.Visit(t.Context(), token); !access.ByClock(err) || fault.As(err).Key != "access.idle" {
		t.Errorf("after half an hour without a request: %v", err)
	}
	if _, err := w.Visit(t.Context(), "none"); access.ByClock(err) || !access.Ended(err) {
		t.Errorf("who never signed in: %v", err)
	}
	// By settings of the server.
	w.Idle, w.Longest = time.Minute, 90*time.Second
	w.Version = func() (string, bool) { return "1", true }
	if token, _, err = w.SignIn(t.Context(), "postless", newPassword, ""); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		want  string
	}{{59 * time.Second, ""}, {31 * time.Second, "access.longest"}} {
		w.now = w.now.Add(c.after)
		if _, err := w.Visit(t.Context(), token); (err == nil) != (c.want == "") || err != nil && fault.As(err).Key != c.want {
			t.Errorf("after %v: %v", c.after, err)
		}
		if got := w.who(token); (got.Role == account.Staff) != (c.want == "") {
			t.Errorf("after %v it asks as %+v", c.after, got)
		}
	}
	if token, _, err = w.SignIn(t.Context(), "postless", newPassword, ""); err != nil {
		t.Fatal(err)
	}
	if w.now = w.now.Add(59 * time.Second); w.who(token).Role != account.Staff {
		t.Error("ended before it was idle")
	}
	if w.now = w.now.Add(time.Second); w.who(token) != account.Anyone() {
		t.Error("idle for a minute, and told again from memory")
	}
	w.Idle, w.Longest = access.Idle, access.Absolute
	// Half-way in there is less time.
	_, password = w.account("sec", account.Security, 0)
	if token, _, err = w.SignIn(t.Context(), "sec", password, ""); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(10 * time.Minute)
	if _, _, err := w.ChangePassword(t.Context(), token, password, newPassword); fault.As(err).Key != "access.slow" {
		t.Errorf("the second step after ten minutes: %v", err)
	}
}

func TestSessionsAreToldApartAndEndedOneByOne(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	w.Version = func() (string, bool) { return "1", true } // what was found out is kept
	_, password := w.account("postless", account.Staff, 50)
	here, _ := w.signedIn("postless", password)
	_, password = w.account("another", account.Staff, 51)
	other, _ := w.signedIn("another", password)
	by := func(d access.Device) string {
		t.Helper()
		w.now = w.now.Add(time.Second)
		token, _, err := w.SignIn(access.By(ctx, d), "postless", newPassword, "")
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	phone, desk := by(access.Device{Browser: "WeChat", System: "Android"}), by(access.Device{Browser: "Firefox", System: "Linux"})
	desk, _, err := w.ChangePassword(ctx, desk, newPassword, newPassword+"!")
	if err != nil {
		t.Fatal(err)
	}
	if w.who(phone) != account.Anyone() || w.who(here) != account.Anyone() {
		t.Error("they go on after the password was changed")
	}
	phone, _, err = w.SignIn(access.By(ctx, access.Device{Browser: "WeChat", System: "Android"}), "postless", newPassword+"!", "")
	if err != nil {
		t.Fatal(err)
	}
	list, err := w.Sessions(ctx, desk)
	v, err2 := w.Visit(ctx, desk)
	if err != nil || err2 != nil || len(list) != 2 {
		t.Fatalf("%+v, %v, %v", list, err, err2)
	}
	var theirs access.Session
	for _, one := range list {
		want := access.Device{Browser: "WeChat", System: "Android"}
		if one.Handle == v.Handle {
			want = access.Device{Browser: "Firefox", System: "Linux"} // also after the password was changed
		} else {
			theirs = one
		}
		if one.Device != want {
			t.Errorf("%+v, want %+v", one.Device, want)
		}
	}
	w.who(phone) // in memory
	if err := w.EndSession(ctx, other, theirs.Handle); !fault.Is(err, fault.NotFound) || w.who(phone).Role != account.Staff {
		t.Errorf("ended by somebody else: %v", err)
	}
	if err := w.EndSession(ctx, desk, theirs.Handle); err != nil || w.who(phone) != account.Anyone() || w.who(desk).Role != account.Staff {
		t.Errorf("one of two: %v", err)
	}
	if err := w.EndSession(ctx, desk, theirs.Handle); !fault.Is(err, fault.NotFound) {
		t.Errorf("again: %v", err)
	}
	if err := w.EndSession(ctx, phone, v.Handle); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("by one that has ended: %v", err)
	}
}

func TestWhatEndsSessions(t *testing.T) {
	w := newTown(t)
	a, password := w.account("postless", account.Staff, 50)
	first, _ := w.signedIn("postless", password)
	in := func() string {
		token, _, err := w.SignIn(t.Context(), "postless", newPassword, "")
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	ended := func(what string, tokens ...string) {
		t.Helper()
		for _, token := range tokens {
			if got := w.who(token); got != account.Anyone() {
				t.Errorf("%s: it asks as %+v", what, got)
			}
		}
	}
	w.Version = func() (string, bool) { return "1", true } // what was found out is kept
	second := in()
	if w.who(first).Role != account.Staff || w.who(second).Role != account.Staff {
		t.Fatal("two browsers cannot be signed in")
	}
	if err := w.SignOut(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	ended("signed out", first)
	if w.who(second).Role != account.Staff {
		t.Error("signing out in one browser ends the other")
	}
	third := in()
	w.who(third)
	const another = "eleven grey geese over water"
	renewed, _, err := w.ChangePassword(t.Context(), second, newPassword, another)
	if err != nil {
		t.Fatal(err)
	}
	ended("another password", second, third)
	if w.who(renewed).Role != account.Staff {
		t.Error("who changed the password is signed out")
	}
	if _, _, err := w.SignIn(t.Context(), "postless", newPassword, ""); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("the old password: %v", err)
	}
	w.exec(`INSERT INTO access_token (id, account_id, name, hash, writes, rights, created_at, expires_at) VALUES (gen_random_uuid(), $1, 'x', sha256('x'), true, '{}', $2::timestamptz, $2::timestamptz + interval '1 day')`, a.ID, w.now)
	if _, err := w.Disable(t.Context(), access.OnTheMachine(), a.ID, true); err != nil {
		t.Fatal(err)
	}
	ended("disabled", renewed)
	if n := one[int](w, `SELECT count(*) FROM access_token`) + one[int](w, `SELECT count(*) FROM session`); n != 0 {
		t.Errorf("%d sessions and tokens of programs wait until it is given back", n)
	}
	_, _, disabled := w.SignIn(t.Context(), "postless", another, "")
	_, _, wrong := w.SignIn(t.Context(), "postless", "no such password", "")
	_, _, nobody := w.SignIn(t.Context(), "nobody", another, "")
	for _, err := range []error{disabled, wrong, nobody} {
		if !fault.Is(err, fault.Unauthenticated) || err.Error() != wrong.Error() || fault.As(err).Field != fault.As(wrong).Field {
			t.Errorf("what is told apart: %v", err)
		}
	}
	if _, err := w.Disable(t.Context(), access.OnTheMachine(), a.ID, false); err != nil {
		t.Fatal(err)
	}
	ended("given back", renewed)
	w.now = w.now.Add(time.Hour)
	if _, password, err = w.Reset(t.Context(), access.OnTheMachine(), a.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, v, err := w.SignIn(t.Context(), "postless", password, ""); err != nil || v.Step != access.StepPassword {
		t.Errorf("after a reset: %q, %v", v.Step, err)
	}
}

// A password is measured as it is compared: a keyboard that composes nothing sends more bytes.
func TestALongPasswordIsGoodHoweverItIsComposed(t *testing.T) {
	w := newTown(t)
	_, first := w.account("postless", account.Staff, 50)
	token, _, err := w.SignIn(t.Context(), "postless", first, "")
	if err != nil {
		t.Fatal(err)
	}
	composed := ""
	for chance := rand.New(rand.NewPCG(1, 2)); utf8.RuneCountInString(composed) < 200; {
		composed += []string{"ế", "ộ", "ǖ", "ấ", "ừ", "ễ", "ậ"}[chance.IntN(7)]
	}
	apart := norm.NFD.String(composed)
	if _, _, err := w.ChangePassword(t.Context(), token, first, apart); err != nil || len(apart) != 1000 {
		t.Fatalf("%d bytes, %v", len(apart), err)
	}
	for _, password := range []string{apart, composed} {
		if _, _, err := w.SignIn(t.Context(), "postless", password, ""); err != nil {
			t.Errorf("by %d bytes: %v", len(password), err)
		}
	}
	if _, _, err := w.SignIn(t.Context(), "postless", apart+"x", ""); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("longer than a password is: %v", err)
	}
}

func TestTriesAreLimitedAlikeForNamesOfNobody(t *testing.T) {
	w := newTown(t)
	_, password := w.account("sec", account.Security, 0)
	for _, login := range []string{"sec", "nobody"} {
		wait := time.Duration(0)
		for n := range 8 {
			_, _, err := w.SignIn(t.Context(), login, "wrong password", "")
			if n < 5 {
				if !fault.Is(err, fault.Unauthenticated) {
					t.Fatalf("%s, try %d: %v", login, n+1, err)
				}
				continue
			}
			if wait = min(max(time.Minute, 2*wait), time.Hour); !fault.Is(err, fault.Limited) || fault.As(err).Args["minutes"] != int(wait.Minutes()) {
				t.Fatalf("%s, try %d after the fifth: %v, want a wait of %v", login, n-4, err, wait)
			}
			if _, _, err := w.SignIn(t.Context(), login, password, ""); !fault.Is(err, fault.Limited) {
				t.Fatalf("%s, the right password meanwhile: %v", login, err)
			}
			w.now = w.now.Add(wait)
			if _, _, err := w.SignIn(t.Context(), login, "wrong password", ""); !fault.Is(err, fault.Unauthenticated) {
				t.Fatalf("%s, after %v: %v", login, wait, err)
			}
		}
	}
	w.now = w.now.Add(2 * time.Hour)
	if _, _, err := w.SignIn(t.Context(), "sec", password, ""); err != nil {
		t.Errorf("the right password, later: %v", err)
	}
	// Many at once are no more tries than one after another.
	var tried int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, _, err := w.SignIn(t.Context(), "another", "wrong password", ""); fault.Is(err, fault.Unauthenticated) {
				mu.Lock()
				defer mu.Unlock()
				tried++
			}
		})
	}
	all.Wait()
	if tried != 5 {
		t.Errorf("%d of 20 tries at once were taken", tried)
	}
	// The second factor is guessed no more often: the password alone does not begin the count anew.
	_, password = w.account("aud", account.Auditor, 0)
	w.signedIn("aud", password)
	guesses := 0
	for range 10 {
		half, _, err := w.SignIn(t.Context(), "aud", newPassword, "")
		if fault.Is(err, fault.Limited) {
			break
		}
		if _, _, err = w.ShowCode(t.Context(), half, "123456"); fault.Is(err, fault.Unauthenticated) {
			guesses++
		}
	}
	if guesses > 3 {
		t.Errorf("%d codes were tried", guesses)
	}
}

// asked are the names of the statements that a server sends.
type asked []string

func (a *asked) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	name, _, _ := strings.Cut(strings.TrimPrefix(q.SQL, "-- name: "), "\n")
	if !strings.HasPrefix(name, "BEGIN") { // which says who acts, too
		*a = append(*a, name)
	}
	return ctx
}

func (*asked) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// Whatever is behind a login that a wrong password is tried under, the same statements are sent and one password is computed, which takes 46 MiB and nearly all of the time.
func TestTheTimeTellsNoNames(t *testing.T) {
	w := newTown(t)
	w.account("sec", account.Security, 0)
	disabled, _ := w.account("disabled", account.Security, 0)
	linked, _ := w.account("linked", account.Security, 0)
	if _, err := w.Disable(t.Context(), access.OnTheMachine(), disabled.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Link(t.Context(), access.OnTheMachine(), linked.ID, "linked@city"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Give(t.Context(), access.OnTheMachine(), access.NewAccount{Login: "demo", Role: account.Operator, Demo: true}); err != nil {
		t.Fatal(err)
	}
	var statements asked
	s := w.another(&statements)
	try := func(login, password string) (sent []string, computed float64) {
		statements = nil
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, _, err := s.SignIn(t.Context(), access.From{}, login, password, ""); !fault.Is(err, fault.Unauthenticated) {
			t.Fatalf("%s: %v", login, err)
		}
		runtime.ReadMemStats(&after)
		return statements, float64(after.TotalAlloc-before.TotalAlloc) / (47_104 << 10)
	}
	try("sec", "wrong password") // what is swept out once a minute is
	for _, password := range []string{"wrong password", strings.Repeat("too long ", 100)} {
		want, _ := try("sec", password)
		if len(want) < 3 {
			t.Fatalf("it sends %v: the test shows nothing", want)
		}
		for _, login := range []string{"sec", "nobody", "disabled", "linked", "demo"} {
			if sent, computed := try(login, password); !slices.Equal(sent, want) || math.Abs(computed-1) > 0.1 {
				t.Errorf("%s: %.2f passwords are computed, %v sent, want %v", login, computed, sent, want)
			}
		}
	}
}

func TestWhatPostsReach(t *testing.T) {
	w := newTown(t)
	w.appoint(48, staff.GridWorker, staff.CoverA, "grid", 17, "[2026-01-01,)")
	w.appoint(49, staff.GridWorker, staff.CoverB, "grid", 17, "[2026-01-01,)")
	w.appoint(50, staff.GridLeader, staff.CoverA, "group", 16, "[2026-01-01,)")
	w.appoint(51, staff.ChiefLeader, staff.CoverA, "division", 2, "[2026-01-01,)")
	w.appoint(52, staff.ChiefLeader, staff.CoverA, "division", 1, "[2026-01-01,)")
	w.appoint(53, staff.ChiefLeader, staff.CoverA, "division", 4, "[2026-01-01,)")
	w.appoint(54, staff.CounterStaff, staff.CoverA, "building", 32, "[2026-01-01,)")
	w.appoint(55, staff.Volunteer, staff.CoverA, "grid", 17, "[2026-01-01,)")
	w.appoint(56, staff.GridWorker, staff.CoverA, "grid", 19, "[2026-01-01,2026-03-10)")
	w.appoint(57, staff.GridWorker, staff.CoverB, "grid", 19, "[2026-01-01,)")
	w.exec(`INSERT INTO absence (district, id, worker_id, during) VALUES ('dhome', gen_random_uuid(), n(48), '[2026-03-04,2026-03-06)'), ('dhome', gen_random_uuid(), n(49), '[2026-03-05,2026-03-06)')`)
	tokens := map[byte]string{}
	for n := byte(48); n <= 57; n++ {
		login := "worker." + string('a'+rune(n-48))
		_, password := w.account(login, account.Staff, n)
		tokens[n], _ = w.signedIn(login, password)
	}
	grids := func(n ...byte) (r account.Reach) {
		for _, one := range n {
			r.Grids = append(r.Grids, id(one))
		}
		return r
	}
	w.now = time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai)
	session := func(day int, hour int) { // signs all in again at another time, which a session does not last to
		w.now = time.Date(2026, 3, day, hour, 0, 0, 0, shanghai)
		w.exec(`UPDATE session SET began_at = $1, seen_at = $1`, w.now)
	}
	for _, c := range []struct {
		name      string
		day, hour int
		worker    byte
		want      account.Reach
	}{
		{"the first holder", 2, 9, 48, grids(17)},
		{"a stand-in before", 3, 23, 49, account.Reach{}},
		{"a stand-in from midnight on", 4, 0, 49, grids(17)},
		{"the first holder while away, to hand over", 4, 9, 48, grids(17)},
		{"a stand-in who is away too", 5, 9, 49, account.Reach{}},
		{"a stand-in after", 6, 0, 49, account.Reach{}},
		{"a leader the group's grids", 2, 9, 50, grids(17, 18)},
		{"a community", 2, 9, 51, account.Reach{Communities: []uuid.UUID{id(2)}}},
		{"a district", 2, 9, 52, account.Reach{Districts: []string{"dhome"}}},
		{"a city its districts", 2, 9, 53, account.Reach{Districts: []string{"dhome", "dother"}}},
		{"a building", 2, 9, 54, account.Reach{Buildings: []uuid.UUID{id(32)}}},
		{"a neighbour who helps nothing", 2, 9, 55, account.Reach{}},
		{"the last day in office", 9, 23, 56, grids(19)},
		{"the first day out of it", 10, 0, 56, account.Reach{}},
		{"a stand-in where there is a first", 9, 23, 57, account.Reach{}},
		{"a stand-in where there is no first any more", 10, 0, 57, grids(19)},
	} {
		t.Run(c.name, func(t *testing.T) {
			session(c.day, c.hour)
			a := w.who(tokens[c.worker])
			got := a.Reach(account.Households)
			if a.Role != account.Staff || !slices.Equal(got.Grids, c.want.Grids) || !slices.Equal(got.Communities, c.want.Communities) || !slices.Equal(got.Districts, c.want.Districts) || !slices.Equal(got.Buildings, c.want.Buildings) || got.Everywhere {
				t.Errorf("%+v reaches %+v, want %+v", a.Role, got, c.want)
			}
		})
	}
	t.Run("a post that is taken away within a session", func(t *testing.T) {
		session(2, 9)
		version := "1"
		w.Version = func() (string, bool) { return version, true }
		if w.who(tokens[48]).Reach(account.Keep).Empty() {
			t.Fatal("nothing")
		}
		w.exec(`UPDATE assignment SET during = '[2026-01-01,2026-03-02)' WHERE worker_id = n(48)`)
		version = "2" // as live has it by then
		if got := w.who(tokens[48]); got.Scope != nil {
			t.Error("it reaches what it did")
		}
	})
}

func TestTokensOfPrograms(t *testing.T) {
	w := newTown(t)
	w.appoint(48, staff.GridWorker, staff.CoverA, "grid", 17, "[2026-01-01,)")
	a, password := w.account("li.na", account.Staff, 48)
	session, _ := w.signedIn("li.na", password)
	li := w.who(session)
	_, secPassword := w.account("sec", account.Security, 0)
	secToken, _ := w.signedIn("sec", secPassword)
	sec := w.who(secToken)
	_, opPassword := w.account("oper", account.Operator, 0)
	opToken, _ := w.signedIn("oper", opPassword)
	op := w.who(opToken)
	year := w.now.Add(access.MaxTokenLife)
	households := account.SetOf(account.Households)
	for _, c := range []struct {
		name  string
		actor account.Actor
		of    access.NewToken
		want  fault.Code
	}{
		{"no end", li, access.NewToken{Name: "x", Rights: households}, fault.Invalid},
		{"more than a year", li, access.NewToken{Name: "x", Rights: households, Expires: year.Add(time.Second)}, fault.Invalid},
		{"no name", li, access.NewToken{Name: " ", Rights: households, Expires: year}, fault.Invalid},
		{"no right", li, access.NewToken{Name: "x", Expires: year}, fault.Invalid},
		{"a right that the account has not", li, access.NewToken{Name: "x", Rights: account.SetOf(account.Restricted), Expires: year}, fault.Invalid},
		{"of who gives accounts", sec, access.NewToken{Name: "x", Expires: year}, fault.Forbidden},
		{"of the machine's operator", account.TheOperator(), access.NewToken{Name: "x", Expires: year}, fault.Forbidden},
		{"of the public", account.Anyone(), access.NewToken{Name: "x", Expires: year}, fault.Forbidden},
	} {
		if _, _, err := w.MakeToken(t.Context(), c.actor, c.of); !fault.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	secret, made, err := w.MakeToken(t.Context(), li, access.NewToken{Name: "报表", Rights: households, Expires: year})
	if err != nil || !strings.HasPrefix(secret, "wgp_") {
		t.Fatal(secret, err)
	}
	got, err := w.WhoHolds(t.Context(), secret)
	if err != nil || got.Via != account.ByReadToken || got.ID != a.ID.String() || got.Reach(account.Households).Empty() || !got.Reach(account.Keep).Empty() || !got.Reach(account.Residents).Empty() {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := got.RequireWriter(); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a token for reading writes: %v", err)
	}
	// A token is not what is about accounts, nor a session.
	if _, _, err := w.MakeToken(t.Context(), got, access.NewToken{Name: "x", Rights: households, Expires: year}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a token makes a token: %v", err)
	}
	if err := w.ChangeOwnPassword(t.Context(), got, newPassword, "eleven grey geese over water"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a token changes the password: %v", err)
	}
	if got := w.who(secret); got != account.Anyone() {
		t.Errorf("a token as a cookie asks as %+v", got)
	}
	for _, bad := range []string{session, "wgp_", "wgp_" + session, secret[:len(secret)-1], "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJzZWMiLCJyb2xlIjoib3BlcmF0b3IifQ.", made.ID.String()} {
		if _, err := w.WhoHolds(t.Context(), bad); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%q as a token: %v", bad, err)
		}
	}
	list, err := w.Tokens(t.Context(), li)
	if err != nil || len(list) != 1 || list[0].Used == nil || list[0].Used.Format(time.DateOnly) != "2026-03-02" {
		t.Errorf("%+v, %v", list, err)
	}
	if err := w.TakeBack(t.Context(), op, made.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("somebody else's token: %v", err)
	}
	forOp, _, err := w.MakeToken(t.Context(), op, access.NewToken{Name: "x", Writes: true, Expires: year})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := w.WhoHolds(t.Context(), forOp); err != nil || got.Role != account.Operator || got.Via != account.ByToken {
		t.Errorf("%+v, %v", got, err)
	}
	w.appoint(48, staff.PlatformAdmin, staff.CoverA, "division", 1, "[2026-01-01,)")
	if _, err := w.WhoHolds(t.Context(), secret); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("of who sets the platform up, without a second factor: %v", err)
	}
	w.exec(`DELETE FROM assignment WHERE post = 'PLATFORM_ADMIN'`)
	w.now = year
	if _, err := w.WhoHolds(t.Context(), forOp); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("after its end: %v", err)
	}
	w.now = year.Add(-access.MaxTokenLife)
	if err := w.TakeBack(t.Context(), li, made.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.WhoHolds(t.Context(), secret); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("taken back: %v", err)
	}
	// Another password ends them, however it is changed.
	const another = "eleven grey geese over water"
	for what, change := range map[string]func(old, password string) error{
		"by a program's way": func(old, password string) error { return w.ChangeOwnPassword(t.Context(), li, old, password) },
		"on the page": func(old, password string) error {
			session, _, err := w.SignIn(t.Context(), "li.na", old, "")
			if err == nil {
				_, _, err = w.ChangePassword(t.Context(), session, old, password)
			}
			return err
		},
	} {
		session, _, err := w.SignIn(t.Context(), "li.na", newPassword, "")
		if err != nil {
			t.Fatal(err)
		}
		late := w.who(session)
		n := access.NewToken{Name: what, Rights: households, Expires: w.now.Add(time.Hour)}
		secret, _, err := w.MakeToken(t.Context(), late, n)
		if err != nil {
			t.Fatal(err)
		}
		if err := change(newPassword, another); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.MakeToken(t.Context(), late, n); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("who was found out before the password was changed %s makes a token: %v", what, err)
		}
		if _, err := w.WhoHolds(t.Context(), secret); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("after the password was changed %s: %v", what, err)
		}
		if err := change(another, newPassword); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhoMayGiveAccounts(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	a, password := w.account("sec", account.Security, 0)
	token, _ := w.signedIn("sec", password)
	sec := w.who(token)
	other, _, err := w.Give(ctx, sec, access.NewAccount{Login: "li.na", Role: account.Staff, Worker: &key.Key{Home: "dhome", ID: id(48)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, actor := range []account.Actor{account.Anyone(), account.TheOperator(), {Role: account.Auditor, ID: uuid.NewString()}, {Role: account.Staff, ID: other.ID.String()}, {Role: account.Security, ID: sec.ID, Via: account.ByToken}, {}} {
		_, _, give := w.Give(ctx, actor, access.NewAccount{Login: "evil", Role: account.Operator})
		_, list := w.List(ctx, actor, access.Query{Args: page.Args{First: 10}})
		_, find := w.ByLogin(ctx, actor, "sec")
		_, disable := w.Disable(ctx, actor, a.ID, true)
		_, _, reset := w.Reset(ctx, actor, a.ID, true)
		end := w.EndSessions(ctx, actor, a.ID)
		for what, err := range map[string]error{"give": give, "list": list, "find": find, "disable": disable, "reset": reset, "end": end} {
			if !fault.Is(err, fault.Forbidden) && !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s as %+v: %v", what, actor, err)
			}
		}
		if actor.ID == other.ID.String() && fault.As(end).Key != "access.giving" {
			t.Errorf("a worker who ends another's sessions is told %v", end)
		}
	}
	for what, err := range map[string]error{
		"the own account": second(w.Disable(ctx, sec, a.ID, true)),
		"the own reset":   third(w.Reset(ctx, sec, a.ID, true)),
	} {
		if !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, n := range map[string]access.NewAccount{
		"the same login":  {Login: "LI.NA", Role: account.Staff, Worker: &key.Key{Home: "dhome", ID: id(49)}},
		"the same worker": {Login: "li.na2", Role: account.Staff, Worker: &key.Key{Home: "dhome", ID: id(48)}},
	} {
		if _, _, err := w.Give(ctx, sec, n); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, n := range map[string]access.NewAccount{
		"staff without a worker": {Login: "some", Role: account.Staff},
		"security with one":      {Login: "some", Role: account.Security, Worker: &key.Key{Home: "dhome", ID: id(49)}},
		"the public":             {Login: "some", Role: account.Public},
		"the door":               {Login: "some", Role: account.Door},
		"a login of two letters": {Login: "op", Role: account.Auditor},
		"a login with a space":   {Login: "so me", Role: account.Auditor},
	} {
		if _, _, err := w.Give(ctx, sec, n); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// Nobody who gives accounts gets further by that: all but staff have theirs from the machine.
	for _, role := range []account.Role{account.Operator, account.Security, account.Auditor} {
		n := access.NewAccount{Login: "a." + string(role), Role: role}
		if _, _, err := w.Give(ctx, sec, n); fault.As(err).Key != "access.onMachine" || !fault.Is(err, fault.Forbidden) {
			t.Errorf("gives an account of %s: %v", role, err)
		}
		theirs, _ := w.account(n.Login, role, 0)
		for what, err := range map[string]error{
			"reset": third(w.Reset(ctx, sec, theirs.ID, true)), "link": second(w.Link(ctx, sec, theirs.ID, "my.own@city")), "enable": second(w.Disable(ctx, sec, theirs.ID, false)),
		} {
			if fault.As(err).Key != "access.onMachine" {
				t.Errorf("%s of %s: %v", what, role, err)
			}
		}
		if _, err := w.Disable(ctx, sec, theirs.ID, true); err != nil {
			t.Errorf("cannot disable %s: %v", role, err)
		}
		if _, err := w.Disable(ctx, access.OnTheMachine(), theirs.ID, false); err != nil {
			t.Errorf("the machine cannot enable %s: %v", role, err)
		}
	}
	for what, err := range map[string]error{"reset": third(w.Reset(ctx, sec, other.ID, true)), "link": second(w.Link(ctx, sec, other.ID, "li.na@city")),
		"disable": second(w.Disable(ctx, sec, other.ID, true)), "enable": second(w.Disable(ctx, sec, other.ID, false))} {
		if err != nil {
			t.Errorf("%s of staff: %v", what, err)
		}
	}
	p, err := w.List(ctx, sec, access.Query{Args: page.Args{First: 4}, Count: true})
	if err != nil || p.Total != 5 || !p.HasNext || p.Items[3].Node.Login != "li.na" {
		t.Errorf("%+v, %v", p, err)
	}
}

func second[T any](_ T, err error) error        { return err }
func third[T, U any](_ T, _ U, err error) error { return err }

// What stands in the tables is for the server alone, whatever the services let through.
func TestRowsOfAccountsAreForTheDoor(t *testing.T) {
	w := newTown(t)
	_, password := w.account("oper", account.Operator, 0)
	token, _ := w.signedIn("oper", password)
	if _, _, err := w.MakeToken(t.Context(), w.who(token), access.NewToken{Name: "x", Expires: w.now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.SignIn(t.Context(), "oper", "wrong password", ""); err == nil {
		t.Fatal("signed in")
	}
	count := func(role account.Role, table string) (n int) {
		t.Helper()
		tx, err := w.pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(context.WithoutCancel(t.Context()))
		if _, err := tx.Exec(t.Context(), `SET LOCAL ROLE wangge_app; SET LOCAL wangge.role = '`+string(role)+`'`); err != nil {
			t.Fatal(err)
		}
		if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, table := range []string{"account", "account_secret", "recovery_code", "session", "access_token", "sign_in_try"} {
		for _, role := range []account.Role{"", account.Public, account.Staff, account.Operator, account.Security, account.Auditor} {
			if n := count(role, table); n != 0 && !(table == "account" && role == account.Security) {
				t.Errorf("%q reads %d rows of %s", role, n, table)
			}
		}
		if count(account.Door, table) == 0 {
			t.Errorf("nothing stands in %s: the test shows nothing", table)
		}
	}
	if count(account.Security, "account") == 0 {
		t.Error("who gives accounts sees none")
	}
	// Nothing that signs in stands there in clear.
	for _, secret := range []string{token, password, newPassword} {
		for _, table := range []string{"account", "account_secret", "recovery_code", "session", "access_token", "sign_in_try"} {
			var found bool
			if err := w.pool.QueryRow(t.Context(), `SELECT bool_or(t::text LIKE '%' || $1 || '%') FROM `+table+` t`, secret).Scan(&found); err != nil || found {
				t.Errorf("a secret stands in %s (%v)", table, err)
			}
		}
	}
}

func TestAccountsThatSignInByAProvider(t *testing.T) {
	w := newTown(t)
	w.appoint(48, staff.GridWorker, staff.CoverA, "grid", 17, "[2026-01-01,)")
	worker, first := w.account("li.na", account.Staff, 48)
	admin, _ := w.account("oper", account.Operator, 0)
	other, _ := w.account("sec", account.Security, 0)
	local, secret := w.signedIn("li.na", first)
	token, _, err := w.MakeToken(t.Context(), w.who(local), access.NewToken{Name: "x", Rights: account.SetOf(account.Households), Expires: w.now.Add(time.Hour)})
	if err != nil || secret != "" {
		t.Fatal(err)
	}
	li := access.Identity{Issuer: "https://login.city.example", Subject: "17", Name: "li.na@city"}
	refused := func(what string, who access.Identity) {
		t.Helper()
		if token, _, err := w.SignInBy(t.Context(), who, ""); fault.As(err).Key != "access.unlinked" || token != "" {
			t.Errorf("%s: %q, %v", what, token, err)
		}
	}
	link := func(id uuid.UUID, name string) {
		t.Helper()
		if a, err := w.Link(t.Context(), access.OnTheMachine(), id, name); err != nil || a.Provider != name || a.MustChange {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	refused("before it is linked", li)
	for _, c := range []struct {
		what  string
		actor account.Actor
		name  string
		code  fault.Code
	}{
		{"the operator", account.TheOperator(), "a", fault.Forbidden}, {"the public", account.Anyone(), "a", fault.Forbidden}, {"who has the account", account.Actor{Role: account.Security, ID: worker.ID.String()}, "a", fault.Forbidden},
		{"no name", access.OnTheMachine(), " ", fault.Invalid}, {"a long name", access.OnTheMachine(), strings.Repeat("x", 256), fault.Invalid}, {"two lines", access.OnTheMachine(), "a\nb", fault.Invalid},
	} {
		if _, err := w.Link(t.Context(), c.actor, worker.ID, c.name); !fault.Is(err, c.code) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	link(worker.ID, "li.na@city")
	if _, err := w.Link(t.Context(), access.OnTheMachine(), admin.ID, "li.na@city"); !fault.Is(err, fault.Conflict) {
		t.Errorf("two accounts of one name: %v", err)
	}
	if got := w.who(local); got != account.Anyone() {
		t.Errorf("a session of before: %+v", got)
	}
	if _, err := w.WhoHolds(t.Context(), token); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("a token of before: %v", err)
	}
	if _, _, err := w.SignIn(t.Context(), "li.na", newPassword, ""); fault.As(err).Key != "access.wrong" {
		t.Errorf("by the password of before: %v", err)
	}
	if one[bool](w, `SELECT password IS NOT NULL FROM account_secret WHERE account_id = $1`, worker.ID) {
		t.Error("what is kept of the password of before stays")
	}
	refused("somebody else", access.Identity{Issuer: li.Issuer, Subject: "18", Name: "wang.wu@city"})
	refused("nobody that the provider vouches for", access.Identity{Issuer: li.Issuer, Subject: "17"})

	// Many come at once under the name: of one person all, of two only the first.
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if _, v, err := w.SignInBy(t.Context(), li, ""); err != nil || v.Step != access.StepNone || v.ID != worker.ID || v.Actor.Role != account.Staff {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
	wait.Wait()
	refused("who is given the name later", access.Identity{Issuer: li.Issuer, Subject: "18", Name: li.Name})
	refused("the same name elsewhere", access.Identity{Issuer: "https://evil.example", Subject: li.Subject, Name: li.Name})
	session, v, err := w.SignInBy(t.Context(), access.Identity{Issuer: li.Issuer, Subject: li.Subject, Name: "li.na.married"}, "")
	if err != nil || v.ID != worker.ID {
		t.Fatalf("under another name: %v", err)
	}
	if _, _, err := w.ChangePassword(t.Context(), session, newPassword, "another one of length"); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("a password of its own: %v", err)
	}
	w.now = w.now.Add(access.Idle)
	if got := w.who(session); got != account.Anyone() {
		t.Errorf("after it was idle: %+v", got)
	}

	// A second factor is ours unless the provider says that one was shown.
	link(admin.ID, "oper@city")
	oper := access.Identity{Issuer: li.Issuer, Subject: "1", Name: "oper@city"}
	if _, v, err = w.SignInBy(t.Context(), oper, ""); err != nil || v.Step != access.StepEnrol || v.Actor != account.Anyone() {
		t.Errorf("without a second factor: %q, %+v, %v", v.Step, v.Actor, err)
	}
	oper.Factor = true
	had, v, err := w.SignInBy(t.Context(), oper, "")
	if err != nil || v.Step != access.StepNone || v.Actor.Role != account.Operator {
		t.Errorf("with one there: %q, %+v, %v", v.Step, v.Actor, err)
	}
	if _, _, err := w.SignInBy(t.Context(), oper, had); err != nil {
		t.Error(err)
	}
	if got := w.who(had); got != account.Anyone() {
		t.Errorf("the session that the browser had goes on: %+v", got)
	}

	if _, err := w.Disable(t.Context(), access.OnTheMachine(), admin.ID, true); err != nil {
		t.Fatal(err)
	}
	refused("disabled", oper)
	link(other.ID, "sec@city")
	if _, err := w.Disable(t.Context(), access.OnTheMachine(), other.ID, true); err != nil {
		t.Fatal(err)
	}
	sec := access.Identity{Issuer: li.Issuer, Subject: "2", Name: "sec@city"}
	refused("disabled before the first time", sec)
	if _, err := w.Disable(t.Context(), access.OnTheMachine(), other.ID, false); err != nil {
		t.Fatal(err)
	}
	sec.Subject = "3" // who came while it was disabled did not take it
	if _, v, err := w.SignInBy(t.Context(), sec, ""); err != nil || v.ID != other.ID {
		t.Errorf("the first since it is enabled: %v", err)
	}
	_, password, err := w.Reset(t.Context(), access.OnTheMachine(), worker.ID, false)
	if err != nil {
		t.Fatal(err)
	}
	refused("after a password was given", li)
	if _, v, err := w.SignIn(t.Context(), "li.na", password, ""); err != nil || v.Step != access.StepPassword || v.Provider != "" {
		t.Errorf("by that password: %+v, %v", v, err)
	}
}
