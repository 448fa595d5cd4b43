// Package staff holds workers, their posts, and who covers a post on a day. Days are civil days.
// Where an area lies is left to packages place and grid.
package staff

import (
	"github.com/google/uuid"

	"wangge/domain/civil"
	"wangge/domain/key"
)

// Post (岗位).
type Post string

// The posts.
const (
	ChiefLeader     Post = "CHIEF_LEADER"
	GridLeader      Post = "GRID_LEADER"
	GridWorker      Post = "GRID_WORKER"
	Assistant       Post = "ASSISTANT"
	SectionLeader   Post = "SECTION_LEADER"
	GroupLeader     Post = "GROUP_LEADER"
	ClusterLeader   Post = "CLUSTER_LEADER"
	BuildingLeader  Post = "BUILDING_LEADER"
	LeadHouseholder Post = "LEAD_HOUSEHOLDER"
	UnitLeader      Post = "UNIT_LEADER"
	Informant       Post = "INFORMANT"
	Volunteer       Post = "VOLUNTEER"
	StationHead     Post = "STATION_HEAD"
	CounterStaff    Post = "COUNTER_STAFF"
	PlatformAdmin   Post = "PLATFORM_ADMIN"
)

// Cover says whether an assignment is the first (A岗) or the stand-in (B岗).
type Cover string

// The covers.
const (
	CoverA Cover = "A"
	CoverB Cover = "B"
)

// Worker is a worker's public face.
type Worker struct {
	Key       key.Key
	Name      string
	WorkPhone string // empty where none
	Duties    []string
	HasPhoto  bool
	PhotoID   string // tells the photo from another of the worker, and is nobody else's business; "" where there is none
	Version   int
}

// AreaKind says what an assignment is for.
type AreaKind string

// The kinds of area.
const (
	AreaDivision AreaKind = "division"
	AreaGroup    AreaKind = "group"
	AreaGrid     AreaKind = "grid"
	AreaBuilding AreaKind = "building"
)

// Area is what an assignment is for: one division, group, grid or building, in the district that Home names.
type Area struct {
	Kind AreaKind
	Home string
	ID   uuid.UUID
}

// Assignment (任职) of a worker to a post for an area.
type Assignment struct {
	Key    key.Key
	Worker Worker
	Post   Post
	Cover  Cover
	Area   Area
	// AreaName is what Store.ResolveArea reads as Area: a grid's or division's code, a group's or building's id.
	AreaName string
	From     civil.Date
	Until    *civil.Date // the first day out of office; nil: not known
	Away     bool        // absent on the day asked about
}

// Absence (请假) of a worker.
type Absence struct {
	Key    key.Key
	Worker key.Key
	From   civil.Date
	Until  civil.Date // the first day back
}
