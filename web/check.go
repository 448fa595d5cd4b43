package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/board"
	"wangge/domain/staff"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

// Printed answers whether a board on a wall still says what holds.
type Printed interface {
	// Verify: NOT_FOUND where there is no such grid or building, INVALID: no revision. UNAVAILABLE: the database is away.
	Verify(ctx context.Context, actor account.Actor, n board.Name, revision int, mark string) (board.Check, error)
	// VerifyAtlas: UNAVAILABLE: the database is away.
	VerifyAtlas(ctx context.Context, actor account.Actor, division uuid.UUID, mark string) (board.Answer, error)
}

// printedOn is what carries the code that may have led to a page: a board, or the atlas of a division.
type printedOn struct {
	board.Name
	Atlas uuid.UUID
}

// scanned is what the page says of the board whose code led to it.
type scanned struct {
	board.Check
	Asked int  // the revision on the board
	Away  bool // it cannot be checked now
}

// scan looks up a board or an atlas, where values come from the code on one: r is the board's revision, m the mark. nil: they do not, or there is no such board. An
// error stands beside what can be said all the same: while the database is away, that it cannot be checked.
func (s *site) scan(ctx context.Context, actor account.Actor, values url.Values, on printedOn) (*scanned, error) {
	revision, err := strconv.Atoi(values.Get("r"))
	atlas, mark := on.Atlas != uuid.Nil, values.Get("m")
	if s.printed == nil || atlas && mark == "" || !atlas && err != nil {
		return nil, nil
	}
	var c board.Check
	wait := patience
	if atlas {
		wait = atlasPatience
	}
	err = soonIn(ctx, wait, func(ctx context.Context) (err error) {
		if atlas {
			c.Answer, err = s.printed.VerifyAtlas(ctx, actor, on.Atlas, mark)
		} else {
			c, err = s.printed.Verify(ctx, actor, on.Name, revision, mark)
		}
		return err
	})
	switch {
	case err == nil:
		return &scanned{Check: c, Asked: revision}, nil
	case fault.Is(err, fault.NotFound), fault.Is(err, fault.Invalid):
		return nil, nil
	case fault.Is(err, fault.Unavailable):
		return &scanned{Asked: revision, Away: true}, err
	}
	return nil, err
}

// readScanned is read for a page that a code on paper may have led to: fn fills v in and names what the code is on. What the page says of the board is of the
// same state as the rest. The rest is of today anyway, so that nothing is refused because of the board.
func (s *site) readScanned(r *http.Request, v *view, fn func(ctx context.Context, actor account.Actor) (printedOn, error)) error {
	var said *scanned
	var failed error
	err := s.read(r, func(ctx context.Context, actor account.Actor) error {
		said, failed = nil, nil // it may run twice
		on, err := fn(ctx, actor)
		if err == nil {
			said, failed = s.scan(ctx, actor, v.Query, on)
		}
		return err
	})
	if err != nil && failed != nil { // a read that fails takes the others of its transaction with it
		err = s.read(r, func(ctx context.Context, actor account.Actor) error {
			_, err := fn(ctx, actor)
			return err
		})
	}
	if failed != nil && !fault.Is(failed, fault.Unavailable) {
		answer.Refuse(r, s.log, failed) // logs it
	}
	v.Result.Scanned = said
	return err
}

// People reports whether whom to call may be another than the board says.
func (c scanned) People() bool { return slices.Contains(c.Changed, board.People) }

// AwayFromBoard is the name of the grid worker who stands on the board that was scanned and is away today; "": there is none.
func (r result) AwayFromBoard() string {
	c := r.Scanned
	if c == nil || c.Away || c.Answer == board.Unknown || c.People() || r.Face == nil {
		return ""
	}
	for _, a := range r.Face.Team {
		if a.Post == staff.GridWorker && a.Cover == staff.CoverA && a.Away {
			return a.Worker.Name
		}
	}
	return ""
}

// Parts names what changed since the board was printed, besides the people.
func (c scanned) Parts(v view) (string, error) {
	var names []string
	for _, p := range c.Changed {
		if p != board.People {
			names = append(names, p.Text(v.Lang))
		}
	}
	comma, err := v.Say("comma")
	return strings.Join(names, comma), err
}
