package grid

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
)

// Fields says which heavy columns a read needs.
type Fields struct{ Boundary bool }

// Store is what the service needs kept; package db implements it. See place.Store.
type Store interface {
	Do(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error

	GridByCode(ctx context.Context, actor account.Actor, code string, at time.Time, with Fields) (Grid, bool, error)
	GridsByKey(ctx context.Context, actor account.Actor, keys []key.Key, at time.Time, with Fields) (map[uuid.UUID]Grid, error)
	// EndOfGrid is the instant since which the grid that has or had a code is in force no more; nil: there never was one, or it is in force at that instant or later.
	EndOfGrid(ctx context.Context, actor account.Actor, code string, at time.Time) (*time.Time, error)
	ListGrids(ctx context.Context, actor account.Actor, q Query) (page.Page[Grid], error)
	ListGridsOf(ctx context.Context, actor account.Actor, divisions []uuid.UUID, q Query) (map[uuid.UUID]page.Page[Grid], error)
	Groups(ctx context.Context, actor account.Actor, keys []key.Key) (map[uuid.UUID]Group, error)
	GridsOfGroups(ctx context.Context, actor account.Actor, groups []key.Key, at time.Time, with Fields) (map[uuid.UUID][]Grid, error)
	Neighbours(ctx context.Context, actor account.Actor, grids []key.Key, at time.Time, with Fields) (map[uuid.UUID][]Neighbour, error)

	// Simplify leaves out vertices of each shape that matter less than toleranceM metres, each shape by itself; the
	// answers are in their order and valid.
	Simplify(ctx context.Context, actor account.Actor, shapes []geom.T, toleranceM float64) ([]geom.T, error)
	// InvalidReasons says for each shape why it is not valid (ST_IsValidReason), "" where it is, in their order.
	InvalidReasons(ctx context.Context, actor account.Actor, shapes []geom.T) ([]string, error)

	// Around returns the grids in force at an instant whose box comes within reachM[i] metres of points[i], with their communities,
	// and the divisions whose box holds a point: what a Ground of that instant answers for these points is made of.
	Around(ctx context.Context, actor account.Actor, points []Point, reachM []float64, at time.Time) ([]Community, []place.Division, error)
	// BuildingsAt returns for each point the smallest building that covers it; nil: none.
	BuildingsAt(ctx context.Context, actor account.Actor, points []Point) ([]*key.Key, error)
	// GridsOfBuildings returns the grid that each building was assigned to; the map's key is the building's id.
	GridsOfBuildings(ctx context.Context, actor account.Actor, buildings []key.Key, at time.Time) (map[uuid.UUID]key.Key, error)
	// GridsOfEstates is GridsOfBuildings for estates; one whose buildings were not all in one grid has none.
	GridsOfEstates(ctx context.Context, actor account.Actor, estates []key.Key, at time.Time) (map[uuid.UUID]key.Key, error)
	// Extent is the box of all divisions and grids, degrees; false where there are none.
	Extent(ctx context.Context, actor account.Actor) (place.Box, bool, error)

	// RecodeGrid gives g another code. CONFLICT: its version is not version, or the code is taken.
	RecodeGrid(ctx context.Context, actor account.Actor, g Grid, code string, version int) error

	ImportGrids(ctx context.Context, actor account.Actor, rows iter.Seq2[Row, error], o ImportOptions) (place.Report, error)
	ExportGrids(ctx context.Context, actor account.Actor, at time.Time, day civil.Date, yield func(Row) error) error
}

// Query is a page of a list of grids.
type Query struct {
	Filter Filter
	Order  Order
	Args   page.Args
	Count  bool // also count them all
	At     time.Time
	With   Fields

	History bool        // of ByHouseholds: as they were at At, not as of today, which is faster
	Hidden  []uuid.UUID // of ByHouseholds: grids that count as empty, since who asks may not know how many live there
}
