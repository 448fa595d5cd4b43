package access

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"time"

	"wangge/internal/fault"
)

// From is where a try to sign in comes from.
type From struct {
	Network netip.Addr // the address, or what stands for those of one household; the zero Addr: nobody knows
	Browser string     // what the browser keeps of those who signed in with it (Remember); "": nothing
}

// Tries are counted before anything is compared, each in all of its counts. A browser that the owner of a login has signed in with before has counts of its own,
// so that strangers, however many, do not keep the owner from signing in with it (OWASP, device cookies).
var (
	ofPair     = bound{free: 5}                           // a login at an address, or in a browser that is known; an account's old password
	ofAddress  = bound{free: 50, again: 5 * time.Minute}  // whatever the login: who tries one password under many
	ofLogin    = bound{free: 50, again: 30 * time.Minute} // whatever the address: who has many
	ofBrowsers = ofLogin                                  // a login in all browsers that are known: who had the password once may have made many known
)

const (
	firstWait   = time.Minute
	longestWait = time.Hour
	forgetTries = 2 * time.Hour
)

// bound is how many tries are free. From then on one more is every time that again has passed; where again is 0 each wait is twice as long as the one before, up to
// longestWait, and all are forgotten after forgetTries without one: who guesses has some 30 a day.
type bound struct {
	free  int
	again time.Duration
}

// Tries are those of one count. The zero Tries is none.
type Tries struct {
	N      int
	Last   time.Time // when N was last brought up to date; tries free up from here
	Until  time.Time // none is taken before
	Forget time.Time // they say nothing from then on
}

// next is t with one more at an instant; false: none is taken before Until.
func (b bound) next(t Tries, now time.Time) (Tries, bool) {
	if b.again > 0 {
		return b.steady(t, now)
	}
	if now.Before(t.Until) {
		return t, false
	}
	if now.Sub(t.Last) >= forgetTries {
		t.N = 0
	}
	t = Tries{N: t.N + 1, Last: now, Until: now, Forget: now.Add(forgetTries)}
	if t.N >= b.free {
		t.Until = now.Add(min(firstWait<<min(t.N-b.free, 10), longestWait))
	}
	return t, true
}

func (b bound) steady(t Tries, now time.Time) (Tries, bool) {
	back := int64(max(now.Sub(t.Last), 0) / b.again)
	if back >= int64(t.N) {
		t.N, t.Last = 0, now
	} else {
		t.N, t.Last = t.N-int(back), t.Last.Add(time.Duration(back)*b.again)
	}
	if t.N >= b.free {
		t.Until = t.Last.Add(b.again)
		return t, false
	}
	t.N++
	t.Until, t.Forget = now, t.Last.Add(time.Duration(t.N)*b.again)
	return t, true
}

// Count is where tries are counted.
type Count struct {
	Name  [32]byte
	Login *[32]byte // the login that it is of; nil: of an address
	bound bound
}

// count names what it counts by the key that the database does not hold: what is typed for a login may be a password, or somebody's number.
func (s *Service) count(b bound, login string, what ...string) Count {
	c := Count{Name: s.Sealer.Name(strings.Join(append(what, login), "\n")), bound: b}
	if login != "" {
		name := s.Sealer.Name(login)
		c.Login = &name
	}
	return c
}

// counts are those of a login, known or not, where it is tried from: the first is the narrowest.
func (s *Service) counts(from From, login string) []Count {
	if browser := s.knows(from.Browser, login); browser != "" {
		return []Count{s.count(ofPair, login, "browser", browser), s.count(ofBrowsers, login, "browsers")}
	}
	list := []Count{s.count(ofPair, login, "pair", from.Network.String()), s.count(ofLogin, login, "login")}
	if from.Network.IsValid() {
		list = append(list, s.count(ofAddress, "", "address", from.Network.String()))
	}
	return list
}

// line is where who tries to sign in stands, to have a password computed.
func (s *Service) line(from From, login string) string {
	if browser := s.knows(from.Browser, login); browser != "" {
		return browser
	}
	return from.Network.String()
}

// try counts a try, so that many at once are no more than one after another. LIMITED: there were too many; it is counted nowhere then.
func (s *Service) try(ctx context.Context, counts []Count) error {
	now := s.Now()
	var until time.Time
	err := s.Store.Count(ctx, counts, func(tries []Tries) bool {
		until = time.Time{}
		for i, c := range counts {
			next, taken := c.bound.next(tries[i], now)
			if tries[i] = next; !taken && next.Until.After(until) {
				until = next.Until
			}
		}
		return until.IsZero()
	})
	if err != nil {
		return err
	}
	if !until.IsZero() {
		return fault.New(fault.Limited, "", "access.locked", "minutes", int((until.Sub(now)+time.Minute-1)/time.Minute))
	}
	return s.sweep(ctx, now)
}

// sweep removes counts that say nothing any more, once a minute.
func (s *Service) sweep(ctx context.Context, now time.Time) error {
	last := s.swept.Load()
	if now.Unix()-last < 60 || !s.swept.CompareAndSwap(last, now.Unix()) {
		return nil
	}
	return s.Store.SweepCounts(ctx, now)
}

// takeBackTries subtracts the caller's own tries (the narrowest count) from every count, once all that was asked for was shown. What others did stays counted.
func (s *Service) takeBackTries(ctx context.Context, counts []Count) error {
	now := s.Now()
	return s.Store.Count(ctx, counts, func(tries []Tries) bool {
		own := tries[0].N
		for i := range tries {
			if tries[i].N = max(tries[i].N-own, 0); tries[i].N == 0 {
				tries[i] = Tries{Last: now, Until: now, Forget: now}
			}
		}
		return true
	})
}

// How long a browser is known, and for how many logins: several people may share one.
const (
	KnownFor  = 180 * 24 * time.Hour
	mostKnown = 5
)

// A mark is what a browser keeps of one login: by chance whose, and since when, sealed so that it is of that login and from here. Nothing in it tells the login.
const (
	markChance = 16 // bytes
	markBytes  = markChance + 8
)

// Remember is what a browser that somebody has just signed in with keeps from then on, for KnownFor, in place of what it kept before. It lets nobody in: only its tries are
// counted by themselves.
func (s *Service) Remember(login, kept string) (string, error) {
	mark := make([]byte, 0, markBytes)
	mark = append(mark, newSecret()[:markChance]...)
	mark = binary.BigEndian.AppendUint64(mark, uint64(s.Now().Unix()))
	sealed, err := s.Sealer.Seal(mark, markOf(login))
	if err != nil {
		return "", err
	}
	marks := []string{base64.RawURLEncoding.EncodeToString(sealed)}
	for _, one := range split(kept) {
		if s.opens(one, login) == "" {
			marks = append(marks, one)
		}
	}
	return strings.Join(marks[:min(len(marks), mostKnown)], "."), nil
}

// knows is what tells the browser that keeps this from others, where it is known for a login; "": it is not.
func (s *Service) knows(kept, login string) string {
	for _, one := range split(kept) {
		if mark := s.opens(one, login); mark != "" {
			return mark
		}
	}
	return ""
}

func split(kept string) []string {
	marks := strings.SplitN(kept, ".", mostKnown+1)
	return slices.DeleteFunc(marks[:min(len(marks), mostKnown)], func(one string) bool { return one == "" || len(one) > 100 })
}

// opens is the chance in a mark; "": it is none of this login, or too old.
func (s *Service) opens(mark, login string) string {
	sealed, err := base64.RawURLEncoding.DecodeString(mark)
	if err != nil || s.Sealer == nil {
		return ""
	}
	plain, err := s.Sealer.Open(sealed, markOf(login))
	if err != nil || len(plain) != markBytes {
		return ""
	}
	since := time.Unix(int64(binary.BigEndian.Uint64(plain[markChance:])), 0)
	if now := s.Now(); now.Sub(since) >= KnownFor || since.After(now.Add(time.Hour)) {
		return ""
	}
	return string(plain[:markChance])
}

// markOf is what a mark is sealed to; second factors are sealed to the 16 bytes of their account, sign-ins elsewhere to other words.
func markOf(login string) []byte { return []byte("known browser of " + login) }
