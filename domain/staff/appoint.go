package staff

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/name"
	"wangge/domain/phone"
	"wangge/domain/portrait"
	"wangge/internal/fault"
)

// NewWorker is what is said of a worker when one is added. Area decides the district the record is kept in.
type NewWorker struct {
	Name, WorkPhone string
	Duties          []string
	Photo           *portrait.Portrait
	PhotoFile       []byte // what Photo is made of by portrait.Make, once all else is found right; nil: Photo stands
	IdempotencyKey  string // "" for none; the same again in the same district is the same worker
}

// Appointment puts a worker in office. AreaName is as in Store.ResolveArea.
type Appointment struct {
	Worker   key.Key
	Post     Post
	Cover    Cover
	AreaKind AreaKind
	AreaName string
	From     *civil.Date // nil: today
	Until    *civil.Date // the first day out of office; nil: open
}

// What may be said of a worker's duties; a signboard has room for five.
const (
	maxDuties = 20
	maxDuty   = 200 // characters
)

var _ = fault.Register(
	[3]string{"worker.duties", "A worker has at most {max} duties.", "职责最多 {max} 项。"},
	[3]string{"worker.duty", "A duty is a text of at most {max} characters in one line.", "每项职责应为一行文字，不超过 {max} 字。"},
)

// CheckWorker refuses what cannot be a worker: INVALID.
func CheckWorker(w NewWorker) error {
	if called := strings.TrimSpace(w.Name); called == "" || !name.Fits(called, 100) {
		return fault.New(fault.Invalid, "name", "worker.name")
	}
	if err := name.Check("name", w.Name); err != nil {
		return err
	}
	if len(w.Duties) > maxDuties {
		return fault.New(fault.Invalid, "duties", "worker.duties", "max", maxDuties)
	}
	for i, d := range w.Duties {
		if d = strings.TrimSpace(d); d == "" || !name.Fits(d, maxDuty) {
			return fault.New(fault.Invalid, fmt.Sprintf("duties.%d", i), "worker.duty", "max", maxDuty)
		}
		if err := name.Check(fmt.Sprintf("duties.%d", i), d); err != nil {
			return err
		}
	}
	if utf8.RuneCountInString(w.IdempotencyKey) > MaxRetryKey {
		return fault.New(fault.Invalid, "idempotencyKey", "worker.retryKey", "max", MaxRetryKey)
	}
	if w.WorkPhone != "" && !phone.Valid(w.WorkPhone) {
		return fault.New(fault.Invalid, "workPhone", "worker.phone")
	}
	return nil
}

// Add adds a worker whose record is kept with area's district; with an idempotency key that was used there before it returns
// the worker that was added then. Operators only. INVALID: no name, a phone that is none, too
// many duties or too long ones; NOT_FOUND: no such area.
func (s *Service) Add(ctx context.Context, actor account.Actor, w NewWorker, kind AreaKind, area string) (Worker, error) {
	if err := actor.RequireOperator(); err != nil {
		return Worker{}, err
	}
	if err := CheckWorker(w); err != nil {
		return Worker{}, err
	}
	at, err := s.area(ctx, actor, kind, area)
	if err != nil {
		return Worker{}, err
	}
	if w.Photo, err = pictureOf(ctx, w.PhotoFile, w.Photo); err != nil {
		return Worker{}, err
	}
	id := s.IDs.NewID()
	if w.IdempotencyKey != "" {
		id = retried(at.Home, w.IdempotencyKey)
	}
	worker := Worker{Key: key.Key{Home: at.Home, ID: id}, Name: strings.TrimSpace(w.Name),
		WorkPhone: w.WorkPhone, Duties: w.Duties, HasPhoto: w.Photo != nil, Version: 1}
	audit.About(ctx, "WORKER", worker.Key)
	return s.withPhoto(ctx, actor, w.Photo, func(name string) (Worker, error) { return s.Store.AddWorker(ctx, actor, worker, name) })
}

// Appoint puts a worker in office. Operators, and staff who appoint in all of the area: others than themselves, who hold no post elsewhere, to posts that give no such
// right. NOT_FOUND: no such worker or area, or one beyond the actor's posts; INVALID: until is not after from, or the worker belongs to another district; CONFLICT: somebody
// holds the post there then; FORBIDDEN.
func (s *Service) Appoint(ctx context.Context, actor account.Actor, a Appointment) (Assignment, error) {
	if err := actor.Require(account.Appoint); err != nil {
		return Assignment{}, err
	}
	from := s.Day(nil)
	if a.From != nil {
		from = *a.From
	}
	if a.Until != nil && !from.Before(*a.Until) {
		return Assignment{}, fault.New(fault.Invalid, "until", "staff.order")
	}
	w, err := s.worker(ctx, actor, a.Worker)
	if err != nil {
		return Assignment{}, err
	}
	at, err := s.area(ctx, actor, a.AreaKind, a.AreaName)
	if err != nil {
		return Assignment{}, err
	}
	by, held, err := s.appointer(ctx, actor, w.Key, at)
	if err == nil && by != nil {
		err = by.mayGive(w.Key, held, a.Post, at, a.AreaName)
	}
	if err != nil {
		return Assignment{}, err
	}
	if at.Home != w.Key.Home {
		return Assignment{}, fault.New(fault.Invalid, "workerId", "staff.otherDistrict")
	}
	name := a.AreaName
	if at.Kind == AreaGroup || at.Kind == AreaBuilding {
		name = key.Key{Home: at.Home, ID: at.ID}.String()
	}
	out := Assignment{Key: key.Key{Home: at.Home, ID: s.IDs.NewID()}, Worker: w, Post: a.Post, Cover: a.Cover,
		Area: at, AreaName: name, From: from, Until: a.Until}
	return out, s.Store.AddAssignment(ctx, actor, out)
}

// End takes a worker out of office from a day on. Operators, and staff who may give the post and do not stand in for it. NOT_FOUND: no such assignment in office then, or
// one beyond the actor's posts; FORBIDDEN.
func (s *Service) End(ctx context.Context, actor account.Actor, k key.Key, until civil.Date) error {
	if err := actor.Require(account.Appoint); err != nil {
		return err
	}
	a, ok, err := s.Store.AssignmentByKey(ctx, actor, k, s.Day(nil))
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "id", "staff.assignmentNotFound")
	}
	if err != nil {
		return err
	}
	by, _, err := s.appointer(ctx, actor, a.Worker.Key, a.Area)
	if err == nil && by != nil {
		err = by.mayEnd(a)
	}
	if err != nil {
		return err
	}
	ok, err = s.Store.EndAssignment(ctx, actor, k, until)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "id", "staff.assignmentNotFound")
	}
	return err
}

// RecordAbsence notes that a worker is away from a day until the first day back. Operators, and staff who may give all posts that the
// worker holds and stand in for none. INVALID: the days are in the wrong order; CONFLICT: already away then; NOT_FOUND: no such worker; FORBIDDEN.
func (s *Service) RecordAbsence(ctx context.Context, actor account.Actor, worker key.Key, from, until civil.Date) (Absence, error) {
	if err := actor.Require(account.Appoint); err != nil {
		return Absence{}, err
	}
	if !from.Before(until) {
		return Absence{}, fault.New(fault.Invalid, "until", "staff.order")
	}
	w, err := s.worker(ctx, actor, worker)
	if err == nil {
		err = s.requireNotesAway(ctx, actor, w.Key, "workerId")
	}
	if err != nil {
		return Absence{}, err
	}
	a := Absence{Key: key.Key{Home: w.Key.Home, ID: s.IDs.NewID()}, Worker: w.Key, From: from, Until: until}
	return a, s.Store.AddAbsence(ctx, actor, a)
}

// Worker returns a worker by key. Operators only. NOT_FOUND: none.
func (s *Service) Worker(ctx context.Context, actor account.Actor, k key.Key) (Worker, error) {
	if err := actor.RequireOperator(); err != nil {
		return Worker{}, err
	}
	return s.worker(ctx, actor, k)
}

// worker is Worker for whom a use case has let in.
func (s *Service) worker(ctx context.Context, actor account.Actor, k key.Key) (Worker, error) {
	w, ok, err := s.Store.WorkerByKey(ctx, actor, k)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "workerId", "worker.notFound", "id", k.String())
	}
	return w, err
}

func (s *Service) area(ctx context.Context, actor account.Actor, kind AreaKind, name string) (Area, error) {
	at, ok, err := s.Store.ResolveArea(ctx, actor, kind, name)
	if err == nil && !ok {
		err = noArea(kind, name)
	}
	return at, err
}
