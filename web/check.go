package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"wangge/domain/account"
	"wangge/domain/board"
)

// Printed answers whether a board on a wall still says what holds.
type Printed interface {
	// Verify: NOT_FOUND where there is no such grid or building, INVALID: no revision. UNAVAILABLE: the database is away.
	Verify(ctx context.Context, actor account.Actor, n board.Name, revision int, mark string) (board.Check, error)
}

// scanned is what the page says of the board whose code led to it.
type scanned struct {
	board.Check
	Asked int // the revision on the board
}

// scan looks up the board of n, where r comes from the code on one: ?r= is its revision, &m= its mark. nil: it does not, or it cannot be said. The
// answer beside it is of today anyway, so that nothing is refused for it.
func (s *site) scan(r *http.Request, n board.Name) *scanned {
	revision, err := strconv.Atoi(r.URL.Query().Get("r"))
	if err != nil || s.printed == nil {
		return nil
	}
	c, err := s.printed.Verify(r.Context(), account.FromContext(r.Context()), n, revision, r.URL.Query().Get("m"))
	if err != nil {
		return nil
	}
	return &scanned{c, revision}
}

// Parts names what changed since the board was printed.
func (c scanned) Parts(v view) (string, error) {
	var names []string
	for _, p := range c.Changed {
		name, err := v.Say("changed" + string(p))
		if err != nil {
			return "", err
		}
		names = append(names, name)
	}
	comma, err := v.Say("comma")
	return strings.Join(names, comma), err
}
