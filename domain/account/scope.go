package account

import (
	"slices"

	"github.com/google/uuid"
)

// Right is something that may be done with what lies in an area.
type Right uint8

// The rights. Each holds of an area; what is public needs none.
const (
	Households Right = iota // rooms, households and exact counts of people
	Residents               // residents' files, masked
	Reveal                  // one value of a file, unmasked, for a purpose that is stated
	Keep                    // to write residents' files
	Care                    // care tags
	Restricted              // care tags of restricted categories
	Appoint                 // to put workers in office and out of it, to note absences
	Arrange                 // to place buildings and units, set contacts and policies, mend borders, note what was printed
	Rights                  // how many there are
)

// Set is a set of rights.
type Set uint16

// SetOf returns the set of these rights.
func SetOf(rights ...Right) (s Set) {
	for _, r := range rights {
		s |= 1 << r
	}
	return s
}

// Has reports whether r is in s.
func (s Set) Has(r Right) bool { return s&(1<<r) != 0 }

// rightNames are what rights are called where they are written down.
var rightNames = [Rights]string{"HOUSEHOLDS", "RESIDENTS", "REVEAL", "KEEP", "CARE", "RESTRICTED", "APPOINT", "ARRANGE"}

// String is what r is called where it is written down.
func (r Right) String() string { return rightNames[r] }

// ParseRight reads what String wrote; false: there is no such right.
func ParseRight(s string) (Right, bool) {
	i := slices.Index(rightNames[:], s)
	return Right(max(i, 0)), i >= 0
}

// All are the rights in s.
func (s Set) All() (list []Right) {
	for r := range Rights {
		if s.Has(r) {
			list = append(list, r)
		}
	}
	return list
}

// ofOperator is what the operator may do everywhere. Files of residents are opened by those who care for them alone.
var ofOperator = SetOf(Households, Appoint, Arrange)

// Area is where something lies: with which district it is stored (the home key), and in which community, grid and building it is today.
// What is larger or lies in none has the zero id there.
type Area struct {
	District                  string
	Community, Grid, Building uuid.UUID
}

// Reach is where a right holds: in whole districts by their home keys, in communities, in grids, in buildings.
type Reach struct {
	Everywhere                    bool
	Districts                     []string
	Communities, Grids, Buildings []uuid.UUID
}

// Empty reports whether it holds nowhere.
func (r Reach) Empty() bool {
	return !r.Everywhere && len(r.Districts)+len(r.Communities)+len(r.Grids)+len(r.Buildings) == 0
}

// Holds reports whether it holds of what lies in a.
func (r Reach) Holds(a Area) bool {
	in := func(list []uuid.UUID, id uuid.UUID) bool { return id != uuid.Nil && slices.Contains(list, id) }
	return r.Everywhere || slices.Contains(r.Districts, a.District) || in(r.Communities, a.Community) || in(r.Grids, a.Grid) || in(r.Buildings, a.Building)
}

// Grant is what a post in office, or a stand-in's while the first holder is away, gives: rights in an area.
type Grant struct {
	Rights Set
	Reach  Reach
}

// Scope is all that an account's posts reach at an instant. It is never changed.
type Scope struct{ of [Rights]Reach }

// NewScope joins grants.
func NewScope(grants ...Grant) *Scope {
	s := &Scope{}
	for right := range Rights {
		all := &s.of[right]
		for _, g := range grants {
			if !g.Rights.Has(right) {
				continue
			}
			all.Everywhere = all.Everywhere || g.Reach.Everywhere
			all.Districts = append(all.Districts, g.Reach.Districts...)
			all.Communities = append(all.Communities, g.Reach.Communities...)
			all.Grids = append(all.Grids, g.Reach.Grids...)
			all.Buildings = append(all.Buildings, g.Reach.Buildings...)
		}
		slices.Sort(all.Districts)
		all.Districts = slices.Compact(all.Districts)
		for _, ids := range []*[]uuid.UUID{&all.Communities, &all.Grids, &all.Buildings} {
			slices.SortFunc(*ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
			*ids = slices.Compact(*ids)
		}
	}
	return s
}

// Of is where a right holds.
func (s *Scope) Of(r Right) Reach { return s.of[r] }
