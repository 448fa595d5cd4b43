package node

import (
	"context"

	"wangge/domain/staff"
)

// Worker is a worker's public face. PhotoURL is nil where there is no photo.
type Worker struct {
	staff.Worker
	PhotoURL *string
}

// ID is permanent.
func (w *Worker) ID() string { return w.Key.String() }

// WorkPhone is null where there is none.
func (w *Worker) WorkPhone() *string { return Optional(w.Worker.WorkPhone) }

// Assignment is a worker in office.
type Assignment struct {
	staff.Assignment
	Worker *Worker
}

// ID is permanent.
func (a *Assignment) ID() string { return a.Key.String() }

// Area is what it is for.
func (a *Assignment) Area() *Area {
	return &Area{Kind: a.Assignment.Area.Kind, Name: a.AreaName}
}

// Absence is a time away.
type Absence struct{ staff.Absence }

// ID is permanent.
func (a *Absence) ID() string { return a.Key.String() }

// InformantCheck is how a grid is served by its informants.
type InformantCheck struct{ staff.InformantCheck }

// HouseholdsEach is null where not known, or not to the one who asks.
func (c *InformantCheck) HouseholdsEach() *float64 { return c.Each() }

// HouseholdsEachMin is the fewest households that each should have.
func (c *InformantCheck) HouseholdsEachMin() *int { return c.EachMin }

// HouseholdsEachMax is the most households that each should have.
func (c *InformantCheck) HouseholdsEachMax() *int { return c.EachMax }

// Vacancy is a post that nobody is in office for, with what was loaded for it.
type Vacancy struct {
	staff.Vacancy
	Last *Assignment // as far as the actor may know
	Loaded
}

// Grid is the grid, where the post is a grid's.
func (v *Vacancy) Grid(ctx context.Context) (*Grid, error) { return loaded[*Grid](ctx, v.Loaded) }

// Group is the grid group, where the post is a group's.
func (v *Vacancy) Group(ctx context.Context) (*GridGroup, error) {
	return loaded[*GridGroup](ctx, v.Loaded)
}

// Division is the division, where the post is a division's.
func (v *Vacancy) Division(ctx context.Context) (*Division, error) {
	return loaded[*Division](ctx, v.Loaded)
}

// VacancyConnection is a page of vacancies.
type VacancyConnection struct{ List[staff.Vacancy, Vacancy] }

// Edges are the vacancies with their places.
func (c *VacancyConnection) Edges(ctx context.Context) ([]*VacancyEdge, error) {
	return loaded[[]*VacancyEdge](ctx, c.Loaded)
}

// VacancyEdge is a vacancy in a list.
type VacancyEdge struct{ Entry[staff.Vacancy, Vacancy] }

// WorkerRecord is what operators read of a worker.
type WorkerRecord struct {
	staff.Record
	Worker *Worker
	Loaded
}

// Version is for updateWorker.
func (r *WorkerRecord) Version() int { return r.Record.Version }

// Assignments are the posts held today or later.
func (r *WorkerRecord) Assignments(ctx context.Context) ([]*Assignment, error) {
	return loaded[[]*Assignment](ctx, r.Loaded)
}

// Absences are when away, today or later.
func (r *WorkerRecord) Absences(ctx context.Context) ([]*Absence, error) {
	return loaded[[]*Absence](ctx, r.Loaded)
}

// WorkerRecordConnection is a page of workers.
type WorkerRecordConnection struct {
	List[staff.Record, WorkerRecord]
}

// Edges are the workers with their places.
func (c *WorkerRecordConnection) Edges(ctx context.Context) ([]*WorkerRecordEdge, error) {
	return loaded[[]*WorkerRecordEdge](ctx, c.Loaded)
}

// WorkerRecordEdge is a worker in a list.
type WorkerRecordEdge struct {
	Entry[staff.Record, WorkerRecord]
}
