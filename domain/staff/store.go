package staff

import (
	"context"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/internal/fault"
)

// Store is what the service needs kept; package db implements it. See place.Store.
type Store interface {
	Do(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error

	// InOffice returns the assignments for each area in office on day; the map's key is the area's id.
	InOffice(ctx context.Context, actor account.Actor, areas []Area, day civil.Date) (map[uuid.UUID][]Assignment, error)
	WorkerByKey(ctx context.Context, actor account.Actor, k key.Key) (Worker, bool, error)
	// Photo says where a worker's photo lies, and whether the worker is in office on day or later.
	Photo(ctx context.Context, actor account.Actor, worker key.Key, day civil.Date) (StoredPhoto, bool, error)

	// NotePhoto notes, at once and whatever becomes of ctx's transaction, that there may be a picture of this name that no worker has.
	NotePhoto(ctx context.Context, actor account.Actor, name string) error
	// SweepPhoto has remove take away one picture that no worker has, noted so long ago or lost by its worker; found is false where there is none. Where remove fails
	// it stays noted. Nobody can give it to a worker meanwhile.
	SweepPhoto(ctx context.Context, actor account.Actor, age time.Duration, remove func(name string) error) (found bool, err error)
	// HoldPhotos notes pictures anew, at once like NotePhoto: those of the names that are noted still are as if they were noted now.
	HoldPhotos(ctx context.Context, actor account.Actor, names []string) error
	// RemovePhoto is SweepPhoto for the one of that name, where a worker has lost it and nobody removes it already.
	RemovePhoto(ctx context.Context, actor account.Actor, name string, remove func() error) error
	// InlinePhotos returns the workers whose photo lies in the database; MovePhoto gives one the picture of that name instead, if it is the same photo still.
	InlinePhotos(ctx context.Context, actor account.Actor) ([]key.Key, error)
	MovePhoto(ctx context.Context, actor account.Actor, worker key.Key, image []byte, name string) (bool, error)

	// AddWorker adds a worker with the picture of a name that NotePhoto was told, "" for none; where there is a worker of its key already, that one is returned and
	// nothing changes. UNAVAILABLE, here and wherever a picture is named: it was swept meanwhile.
	AddWorker(ctx context.Context, actor account.Actor, w Worker, photo string) (Worker, error)
	// SaveWorker changes a worker whose version is w's; CONFLICT: it moved. Where photo is "" the picture stays, where w has one. A picture that the worker loses is noted
	// for SweepPhoto, to be removed at once.
	SaveWorker(ctx context.Context, actor account.Actor, w Worker, photo string) (Worker, error)
	Workers(ctx context.Context, actor account.Actor, q RecordQuery) (page.Page[Record], error)
	// AssignmentsOf and AbsencesOf return what is in force on day or later, by worker's id.
	AssignmentsOf(ctx context.Context, actor account.Actor, workers []key.Key, day civil.Date) (map[uuid.UUID][]Assignment, error)
	AbsencesOf(ctx context.Context, actor account.Actor, workers []key.Key, day civil.Date) (map[uuid.UUID][]Absence, error)
	// Vacancies returns vacancies beneath divisions, of grids and groups that are in force at an instant.
	Vacancies(ctx context.Context, actor account.Actor, divisions []uuid.UUID, q VacancyQuery, at time.Time) (map[uuid.UUID]page.Page[Vacancy], error)
	// AssignmentByKey returns an assignment, whenever it is in force; Away is as of day.
	AssignmentByKey(ctx context.Context, actor account.Actor, k key.Key, day civil.Date) (Assignment, bool, error)
	// LiesIn returns where all of each area lies now or will, in pieces, by the area's id; none of an area that there is not.
	LiesIn(ctx context.Context, actor account.Actor, areas []Area) (map[uuid.UUID][]account.Area, error)
	AddAssignment(ctx context.Context, actor account.Actor, a Assignment) error
	// EnterWorkers adds the workers that are not there yet with their terms, all or none; it reads PhotoName, not the picture.
	EnterWorkers(ctx context.Context, actor account.Actor, entries []Entry) (added int, err error)
	EndAssignment(ctx context.Context, actor account.Actor, k key.Key, until civil.Date) (bool, error)
	AddAbsence(ctx context.Context, actor account.Actor, a Absence) error
	AbsenceByKey(ctx context.Context, actor account.Actor, k key.Key) (Absence, bool, error)
	ChangeAbsence(ctx context.Context, actor account.Actor, a Absence) error
	RemoveAbsence(ctx context.Context, actor account.Actor, a Absence) error
	// ResolveArea finds an area by what people call it: a grid's or division's code; a group's id, or its community's code
	// and its name with a slash between; a building's id or code.
	ResolveArea(ctx context.Context, actor account.Actor, kind AreaKind, name string) (Area, bool, error)
}

// GridRef is what OnCall needs to know of a grid.
type GridRef struct {
	Key     key.Key
	GroupID *uuid.UUID
}

// Service is what can be asked and done about workers. Who is on call is for everyone, who is in office is said by operators and by staff who appoint, the rest is for operators.
type Service struct {
	Store Store
	Now   func() time.Time
	Zone  *time.Location // the deployment's: decides which day it is
	IDs   key.Source

	Pictures Pictures // where photos lie; nil: none are taken in

	// Roster is the roster that knows a day, where it is in memory; false where it is not, as for the past, or nil: the store is
	// asked.
	Roster func(ctx context.Context, day civil.Date) (*Roster, bool)
}

var _ = fault.Register(
	[3]string{"worker.notFound", "There is no worker {id}.", "没有工作人员 {id}。"},
	[3]string{"worker.name", "A worker needs a name of at most 100 characters.", "请填写姓名（不超过 100 字）。"},
	[3]string{"worker.phone", "The work phone may hold 3 to 30 digits, +, -, ( ) and spaces.", "工作电话只能包含数字、+、-、括号和空格（3 到 30 位）。"},
	[3]string{"staff.area", "There is no {kind} {name}.", "没有找到 {kind} {name}。"},
	[3]string{"staff.assignmentNotFound", "There is no such assignment.", "没有该任职记录。"},
	[3]string{"staff.order", "until must come after from.", "结束日期必须晚于开始日期。"},
	[3]string{"staff.otherDistrict", "The worker belongs to another district.", "该人员不属于本区。"},
)

// Day is the civil day at asOf, or today.
func (s *Service) Day(asOf *time.Time) civil.Date {
	if asOf != nil {
		return civil.Of(*asOf, s.Zone)
	}
	return civil.Of(s.Now(), s.Zone)
}

// InOffice returns the assignments for each area in office at asOf.
func (s *Service) InOffice(ctx context.Context, actor account.Actor, areas []Area, asOf *time.Time) (map[uuid.UUID][]Assignment, error) {
	return s.Store.InOffice(ctx, actor, areas, s.Day(asOf))
}

// OnCall returns whom to call for each grid at asOf, by the post they hold, which need not be the grid worker's; a grid with
// nobody to call is left out. See the rule OnCall.
func (s *Service) OnCall(ctx context.Context, actor account.Actor, grids []GridRef, asOf *time.Time) (map[uuid.UUID]Assignment, error) {
	list := make([]Covered, len(grids))
	for i, g := range grids {
		list[i] = Covered{Area: Area{AreaGrid, g.Key.Home, g.Key.ID}, GroupID: g.GroupID}
	}
	return s.Covers(ctx, actor, GridWorker, list, s.Day(asOf))
}

// OnCallOf is OnCall for one grid; nil: nobody is to be called. The answer may be shared and is not to be changed.
func (s *Service) OnCallOf(ctx context.Context, actor account.Actor, g GridRef, asOf *time.Time) (*Assignment, error) {
	if s.Roster != nil {
		day := s.Day(asOf)
		if roster, ok := s.Roster(ctx, day); ok {
			return roster.OnCall(g, day), actor.RequireKnown()
		}
	}
	found, err := s.OnCall(ctx, actor, []GridRef{g}, asOf)
	if a, ok := found[g.Key.ID]; ok {
		return &a, err
	}
	return nil, err
}
