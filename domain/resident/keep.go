package resident

import (
	"context"

	"wangge/domain/account"
	"wangge/domain/audit"
)

// Ended counts what was removed since its time was over.
type Ended struct{ Residencies, People, Tags, Forms int }

func (e Ended) add(more Ended) Ended {
	return Ended{e.Residencies + more.Residencies, e.People + more.People, e.Tags + more.Tags, e.Forms + more.Forms}
}

// Expire removes what was over long enough ago: residencies, and who has none left; care tags; forms. It is recorded where it removed anything. Files of who moved out by now
// are closed to whom they left.
func (s *Service) Expire(ctx context.Context) (all Ended, err error) {
	keeper := account.TheKeeper()
	for {
		var some Ended
		more := false
		err := s.Store.Work(ctx, keeper, func(ctx context.Context) error {
			if some, more, err = s.Store.Expire(ctx, keeper, s.Today()); err != nil || some == (Ended{}) {
				return err
			}
			if s.Recorder == nil {
				return nil // nobody read anything; that it was removed is counted all the same
			}
			return s.Recorder.Record(ctx, keeper, audit.Entry{Action: Expired, Object: audit.Object{Kind: "RESIDENT"}})
		})
		all = all.add(some)
		if err != nil || !more {
			return all, err
		}
	}
}
