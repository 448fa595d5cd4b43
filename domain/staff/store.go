package staff

import (
	"context"
	"iter"
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
	Photo(ctx context.Context, actor account.Actor, worker key.Key) (Photo, bool, error)

	// AddWorker adds a worker; where there is one of its key already, that one is returned and nothing changes.
	AddWorker(ctx context.Context, actor account.Actor, w Worker, photo *Photo) (Worker, error)
	// SaveWorker changes a worker whose version is w's; CONFLICT: it moved. Without photo the picture stays, where w has one.
	SaveWorker(ctx context.Context, actor account.Actor, w Worker, photo *Photo) (Worker, error)
	Workers(ctx context.Context, actor account.Actor, q RecordQuery) (page.Page[Record], error)
	// AssignmentsOf and AbsencesOf return what is in force on day or later, by worker's id.
	AssignmentsOf(ctx context.Context, actor account.Actor, workers []key.Key, day civil.Date) (map[uuid.UUID][]Assignment, error)
	AbsencesOf(ctx context.Context, actor account.Actor, workers []key.Key, day civil.Date) (map[uuid.UUID][]Absence, error)
	// Vacancies returns vacancies beneath divisions, of grids and groups that are in force at an instant.
	Vacancies(ctx context.Context, actor account.Actor, divisions []uuid.UUID, q VacancyQuery, at time.Time) (map[uuid.UUID]page.Page[Vacancy], error)
	AddAssignment(ctx context.Context, actor account.Actor, a Assignment) error
	// EnterWorkers adds the workers that are not there yet with their terms; an error among the entries ends it, and undoes it all.
	EnterWorkers(ctx context.Context, actor account.Actor, entries iter.Seq2[Entry, error]) (added int, err error)
	EndAssignment(ctx context.Context, actor account.Actor, k key.Key, until civil.Date) (bool, error)
	AddAbsence(ctx context.Context, actor account.Actor, a Absence) error
	AbsenceByKey(ctx context.Context, actor account.Actor, k key.Key) (Absence, bool, error)
	ChangeAbsence(ctx context.Context, actor account.Actor, a Absence) error
	RemoveAbsence(ctx context.Context, actor account.Actor, a Absence) error
	// ResolveArea finds an area by what people call it: a grid's or division's code; a group's id, or its community's code
	// and its name with a slash between; a building's id or code.
	ResolveArea(ctx context.Context, actor account.Actor, kind AreaKind, name string) (Area, bool, error)
}

// Photo is a worker's picture.
type Photo struct {
	MediaType string // image/png or image/jpeg
	Image     []byte
}

// GridRef is what OnCall needs to know of a grid.
type GridRef struct {
	Key     key.Key
	GroupID *uuid.UUID
}

// Service is what can be asked and done about workers. Who is on call is for everyone, the rest for operators.
type Service struct {
	Store Store
	Now   func() time.Time
	Zone  *time.Location // the deployment's: decides which day it is
	IDs   key.Source

	// Roster is the roster that knows a day, where it is in memory; false where it is not, as for the past, or nil: the store is
	// asked.
	Roster func(ctx context.Context, day civil.Date) (*Roster, bool)
}

var _ = fault.Register(
	[3]string{"worker.notFound", "There is no worker {id}.", "没有工作人员 {id}。"},
	[3]string{"worker.noPhoto", "The worker has no photo.", "该人员没有照片。"},
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

// Photo returns a worker's photo. NOT_FOUND: no such worker, or no photo.
func (s *Service) Photo(ctx context.Context, actor account.Actor, worker key.Key) (Photo, error) {
	p, ok, err := s.Store.Photo(ctx, actor, worker)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "id", "worker.noPhoto")
	}
	return p, err
}
