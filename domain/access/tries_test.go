package access_test

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/db"
	"wangge/domain/access"
	"wangge/domain/account"
	"wangge/internal/fault"
)

// at is somebody at the address 203.0.x.y, in a browser that is not known.
func at(n int) access.From {
	return access.From{Network: netip.AddrFrom4([4]byte{203, 0, byte(n >> 8), byte(n)})}
}

// try is what is answered of a try: "", "UNAUTHENTICATED", "LIMITED", the last with its minutes.
func (w *town) try(from access.From, login, password string) string {
	w.t.Helper()
	_, _, err := w.Service.SignIn(w.t.Context(), from, login, password, "")
	switch of := fault.As(err); {
	case err == nil:
		return ""
	case of.Key == "access.locked":
		return fmt.Sprintf("LIMITED %d", of.Args["minutes"])
	default:
		return string(of.Code)
	}
}

func (w *town) tries(want int, from access.From, login string) {
	w.t.Helper()
	for n := range want {
		if got := w.try(from, login, "wrong password"); got != "UNAUTHENTICATED" {
			w.t.Fatalf("try %d of %d under %s: %q", n+1, want, login, got)
		}
	}
}

func (w *town) expect(what string, from access.From, login, password, want string) {
	w.t.Helper()
	if got := w.try(from, login, password); got != want {
		w.t.Fatalf("%s: %q, want %q", what, got, want)
	}
}

// one is what a query of one value answers.
func one[T any](w *town, sql string, args ...any) (v T) {
	w.t.Helper()
	if err := w.pool.QueryRow(w.t.Context(), sql, args...).Scan(&v); err != nil {
		w.t.Fatal(err)
	}
	return v
}

func remembered(t *testing.T, s *access.Service, login, kept string) access.From {
	t.Helper()
	browser, err := s.Remember(login, kept)
	if err != nil {
		t.Fatal(err)
	}
	return access.From{Browser: browser}
}

// A stranger who knows a login, at one address and then at as many as wanted, does not keep its owner from signing in. All of it is alike for a login of nobody's.
func TestAStrangerDoesNotKeepTheOwnerOut(t *testing.T) {
	w := newTown(t)
	_, password := w.account("li.na", account.Staff, 48)
	w.signedIn("li.na", password)
	known := remembered(t, w.Service, "li.na", "")
	for _, login := range []string{"li.na", "nobody"} {
		right := map[string]string{"li.na": "", "nobody": "UNAUTHENTICATED"}[login]
		w.tries(5, at(1), login)
		w.expect("the sixth try at an address", at(1), login, newPassword, "LIMITED 1")
		w.expect("the owner at another", at(2), login, newPassword, right)
		addresses, left := 0, 45
		if right != "" {
			left-- // the owner's, which nobody took back
		}
		for ; left > 0; addresses++ {
			w.tries(min(5, left), at(100+addresses), login)
			left -= min(5, left)
		}
		if addresses != 9 {
			t.Fatalf("%d addresses", addresses)
		}
		w.expect("the 51st try, at an address of its own", at(3), login, newPassword, "LIMITED 30")
	}
	w.expect("the owner in a browser that is known, at a stranger's address", access.From{Network: at(1).Network, Browser: known.Browser}, "li.na", newPassword, "")

	// What is no mark of this login, or of here, or too old, makes no browser known.
	sealer, err := access.NewSealer([access.KeyBytes]byte{9})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := access.New(nil)
	elsewhere.Now, elsewhere.Sealer = w.Now, sealer
	old := access.New(nil)
	old.Now, old.Sealer = func() time.Time { return w.now.Add(-access.KnownFor) }, w.Sealer
	for what, from := range map[string]access.From{
		"another login's": remembered(t, w.Service, "wang.wu", ""), "another server's": remembered(t, elsewhere, "li.na", ""), "an old one": remembered(t, old, "li.na", ""),
		"a changed one": {Browser: known.Browser[:20] + "x" + known.Browser[21:]}, "half of one": {Browser: known.Browser[:40]}, "none": {Browser: "...."},
		"one behind five others": {Browser: strings.Repeat("AAAA.", 5) + known.Browser},
	} {
		w.expect(what, from, "li.na", newPassword, "LIMITED 30")
	}

	// Who has a known browser in hand guesses no more than a stranger, and elsewhere it is still known.
	w.tries(5, known, "li.na")
	w.expect("the sixth try in a known browser", known, "li.na", newPassword, "LIMITED 1")
	w.expect("the sixth try in a known browser elsewhere", access.From{Network: at(7).Network, Browser: known.Browser}, "li.na", newPassword, "LIMITED 1")
	w.expect("another known browser", remembered(t, w.Service, "li.na", ""), "li.na", newPassword, "")
	for range 9 {
		w.tries(5, remembered(t, w.Service, "li.na", ""), "li.na")
	}
	w.expect("an eleventh known browser", remembered(t, w.Service, "li.na", ""), "li.na", newPassword, "LIMITED 30")

	w.now = w.now.Add(30 * time.Minute)
	w.expect("half an hour later", at(4), "li.na", newPassword, "")
	w.tries(1, at(4), "li.na")
	w.expect("two tries half an hour later", at(5), "li.na", newPassword, "LIMITED 30")
	a, _, err := w.Reset(t.Context(), access.OnTheMachine(), one[uuid.UUID](w, `SELECT id FROM account WHERE login = 'li.na'`), false)
	if err != nil || a.Login != "li.na" {
		t.Fatal(err)
	}
	w.expect("after a reset", at(1), "li.na", newPassword, "UNAUTHENTICATED")
}

// Several people share a browser.
func TestABrowserIsKnownForThoseWhoUsedItLast(t *testing.T) {
	w := newTown(t)
	kept := ""
	for n := range 7 {
		kept = remembered(t, w.Service, fmt.Sprintf("worker%d", n), kept).Browser
		kept = remembered(t, w.Service, fmt.Sprintf("worker%d", n), kept).Browser // again: in its own place
	}
	if strings.Contains(kept, "worker") || len(kept) > 400 {
		t.Errorf("the browser keeps %q", kept)
	}
	for n := range 7 {
		login := fmt.Sprintf("worker%d", n)
		w.tries(5, at(n), login) // from now on only who is known is asked for a password
		want := "UNAUTHENTICATED"
		if n < 2 {
			want = "LIMITED 1"
		}
		w.expect(login, access.From{Network: at(n).Network, Browser: kept}, login, "wrong password", want)
	}
}

// Whoever tries one password under many logins at one address is held; what is refused leaves nothing behind, and what is over is removed.
func TestOnePasswordUnderManyLogins(t *testing.T) {
	w := newTown(t)
	_, password := w.account("li.na", account.Staff, 48)
	w.signedIn("li.na", password)
	for n := range 49 {
		w.tries(1, at(1), fmt.Sprintf("worker%d", n))
	}
	w.expect("the owner of an account, meanwhile", at(1), "li.na", newPassword, "") // the fiftieth, which is taken back
	w.tries(1, at(1), "worker50")
	rows := one[int](w, `SELECT count(*) FROM sign_in_try`)
	for n := range 5 {
		w.expect("the 51st", at(1), fmt.Sprintf("other%d", n), "wrong password", "LIMITED 5")
	}
	w.expect("a worker at that address", at(1), "li.na", newPassword, "LIMITED 5")
	if now := one[int](w, `SELECT count(*) FROM sign_in_try`); now != rows {
		t.Errorf("refused tries made %d rows of %d", now, rows)
	}
	w.expect("in a browser that is known", access.From{Network: at(1).Network, Browser: remembered(t, w.Service, "li.na", "").Browser}, "li.na", newPassword, "")
	w.expect("at another address", at(2), "li.na", newPassword, "")
	w.now = w.now.Add(5 * time.Minute)
	w.tries(1, at(1), "worker60")
	w.expect("five minutes later, the second", at(1), "worker61", "wrong password", "LIMITED 5")
	w.now = w.now.Add(5 * time.Hour)
	w.tries(1, at(3), "worker70")
	if rows := one[int](w, `SELECT count(*) FROM sign_in_try`); rows != 3 {
		t.Errorf("%d rows are left of tries that are over and one that is not", rows)
	}
}

// Who has shown all that is asked for takes back what they tried, not what others did.
func TestWhatIsTakenBack(t *testing.T) {
	w := newTown(t)
	_, password := w.account("li.na", account.Staff, 48)
	w.signedIn("li.na", password)
	_, password = w.account("aud", account.Auditor, 0)
	_, secret := w.signedIn("aud", password)
	left := func(what string, want int) {
		t.Helper()
		if got := one[int](w, `SELECT coalesce(sum(tries), 0)::int FROM sign_in_try`); got != want {
			t.Fatalf("%s: %d tries are counted, want %d", what, got, want)
		}
	}
	w.exec(`DELETE FROM sign_in_try`)
	w.tries(3, at(1), "li.na")
	left("three tries, in three counts", 9)
	w.tries(2, at(2), "li.na")
	w.tries(1, at(1), "wang.wu")
	left("with others'", 18)
	w.expect("the owner", at(1), "li.na", newPassword, "")
	left("others' alone", 9)
	w.exec(`DELETE FROM sign_in_try`)
	w.now = w.now.Add(time.Minute) // the code of before was used
	half, v, err := w.Service.SignIn(t.Context(), at(1), "aud", newPassword, "")
	if err != nil || v.Step != access.StepCode {
		t.Fatal(v.Step, err)
	}
	left("a right password with a code to come", 3)
	if _, _, err = w.Service.ShowCode(t.Context(), at(1), half, w.code(secret)); err != nil {
		t.Fatal(err)
	}
	left("and the code", 0)
}

// What is typed for a login may be a password, or somebody's number: who reads the table cannot find out by guessing.
func TestWhatIsTypedForALoginIsNotKept(t *testing.T) {
	w := newTown(t)
	const typed = "13812345678"
	w.tries(2, at(1), typed)
	if n := one[int](w, "SELECT count(*) FROM sign_in_try"); n != 3 {
		t.Errorf("%d counts, want those of the pair, the login and the address", n)
	}
	if one[bool](w, "SELECT bool_or(login = sha256($1) OR name = sha256($1) OR name = sha256($2)) FROM sign_in_try", []byte(typed), []byte("login\n"+typed)) {
		t.Error("it is counted by a hash that anybody can make")
	}
}

// Many at once, of two servers, are no more than one after another, and wait for each other in no circle.
func TestManyTriesAtOnceOnTwoServers(t *testing.T) {
	w := newTown(t)
	second := access.New(db.NewAccounts(db.New(w.pool)))
	second.Now, second.Sealer, second.Staff = w.Now, w.Sealer, w.Staff
	var taken atomic.Int64
	var all sync.WaitGroup
	for n := range 48 {
		s := []*access.Service{w.Service, second}[n%2]
		from, login := at(n/2%3), "login"+string('a'+rune(n/6%2))
		all.Go(func() {
			_, _, err := s.SignIn(t.Context(), from, login, "wrong password", "")
			for again := 0; again < 50 && err != nil && fault.As(err).Key == "access.busy"; again++ { // on a slow machine
				_, _, err = s.SignIn(t.Context(), from, login, "wrong password", "")
			}
			switch {
			case fault.Is(err, fault.Unauthenticated):
				taken.Add(1)
			case !fault.Is(err, fault.Limited):
				t.Errorf("%s: %v", login, err)
			}
		})
	}
	all.Wait()
	if taken.Load() != 5*3*2 {
		t.Errorf("%d tries were taken under two logins at three addresses", taken.Load())
	}
}

// Who holds somebody's session and guesses at the password keeps the owner from changing it, not from signing in.
func TestAWrongOldPasswordKeepsNobodyFromSigningIn(t *testing.T) {
	w := newTown(t)
	_, password := w.account("li.na", account.Staff, 48)
	token, _ := w.signedIn("li.na", password)
	actor := w.who(token)
	w.exec(`DELETE FROM sign_in_try`)
	for n := range 7 {
		err := w.ChangeOwnPassword(t.Context(), actor, "wrong password", "eleven grey geese over water")
		if want := map[bool]fault.Code{true: fault.Unauthenticated, false: fault.Limited}[n < 5]; !fault.Is(err, want) {
			t.Errorf("try %d: %v", n+1, err)
		}
	}
	if _, _, err := w.ChangePassword(t.Context(), token, newPassword, "eleven grey geese over water"); !fault.Is(err, fault.Limited) {
		t.Errorf("by the page: %v", err)
	}
	if rows := one[int](w, `SELECT count(*) FROM sign_in_try`); rows != 1 {
		t.Errorf("they are counted in %d places", rows)
	}
	w.expect("the owner", at(1), "li.na", newPassword, "")
	w.now = w.now.Add(time.Minute)
	if err := w.ChangeOwnPassword(t.Context(), actor, newPassword, "eleven grey geese over water"); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}
