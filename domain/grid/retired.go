package grid

import (
	"context"
	"time"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/internal/fault"
)

// Retired returns the grid that has or had code and is none any more, as it was last, and since when it is none: a sign with its code may still hang on a wall.
// NOT_FOUND: there never was one, or it is in force.
func (s *Service) Retired(ctx context.Context, actor account.Actor, code string) (g Grid, since time.Time, err error) {
	missing := fault.New(fault.NotFound, "code", "grid.notFound", "code", code)
	if !place.ValidCode(code) {
		return g, since, missing
	}
	err = s.Store.Do(ctx, actor, func(ctx context.Context) error {
		end, err := s.Store.EndOfGrid(ctx, actor, code, s.Now())
		if err != nil {
			return err
		}
		if end == nil {
			return missing
		}
		found := false
		g, found, err = s.Store.GridByCode(ctx, actor, code, end.Add(-time.Microsecond), Fields{}) // the store counts in microseconds
		if err == nil && !found {
			return missing
		}
		since = *end
		return err
	})
	return g, since, err
}
