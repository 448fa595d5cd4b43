package staff

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/portrait"
	"wangge/internal/fault"
)

// Change is what is to be said of a worker; nil leaves it as it is. An empty work phone takes it away.
type Change struct {
	Worker          key.Key
	Version         int // that was read
	Name, WorkPhone *string
	Duties          []string // nil: as they are
	Photo           *portrait.Portrait
	PhotoFile       []byte // what Photo is made of by portrait.Make, once all else is found right; nil: Photo stands
	NoPhoto         bool   // takes it away
}

// Record is what operators read of a worker.
type Record struct{ Worker }

// ByName is the order of a list of workers, as its cursors name it.
const ByName = "NAME"

// RecordQuery is which page of the workers is read: by name.
type RecordQuery struct {
	Division string // code: those in office on Day or later for it or anything beneath it, and all whose district lies there; "": all
	Text     string // part of the name or of the work phone
	Day      civil.Date
	Args     page.Args
	Count    bool
}

// ByPlace is the order of a list of vacancies, as its cursors name it.
const ByPlace = "PLACE"

// VacancyQuery is which page of each division's vacancies is read: by the code of the place.
type VacancyQuery struct {
	Posts []Post // nil: all that are looked for
	Day   civil.Date
	Args  page.Args
	Count bool
}

// Vacancy is a post that nobody is in office for.
type Vacancy struct {
	Post  Post
	Area  Area
	Since *civil.Date // the first day without anybody; nil where nobody ever was
	Last  *Assignment // who was last; nil where nobody ever was, and to all but operators
}

// Covered is an area whose post is asked about, with the group that it belongs to.
type Covered struct {
	Area    Area
	GroupID *uuid.UUID // of a grid
}

// MaxRetryKey is how many characters an idempotency key may have.
const MaxRetryKey = 100

const maxText = 200 // characters

var _ = fault.Register(
	[3]string{"worker.photoBoth", "Give a photo or take it away, not both.", "不能同时上传和删除照片。"},
	[3]string{"worker.retryKey", "The idempotency key must have 1 to {max} characters.", "幂等键应为 1 到 {max} 个字符。"},
	[3]string{"worker.text", "text must have at most {max} characters.", "text 最多 {max} 个字符。"},
	[3]string{"staff.absenceNotFound", "There is no such absence.", "没有该请假记录。"},
	[3]string{"staff.vacantPost", "Vacancies of {post} are not looked for; there are {posts}.", "不支持查询 {post} 的空缺，可查询的岗位有 {posts}。"},
)

// retried is the id of the worker that a request with a key adds: the same each time.
func retried(home, idempotencyKey string) uuid.UUID {
	space := uuid.MustParse("5b0c7c53-1d0e-4c61-9f0c-6d0f8a1f2b7e") // ours: a number that nobody else uses
	return uuid.NewSHA1(space, []byte(home+"/"+idempotencyKey))
}

// Update changes what is said of a worker and returns the worker as it is now. Operators only. NOT_FOUND: no such worker;
// INVALID as in Add; CONFLICT: the version moved.
func (s *Service) Update(ctx context.Context, actor account.Actor, c Change) (Worker, error) {
	w, err := s.Worker(ctx, actor, c.Worker)
	if err != nil {
		return Worker{}, err
	}
	if w.Version != c.Version {
		return Worker{}, fault.New(fault.Conflict, "version", "conflict") // before a picture is read or written; the store looks again
	}
	if (c.Photo != nil || c.PhotoFile != nil) && c.NoPhoto {
		return Worker{}, fault.New(fault.Invalid, "removePhoto", "worker.photoBoth")
	}
	if c.Name != nil {
		w.Name = strings.TrimSpace(*c.Name)
	}
	if c.WorkPhone != nil {
		w.WorkPhone = *c.WorkPhone
	}
	if c.Duties != nil {
		w.Duties = c.Duties
	}
	if err := CheckWorker(NewWorker{Name: w.Name, WorkPhone: w.WorkPhone, Duties: w.Duties}); err != nil {
		return Worker{}, err
	}
	if c.Photo, err = pictureOf(ctx, c.PhotoFile, c.Photo); err != nil {
		return Worker{}, err
	}
	var lost string
	if c.Photo != nil || c.NoPhoto { // the version says that it is the one that is lost
		at, _, err := s.Store.Photo(ctx, actor, c.Worker, civil.Date{})
		if err != nil {
			return Worker{}, err
		}
		lost = at.Name
	}
	w.HasPhoto = !c.NoPhoto && (w.HasPhoto || c.Photo != nil)
	w, err = s.withPhoto(ctx, actor, c.Photo, func(name string) (Worker, error) { return s.Store.SaveWorker(ctx, actor, w, name) })
	if err == nil {
		s.removeLost(ctx, actor, lost)
	}
	return w, err
}

// EndAbsence sets the first day back of an absence, earlier or later than it was; where that is not after its first day away
// nothing is left of it, and it is taken back: ok is false. Who may note it may say so. NOT_FOUND: no such absence; CONFLICT: away
// then already; FORBIDDEN.
func (s *Service) EndAbsence(ctx context.Context, actor account.Actor, k key.Key, until civil.Date) (a Absence, ok bool, err error) {
	if err := actor.Require(account.Appoint); err != nil {
		return Absence{}, false, err
	}
	a, found, err := s.Store.AbsenceByKey(ctx, actor, k)
	switch {
	case err != nil:
		return a, false, err
	case !found:
		return a, false, fault.New(fault.NotFound, "id", "staff.absenceNotFound")
	}
	if err := s.requireNotesAway(ctx, actor, a.Worker, "id"); err != nil {
		return Absence{}, false, err
	}
	if a, ok = a.shortened(until); !ok {
		return a, false, s.Store.RemoveAbsence(ctx, actor, a)
	}
	return a, true, s.Store.ChangeAbsence(ctx, actor, a)
}

// Records returns a page of the workers. Operators only. NOT_FOUND: no such division; INVALID: too long a text.
func (s *Service) Records(ctx context.Context, actor account.Actor, q RecordQuery) (page.Page[Record], error) {
	if err := actor.RequireOperator(); err != nil {
		return page.Page[Record]{}, err
	}
	if q.Text = strings.TrimSpace(q.Text); len([]rune(q.Text)) > maxText {
		return page.Page[Record]{}, fault.New(fault.Invalid, "text", "worker.text", "max", maxText)
	}
	return s.Store.Workers(ctx, actor, q)
}

// AssignmentsOf returns the posts that workers hold on a day or later, by worker's id. Operators only.
func (s *Service) AssignmentsOf(ctx context.Context, actor account.Actor, workers []key.Key, day civil.Date) (map[uuid.UUID][]Assignment, error) {
	if err := actor.RequireOperator(); err != nil {
		return nil, err
	}
	return s.Store.AssignmentsOf(ctx, actor, workers, day)
}

// AbsencesOf returns when workers are away on a day or later, by worker's id. Operators only.
func (s *Service) AbsencesOf(ctx context.Context, actor account.Actor, workers []key.Key, day civil.Date) (map[uuid.UUID][]Absence, error) {
	if err := actor.RequireOperator(); err != nil {
		return nil, err
	}
	return s.Store.AbsencesOf(ctx, actor, workers, day)
}

// Covers returns who answers for a post of each area on a day, by the area's id; one that nobody answers for is left out. See
// the rule OnCall.
func (s *Service) Covers(ctx context.Context, actor account.Actor, post Post, list []Covered, day civil.Date) (map[uuid.UUID]Assignment, error) {
	var areas []Area
	seen := map[uuid.UUID]bool{}
	for _, c := range list {
		areas = append(areas, c.Area)
		if c.GroupID != nil && !seen[*c.GroupID] {
			seen[*c.GroupID] = true
			areas = append(areas, Area{AreaGroup, c.Area.Home, *c.GroupID})
		}
	}
	office, err := s.Store.InOffice(ctx, actor, areas, day)
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]Assignment, len(list))
	for _, c := range list {
		var group []Assignment
		if c.GroupID != nil {
			group = office[*c.GroupID]
		}
		if a := OnCall(post, office[c.Area.ID], group); a != nil {
			out[c.Area.ID] = *a
		}
	}
	return out, nil
}

// Vacancies returns a page of the posts beneath each division that nobody is in office for on a day, among the grids that are
// now. The map's key is the division's id. INVALID: a post whose vacancies are not looked for.
func (s *Service) Vacancies(ctx context.Context, actor account.Actor, divisions []uuid.UUID, q VacancyQuery) (map[uuid.UUID]page.Page[Vacancy], error) {
	if q.Posts == nil {
		q.Posts = vacantIn
	}
	for _, p := range q.Posts {
		if !slices.Contains(vacantIn, p) {
			return nil, fault.New(fault.Invalid, "posts", "staff.vacantPost", "post", string(p), "posts", "GRID_WORKER, GRID_LEADER, CHIEF_LEADER")
		}
	}
	return s.Store.Vacancies(ctx, actor, divisions, q, s.Now())
}
