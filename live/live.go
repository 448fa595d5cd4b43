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

	// Reported is told when coverage reports were stored, here or by any other process, that say something else than before of what lies in a
	// box, degrees of CGCS2000; nil: anywhere, as after a connection was lost. It is called by one goroutine, which it must not hold up. nil:
	// nobody is told.
	Reported func(box *place.Box)

	// Ended is told when a session, a token or what an account may do was ended, here or by any other process, and when that may have been missed. It is called
	// as Reported is. nil: nobody is told.
	Ended func()

	// Changed is told of every state that is put into force, one after the other, before those who wait for it: who wrote goes on
	// when it returned. It must not wait for the Live. nil: nobody is told.
	Changed func(Change)
}

// Change is from one state to the next. It is by the clock alone where both are of the same Mark and nothing was read anew.
type Change struct {
	Was, Is  *State  // Was is nil at the first
	Anew     bool    // anything may be another: all was read anew, or scenes were of states between Was and Is, which the store answered
	Drawn    []Drawn // where what is not in memory is drawn otherwise
	AllDrawn bool    // it cannot be told where: everywhere
}

// How often is asked whether something changed, since neither NOTIFY nor a connection that seems open is to be relied on; how
// long that and reading may take; and how a lost connection is sought.
const (
	beat          = time.Second
	answerTimeout = time.Second
	openTimeout   = 5 * time.Second
	readTimeout   = 15 * time.Minute // of everything there is, on the slowest machine
	readPatience  = 5 * time.Second  // then the database answers in place of memory
	reloadPause   = 10 * time.Second // between readings of everything because tables are of another size
	firstPause    = 20 * time.Millisecond
	longestPause  = time.Second

	lead        = 2 * time.Second        // before something begins by the clock, what is in force then is made
	longestWait = 5 * time.Second        // of a writer, for its own change
	fitPatience = 200 * time.Millisecond // of a use case, for the state that the store is of
	waitBeat    = 50 * time.Millisecond
)

// Live is the state in force. Its methods may be called by any number of goroutines.
type Live struct {
	Options
	state     atomic.Pointer[State] // nil: nothing was read yet
	told      atomic.Pointer[State] // the last of which Changed was told
	swaps     sync.Mutex            // held while a state is put into force and Changed is told of it
	linked    atomic.Bool
	busy      atomic.Bool  // reading, and so not hearing what is told meanwhile
	behind    atomic.Bool  // not linked, though the store answers: so it does in place of memory
	away      atomic.Bool  // not linked, and the store did not answer when it was last asked
	strayed   atomic.Bool  // scenes were read from the store while that answered in place of memory, since the state was put into force
	confirmed atomic.Int64 // when the state was last known to be current, Unix nanoseconds; 0: never
	offset    atomic.Int64 // what the clock of the database is ahead of Now, nanoseconds
	started   string

	// Of the goroutine that runs.
	bytes, seen int64     // the size of the tables when they were read, and when they were last looked at
	reloaded    time.Time // when everything was read because that size was another

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
	if o.Reported == nil {
		o.Reported = func(*place.Box) {}
	}
	if o.Ended == nil {
		o.Ended = func() {}
	}
	return &Live{Options: o, changed: make(chan struct{}), started: strconv.FormatInt(o.Now().UnixNano(), 36)}
}

// State is what is in force; nil: nothing was read yet.
func (l *Live) State() *State { return l.state.Load() }

// InTouch reports whether the state is current: the store is in touch, and tells of every change.
func (l *Live) InTouch() bool { return l.linked.Load() }

// Hears reports whether what is told is heard at once: the store is in touch, and nothing is being read.
func (l *Live) Hears() bool { return l.linked.Load() && !l.busy.Load() }

// Away reports whether the store is known not to answer. It may not even refuse, so who asks it would wait.
func (l *Live) Away() bool { return l.away.Load() && !l.linked.Load() }

// Behind reports whether the state is not known to be current though the database answers, and so answers all that is asked.
func (l *Live) Behind() bool { return l.behind.Load() && !l.linked.Load() }

// serving is the state that answers; nil: the store does.
func (l *Live) serving() *State {
	if l.Behind() {
		return nil
	}
	return l.state.Load()
}

// Clock is the time by the clock of the database, which dates what is written: nobody who asks for now is told what was before the
// last change, though the clock here is behind. Clocks that cannot be told apart are one.
func (l *Live) Clock() time.Time {
	now := l.Now().Add(time.Duration(l.offset.Load()))
	if s := l.state.Load(); s != nil && now.Before(s.began) {
		return s.began
	}
	return now
}

// setClock takes what the clock of the database said between two instants of the clock here.
func (l *Live) setClock(says, before, after time.Time) {
	var offset time.Duration
	if says.After(after) {
		offset = says.Sub(after)
	} else if says.Before(before) {
		offset = says.Sub(before)
	}
	l.offset.Store(int64(offset))
}

// AsOf is when what is answered was last known to be current, and whether it still is: the state's, or while the database answers
// in its place, the database's. The zero time: nothing was read yet.
func (l *Live) AsOf() (t time.Time, current bool) {
	nanos := l.confirmed.Load()
	if nanos == 0 {
		return time.Time{}, false
	}
	return time.Unix(0, nanos), l.linked.Load() || l.behind.Load()
}

// Age is how long ago the state was last known to be current; 0 while it is.
func (l *Live) Age() time.Duration {
	nanos := l.confirmed.Load()
	if nanos == 0 || l.linked.Load() {
		return 0
	}
	return max(0, l.Now().Sub(time.Unix(0, nanos)))
}

// Version names the state of the data: as long as it is the same, so is every public answer that depends on nothing but the data
// and the day. false: it is not known, since the store is not in touch, or the state is not of now.
func (l *Live) Version() (string, bool) {
	s := l.state.Load()
	if s == nil || !l.linked.Load() {
		return "", false
	}
	if now := l.Clock(); now.Before(s.Ground.Since()) || !now.Before(s.Until()) {
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

// VersionIn is the version of the state that Ground answers from.
func (l *Live) VersionIn(ctx context.Context, at time.Time) (string, bool) {
	s := l.of(ctx)
	if s == nil || !s.Holds(at) {
		return "", false
	}
	return s.version, true
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

// Committed returns when a change is in force here, so that who wrote it reads it; at the latest after five seconds, and at once
// where the state is not kept current. A higher number counts only where it is none of before the database was put back: noted
// later, or known to be the database's since.
func (l *Live) Committed(ctx context.Context, mark Mark) {
	ctx, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	began := l.Now().UnixNano()
	err := l.wait(ctx, func(*State) bool {
		s := l.told.Load()
		return !l.linked.Load() || s.Mark.Is(mark) || s.N > mark.N && (s.At.After(mark.At) || l.confirmed.Load() > began)
	})
	if errors.Is(err, context.DeadlineExceeded) {
		l.Log.WarnContext(ctx, "a change is committed, but not yet in force here", "change", mark.N)
	}
}

// wait returns when what is asked for holds, of a state or of what is known of it.
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
		case <-time.After(waitBeat):
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
	pause, away, told := firstPause, time.Time{}, ""
	for ctx.Err() == nil {
		err := l.follow(ctx, func() {
			if !away.IsZero() {
				l.Log.InfoContext(ctx, "the data is current again", "change", l.State().N, "away", l.Now().Sub(away).Round(time.Millisecond))
			}
			pause, away, told = firstPause, time.Time{}, ""
		})
		if ctx.Err() != nil {
			return
		}
		l.lose(ctx)
		if away.IsZero() {
			away = l.Now()
		}
		if who := l.answering(); who != told { // once each
			told = who
			asOf, _ := l.AsOf()
			l.Log.WarnContext(ctx, "what is in memory is not kept current: "+who, "error", err, "as_of", asOf)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, longestPause)
	}
}

// lose notes that the state is not kept current, and finds out whether the database answers in its place.
func (l *Live) lose(ctx context.Context) {
	l.linked.Store(false)
	asking, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	reachable := l.Source.Reachable(asking)
	l.behind.Store(reachable)
	l.away.Store(!reachable)
}

// answering is who answers while the state is not kept current.
func (l *Live) answering() string {
	switch {
	case l.State() == nil:
		return "waiting for the database"
	case l.Behind():
		return "the database answers"
	}
	return "the database is away, memory answers"
}

// follow keeps the state current over one connection, until that fails. current is called once the state is.
func (l *Live) follow(ctx context.Context, current func()) error {
	opening, cancel := context.WithTimeout(ctx, openTimeout)
	link, err := l.Source.Connect(opening)
	cancel()
	if err != nil {
		return fmt.Errorf("cannot connect to the database: %w", err)
	}
	defer link.Close()
	l.Ended() // what was ended before it listened nobody told it
	if err := l.catchUp(ctx, link, l.State()); err != nil {
		return fmt.Errorf("cannot read the data: %w", err)
	}
	l.Reported(nil) // what was stored before it listened nobody told it; now, that who follows takes it for later than what it caught up with
	current()
	due := time.Now().Add(beat)
	for {
		switch next, err := l.listen(ctx, link, due); {
		case err != nil:
			return fmt.Errorf("cannot hear of changes: %w", err)
		case next == goOn:
			continue
		case next == readChanges || next == readAll:
			was := l.State()
			if next == readAll {
				l.Log.WarnContext(ctx, "the tables are of another size than when they were read, without a change: everything is read anew")
				l.reloaded, was = time.Now(), nil
			}
			if err := l.catchUp(ctx, link, was); err != nil {
				return fmt.Errorf("cannot read the data: %w", err)
			}
		}
		due = time.Now().Add(beat)
	}
}

// What listening comes to.
type heard int

const (
	goOn        heard = iota // nothing of concern was said
	upToDate                 // the state is that of the database
	readChanges              // there are changes that the state does not know
	readAll                  // there is something else in the tables than was read
)

// listen waits for a change until a time, then looks, however much is said.
func (l *Live) listen(ctx context.Context, link Link, due time.Time) (heard, error) {
	hearing, cancel := context.WithDeadline(ctx, due)
	news, err := link.Hear(hearing)
	cancel()
	if err != nil && (ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
		return goOn, err
	}
	if news.Reported {
		l.Reported(news.Box)
	}
	if news.Ended {
		l.Ended()
	}
	if n := news.Change; n > 0 && n != l.State().N { // a lower one, too: the database was put back, or the news is old
		return readChanges, nil
	}
	if time.Now().Before(due) {
		return goOn, nil
	}
	asked := l.Now()
	sight, err := l.look(ctx, link)
	if err != nil {
		return goOn, err
	}
	if !sight.Mark.Is(l.State().Mark) {
		return readChanges, nil
	}
	l.confirmed.Store(asked.UnixNano())
	// A restore brings the changes before what they changed. While the tables grow there is nothing to read yet.
	resting := sight.Bytes == l.seen
	l.seen = sight.Bytes
	if sight.Bytes != l.bytes && resting && time.Since(l.reloaded) >= reloadPause {
		return readAll, nil
	}
	return upToDate, nil
}

// look looks at the database, and at its clock.
func (l *Live) look(ctx context.Context, link Link) (Sight, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	before := l.Now()
	sight, err := link.Look(ctx)
	if err == nil {
		l.setClock(sight.Now, before, l.Now())
	}
	return sight, err
}

// whileReading keeps the state from answering as if it were current where reading takes long, until what it returns is called.
func (l *Live) whileReading(ctx context.Context) (done func()) {
	ctx, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		for wait := readPatience; ; wait = beat {
			select {
			case <-time.After(wait):
				l.lose(ctx)
			case <-ctx.Done():
				return
			}
		}
	})
	return func() { cancel(); watch.Wait() }
}

// catchUp brings a state up to the last change; nil: it reads everything.
func (l *Live) catchUp(ctx context.Context, link Link, was *State) error {
	l.busy.Store(true)
	defer l.busy.Store(false)
	done := sync.OnceFunc(l.whileReading(ctx))
	defer done()
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	began := l.Now()
	sight, err := l.look(ctx, link) // before it is read: what is written meanwhile is found by the next look
	if err != nil {
		return err
	}
	data, err := l.read(reading, link, was)
	if err != nil {
		return err
	}
	unchanged := was != nil && data.Mark.Is(was.Mark) && data.GridsOf.None() && data.DivisionIDs.None() && data.Areas.None()
	if !unchanged {
		err = l.apply(was, data)
	} else {
		l.strayed.Store(false) // they were of the same state
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
	done()
	if !unchanged {
		l.bytes = sight.Bytes
	}
	l.seen = sight.Bytes
	l.confirmed.Store(began.UnixNano())
	l.linked.Store(true)
	l.behind.Store(false)
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
	return link.Read(ctx, since, civil.Of(l.Clock(), l.Zone))
}

// apply puts what was read since the state was into force.
func (l *Live) apply(was *State, d Data) error {
	strayed := false
	for {
		now := l.state.Load() // as was, but that the clock may have gone on
		of := now
		anew := was == nil || d.GridsOf.All && d.DivisionIDs.All && d.Areas.All
		if anew {
			of = nil
		}
		next, err := newState(of, d, l.Clock(), l.Zone)
		if err != nil {
			return err
		}
		if now != nil {
			next.epoch = now.epoch
		}
		if d.GridsOf.All {
			next.epoch++
		}
		strayed = l.strayed.Swap(false) || strayed
		if l.swap(Change{Was: now, Is: next, Anew: anew || strayed, Drawn: d.Drawn, AllDrawn: d.AllDrawn}) {
			return nil
		}
	}
}

// swap puts a state into force unless another is in force than was, and tells Changed.
func (l *Live) swap(c Change) bool {
	next := c.Is
	next.version = fmt.Sprintf("%d-%s-%s-%s-%d-%s-%d", next.N, strconv.FormatInt(next.At.UnixNano(), 36), next.Roster.From(),
		strconv.FormatInt(next.Ground.Since().UnixNano(), 36), l.Schema, l.started, next.epoch)
	l.swaps.Lock()
	defer l.swaps.Unlock()
	if !l.state.CompareAndSwap(c.Was, next) {
		return false
	}
	if l.Changed != nil {
		l.Changed(c)
	}
	l.told.Store(next)
	return true
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
			due = time.After(s.Until().Sub(l.Clock()) - lead)
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
	due := time.After(until.Sub(l.Clock()))
	if err != nil { // what was stored is no area; nothing can be done until something changes
		l.Log.ErrorContext(ctx, "what begins by the clock cannot be put into force", "error", err)
		due = nil
	}
	select {
	case <-due:
		if l.swap(Change{Was: s, Is: next}) {
			l.tell()
		}
	case <-changed:
	case <-ctx.Done():
	}
}
