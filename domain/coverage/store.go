package coverage

import (
	"context"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
)

// Store is what the service needs kept; package db implements it. See place.Store. Geometry is CGCS2000 longitude,
// latitude.
type Store interface {
	// Apart returns a ctx whose transactions do not join the one that ctx is in.
	Apart(ctx context.Context) context.Context
	// Newest is the number of the last change.
	Newest(ctx context.Context, actor account.Actor) (int64, error)
	// Divisions returns all divisions with the state that their reports are of.
	Divisions(ctx context.Context, actor account.Actor) ([]Node, error)
	// Changes returns what changed after a change, by the divisions that it concerns.
	Changes(ctx context.Context, actor account.Actor, after int64) (map[uuid.UUID]Changed, error)

	// States returns some divisions with the state that their reports are of; one that is gone is left out.
	States(ctx context.Context, actor account.Actor, divisions []uuid.UUID) ([]Node, error)

	// MayWait is how many may wait for reports while they hold a transaction.
	MayWait() int
	// Reports adds up what is kept. Change is the last change there is, Day the latest of the reports'.
	Reports(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (map[uuid.UUID]Report, error)
	ProblemsOf(ctx context.Context, actor account.Actor, divisions []uuid.UUID, q Query) (map[uuid.UUID]page.Page[Problem], error)

	// Problem returns a problem as it is kept; false where there is none.
	Problem(ctx context.Context, actor account.Actor, id uuid.UUID) (Kept, bool, error)
	// Redraw gives grids new boundaries. CONFLICT: something changed since r.Change. INVALID: nothing would be left of a grid, or
	// it would reach beyond its community.
	Redraw(ctx context.Context, actor account.Actor, r Redraw) error
	// GridsWith returns the grids that the reports name in a problem of a kind, by key.
	GridsWith(ctx context.Context, actor account.Actor, kind Kind) ([]key.Key, error)

	// Alone runs fn in a transaction while nobody else looks at the same divisions. Each statement in it sees what was
	// committed before it.
	Alone(ctx context.Context, actor account.Actor, divisions []uuid.UUID, fn func(ctx context.Context) error) error
	// Save replaces the findings of divisions, and those that they share with other divisions.
	Save(ctx context.Context, actor account.Actor, list []Findings) error
	// SaveStaff replaces who is missing in divisions whose other findings still hold.
	SaveStaff(ctx context.Context, actor account.Actor, divisions []uuid.UUID, n int64, day civil.Date, found []Problem) error

	Sources
}

// Sources are what a report is made from.
type Sources interface {
	// Boundaries returns the boundaries of divisions; one without is left out.
	Boundaries(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (map[uuid.UUID]orb.MultiPolygon, error)
	// GridsIn returns the grids of communities, by code.
	GridsIn(ctx context.Context, actor account.Actor, communities []uuid.UUID) ([]Grid, error)
	// GridsAt returns, for each area, the grids of any community that touch it, by code.
	GridsAt(ctx context.Context, actor account.Actor, areas []orb.MultiPolygon) ([][]Grid, error)
	// Foreign returns where grids of communities overlap grids of other ones.
	Foreign(ctx context.Context, actor account.Actor, communities []uuid.UUID) ([]Foreign, error)
	// GapsOf returns all that is a gap in divisions or beneath them, by division.
	GapsOf(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (map[uuid.UUID]orb.MultiPolygon, error)
	// Contents counts the buildings whose location lies in each area, and the households in them.
	Contents(ctx context.Context, actor account.Actor, areas []orb.MultiPolygon) ([]Content, error)
	// Sizes counts what belongs to each grid of communities, by grid.
	Sizes(ctx context.Context, actor account.Actor, communities []uuid.UUID) (map[uuid.UUID]place.Stats, error)
	// Registered tells the communities in which households are known: somebody entered units.
	Registered(ctx context.Context, actor account.Actor, communities []uuid.UUID) (map[uuid.UUID]bool, error)
	// Cut returns the buildings that a border of a community's grids cuts, with all grids that hold a part of them, by community.
	Cut(ctx context.Context, actor account.Actor, communities []uuid.UUID) (map[uuid.UUID][]Cut, error)
	// Strays returns the buildings of no grid whose location lies in a box; nil for all.
	Strays(ctx context.Context, actor account.Actor, box *orb.Bound) ([]Stray, error)
	// Unassigned returns those of some buildings of no grid that lie in the area and in no division of the same level with a
	// lower code, or, where it is nil, nobody's within reach of the community's grids. Households are nil where the building has
	// no units.
	Unassigned(ctx context.Context, actor account.Actor, community uuid.UUID, area orb.MultiPolygon, among []uuid.UUID) ([]Unassigned, error)
	// Unstaffed returns the grids of communities that no grid worker is in office for on a day.
	Unstaffed(ctx context.Context, actor account.Actor, communities []uuid.UUID, day civil.Date) ([]Empty, error)
	Policies(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (map[uuid.UUID]place.SizePolicy, error)
}

// Node is a division in the tree, and the state that its report is of; Change is -1 where there is none.
type Node struct {
	ID      uuid.UUID
	Parent  *uuid.UUID
	Level   place.Level
	Code    string
	Bounded bool
	Change  int64
	Day     civil.Date
}

// Changed is the last change of each kind that names a division; 0 where there is none.
type Changed struct{ Ground, Staff int64 }

// Grid is a grid with its boundary.
type Grid struct {
	Key         key.Key
	CommunityID uuid.UUID
	Code        string
	Dedicated   bool
	Boundary    orb.MultiPolygon
}

// Foreign is what a grid shares with one of another community.
type Foreign struct {
	A, B   Grid // A is the community's own
	Shared orb.MultiPolygon
}

// Content is what lies in an area.
type Content struct {
	Buildings, Households int
	Registered            bool // the households are known
}

// Cut is a building with its footprint's parts that lie in grids.
type Cut struct {
	Building   key.Key
	Own        *uuid.UUID // the grid it belongs to
	Footprint  orb.MultiPolygon
	Grids      []Grid // without boundaries
	Parts      []orb.MultiPolygon
	Households *int
}

// Stray is a building of no grid, and where it is.
type Stray struct {
	ID uuid.UUID
	At orb.Point
}

// Unassigned is a building of no grid.
type Unassigned struct {
	Building   key.Key
	Shape      orb.Geometry // footprint or location
	Nearest    *key.Key     // grid, within reach
	DistanceM  float64
	Households *int
}

// Empty is a grid without a worker.
type Empty struct {
	Grid       Grid
	Buildings  int
	Households *int
}

// Findings are what was found of a division as of a change and a day.
type Findings struct {
	Division   uuid.UUID
	Change     int64
	Day        civil.Date
	Bounded    bool
	AreaM2     float64
	CoveredM2  float64 // what it adds to those beneath it; so are GapM2, OverlapM2 and OutsideM2
	GapM2      float64
	OverlapM2  float64
	OutsideM2  float64
	Problems   []Problem
	WithOthers []Filed // overlaps with other communities' grids
}

// Kept is a problem with the division that it is listed for and the change that its report is of.
type Kept struct {
	Problem
	Division uuid.UUID
	Change   int64
}

// Filed is a problem of two communities that is filed with a division above both.
type Filed struct {
	Problem
	With, Division uuid.UUID
}
