package audit

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wangge/domain/account"
)

// looked is a Store of one chain, which counts how often its end is asked for.
type looked struct {
	Store
	mu    sync.Mutex
	head  Head
	looks int
}

func (l *looked) Heads(context.Context, account.Actor) ([]Head, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looks++
	return []Head{l.head}, nil
}

func (l *looked) Hold(_ context.Context, _ account.Actor, heads []Head) ([]Head, error) {
	if len(heads) == 0 || heads[0].N > l.head.N {
		return nil, nil
	}
	return heads, nil
}

func (l *looked) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.looks
}

// kept are anchors in memory.
type kept struct{ list []Anchor }

func (k *kept) Turn(fn func([]Anchor) ([]Anchor, bool, error)) error {
	is, changed, err := fn(k.list)
	if err == nil && changed {
		k.list = is
	}
	return err
}

// TestHowSoonEntriesAreAnchored: at once, each minute, and a moment after many or after one that begins a chain; the log has the ends each hour.
func TestHowSoonEntriesAreAnchored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, ends, said := &looked{head: Head{"unplaced", 1, Hash{1}}}, &kept{}, &strings.Builder{}
		s := &Service{Store: store, Anchors: ends, Now: time.Now}
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		defer func() { stop(); all.Wait() }()
		all.Go(func() { s.Keep(ctx, slog.New(slog.NewTextHandler(said, nil))) })
		after := func(d time.Duration, looks int, why string) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if n := store.count(); n != looks {
				t.Errorf("%s: looked %d times, want %d", why, n, looks)
			}
		}
		after(0, 1, "at the start")
		after(59*time.Second, 1, "within a minute")
		after(1500*time.Millisecond, 2, "a minute")
		s.Sealed(anchorAfter-1, false)
		after(10*time.Second, 2, "few entries")
		s.Sealed(1, false)
		after(time.Second, 3, "many entries")
		s.Sealed(1, false)
		after(10*time.Second, 3, "few after many")
		s.Sealed(1, true)
		after(1100*time.Millisecond, 4, "a chain begins")
		for range 100 {
			s.Sealed(anchorAfter, false)
			time.Sleep(50 * time.Millisecond)
		}
		if n := store.count(); n > 10 {
			t.Errorf("looked %d times in five seconds", n)
		}
		if n := strings.Count(said.String(), "unplaced:1:"); n != 1 {
			t.Errorf("the log has the end %d times:\n%s", n, said)
		}
		time.Sleep(time.Minute)
		store.mu.Lock()
		store.head = Head{"unplaced", 0, Hash{}} // taken away
		store.mu.Unlock()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := strings.Count(said.String(), "level=ERROR"); n != 1 {
			t.Errorf("the log has %d errors:\n%s", n, said)
		}
		if _, err := s.Anchor(ctx); !errors.As(err, new(Lost)) || len(ends.list) != 2 {
			t.Errorf("%v, kept are %v", err, ends.list)
		}
	})
}
