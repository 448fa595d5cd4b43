package access

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"wangge/domain/account"
	"wangge/internal/fault"
)

func TestPasswords(t *testing.T) {
	for _, c := range []struct{ password, want string }{
		{"four words make sense", ""}, {"麦田上空九只喜鹊飞过村口", ""}, {"kettle-7-orchid", ""}, {"Wm4$kkP0!qLzT", ""},
		{"elevenchars", "access.short"}, {"九只喜鹊", "access.short"}, {string(make([]rune, 201)), "access.long"},
		{"passwordpassword", "access.common"}, {"Password1234!", "access.common"}, {"P@ssw0rd2026!", "access.common"}, {"wangge123456", "access.common"},
		{"123456789012", "access.common"}, {"qwertyuiop[]12", "access.common"}, {"1qaz2wsx3edc", "access.common"}, {"abcdefghijkl", "access.common"}, {"zyxwvutsrqpo", "access.common"},
		{"aaaaaaaaaaaa", "access.common"}, {"ab1ab1ab1ab1", "access.common"}, {"li.na loves grids", "access.asLogin"}, {"my LI.NA secret", "access.asLogin"},
		{"ｐａｓｓｗｏｒｄ１２３４", "access.common"}, // of full width
	} {
		err := CheckPassword("li.na", c.password)
		if got := fault.As(err); (err == nil) != (c.want == "") || err != nil && got.Key != c.want {
			t.Errorf("%q: %v, want %q", c.password, err, c.want)
		}
	}
}

// What chance makes is common to nobody, however long; what repeats itself is.
func TestLongPasswordsAreCommonWhereTheyRepeatAlone(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		digits string
		n      int
	}{{"0123456789abcdef", 128}, {"0123456789abcdef", 64}, {"0123456789", 40}, {"麦田上空九只喜鹊飞过村口", 40}} {
		kinds := []rune(c.digits)
		for range 500 {
			password := make([]rune, c.n)
			for i := range password {
				password[i] = kinds[chance.IntN(len(kinds))]
			}
			if err := CheckPassword("li.na", string(password)); err != nil {
				t.Fatalf("%s: %v", string(password), err)
			}
		}
	}
	for _, password := range []string{"kett7kett7kett7", "kett7kett7kett7ke", "九只喜鹊飞九只喜鹊飞九只喜鹊飞", "kettle-7-orchid" + strings.Repeat("kettle-7-orchid", 3)} {
		if err := CheckPassword("li.na", password); fault.As(err).Key != "access.common" {
			t.Errorf("%s: %v", password, err)
		}
	}
}

func TestWhoHasNoAccountIsToldSo(t *testing.T) {
	for _, c := range []struct {
		actor account.Actor
		want  string
	}{{account.TheOperator(), "access.noAccount"}, {OnTheMachine(), "access.noAccount"}, {account.Anyone(), "access.ended"}, {account.Actor{Role: account.Staff, ID: "x", Via: account.ByToken}, "account.token"}} {
		if _, err := own(c.actor); fault.As(err).Key != c.want {
			t.Errorf("%+v: %v", c.actor, err)
		}
	}
}

// What is computed under a name of nobody's costs what somebody's does.
func TestNobodysPasswordCostsAsMuch(t *testing.T) {
	p, _, key, err := argon2id.DecodeHash(nobodys)
	if err != nil || p.Memory != hashing.Memory || p.Iterations != hashing.Iterations || p.Parallelism != hashing.Parallelism || len(key) != int(hashing.KeyLength) {
		t.Errorf("%+v, %d bytes, %v", p, len(key), err)
	}
}

func TestSteps(t *testing.T) {
	since := time.Now()
	for _, c := range []struct {
		name string
		of   Session
		want Step
	}{
		{"staff", Session{Account: Account{Role: account.Staff}}, StepNone},
		{"staff with a first password", Session{Account: Account{Role: account.Staff, MustChange: true}}, StepPassword},
		{"staff who set one up", Session{Account: Account{Role: account.Staff, SecondFactor: &since}}, StepCode},
		{"who reads the audit", Session{Account: Account{Role: account.Auditor}}, StepEnrol},
		{"a reset with a second factor that stayed: it comes first", Session{Account: Account{Role: account.Auditor, MustChange: true, SecondFactor: &since}}, StepCode},
		{"then the password", Session{Account: Account{Role: account.Auditor, MustChange: true, SecondFactor: &since}, Factor: true}, StepPassword},
		{"of the demo", Session{Account: Account{Role: account.Security, Demo: true}}, StepNone},
		{"of the demo with one", Session{Account: Account{Role: account.Security, Demo: true, SecondFactor: &since}}, StepCode},
	} {
		if got := step(c.of, nil); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestWhatIsSealedOpensForItsOwnAlone(t *testing.T) {
	s, err := NewSealer([KeyBytes]byte{1})
	other, err2 := NewSealer([KeyBytes]byte{2})
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	sealed, err := s.Seal([]byte("secret"), []byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := s.Open(sealed, []byte("a")); err != nil || string(plain) != "secret" {
		t.Errorf("%q, %v", plain, err)
	}
	if again, _ := s.Seal([]byte("secret"), []byte("a")); string(again) == string(sealed) {
		t.Error("the same twice")
	}
	changed := append([]byte{}, sealed...)
	changed[len(changed)-1] ^= 1
	for what, open := range map[string]func() ([]byte, error){
		"of another":  func() ([]byte, error) { return s.Open(sealed, []byte("b")) },
		"another key": func() ([]byte, error) { return other.Open(sealed, []byte("a")) },
		"changed":     func() ([]byte, error) { return s.Open(changed, []byte("a")) },
		"cut":         func() ([]byte, error) { return s.Open(sealed[:10], []byte("a")) },
		"nothing":     func() ([]byte, error) { return s.Open(nil, []byte("a")) },
	} {
		if plain, err := open(); err == nil {
			t.Errorf("%s opens as %q", what, plain)
		}
	}
}
