// Package live holds what is in force, in memory: all grids with their borders, the divisions, and who is in office. It is made
// anew where something changes, be it by a commit, of which the store tells, or by the clock, and goes on answering while the
// store is away. What the words mean is left to the domain packages; reading to the store.
package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/domain/staff"
)

// Options of New. Source is required.
type Options struct {
	Source Source
	Zone   *time.Location   // the deployment's: decides which day it is; nil: UTC
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: nothing is logged
	Schema int64            // the version of the tables, of which a data version is made

	// Inside reports whether ctx is that of a use case that reads from the store already, so that all of it has to; nil: never.
	Inside func(ctx context.Context) bool
}

// How often is asked whether something changed, since neither NOTIFY nor a connection that seems open is to be relied on; how
// long that and reading may take; and how a lost connection is sought.
const (
	beat          = time.Second
	answerTimeout = time.Second
	openTimeout   = 5 * time.Second
	readTimeout   = time.Minute
	firstPause    = 20 * time.Millisecond
	longestPause  = time.Second

	lead        = 2 * time.Second // before something begins by the clock, what is in force then is made
	longestWait = 5 * time.Second // of a writer, for its own change
)

// Live is the state in force. Its methods may be called by any number of goroutines.
type Live struct {
	Options
	state     atomic.Pointer[State] // nil: nothing was read yet
	linked    atomic.Bool
	confirmed atomic.Int64 // when the state was last known to be current, Unix nanoseconds; 0: never
	started   string

	changed chan struct{} // closed when the state is another; guarded by waits
	waits   sync.Mutex

	figures
}

// figures are what metrics tell.
type figures struct {
	loads, changes         atomic.Int64
	loadNanos, changeNanos atomic.Int64 // of the last
}

// Figures are what a Live tells of its work.
type Figures struct {
	Loads, Changes       int64         // how often all was read, and what had changed
	LoadTook, ChangeTook time.Duration // the last time, from hearing of it until it was in force
}

// Figures returns what it did so far.
func (l *Live) Figures() Figures {
	return Figures{l.loads.Load(), l.changes.Load(), time.Duration(l.loadNanos.Load()), time.Duration(l.changeNanos.Load())}
}

// New returns a Live that holds nothing until it runs.
func New(o Options) *Live {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Inside == nil {
		o.Inside = func(context.Context) bool { return false }
	}
	return &Live{Options: o, changed: make(chan struct{}), started: strconv.FormatInt(o.Now().UnixNano(), 36)}
}

// State is what is in force; nil: nothing was read yet.
func (l *Live) State() *State { return l.state.Load() }

// InTouch reports whether the state is current: the store is in touch, and tells of every change.
func (l *Live) InTouch() bool { return l.linked.Load() }

// AsOf is when the state was last known to be current, and whether it still is. The zero time: nothing was read yet.
func (l *Live) AsOf() (t time.Time, current bool) {
	nanos := l.confirmed.Load()
	if nanos == 0 {
		return time.Time{}, false
	}
	return time.Unix(0, nanos), l.linked.Load()
}

// Age is how long ago the state was last known to be current; 0 while it is.
func (l *Live) Age() time.Duration {
	t, current := l.AsOf()
	if current || t.IsZero() {
		return 0
	}
	return max(0, l.Now().Sub(t))
}

// Version names the state of the data: as long as it is the same, so is every public answer that depends on nothing but the data
// and the day. false: it is not known, since the store is not in touch.
func (l *Live) Version() (string, bool) {
	s := l.state.Load()
	if s == nil || !l.linked.Load() || !l.Now().Before(s.Until()) {
		return "", false
	}
	return s.version, true
}

// Ground is the grids in force at an instant, where it is one that the state knows; within a use case, the state that it began
// with.
func (l *Live) Ground(ctx context.Context, at time.Time) (*grid.Ground, bool) {
	s := l.of(ctx)
	if s == nil || !s.Holds(at) {
		return nil, false
	}
	return s.Ground, true
}

// Roster is who is in office, where it knows the day; otherwise as Ground.
func (l *Live) Roster(ctx context.Context, day civil.Date) (*staff.Roster, bool) {
	s := l.of(ctx)
	if s == nil || day.Before(s.Roster.From()) {
		return nil, false
	}
	return s.Roster, true
}

// Tree is all divisions; otherwise as Ground.
func (l *Live) Tree(ctx context.Context) (*place.Tree, bool) {
	s := l.of(ctx)
	if s == nil {
		return nil, false
	}
	return s.Tree, true
}

// WaitLoaded returns when something was read; an error: ctx ended before.
func (l *Live) WaitLoaded(ctx context.Context) error {
	return l.wait(ctx, func(s *State) bool { return s != nil })
}

// Committed returns when change n is in force here, so that who wrote it reads it; at the latest after five seconds.
func (l *Live) Committed(ctx context.Context, n int64) {
	ctx, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	err := l.wait(ctx, func(s *State) bool { return s != nil && s.N >= n })
	if errors.Is(err, context.DeadlineExceeded) {
		l.Log.WarnContext(ctx, "a change is committed, but not yet in force here", "change", n)
	}
}

// wait returns when a state holds what is asked for.
func (l *Live) wait(ctx context.Context, enough func(*State) bool) error {
	for {
		l.waits.Lock()
		changed := l.changed
		l.waits.Unlock()
		if enough(l.state.Load()) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tell wakes those who wait for another state.
func (l *Live) tell() {
	l.waits.Lock()
	close(l.changed)
	l.changed = make(chan struct{})
	l.waits.Unlock()
}

// Run keeps the state current until ctx ends.
func (l *Live) Run(ctx context.Context) {
	var clock sync.WaitGroup
	clock.Go(func() { l.keepTime(ctx) })
	defer clock.Wait()
	pause, away := firstPause, time.Time{}
	for ctx.Err() == nil {
		err := l.follow(ctx, func() {
			if !away.IsZero() {
				l.Log.InfoContext(ctx, "the data is current again", "change", l.State().N, "away", l.Now().Sub(away).Round(time.Millisecond))
			}
			pause, away = firstPause, time.Time{}
		})
		if ctx.Err() != nil {
			return
		}
		l.linked.Store(false)
		if away.IsZero() {
			away = l.Now()
			asOf, _ := l.AsOf()
			l.Log.WarnContext(ctx, "not in touch with the database: answering from memory", "error", err, "as_of", asOf)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, longestPause)
	}
}

// follow keeps the state current over one connection, until that fails. current is called once the state is.
func (l *Live) follow(ctx context.Context, current func()) error {
	opening, cancel := context.WithTimeout(ctx, openTimeout)
	link, err := l.Source.Connect(opening)
	cancel()
	if err != nil {
		return err
	}
	defer link.Close()
	if err := l.catchUp(ctx, link); err != nil {
		return err
	}
	current()
	for {
		behind, err := l.listen(ctx, link)
		if err == nil && behind {
			err = l.catchUp(ctx, link)
		}
		if err != nil {
			return err
		}
	}
}

// listen waits for a change, and after a time without one asks; it reports whether there is one that the state does not know.
func (l *Live) listen(ctx context.Context, link Link) (behind bool, err error) {
	hearing, cancel := context.WithTimeout(ctx, beat)
	n, err := link.Hear(hearing)
	cancel()
	if err == nil {
		return n > l.State().N, nil
	}
	if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return false, err
	}
	asking, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	asked := l.Now()
	if n, err = link.Newest(asking); err != nil {
		return false, err
	}
	if n == l.State().N {
		l.confirmed.Store(asked.UnixNano())
		return false, nil
	}
	return true, nil
}

// catchUp brings the state up to the last change.
func (l *Live) catchUp(ctx context.Context, link Link) error {
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	began := l.Now()
	was := l.State()
	data, err := l.read(reading, link, was)
	if err != nil {
		return err
	}
	unchanged := was != nil && data.N == was.N && data.GridsOf.None() && data.DivisionIDs.None() && data.Areas.None()
	if !unchanged {
		err = l.apply(was, data)
	}
	if err != nil && was != nil {
		// It does not fit what is here: everything is read anew.
		l.Log.WarnContext(ctx, "a change could not be read alone", "change", data.N, "error", err)
		if data, err = l.read(reading, link, nil); err == nil {
			err = l.apply(nil, data)
		}
	}
	if err != nil {
		return err
	}
	l.confirmed.Store(began.UnixNano())
	l.linked.Store(true)
	l.tell()
	took := l.Now().Sub(began)
	if data.GridsOf.All {
		l.loads.Add(1)
		l.loadNanos.Store(int64(took))
		l.Log.InfoContext(ctx, "read what is in force", "change", data.N, "grids", l.State().Ground.Len(), "took", took.Round(time.Millisecond))
	} else if was.N != data.N {
		l.changes.Add(1)
		l.changeNanos.Store(int64(took))
	}
	return link.Applied(reading, data.N)
}

func (l *Live) read(ctx context.Context, link Link, was *State) (Data, error) {
	var since *Mark
	if was != nil {
		since = &was.Mark
	}
	return link.Read(ctx, since, civil.Of(l.Now(), l.Zone))
}

// apply puts what was read since the state was into force.
func (l *Live) apply(was *State, d Data) error {
	for {
		now := l.state.Load() // as was, but that the clock may have gone on
		of := now
		if was == nil || d.GridsOf.All && d.DivisionIDs.All && d.Areas.All {
			of = nil
		}
		next, err := newState(of, d, l.Now(), l.Zone)
		if err != nil {
			return err
		}
		if l.swap(now, next) {
			return nil
		}
	}
}

// swap puts a state into force unless another is in force than was.
func (l *Live) swap(was, next *State) bool {
	next.version = fmt.Sprintf("%d-%s-%s-%d-%s", next.N, next.Roster.From(), strconv.FormatInt(next.Ground.Since().UnixNano(), 36), l.Schema, l.started)
	return l.state.CompareAndSwap(was, next)
}

// keepTime puts into force what begins by the clock.
func (l *Live) keepTime(ctx context.Context) {
	for ctx.Err() == nil {
		l.waits.Lock()
		changed := l.changed
		l.waits.Unlock()
		s := l.state.Load()
		var due <-chan time.Time
		if s != nil {
			due = time.After(s.Until().Sub(l.Now()) - lead)
		}
		select {
		case <-due:
			l.passTo(ctx, s, changed)
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// passTo makes what follows s by the clock and puts it into force in time, unless s changes before.
func (l *Live) passTo(ctx context.Context, s *State, changed <-chan struct{}) {
	until := s.Until()
	next, err := s.at(until, l.Zone)
	due := time.After(until.Sub(l.Now()))
	if err != nil { // what was stored is no area; nothing can be done until something changes
		l.Log.ErrorContext(ctx, "what begins by the clock cannot be put into force", "error", err)
		due = nil
	}
	select {
	case <-due:
		if l.swap(s, next) {
			l.tell()
		}
	case <-changed:
	case <-ctx.Done():
	}
}
