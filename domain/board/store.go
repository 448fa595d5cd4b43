package board

import (
	"context"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
)

// Store is what the service needs kept; package db implements it. See place.Store.
type Store interface {
	// Last returns the last print of each grid or building, by its id; what was never printed is left out.
	Last(ctx context.Context, actor account.Actor, keys []key.Key) (map[uuid.UUID]Print, error)
	// PrintOf returns one revision; false: nobody noted it.
	PrintOf(ctx context.Context, actor account.Actor, k key.Key, revision int) (Print, bool, error)
	// Save notes prints, all or none. A revision that was noted before keeps what it says and is of the later day. CONFLICT: somebody noted
	// meanwhile that it says something else.
	Save(ctx context.Context, actor account.Actor, list []Print) error
	// Remove forgets prints by their board and revision, all or none. CONFLICT: one is not the last of its board, or not there.
	Remove(ctx context.Context, actor account.Actor, list []Print) error
	// PrintedBuildings returns the buildings at and beneath a division that have a board, by code and then id: so many of those after one;
	// those that belong to a grid at an instant.
	PrintedBuildings(ctx context.Context, actor account.Actor, division uuid.UUID, at time.Time, after *Place, first int) ([]Place, error)
}

// Place is a place in a list of boards.
type Place struct {
	Of   Of
	Code string // of the grid or building
}
