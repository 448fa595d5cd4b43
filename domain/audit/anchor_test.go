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
	wait  time.Duration // that a look takes
}

func (l *looked) Heads(context.Context, account.Actor) ([]Head, error) {
	l.mu.Lock()
	l.looks++
	head, wait := l.head, l.wait
	l.mu.Unlock()
	time.Sleep(wait)
	return []Head{head}, nil
}

func (l *looked) Hold(_ context.Context, _ account.Actor, heads []Head) ([]Head, error) {
	if len(heads) == 0 || heads[0].N > l.head.N {
		return nil, nil
	}
	return heads, nil
}

// slow has each look take so long from now on.
func (l *looked) slow(wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wait = wait
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

// TestHowSoonEntriesAreAnchored: each minute, a moment after one was added, and before who waits goes on; the log has the ends each hour.
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
		s.Sealed()
		after(time.Second, 3, "an entry")
		s.Sealed()
		after(400*time.Millisecond, 3, "another, within the moment")
		after(200*time.Millisecond, 4, "after it")
		after(10*time.Second, 4, "none")
		for range 3 { // one after another: each has a look that began after it
			looked := store.count()
			began := time.Now()
			if s.Anchored(ctx); store.count() != looked+1 || time.Since(began) != 0 {
				t.Errorf("who waits goes on after %v and %d looks", time.Since(began), store.count()-looked)
			}
		}
		store.slow(time.Second)
		began := time.Now()
		var waiting sync.WaitGroup
		for range 50 { // together, while a look is under way: they share the next
			waiting.Go(func() { s.Anchored(ctx) })
			time.Sleep(time.Millisecond)
		}
		waiting.Wait()
		if took, looks := time.Since(began), store.count()-7; took != 2*time.Second || looks != 2 {
			t.Errorf("fifty wait for %v and %d looks", took, looks)
		}
		store.slow(0)
		time.Sleep(time.Minute)
		synctest.Wait()
		before := store.count()
		for range 100 {
			s.Sealed()
			time.Sleep(50 * time.Millisecond)
		}
		if n := store.count() - before; n > 6 {
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
