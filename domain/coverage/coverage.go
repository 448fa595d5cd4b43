// Package coverage says how the grids of a division cover it: what nobody covers, what two do, and who is left out. The
// rules are here; the geometry is left to geo/coverage, who lies where to packages place and grid.
package coverage

import (
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"

	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
)

// Kind of problem.
type Kind string

// The kinds, the gravest first.
const (
	Gap                Kind = "GAP"
	Overlap            Kind = "OVERLAP"
	Outside            Kind = "OUTSIDE"
	UnassignedBuilding Kind = "UNASSIGNED_BUILDING"
	Unstaffed          Kind = "UNSTAFFED"
	CutBuilding        Kind = "CUT_BUILDING"
	Multipart          Kind = "MULTIPART"
	Oversize           Kind = "OVERSIZE"
	Undersize          Kind = "UNDERSIZE"
)

// Kinds lists them, the gravest first.
var Kinds = []Kind{Gap, Overlap, Outside, UnassignedBuilding, Unstaffed, CutBuilding, Multipart, Oversize, Undersize}

// Action of a fix.
type Action string

// The actions.
const (
	AddToGrid      Action = "ADD_TO_GRID"
	CutFromGrid    Action = "CUT_FROM_GRID"
	AssignBuilding Action = "ASSIGN_BUILDING"
	AppointWorker  Action = "APPOINT_WORKER"
	SplitGrid      Action = "SPLIT_GRID"
	MergeGrids     Action = "MERGE_GRIDS"
)

// Report is how a division and all beneath it is covered, as of a change of the data and a day. Areas are square metres.
// AreaM2, CoveredM2, GapM2 and OutsideM2 are known where the division has a boundary (Bounded).
type Report struct {
	DivisionID uuid.UUID
	Change     int64
	Day        civil.Date
	CheckedAt  time.Time
	Bounded    bool
	AreaM2     float64
	CoveredM2  float64 // each spot once
	GapM2      float64
	OverlapM2  float64 // pairs of grids of one community, summed
	OutsideM2  float64 // of grids beyond their own community
	Problems   map[Kind]int
}

// Seamless reports whether there is no gap, no overlap and nothing outside.
func (r Report) Seamless() bool {
	return r.Problems[Gap] == 0 && r.Problems[Overlap] == 0 && r.Problems[Outside] == 0
}

// Problem is one thing that is wrong.
type Problem struct {
	ID          uuid.UUID // the same as long as the problem is
	Kind        Kind
	Weight      float64 // within its kind: the larger the graver
	Geometry    geom.T  // CGCS2000 longitude, latitude; nil where it has no place
	Box         *place.Box
	AreaM2      *float64
	DivisionIDs []uuid.UUID
	Grids       []key.Key
	Building    *key.Key
	Buildings   *int
	Households  *int // for operators: see HouseholdsFor
	Fixes       []Fix
}

// Shown is a problem as a map shows it.
type Shown struct {
	ID     uuid.UUID
	Kind   Kind
	AreaM2 *float64     // nil where it is of no area
	Shape  orb.Geometry // CGCS2000 longitude, latitude, degrees
}

// Fix is something that would mend a problem. What it says to people is made from these facts by FixText.
type Fix struct {
	Action Action
	Grid   *key.Key
	Args   map[string]any // figures for the sentence: metres of shared border, households
}

// Query is a page of a division's problems, the gravest first; nil Kinds: all.
type Query struct {
	Kinds    []Kind
	Args     page.Args
	Count    bool
	Geometry bool
}

// ByGravity names the order of problems in cursors.
const ByGravity = "GRAVITY"
