package board

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/around"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

// MostAtOnce is how many boards are noted as printed at once.
const MostAtOnce = 1000

// ByPlace is the order of the lists of boards: grids by code, then buildings by code. ByDay is that of what was printed: the last day first, a day's by place.
const (
	ByPlace = "BOARDS"
	ByDay   = "PRINTS"
)

// atATime is how many boards are looked at in one turn while a page of them is filled, and mostLooked in all: no request looks at a whole city.
const (
	atATime    = 200
	mostLooked = 2_000
)

var _ = fault.Register(
	[3]string{"board.notFound", "There is no board of {of}.", "没有 {of} 的公示牌。"},
	[3]string{"board.none", "Name 1 to {max} boards.", "请指明 1 到 {max} 块公示牌。"},
	[3]string{"board.one", "Name a grid or a building, and not both.", "请指明一个网格或一栋楼，且只能指明其一。"},
	[3]string{"board.later", "A board was printed today or before.", "印制日期不能晚于今天。"},
	[3]string{"board.moved", "What the board says changed since it was drawn; print it anew.", "公示牌内容在制作之后已变更，请重新印制。"},
	[3]string{"board.revision", "A revision is a number from 1 on.", "版次应为从 1 起的整数。"},
)

// Service is what can be asked and done about boards. What a board says and whether it is current is for everyone, the rest for those who arrange it.
type Service struct {
	Store  Store
	Places *place.Service
	Grids  *grid.Service
	Staff  *staff.Service
	Limits Limits // nil: a board says the limits that are stored

	MostLooked int // boards that are looked at for a page of them; 0: 2,000
}

// Limits answers what grids end at in words; around.Service does.
type Limits interface {
	// Limits are those that are stored, else computed, by the grid's id. UNAVAILABLE: not all are known now.
	Limits(ctx context.Context, actor account.Actor, grids []grid.Grid, asOf *time.Time) (map[uuid.UUID]around.Limits, error)
}

// Name is what people call a board by: the code of a grid, or the id of a building.
type Name struct{ Grid, Building string }

// Find returns what a name stands for. NOT_FOUND: no such grid now, or nothing can have the building's id; INVALID: it names none, or both.
func (s *Service) Find(ctx context.Context, actor account.Actor, n Name) (Of, error) {
	switch {
	case (n.Grid == "") == (n.Building == ""):
		return Of{}, fault.New(fault.Invalid, "", "board.one")
	case n.Grid != "":
		g, err := s.Grids.ByCode(ctx, actor, n.Grid, nil, grid.Fields{})
		if err != nil {
			return Of{}, renamed(err, "grid")
		}
		return Of{OfGrid, g.Key}, nil
	}
	k, ok := key.Parse(n.Building)
	if !ok {
		return Of{}, fault.New(fault.NotFound, "building", "building.notFound", "id", fault.Shorten(n.Building, 60))
	}
	return Of{OfBuilding, k}, nil
}

// arranged finds boards, all of which the actor arranges. NOT_FOUND, at the first: as Find, also where somebody else arranges it.
func (s *Service) arranged(ctx context.Context, actor account.Actor, names []Name) ([]Of, error) {
	list := make([]Of, len(names))
	keys := map[Kind][]key.Key{}
	for i, n := range names {
		of, err := s.Find(ctx, actor, n)
		if err != nil {
			return nil, within(i, err)
		}
		list[i], keys[of.Kind] = of, append(keys[of.Kind], of.Key)
	}
	if actor.Reach(account.Arrange).Everywhere {
		return list, nil
	}
	may, err := s.Places.Arranged(ctx, actor, keys[OfGrid], keys[OfBuilding])
	if err != nil {
		return nil, err
	}
	for i, of := range list {
		if !may[of.Key.ID] {
			return nil, within(i, fault.New(fault.NotFound, string(of.Kind), "board.notFound", "of", cmp.Or(names[i].Grid, of.Key.String())))
		}
	}
	return list, nil
}

// renamed gives a refusal of a code the field's name here.
func renamed(err error, field string) error {
	if f := fault.As(err); f.Field == "code" {
		moved := *f
		moved.Field = field
		return &moved
	}
	return err
}

// Standings returns how boards stand to what was printed of them, by the id of the grid or building; what there is not is left out. Who
// noted a print only operators are told.
func (s *Service) Standings(ctx context.Context, actor account.Actor, boards []Of) (out map[uuid.UUID]Standing, err error) {
	err = s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		last, err := s.Store.Last(ctx, actor, keysOf(boards))
		if err != nil {
			return err
		}
		out, err = s.stand(ctx, actor, boards, last)
		return err
	})
	return out, err
}

func (s *Service) stand(ctx context.Context, actor account.Actor, boards []Of, last map[uuid.UUID]Print) (map[uuid.UUID]Standing, error) {
	facts, err := s.facts(ctx, actor, boards)
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]Standing, len(facts))
	for _, of := range boards {
		f, ok := facts[of.Key.ID]
		if !ok {
			continue
		}
		var printed *Print
		if p, ok := last[of.Key.ID]; ok {
			if actor.Role != account.Operator {
				p.By = ""
			}
			printed = &p
		}
		out[of.Key.ID] = Stand(of, f.Hashes(), printed)
	}
	return out, nil
}

func keysOf(boards []Of) []key.Key {
	keys := make([]key.Key, len(boards))
	for i, b := range boards {
		keys[i] = b.Key
	}
	return keys
}

// Revision is Standings for one board. NOT_FOUND: there is no such grid or building now.
func (s *Service) Revision(ctx context.Context, actor account.Actor, of Of) (Standing, error) {
	found, err := s.Standings(ctx, actor, []Of{of})
	st, ok := found[of.Key.ID]
	if err == nil && !ok {
		err = fault.New(fault.NotFound, string(of.Kind), "board.notFound", "of", of.Key.String())
	}
	return st, err
}

// Verify tells a board on a wall whether it says what holds, by the revision and the mark that it carries; "" where it has no mark. For
// everyone: it tells nothing that the board of today does not. NOT_FOUND: there is no such grid or building now; INVALID: no revision.
func (s *Service) Verify(ctx context.Context, actor account.Actor, n Name, revision int, mark string) (c Check, err error) {
	if revision < 1 {
		return c, fault.New(fault.Invalid, "revision", "board.revision")
	}
	err = s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		of, err := s.Find(ctx, actor, n)
		if err != nil {
			return err
		}
		st, err := s.Revision(ctx, actor, of)
		if err != nil {
			return err
		}
		var printed *Print
		if st.Printed != nil && revision <= st.Printed.Revision {
			p, ok, err := s.Store.PrintOf(ctx, actor, of.Key, revision)
			if err != nil {
				return err
			}
			if ok {
				printed = &p
			}
		}
		c = st.check(revision, strings.ToLower(mark), printed)
		return nil
	})
	return c, err
}

// Printing is a board that was printed. Mark is the one that it carries; "" where that is not known.
type Printing struct {
	Name
	Mark string
}

// Printed notes that boards were printed on a day, saying what holds now, and returns their revisions in the order of the boards. The same again
// changes nothing but the day and the version. For those who arrange the boards; NOT_FOUND: others' too. NOT_FOUND, INVALID: see Find; INVALID also: no board or too many, or a day to come; CONFLICT: what a
// board says is no more what its mark stands for.
func (s *Service) Printed(ctx context.Context, actor account.Actor, boards []Printing, on civil.Date) (out []Print, err error) {
	if err := actor.Require(account.Arrange); err != nil {
		return nil, err
	}
	if len(boards) == 0 || len(boards) > MostAtOnce {
		return nil, fault.New(fault.Invalid, "boards", "board.none", "max", MostAtOnce)
	}
	if on.After(s.Staff.Day(nil)) {
		return nil, fault.New(fault.Invalid, "on", "board.later")
	}
	var changed []Print
	err = s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		out, changed = nil, nil // it may run twice
		names := make([]Name, len(boards))
		for i, b := range boards {
			names[i] = b.Name
		}
		list, err := s.arranged(ctx, actor, names)
		if err != nil {
			return err
		}
		found, err := s.Standings(ctx, actor, list)
		if err != nil {
			return err
		}
		seen := map[uuid.UUID]bool{}
		for i, of := range list {
			st, ok := found[of.Key.ID]
			if !ok {
				return within(i, fault.New(fault.NotFound, string(of.Kind), "board.notFound", "of", of.Key.String()))
			}
			if mark := strings.ToLower(boards[i].Mark); mark != "" && mark != st.Hashes.Mark() {
				return within(i, fault.New(fault.Conflict, "mark", "board.moved"))
			}
			p := Print{Of: of, Revision: st.Revision, Hashes: st.Hashes, On: on, By: actor.ID}
			if st.Printed != nil && st.Printed.Revision == st.Revision && st.Printed.On.After(on) {
				p.On = st.Printed.On
			}
			if out = append(out, p); !seen[of.Key.ID] {
				seen[of.Key.ID], changed = true, append(changed, p)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	versions, err := s.Store.Save(ctx, actor, changed) // by itself: changes are numbered by those that commit
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Version = versions[out[i].Of.Key.ID]
	}
	return out, nil
}
