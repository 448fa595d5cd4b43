package staff

import (
	"context"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"worker.noBadge", "Nobody with this badge holds a post today.", "持此证件的人今天没有任职。"},
)

// Badge is what the badge (工作证) of a worker proves on a day.
type Badge struct {
	Worker Worker
	Day    civil.Date
	Posts  []Assignment // those held on Day, at least one
	Away   bool         // absent on Day: the posts are held, but not by who stands at the door
}

// Badge returns what a worker's badge proves today. Whoever has the badge's key in front of them may ask: it tells no more than the badge itself, and whether
// that still holds. NOT_FOUND: there is no such worker, or one without a post today, of whom nothing is told.
func (s *Service) Badge(ctx context.Context, actor account.Actor, worker key.Key) (b Badge, err error) {
	if err := actor.RequireKnown(); err != nil {
		return b, err
	}
	b.Day = s.Day(nil)
	held, err := s.Store.AssignmentsOf(ctx, actor, []key.Key{worker}, b.Day)
	if err != nil {
		return b, err
	}
	for _, a := range held[worker.ID] {
		if !b.Day.Before(a.From) {
			b.Worker, b.Posts, b.Away = a.Worker, append(b.Posts, a), b.Away || a.Away
		}
	}
	if len(b.Posts) == 0 {
		return Badge{}, fault.New(fault.NotFound, "worker", "worker.noBadge")
	}
	return b, nil
}
