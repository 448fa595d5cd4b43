package board

import (
	"context"

	"wangge/domain/account"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"board.notLast", "Only the last print of a board can be taken back, and another was noted or taken back meanwhile.",
		"只能撤销公示牌最近一次的印制登记；该登记之后另有变更，或已被撤销。"},
	[3]string{"board.notedAgain", "Somebody noted the same print again since; who takes it back takes that back too.",
		"同一版之后又有人登记；撤销时会一并撤销。"},
)

// Noted is a revision of a board that was noted as printed.
type Noted struct {
	Name
	Revision int
	Version  int // of the Print, as who takes it back knows it; 0: it does not matter who else noted it
}

// TakeBack lets it be noted no more that revisions were printed, all or none: each the last of its board; it returns of how many boards. What was printed before is then the last again. A day that was
// noted for a revision that had been printed before goes with it. For those who arrange the boards; NOT_FOUND: others' too. NOT_FOUND, INVALID: see Find; INVALID also: no board or too many. CONFLICT: a revision
// that is not the last, or not noted, or was noted again since.
func (s *Service) TakeBack(ctx context.Context, actor account.Actor, boards []Noted) (int, error) {
	if err := actor.Require(account.Arrange); err != nil {
		return 0, err
	}
	if len(boards) == 0 || len(boards) > MostAtOnce {
		return 0, fault.New(fault.Invalid, "boards", "board.none", "max", MostAtOnce)
	}
	names := make([]Name, len(boards))
	for i, b := range boards {
		names[i] = b.Name
	}
	found, err := s.arranged(ctx, actor, names)
	if err != nil {
		return 0, err
	}
	list := make([]Print, len(boards))
	for i, b := range boards {
		list[i] = Print{Of: found[i], Revision: b.Revision, Version: b.Version}
	}
	return s.Store.Remove(ctx, actor, list)
}
