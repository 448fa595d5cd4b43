package audit

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/domain/account"
)

func keys(t *testing.T, secrets ...string) *Keys {
	t.Helper()
	k, err := NewKeys(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var secret, other = strings.Repeat("s", MinSecret), strings.Repeat("o", MinSecret)

// chainOf is a chain of n links.
func chainOf(k *Keys, n int) (links []Link) {
	var head Head
	for i := range n {
		l := k.Seal(head, Entry{At: time.Date(2026, 11, 22, 8, 0, i, 123456789, time.UTC), Actor: "operator", Role: account.Operator, Action: "CREATE_WORKER",
			Object: Object{"WORKER", fmt.Sprint("w", i)}, Result: OK, Change: int64(i)})
		head = Head{"unplaced", l.N, l.Hash}
		links = append(links, l)
	}
	return links
}

func TestAChainShowsWhatWasDoneToIt(t *testing.T) {
	k := keys(t, secret)
	headOf := func(l Link) Head { return Head{"unplaced", l.N, l.Hash} }
	prunedTo := func(links []Link, from int64) []Link {
		l := k.Seal(headOf(links[len(links)-1]), Entry{At: time.Now(), Actor: "operator", Role: account.Operator, Action: PruneAudit, Object: Object{"AUDIT", fmt.Sprint(from)}, Result: OK})
		return append(links[from-1:], l)
	}
	for _, c := range []struct {
		name  string
		do    func(links []Link) []Link
		known func(links []Link) []Head
		wrong int64 // number; 0: nothing is
	}{
		{"nothing", func(l []Link) []Link { return l }, func(l []Link) []Head { return []Head{headOf(l[3]), headOf(l[8])} }, 0},
		{"another actor", func(l []Link) []Link { l[4].Entry.Actor = "somebody"; return l }, nil, 5},
		{"another result", func(l []Link) []Link { l[4].Entry.Result = "FORBIDDEN"; return l }, nil, 5},
		{"another time", func(l []Link) []Link { l[4].Entry.At = l[4].Entry.At.Add(time.Microsecond); return l }, nil, 5},
		{"an object in two other parts", func(l []Link) []Link { l[4].Entry.Object = Object{"WORKERW", "4"}; return l }, nil, 5},
		{"one taken out", func(l []Link) []Link { return slices.Delete(l, 4, 5) }, nil, 5},
		{"one taken out and the rest numbered anew", func(l []Link) []Link {
			l = slices.Delete(l, 4, 5)
			for i := range l {
				l[i].N = int64(i) + 1
			}
			return l
		}, nil, 5},
		{"two in another order", func(l []Link) []Link { l[4], l[5] = l[5], l[4]; return l }, nil, 5},
		{"one put in twice", func(l []Link) []Link { return slices.Insert(l, 5, l[4]) }, nil, 6},
		{"the end sealed anew with a key of one's own", func(l []Link) []Link { l[8] = keys(t, other).Seal(headOf(l[7]), l[8].Entry); return l }, nil, 9},
		{"the beginning taken out", func(l []Link) []Link { return l[3:] }, nil, 3},
		{"the beginning removed for its age", func(l []Link) []Link { return prunedTo(l, 4) }, func(l []Link) []Head { return []Head{headOf(l[1]), headOf(l[8])} }, 0},
		{"more of the beginning than was removed for its age", func(l []Link) []Link { return prunedTo(l, 4)[1:] }, nil, 4},
		{"the end taken out, with a head", func(l []Link) []Link { return l[:7] }, func(l []Link) []Head { return []Head{headOf(l[8])} }, 8},
		{"the end sealed anew with the key, with a head", func(l []Link) []Link {
			e := l[8].Entry
			e.Actor = "somebody"
			l[8] = k.Seal(headOf(l[7]), e)
			return l
		}, func(l []Link) []Head { return []Head{headOf(l[8])} }, 9},
		{"a link of another chain", func(l []Link) []Link { l[0].Entry.District = "elsewhere"; return l }, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			links := chainOf(k, 9)
			v := &verifier{keys: k, chain: "unplaced", known: map[int64]Anchor{}}
			if c.known != nil {
				for _, h := range c.known(links) {
					v.known[h.N] = Anchor{Head: h}
				}
			}
			var err error
			for _, l := range c.do(links) {
				if err = v.next(l); err != nil {
					break
				}
			}
			if err == nil {
				err = v.end()
			}
			var wrong *Wrong
			switch {
			case c.wrong == 0 && err != nil:
				t.Error(err)
			case c.wrong > 0 && (!errors.As(err, &wrong) || wrong.N != c.wrong):
				t.Errorf("%v; entry %d is wrong", err, c.wrong)
			}
		})
	}
}

func TestAKeyOfBeforeStillVerifies(t *testing.T) {
	before := keys(t, other)
	now := keys(t, secret, other)
	links := chainOf(before, 2)
	links = append(links, now.Seal(Head{"unplaced", 2, links[1].Hash}, links[1].Entry))
	v := &verifier{keys: now, chain: "unplaced"}
	for _, l := range links {
		if err := v.next(l); err != nil {
			t.Fatal(err)
		}
	}
	if links[2].KeyID == links[1].KeyID {
		t.Error("the key of before seals")
	}
	if _, err := NewKeys(secret, "short"); err == nil {
		t.Error("a short secret is a key")
	}
}

func TestHeadsAreReadAsTheyAreWritten(t *testing.T) {
	h := Head{"unplaced", 12, Hash{1, 31: 9}}
	if got, err := ParseHead(h.String()); err != nil || got != h {
		t.Errorf("%v, %v", got, err)
	}
	for _, s := range []string{"", "unplaced", "unplaced:0:" + h.Hash.String(), "unplaced:012:" + h.Hash.String(), "unplaced:1:ff", "UN:1:" + h.Hash.String(), h.String() + ":", "unplaced:1x:" + h.Hash.String()} {
		if got, err := ParseHead(s); err == nil {
			t.Errorf("%q is read as %v", s, got)
		}
	}
}

func FuzzParseHead(f *testing.F) {
	f.Add(Head{"unplaced", 12, Hash{1}}.String())
	f.Fuzz(func(t *testing.T, s string) {
		if h, err := ParseHead(s); err == nil && h.String() != strings.ToLower(strings.TrimSpace(s)) {
			t.Errorf("%q is read as %v", s, h)
		}
	})
}

// TestEntriesHaveNoRoomForValues: what a person is called, and the numbers they are known by, fit into no part of an entry.
func TestEntriesHaveNoRoomForValues(t *testing.T) {
	fine := Entry{Actor: "a-1", Role: account.Staff, Action: "REVEAL_RESIDENT", Object: Object{"RESIDENT", "near-0123"}, District: "near", Purpose: Incident, Case: "SQ-2026-000123", Result: OK}
	if err := fine.check(); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"张三", "11010519491231002X", "13800138000", "0355-1234567", "a b", "x@y.z"} {
		for part, e := range map[string]Entry{
			"case":    {Purpose: Incident, Case: value},
			"purpose": {Purpose: Purpose(value)},
			"action":  {Action: Action(value)},
			"kind":    {Object: Object{Kind: value}},
			"result":  {Result: value},
		} {
			bad := fine
			if e.Case != "" {
				bad.Case = e.Case
			}
			if e.Purpose != "" {
				bad.Purpose = e.Purpose
			}
			if e.Action != "" {
				bad.Action = e.Action
			}
			if e.Object.Kind != "" {
				bad.Object.Kind = e.Object.Kind
			}
			if e.Result != "" {
				bad.Result = e.Result
			}
			if bad.check() == nil {
				t.Errorf("%s fits into the %s", value, part)
			}
		}
	}
}

func TestAddressesAreCoarsened(t *testing.T) {
	for from, want := range map[string]string{"203.0.113.77": "203.0.113.0/24", "::ffff:203.0.113.77": "203.0.113.0/24", "2001:db8:1:2:3::4": "2001:db8:1::/48", "": ""} {
		a, _ := netip.ParseAddr(from)
		if got := Network(a); got != want {
			t.Errorf("%s is kept as %s, want %s", from, got, want)
		}
	}
}

func TestActionsAreCalledByTheirMutations(t *testing.T) {
	if got := OfMutation("takeBackBoardsPrinted"); got != "TAKE_BACK_BOARDS_PRINTED" {
		t.Error(got)
	}
}
