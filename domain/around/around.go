// Package around says what lies around a grid: what it ends at on each side, in words (四至), and the streets, land, buildings and neighbours that a
// printed map of it shows. Where grids are is left to package grid, the rule of the sides to geo/limits; how a map is drawn and worded is not said here.
//
// Geometry is CGCS2000 longitude, latitude in degrees.
package around

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/geo/limits"
)

// Street is a street as a map shows it.
type Street struct {
	Name  string // "": it has none
	Class string // as in OpenStreetMap: trunk, residential, footway
	Lines orb.MultiLineString
}

// Land is water or green as a map shows it.
type Land struct {
	Name  string // "": it has none
	Class string // water, park
	Area  orb.MultiPolygon
}

// Building is a building as a map shows it.
type Building struct {
	Key     key.Key
	Name    string
	Number  string // the number in its name, "12" of 听雨里12号楼, or where it has no name in its address; "": there is none
	Address string
	GridKey key.Key      // the grid that it belongs to; zero: none
	Shape   orb.Geometry // a MultiPolygon, or a Point where only that is known
}

// Most is how many of each the store answers at most. Those nearest to the middle of the box stay.
type Most struct{ Streets, Land, Buildings int }

// Scenery is what the store knows of a box.
type Scenery struct {
	Streets   []Street
	Land      []Land
	Buildings []Building
	Cut       Cut
}

// Cut says of what there was more, so that a list made of it is not whole.
type Cut struct{ Streets, Land, Buildings bool }

// Store is what the service needs kept; package db implements it. Boxes are degrees of CGCS2000. See place.Store.
type Store interface {
	// Scenery returns what meets a box, each nearest to its middle first; streets and land are cut off a little way outside. Which grid a
	// building belongs to is said as of an instant. No buildings are looked for where most has none.
	Scenery(ctx context.Context, actor account.Actor, box place.Box, at time.Time, most Most) (Scenery, error)
	// Named returns for each box what meets it of streets and land with a name: of streets all classes but without, of land these.
	Named(ctx context.Context, actor account.Actor, boxes []place.Box, without, land []string) ([][]limits.Named, error)
	// Communities returns the communities that have a grid in a box at an instant, with all their grids; see scene.Store.
	Communities(ctx context.Context, actor account.Actor, box place.Box, at time.Time) ([]grid.Community, error)
}

// Grids is the part of grid.Service that is needed.
type Grids interface {
	ByKeys(ctx context.Context, actor account.Actor, keys []key.Key, asOf *time.Time, with grid.Fields) (map[uuid.UUID]grid.Grid, error)
	Neighbours(ctx context.Context, actor account.Actor, grids []key.Key, asOf *time.Time, with grid.Fields) (map[uuid.UUID][]grid.Neighbour, error)
}

// Places is the part of place.Service that is needed.
type Places interface {
	InOneState(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error
	DivisionsByID(ctx context.Context, actor account.Actor, ids []uuid.UUID, with place.Fields) (map[uuid.UUID]place.Division, error)
}

// Service answers everyone.
type Service struct {
	Store  Store
	Grids  Grids
	Places Places
	Now    func() time.Time
	Most   Most // zero: 3,000 streets, 1,000 pieces of land, 4,000 buildings
	// Ground is grid.Service's.
	Ground func(ctx context.Context, at time.Time) (*grid.Ground, bool)
	// Version names the state of the data that ctx reads, for what is in force at an instant; false: it has no name, or nil, so that nothing computed
	// of it is kept.
	Version func(ctx context.Context, at time.Time) (string, bool)
	InTouch func() bool // grid.Service's

	mu   sync.Mutex
	of   string // the version that kept is of
	kept map[key.Key]Limits
}

func (s *Service) at(asOf *time.Time) time.Time {
	if asOf != nil {
		return *asOf
	}
	return s.Now()
}
