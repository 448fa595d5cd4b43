package acceptance

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/coverage"
	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/load"
)

// slowStore looks at divisions only when it is let, and says how often the tree was read for it.
type slowStore struct {
	coverage.Store
	let  chan struct{}
	read *atomic.Int32
}

func (s slowStore) Divisions(ctx context.Context, actor account.Actor) ([]coverage.Node, error) {
	s.read.Add(1)
	return s.Store.Divisions(ctx, actor)
}

func (s slowStore) Alone(ctx context.Context, actor account.Actor, divisions []uuid.UUID, fn func(ctx context.Context) error) error {
	return s.Store.Alone(ctx, actor, divisions, func(ctx context.Context) error {
		select {
		case <-s.let:
			return fn(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// While reports are made, those who ask for them leave room for everybody else: a few wait, the others hear at once that it
// takes a while.
func TestWaitingForReportsStopsNobodyElse(t *testing.T) {
	w, s := field(t)
	slow := slowStore{s.Store, make(chan struct{}), new(atomic.Int32)}
	let := sync.OnceFunc(func() { close(slow.let) })
	defer let()
	s.Store = slow
	all := []uuid.UUID{w.division(t, "990101").ID, w.division(t, "990101001").ID, w.division(t, "990101001001").ID}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	background := make(chan error, 1)
	go func() { background <- s.Current(ctx, operator, nil) }()
	for slow.read.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	var answered, refused atomic.Int32
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			err := w.Do(ctx, account.Anyone(), func(ctx context.Context) error {
				if _, err := w.Places.Roots(ctx, account.Anyone(), place.Fields{}); err != nil {
					return err
				}
				_, err := s.Reports(ctx, account.Anyone(), all[i%3:i%3+1])
				return err
			})
			switch {
			case err == nil:
				answered.Add(1)
			case fault.Is(err, fault.Unavailable):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	few := slow.MayWait()
	for int(refused.Load()) < 20-few && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	if n := int(refused.Load()); n != 20-few {
		t.Fatalf("%d were refused, want %d", n, 20-few)
	}
	soon, stop := context.WithTimeout(ctx, 2*time.Second)
	defer stop()
	for range 20 {
		if _, err := w.Places.Roots(soon, account.Anyone(), place.Fields{}); err != nil {
			t.Fatalf("somebody else: %v", err)
		}
	}
	let()
	group.Wait()
	if err := <-background; err != nil || int(answered.Load()) != few || int(refused.Load()) != 20-few {
		t.Errorf("%d answered, %d refused, %v", answered.Load(), refused.Load(), err)
	}
	if _, err := s.Reports(ctx, account.Anyone(), all); err != nil {
		t.Error(err)
	}
}

// Those who wait for the same reports wait for one refresh; where the one who began it leaves, the others have it made all the same.
func TestARefreshIsJoined(t *testing.T) {
	w, s := field(t)
	slow := slowStore{s.Store, make(chan struct{}), new(atomic.Int32)}
	s.Store = slow
	id := []uuid.UUID{w.division(t, "990101").ID}
	first, leave := context.WithCancel(t.Context())
	gone, done := make(chan error, 1), make(chan error, 5)
	go func() { gone <- s.Current(first, operator, id) }()
	for slow.read.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	for range 5 {
		go func() { done <- s.Current(t.Context(), operator, id) }()
	}
	time.Sleep(100 * time.Millisecond)
	if n := slow.read.Load(); n != 1 {
		t.Errorf("%d refreshes for one report", n)
	}
	leave()
	if err := <-gone; err == nil {
		t.Error("who left was answered")
	}
	close(slow.let)
	for range 5 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// movingStore has something happen before reports are added up, as often as there is something.
type movingStore struct {
	coverage.Store
	happen func() bool
}

func (s movingStore) Reports(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (map[uuid.UUID]coverage.Report, error) {
	s.happen()
	return s.Store.Reports(ctx, actor, divisions)
}

// A report is of the state that it names: what another one made current meanwhile is not added to what was before.
func TestASumIsOfOneState(t *testing.T) {
	w, s := field(t)
	w.found(t, s, "990101")
	beside := w.reporter()
	id := []uuid.UUID{w.division(t, "990101").ID}
	times := 1
	shapes := []string{box(10, 0, 18, 10), box(10, 0, 17, 10)}
	moving := &coverage.Service{Now: s.Now, Zone: s.Zone, Store: movingStore{s.Store, func() bool {
		if times == 0 {
			return false
		}
		times--
		w.give(t, load.Grids, feature(`"code":"990101001001002","name":"二"`, shapes[times%2]))
		// Of what changed only one community is made current.
		if err := beside.Current(t.Context(), operator, []uuid.UUID{w.division(t, "990101001001").ID}); err != nil {
			t.Error(err)
		}
		return true
	}}}
	got, err := moving.Reports(t.Context(), operator, id)
	if err != nil {
		t.Fatal(err)
	}
	want, err := beside.Reports(t.Context(), operator, id)
	if err != nil {
		t.Fatal(err)
	}
	if g, n := got[id[0]], want[id[0]]; g.Version() != n.Version() || g.GapM2 != n.GapM2 || g.GapM2 == 0 {
		t.Errorf("%s with a gap of %.0f m², want %s with %.0f", g.Version(), g.GapM2, n.Version(), n.GapM2)
	}
	times = 1000
	if _, err := moving.Reports(t.Context(), operator, []uuid.UUID{w.division(t, "990101001").ID}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("where nothing stands still: %v", err)
	}
}

// A problem is looked up with no more than the divisions it concerns made current.
func TestAProblemAsksForItsDivisionOnly(t *testing.T) {
	w, s := field(t)
	w.give(t, load.Grids, feature(`"code":"990101001001002","name":"二"`, box(10, 0, 18, 10)))
	_, list := w.found(t, s, "990101001001")
	gap := only(t, list, coverage.Gap)
	slow := slowStore{s.Store, make(chan struct{}), new(atomic.Int32)}
	fresh := &coverage.Service{Store: slow, Now: s.Now, Zone: s.Zone}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // the town and the district were never looked at
	defer cancel()
	if p, err := fresh.Problem(ctx, account.Anyone(), gap.ID); err != nil || p.ID != gap.ID {
		t.Errorf("%v, %v", p.ID, err)
	}
}
