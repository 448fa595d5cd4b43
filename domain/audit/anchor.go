package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Anchor is an end of a chain as it was at a time, kept where who owns the database cannot change it.
type Anchor struct {
	At time.Time // zero: it is not known
	Head
}

// when is " at" and the time that a was noted; "": that is not known.
func (a Anchor) when() string {
	if a.At.IsZero() {
		return ""
	}
	return " at " + a.At.UTC().Format(time.RFC3339)
}

// Anchors keeps the newest end of each chain, and the older ones that the chain does not hold any more.
type Anchors interface {
	// Turn gives fn what is kept, and keeps what it returns in its place, on the disk before it returns; where changed is false, nothing. Nobody else has a turn meanwhile.
	Turn(fn func(was []Anchor) (is []Anchor, changed bool, err error)) error
}

// When the ends are looked at: each minute, since others add entries too; a moment after one was added here; and at once for who waits in Anchored.
const (
	anchorEvery  = time.Minute
	anchorMoment = time.Second // between two looks at least, but for who waits
	anchorTime   = 5 * time.Second
	anchorWait   = 2 * time.Second // of who waits
)

// Lost says which ends were anchored that their chains do not hold any more.
type Lost []Anchor

// Error implements error.
func (l Lost) Error() string {
	var list []string
	for _, a := range l {
		list = append(list, fmt.Sprintf("entry %d of chain %s, its end%s", a.N, a.Chain, a.when()))
	}
	return "entries of the audit that were there are gone, or the database is a backup of before: " + strings.Join(list, "; ")
}

// anchored are the anchors that follow was, once the chains end in heads: an anchor makes room for a later one where its chain still holds it, which commits to all before; else
// it stays, as the proof of what is gone.
func anchored(was []Anchor, holds map[Head]bool, heads []Head, now time.Time) (is []Anchor, changed bool, lost Lost) {
	at := map[Head]time.Time{}
	for _, a := range was {
		at[a.Head] = a.At
	}
	for _, h := range heads {
		since, here := at[h]
		if !here {
			since, changed = now, true
		}
		is = append(is, Anchor{since, h})
		delete(at, h)
	}
	for _, a := range was {
		if _, old := at[a.Head]; !old {
			continue
		}
		if holds[a.Head] {
			changed = true
			continue
		}
		is, lost = append(is, a), append(lost, a)
	}
	slices.SortFunc(is, func(a, b Anchor) int { return strings.Compare(a.Chain, b.Chain) })
	return is, changed, lost
}

// Anchor keeps the ends of the chains in Anchors, and returns them. Lost: chains do not hold what was kept. An end is kept once it is committed, never before.
func (s *Service) Anchor(ctx context.Context) (heads []Head, err error) {
	ctx, cancel := context.WithTimeout(ctx, anchorTime)
	defer cancel()
	s.mu.Lock()
	over := s.next // who waits from here on may have noted something too late for this look
	s.next = nil
	s.mu.Unlock()
	if over != nil {
		defer close(over)
	}
	var lost Lost
	err = s.Anchors.Turn(func(was []Anchor) (is []Anchor, changed bool, err error) {
		if heads, err = s.Store.Heads(ctx, Machine()); err != nil {
			return nil, false, err
		}
		ends := setOf(heads)
		var old []Head
		for _, a := range was {
			if !ends[a.Head] {
				old = append(old, a.Head)
			}
		}
		held, err := s.Store.Hold(ctx, Machine(), old)
		if err != nil {
			return nil, false, err
		}
		is, changed, lost = anchored(was, setOf(held), heads, s.Now())
		return is, changed, nil
	})
	if err == nil && len(lost) > 0 {
		err = lost
	}
	return heads, err
}

func setOf(heads []Head) map[Head]bool {
	set := make(map[Head]bool, len(heads))
	for _, h := range heads {
		set[h] = true
	}
	return set
}

// Sealed is told that entries were committed; it does not wait.
func (s *Service) Sealed() { tell(s.called().grown) }

// Anchored returns when what was noted before is anchored. What says something of value to who asked is answered after it, so that its entry cannot be taken from an end unseen.
// Where that cannot be done, which the log tells, it returns all the same, after two seconds at most; and at once where nobody keeps the ends meanwhile, as in a command, which does when it
// ends.
func (s *Service) Anchored(ctx context.Context) {
	if !s.keeping.Load() {
		return
	}
	s.mu.Lock()
	if s.next == nil {
		s.next = make(chan struct{})
	}
	over := s.next
	s.mu.Unlock()
	tell(s.called().wanted)
	select {
	case <-over:
	case <-time.After(anchorWait):
	case <-ctx.Done():
	}
}

func tell(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default: // it is told already
	}
}

// calls wake Keep: something was sealed, somebody waits.
type calls struct{ grown, wanted chan struct{} }

func (s *Service) called() calls {
	s.calling.Do(func() { s.calls = calls{make(chan struct{}, 1), make(chan struct{}, 1)} })
	return s.calls
}

// Keep anchors the ends of the chains, so that entries taken from an end are missed, until ctx ends. Every hour it writes those that moved to the log. What was sealed after its
// last look is left to who ends it.
func (s *Service) Keep(ctx context.Context, log *slog.Logger) {
	s.keeping.Store(true)
	defer s.keeping.Store(false)
	calls := s.called()
	told := map[Head]bool{}
	var hourly time.Time // when that is due
	var said string      // what the log was told of this hour
	for {
		due := !s.Now().Before(hourly)
		if due {
			hourly, said = s.Now().Add(time.Hour), ""
		}
		heads, err := s.Anchor(ctx)
		if lost := (Lost)(nil); errors.As(err, &lost) {
			if said != err.Error() {
				log.ErrorContext(ctx, "the audit does not hold", "error", err)
			}
			said = err.Error()
		} else if err != nil && ctx.Err() == nil && said == "" {
			said = err.Error()
			log.WarnContext(ctx, "the ends of the audit are not anchored", "error", err)
		}
		for _, h := range heads {
			if due && !told[h] {
				log.InfoContext(ctx, "audit", "head", h.String())
			}
		}
		if due {
			told = setOf(heads)
		}
		select {
		case <-ctx.Done():
			return
		case <-calls.wanted:
			continue
		case <-time.After(anchorMoment):
		}
		select {
		case <-ctx.Done():
			return
		case <-calls.wanted:
		case <-calls.grown:
		case <-time.After(anchorEvery - anchorMoment):
		}
	}
}

// Loose tells until when the entries of chains that end in heads are anchored, and how many came after. Zero: none is.
func Loose(heads []Head, anchors []Anchor) (until time.Time, entries int64) {
	last := map[string]int64{}
	for _, a := range anchors {
		last[a.Chain] = max(last[a.Chain], a.N)
		if a.At.After(until) {
			until = a.At
		}
	}
	for _, h := range heads {
		entries += h.N - last[h.Chain]
	}
	return until, entries
}
