package staff

import (
	"context"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
)

// Duty is a post that a worker holds on a day.
type Duty struct {
	Assignment
	Acts bool // whether the worker answers for it that day; see Acts
}

// Acts reports whether a, one of those in office for its area on a day, gives its holder what the post gives: the first holder's always, also while
// away, since a hand-over needs it; a stand-in's as long as no first holder is in, and not while away.
func Acts(a Assignment, ofArea []Assignment) bool {
	if a.Cover == CoverA {
		return true
	}
	answers := OnCall(a.Post, ofArea, nil)
	return answers != nil && answers.Cover == CoverB && !a.Away
}

// Duties returns the posts that a worker holds today. It is for who asks for the worker's own account.
func (s *Service) Duties(ctx context.Context, actor account.Actor, worker key.Key) ([]Duty, error) {
	day := s.Day(nil)
	held, err := s.Store.AssignmentsOf(ctx, actor, []key.Key{worker}, day)
	if err != nil {
		return nil, err
	}
	var out []Duty
	var shared []Area // of posts that somebody else may answer for
	for _, a := range held[worker.ID] {
		if a.Worker.Key != worker || day.Before(a.From) {
			continue
		}
		out = append(out, Duty{Assignment: a, Acts: a.Cover == CoverA})
		if a.Cover == CoverB {
			shared = append(shared, a.Area)
		}
	}
	var office map[uuid.UUID][]Assignment
	if len(shared) > 0 {
		if office, err = s.Store.InOffice(ctx, actor, shared, day); err != nil {
			return nil, err
		}
	}
	for i, d := range out {
		out[i].Acts = Acts(d.Assignment, office[d.Area.ID])
	}
	return out, nil
}
