package board

import (
	"context"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/page"
)

// Store is what the service needs kept; package db implements it. See place.Store.
type Store interface {
	// Last returns the last print of each grid or building, by its id; what was never printed is left out.
	Last(ctx context.Context, actor account.Actor, keys []key.Key) (map[uuid.UUID]Print, error)
	// PrintOf returns one revision; false: nobody noted it.
	PrintOf(ctx context.Context, actor account.Actor, k key.Key, revision int) (Print, bool, error)
	// Save notes prints, all or none, and returns their versions by the id of what they are of. A revision that was noted before keeps what it says
	// and is of the later day. CONFLICT: somebody noted meanwhile that it says something else.
	Save(ctx context.Context, actor account.Actor, list []Print) (map[uuid.UUID]int, error)
	// Remove forgets prints by their board, revision and version, 0 for any, all or none, and returns of how many boards. CONFLICT at "boards.N": the
	// one there is not the last of its board, or not there, or of another version.
	Remove(ctx context.Context, actor account.Actor, list []Print) (int, error)
	// Buildings returns the buildings at and beneath a division of which a board was printed, or never was, by code and then id: so many of those
	// after one; those that belong to a grid at an instant.
	Buildings(ctx context.Context, actor account.Actor, division uuid.UUID, printed bool, at time.Time, after *Place, first int) ([]Place, error)
	// Tally counts the boards of the grids and buildings at and beneath a division at an instant.
	Tally(ctx context.Context, actor account.Actor, division uuid.UUID, at time.Time) (Tally, error)
	// History returns what was printed of the grids, of the buildings or, for "", of both at and beneath a division at an instant, in the order ByDay: so many of those
	// after a place.
	History(ctx context.Context, actor account.Actor, division uuid.UUID, kind Kind, at time.Time, after *page.Cursor, first int) ([]page.Item[Listed], error)
}

// Place is a place in a list of boards.
type Place struct {
	Of   Of
	Code string // of the grid or building
}
