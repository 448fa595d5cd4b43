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

	// Covering returns for each point what lies around it.
	Covering(ctx context.Context, actor account.Actor, points []Point, at time.Time) ([]Around, error)
	// Nearest returns for each point the nearest grid within limitM metres; Key is zero where there is none.
	Nearest(ctx context.Context, actor account.Actor, points []Point, limitM float64, at time.Time) ([]Near, error)
	// Boxed returns for each point the grids whose box comes within its radius in metres; up to 500, in any order.
	Boxed(ctx context.Context, actor account.Actor, points []Point, radiiM []float64, at time.Time) ([][]key.Key, error)
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

// Around is what covers a point.
type Around struct {
	Grids       []Holding // all whose area or border holds it, in any order
	BuildingKey *key.Key
	DivisionID  *uuid.UUID // the smallest division around it
}

// Holding is a grid that holds a point.
type Holding struct {
	Key    key.Key
	Border bool // the point lies on its border
}

// Near is a grid near a point. DistanceM is 0 where the grid holds the point.
type Near struct {
	Key       key.Key
	DistanceM float64
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
