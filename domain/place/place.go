// Package place holds where things are: divisions, estates, buildings, roads; and how large a grid should be in
// a division. It says what the words mean and what is allowed; storing is left to db, reading files to load.
package place

import (
	"regexp"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/key"
)

// Level of a division (行政级别).
type Level string

// The levels, from the largest down.
const (
	Province  Level = "PROVINCE"
	City      Level = "CITY"
	District  Level = "DISTRICT"
	Town      Level = "TOWN"
	Community Level = "COMMUNITY"
)

// Levels lists them from the largest down.
var Levels = []Level{Province, City, District, Town, Community}

// Rank is 0 for a province to 4 for a community, -1 for no level.
func (l Level) Rank() int {
	for i, x := range Levels {
		if l == x {
			return i
		}
	}
	return -1
}

// codeForm is what a code of a division, grid or building may look like. 12 + 3 digits is this country's
// custom, not a rule: other countries' data is welcome.
var codeForm = regexp.MustCompile(`^[0-9A-Za-z-]{1,32}$`)

// ValidCode reports whether s can be a code.
func ValidCode(s string) bool { return codeForm.MatchString(s) }

// Division is an administrative division (行政区划).
type Division struct {
	ID          uuid.UUID
	Code        string
	FormerCodes []string // those that it had before, the oldest first; they still find it
	Name        string
	Level       Level
	ParentID    *uuid.UUID
	Home        string // home key of the district it lies in; see package key
	Limits      Limits
	Contacts    Contacts           // said for it alone; see InForce
	BBox        *Box               // nil where it has no boundary
	Boundary    *geom.MultiPolygon // CGCS2000 longitude, latitude; nil where it has none or was not asked for
	Version     int
}

// Renumbering (变更代码) of a division.
type Renumbering struct {
	Code      string // one that it has or had
	NewCode   string
	NewParent *string // code; nil: the one that it has
	Version   int     // of the division, as it was read
}

// Limits are the four bounds in words (四至); empty where unknown.
type Limits struct{ East, South, West, North string }

// Empty reports whether none is known.
func (l Limits) Empty() bool { return l == Limits{} }

// Box is degrees of CGCS2000 longitude and latitude.
type Box struct{ West, South, East, North float64 }

// Around returns the box around b and other.
func (b Box) Around(other Box) Box {
	return Box{min(b.West, other.West), min(b.South, other.South), max(b.East, other.East), max(b.North, other.North)}
}

// Building (楼栋).
type Building struct {
	Key       key.Key
	Code      string
	Name      string
	Address   string // empty where unknown
	Floors    *int
	EstateID  *uuid.UUID
	GridKey   *key.Key // the grid it belongs to at the time asked about; in another district where a redraw moved the building since
	Location  *geom.Point
	Footprint *geom.MultiPolygon // nil where only its point is known, or where it was not asked for
	Version   int
}

// Manager says who manages an estate.
type Manager string

// Estate (小区).
type Estate struct {
	Key       key.Key
	Name      string
	ManagedBy Manager // OWNERS, COMPANY, EMPLOYER, COMMUNITY, VILLAGE; empty where unknown
}

// Unit (单元) of a building: a stairwell.
type Unit struct {
	Key        key.Key
	BuildingID uuid.UUID
	Name       string   // "2单元"; empty where the building has only one and nobody named it
	GridKey    *key.Key // the grid it belongs to at the time asked about: by hand, else its building's; nil: none
}

// DwellingUse says what a dwelling is used for.
type DwellingUse string

// Household (户) is a number and a count of people. For those whose posts reach it.
type Household struct {
	Key              key.Key
	UnitID           uuid.UUID
	Room             string // of its dwelling: "301"
	Number           string // tells the households of one dwelling apart
	Residents        *int   // nil where not known
	Use              DwellingUse
	RentalManagement string
}

// Stats are counts beneath a place. Households are known where Registered is true: somebody entered units in its
// community. Otherwise Units, Households and Residents are 0 and say nothing. So do Households and Residents where
// Suppressed is true: who asks may not know them.
type Stats struct {
	Grids, Buildings, Units, Households, Residents int
	Registered                                     bool
	Suppressed                                     bool
}

// LegalEntity (驻区单位): an employer, a shop, an office.
type LegalEntity struct {
	Key               key.Key
	Code              string
	Name              string
	CreditCode        string // unified social credit code (GB 32100); empty where unknown
	Category          string
	Address           string
	Employees         *int
	PartyOrganisation string
	PartyMembers      *int
	CommunityID       *uuid.UUID
	BuildingID        *uuid.UUID
	Location          *geom.Point
	Version           int
}

// ExternalRef is the number that another system knows a place or a worker by (外部编号).
type ExternalRef struct{ System, Code string }

// RefOwner is what an external number is of.
type RefOwner struct {
	Kind string // division, grid, estate, building, unit, dwelling, household, legal_entity or worker
	Key  key.Key
}

// SizePolicy says how large a grid should be beneath a division. Nil means no rule; a breach is a warning.
type SizePolicy struct {
	DivisionID                uuid.UUID // where it was set
	HouseholdsMin             *int
	HouseholdsTarget          *int
	HouseholdsMax             *int
	ResidentsMin              *int
	ResidentsMax              *int
	GridsMin                  *int // grids in a community
	GridsMax                  *int
	InformantsMin             *int // informants of a grid, and households for each of them
	InformantsMax             *int
	HouseholdsPerInformantMin *int
	HouseholdsPerInformantMax *int
	Version                   int
}
