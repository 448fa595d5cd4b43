// Package demo makes up a town: 听雨社区 in 望舒街道, 汀兰区, 澜州市, with its
// streets, houses, grids and the people who look after them.
//
// It returns plain values, the same at every call: it reads no clock, asks no
// database and draws its chances from a generator with a fixed seed. Putting
// them into a store, and turning day offsets into dates, is the caller's.
//
// The town is drawn on the open water of Lake Tai, where no base map has a
// street, so that nobody takes it for a real place. Places, people and
// telephone numbers are invented; see [PhonePrefix].
//
// Coordinates are longitude, latitude in degrees, CGCS2000 (EPSG:4490),
// rounded to 1e-8 degree (about 1 mm). Grids that border each other have the
// same vertices along their border.
package demo

import "github.com/paulmach/orb"

// Town is everything there is.
type Town struct {
	Divisions   []Division // parents before children
	Groups      []Group
	Grids       []Grid
	Estates     []Estate
	Buildings   []Building
	Dwellings   []Dwelling
	Entities    []Entity
	Roads       []Road
	Grounds     []Ground
	Workers     []Worker
	Assignments []Assignment
	Absences    []Absence
	Policies    []SizePolicy
	Planted     []Planted
	Notes       []Note
}

// Division is a city, district, town or community.
type Division struct {
	Code     string
	Name     string
	Level    string // CITY, DISTRICT, TOWN or COMMUNITY
	Parent   string // code, "" at the top
	Boundary orb.MultiPolygon
	Limits   Limits
	Contacts Contacts
}

// Limits are the four sides of a division in words (四至).
type Limits struct{ East, South, West, North string }

// Group is a grid group (网格组): neighbouring grids under one leader.
type Group struct {
	Key       string
	Name      string
	Community string // division code
}

// Grid is one grid of the community.
type Grid struct {
	Code     string // the community's twelve digits and three more
	Name     string
	Kind     string // COMPREHENSIVE or DEDICATED
	Basis    string // what it was cut by: ESTATE, STREET, VILLAGE_GROUP or EMPLOYER
	Group    string // key
	Boundary orb.MultiPolygon
}

// Estate is a housing estate (小区).
type Estate struct {
	Key       string
	Name      string
	Community string // division code
	ManagedBy string // OWNERS, COMPANY, EMPLOYER, COMMUNITY or VILLAGE
}

// Building is a house, a shop, a school.
type Building struct {
	Code      string // says nothing of the grid, so that a redraw leaves it alone
	Name      string
	Address   string
	Estate    string // key, "" outside the estates
	Floors    int
	Footprint orb.Polygon
	Units     int // stairwells (单元) with dwellings; 0 where nobody lives
}

// Dwelling is a flat, or a house for one family.
type Dwelling struct {
	Building         string // code
	Unit             string // "1单元"
	Room             string // "301"
	Use              string // OWNER, RENTED, VACANT or BUSINESS
	RentalManagement string // who looks after the letting, "" where nobody or not let
	Households       []int  // how many live in each household; most dwellings have one, vacant ones none
}

// Entity is a shop, an employer, an office (驻区单位).
type Entity struct {
	Code              string
	Name              string
	CreditCode        string // by GB 32100, with [CreditPrefix]
	Category          string
	Building          string // code of the building it is in
	Address           string
	Point             orb.Point // in the building
	Employees         int
	PartyOrganisation string // "" where it has none
	PartyMembers      int
}

// Road is a street, a lane or a path.
type Road struct {
	Code  string
	Name  string // "" where it has none
	Class string // as in OpenStreetMap: trunk, secondary, tertiary, residential, service, footway
	Line  orb.LineString
}

// GroundKind says what a piece of ground is used for.
type GroundKind string

// The kinds of ground.
const (
	Water   GroundKind = "WATER"
	Park    GroundKind = "PARK"
	Garden  GroundKind = "GARDEN" // green inside an estate
	Pitch   GroundKind = "PITCH"  // playground, running track, basketball
	Square  GroundKind = "SQUARE"
	Parking GroundKind = "PARKING"
)

// Ground is a piece of ground without a house: water, park, playground.
type Ground struct {
	Code  string
	Name  string // "" where it has none
	Kind  GroundKind
	Shape orb.Polygon
}

// Worker is one of the people on the signboards.
type Worker struct {
	Key       string
	Name      string
	WorkPhone string
	Duties    []string
	Portrait  []byte // PNG, 240 × 240
}

// Area is where an assignment holds: exactly one field is set.
type Area struct{ Division, Group, Grid, Building string }

// Assignment puts a worker in a post. Days are counted from today, which the
// caller knows: FromDays is the first day in office, UntilDays the first day no
// longer in office, 0 for no end.
type Assignment struct {
	Worker    string // key
	Post      string // as domain/staff names them
	Cover     string // A or B
	Area      Area
	FromDays  int
	UntilDays int
}

// Absence is time off, counted as in [Assignment].
type Absence struct {
	Worker    string
	FromDays  int
	UntilDays int
}

// SizePolicy is what a division holds to be a good size for a grid.
type SizePolicy struct {
	Division                                       string
	HouseholdsMin, HouseholdsTarget, HouseholdsMax int
	ResidentsMin, ResidentsMax                     int
	GridsMin, GridsMax                             int
	InformantsMin, InformantsMax                   int // of a grid
	PerInformantMin, PerInformantMax               int // households
}

// ProblemKind is a kind of fault in a cover of grids, named as in the API.
type ProblemKind string

// The kinds that are planted.
const (
	Gap                ProblemKind = "GAP"
	Overlap            ProblemKind = "OVERLAP"
	Outside            ProblemKind = "OUTSIDE"
	Multipart          ProblemKind = "MULTIPART"
	UnassignedBuilding ProblemKind = "UNASSIGNED_BUILDING"
	CutBuilding        ProblemKind = "CUT_BUILDING"
	Unstaffed          ProblemKind = "UNSTAFFED"
	Oversize           ProblemKind = "OVERSIZE"
	Undersize          ProblemKind = "UNDERSIZE"
)

// Planted is a fault put in on purpose, so that a check has something to find
// and its findings can be held against figures that it did not compute.
type Planted struct {
	Kind     ProblemKind
	Where    string // in words
	Note     string // why a real town could have it
	Grids    []string
	Building string // code
	Geometry orb.Geometry
	AreaM2   float64 // of Geometry where it is an area
	Affected         // by it: what stands in its area, or in the building or grid that it is about
}

// Affected counts buildings and who lives in them.
type Affected struct{ Buildings, Households, Residents int }

// Note is something else put in on purpose that is no fault of the cover.
type Note struct {
	Kind  string // INFORMANTS: the wrong number of them
	Where string // in words
	Note  string
	Grid  string // code
	Count int    // of what the note is about
}

// Community returns the made-up community. Every call makes it anew; the
// values belong to the caller.
func Community() Town {
	t, _ := drawTown()
	return t
}

// drawTown is Community with its border on the drawing table.
func drawTown() (Town, ring) {
	s := layOut()
	t := survey(s)
	inhabit(&t, s)
	fillPosts(&t)
	return t, communityRing(s)
}
