package coverage

import (
	"context"
	"log/slog"
	"time"

	"wangge/domain/account"
)

// How often Keep looks whether something changed, and how long it waits after a failure at most.
const (
	keepEvery = time.Second
	keepMost  = time.Minute
)

// Keep makes the reports current whenever the data changes, and when a day begins, until ctx ends, so that who asks, and the
// map, which shows the reports as they are stored, find them made. Where several servers keep them, one makes a report and
// the others find it.
func (s *Service) Keep(ctx context.Context, actor account.Actor, log *slog.Logger) {
	wait := keepEvery
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		err := s.Current(ctx, actor, nil)
		switch {
		case err == nil:
			wait = keepEvery
		case ctx.Err() == nil:
			wait = min(2*wait, keepMost)
			log.WarnContext(ctx, "coverage reports are not current", "error", err, "again_in", wait.String())
		}
	}
}
