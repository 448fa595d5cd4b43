// Package grid holds grids (网格): their kinds, groups, boundaries through time, and which one a spot belongs to.
// Geometry is CGCS2000 longitude, latitude in degrees. Who works in a grid is left to package staff.
package grid

import (
	"time"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/key"
	"wangge/domain/place"
)

// Kind of a grid.
type Kind string

// The kinds.
const (
	Comprehensive Kind = "COMPREHENSIVE" // 综合网格
	Dedicated     Kind = "DEDICATED"     // 专属网格
)

// Grid is a grid as it was at one time.
type Grid struct {
	Key         key.Key
	Code        string
	FormerCodes []string
	Name        string
	Kind        Kind
	Basis       string
	Version     int
	CommunityID uuid.UUID
	GroupID     *uuid.UUID
	Limits      place.Limits
	BBox        place.Box
	AreaM2      float64
	LabelPoint  *geom.Point
	Boundary    *geom.MultiPolygon // nil where it was not asked for
}

// Group is a grid group (网格组).
type Group struct {
	Key         key.Key
	Name        string
	CommunityID uuid.UUID
}

// Neighbour is a grid that shares a border, and how long that border is.
type Neighbour struct {
	Grid    Grid
	SharedM float64 // metres on the ellipsoid
}

// Order of a list of grids.
type Order string

// The orders.
const (
	ByCode       Order = "CODE"
	ByName       Order = "NAME"
	ByHouseholds Order = "HOUSEHOLDS"
	ByArea       Order = "AREA"     // smallest first
	ByDistance   Order = "DISTANCE" // nearest first; needs Filter.Near
)

// Filter narrows a list of grids; all that is given must hold.
type Filter struct {
	Divisions  []string // codes; the grids at and beneath them; nil: any
	Codes      []string
	Keys       []key.Key // nil: any
	Kinds      []Kind
	Text       string // part of the name or code
	Box        *place.Box
	Intersects geom.T
	Within     geom.T
	Near       *Point
	WithinM    *float64
}

// Point is a CGCS2000 position in degrees.
type Point struct{ Lng, Lat float64 }

// Rule says what decided a match.
type Rule string

// The rules.
const (
	RuleAddress  Rule = "ADDRESS"
	RuleContains Rule = "CONTAINS"
	RuleBorder   Rule = "BORDER"
	RuleNearest  Rule = "NEAREST"
	RuleNone     Rule = "NONE"
)

// Match is the answer to "which grid is this spot in?".
type Match struct {
	Grid              *Grid
	Rule              Rule
	Candidates        []Candidate
	NeedsConfirmation bool
	BoundaryDistanceM *float64 // metres to the border of Grid; nil where it was not asked for or there is no Grid
	BuildingKey       *key.Key
	DivisionID        *uuid.UUID // the smallest division around the spot
}

// Candidate is a grid that the spot may lie in, given how exactly it is known and that it lies in a grid. The
// probabilities of a match's candidates add up to 1.
type Candidate struct {
	Grid        *Grid
	Probability float64
	DistanceM   float64
}

// Instant is nil for now.
type Instant = *time.Time
