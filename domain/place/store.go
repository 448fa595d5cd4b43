package place

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/page"
)

// Fields says which heavy columns a read needs.
type Fields struct{ Boundary bool }

// Store is what the services need kept; package db implements it. A method called with a context that Do handed
// out joins that transaction. Lookups return false where there is no such thing; maps leave it out.
type Store interface {
	Do(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error

	RootDivisions(ctx context.Context, actor account.Actor, with Fields) ([]Division, error)
	DivisionByCode(ctx context.Context, actor account.Actor, code string, with Fields) (Division, bool, error)
	DivisionsByID(ctx context.Context, actor account.Actor, ids []uuid.UUID, with Fields) (map[uuid.UUID]Division, error)
	Children(ctx context.Context, actor account.Actor, parents []uuid.UUID, with Fields) (map[uuid.UUID][]Division, error)
	Ancestors(ctx context.Context, actor account.Actor, ids []uuid.UUID, with Fields) (map[uuid.UUID][]Division, error)
	DivisionsWithGrids(ctx context.Context, actor account.Actor) ([]Division, error)
	// DivisionStats and GridStats count exactly what the actor may see: the server all, staff what lies in their reach. With history households are those in force at the instant,
	// else those of today, which is faster.
	DivisionStats(ctx context.Context, actor account.Actor, ids []uuid.UUID, at time.Time, history bool) (map[uuid.UUID]Stats, error)
	GridStats(ctx context.Context, actor account.Actor, grids []key.Key, at time.Time, history bool) (map[uuid.UUID]Stats, error)
	// AreasOfGrids and AreasOfDivisions say in which areas places lie: of a division the communities at and beneath it that hold grids.
	AreasOfGrids(ctx context.Context, actor account.Actor, grids []key.Key) (map[key.Key][]account.Area, error)
	AreasOfDivisions(ctx context.Context, actor account.Actor, ids []uuid.UUID) (map[uuid.UUID][]account.Area, error)
	// Cells are all divisions, and all grids with the people of today in them.
	Cells(ctx context.Context, actor account.Actor) (divisions, grids []Cell, err error)
	// NewestOfCounts is the number of the last change that Cells may depend on; 0 where there was none.
	NewestOfCounts(ctx context.Context, actor account.Actor) (int64, error)

	// BuildingsByKey returns buildings as they were at an instant, by id; the footprint only where asked for.
	BuildingsByKey(ctx context.Context, actor account.Actor, keys []key.Key, at time.Time, footprint bool) (map[uuid.UUID]Building, error)
	BuildingsOfGrids(ctx context.Context, actor account.Actor, grids []key.Key, q BuildingQuery) (map[uuid.UUID]page.Page[Building], error)
	UnitsOfBuildings(ctx context.Context, actor account.Actor, buildings []key.Key, q UnitQuery) (map[uuid.UUID]page.Page[Unit], error)
	UnitsByKey(ctx context.Context, actor account.Actor, keys []key.Key, at time.Time, grids bool) (map[uuid.UUID]Unit, error)
	HouseholdsOfUnits(ctx context.Context, actor account.Actor, units []key.Key, q HouseholdQuery) (map[uuid.UUID]page.Page[Household], error)
	Estates(ctx context.Context, actor account.Actor, keys []key.Key) (map[uuid.UUID]Estate, error)

	// GridInForce is the grid that has or had code, where it is in force now.
	GridInForce(ctx context.Context, actor account.Actor, code string) (key.Key, bool, error)
	// PlaceBuilding puts a building in a grid of its district by hand, or where its ground says for nil, from the instant that
	// it returns.
	PlaceBuilding(ctx context.Context, actor account.Actor, building key.Key, grid *key.Key) (time.Time, error)
	// PlaceUnit is PlaceBuilding for a unit; for nil it goes with its building.
	PlaceUnit(ctx context.Context, actor account.Actor, unit key.Key, grid *key.Key) (time.Time, error)
	// Renumber gives d, and what lies beneath it, codes that begin with code instead of d's. CONFLICT: d's version is not
	// version, or a code is taken.
	Renumber(ctx context.Context, actor account.Actor, d Division, code string, parent *uuid.UUID, version int) error
	// SaveContacts sets what is said for a division. CONFLICT: its version is not version.
	SaveContacts(ctx context.Context, actor account.Actor, division uuid.UUID, c Contacts, version int) error
	// EntitiesOf returns a page for each building and each division with all beneath it, by the id of either.
	EntitiesOf(ctx context.Context, actor account.Actor, q EntityQuery) (map[uuid.UUID]page.Page[LegalEntity], error)

	ExternalRefs(ctx context.Context, actor account.Actor, owners []key.Key) (map[uuid.UUID][]ExternalRef, error)
	// OwnersOf returns what a system knows by a code, in all districts.
	OwnersOf(ctx context.Context, actor account.Actor, ref ExternalRef) ([]RefOwner, error)
	// SetExternalRef: NOT_FOUND where nothing has the owner's key, CONFLICT where another of its kind has the code.
	SetExternalRef(ctx context.Context, actor account.Actor, owner key.Key, ref ExternalRef) (RefOwner, error)

	Policies(ctx context.Context, actor account.Actor, ids []uuid.UUID) (map[uuid.UUID]SizePolicy, error)
	SavePolicy(ctx context.Context, actor account.Actor, p SizePolicy) (SizePolicy, error)

	ImportDivisions(ctx context.Context, actor account.Actor, rows iter.Seq2[DivisionRow, error], o ImportOptions) (Report, error)
	ImportBuildings(ctx context.Context, actor account.Actor, rows iter.Seq2[BuildingRow, error], o ImportOptions) (Report, error)
	ImportRoads(ctx context.Context, actor account.Actor, rows iter.Seq2[RoadRow, error], o ImportOptions) (Report, error)
	ImportLand(ctx context.Context, actor account.Actor, rows iter.Seq2[RoadRow, error], o ImportOptions) (Report, error)
	ImportEntities(ctx context.Context, actor account.Actor, rows iter.Seq2[EntityRow, error], o ImportOptions) (Report, error)
	ImportHouseholds(ctx context.Context, actor account.Actor, rows iter.Seq2[HouseholdRow, error], o ImportOptions) (Report, error)

	spatial

	ExportDivisions(ctx context.Context, actor account.Actor, yield func(DivisionRow) error) error
	ExportBuildings(ctx context.Context, actor account.Actor, at time.Time, yield func(BuildingRow) error) error
}

// BuildingQuery is which page of each grid's buildings is read: by code, at a time.
type BuildingQuery struct {
	Args      page.Args
	Count     bool // also count them all
	Footprint bool
	At        time.Time
}

// UnitQuery is which page of each building's units is read: by name in natural order (2单元 before 10单元), at a time.
type UnitQuery struct {
	Args  page.Args
	Count bool
	Grids bool // also in which grid each is
	At    time.Time
}

// HouseholdQuery is which page of each unit's households is read: by room in natural order, then by number, at a time.
type HouseholdQuery struct {
	Args  page.Args
	Count bool
	At    time.Time
}
