package node

import "wangge/domain/staff"

// Worker is a worker's public face. PhotoURL is nil where there is no photo.
type Worker struct {
	staff.Worker
	PhotoURL *string
}

// ID is permanent.
func (w *Worker) ID() string { return w.Key.String() }

// WorkPhone is null where there is none.
func (w *Worker) WorkPhone() *string { return optional(w.Worker.WorkPhone) }

// Assignment is a worker in office.
type Assignment struct {
	staff.Assignment
	Worker *Worker
}

// ID is permanent.
func (a *Assignment) ID() string { return a.Key.String() }
