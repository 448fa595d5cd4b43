package board

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/internal/fault"
)

// within puts the place in the list of boards before err's field.
func within(i int, err error) error {
	var known *fault.Error
	if !errors.As(err, &known) {
		return err
	}
	f := *known
	f.Field = strings.TrimSuffix(fmt.Sprintf("boards.%d.%s", i, f.Field), ".")
	return &f
}

// Reprint returns a page of the boards at and beneath a division that were printed and say no more what holds. Operators only. NOT_FOUND: no
// such division.
func (s *Service) Reprint(ctx context.Context, actor account.Actor, division string, args page.Args) (page.Page[Standing], error) {
	return s.list(ctx, actor, division, args, true, func(ctx context.Context, some []Place) ([]Standing, error) {
		boards := ofs(some)
		last, err := s.Store.Last(ctx, actor, keysOf(boards))
		if err != nil {
			return nil, err
		}
		printed := boards[:0]
		for _, b := range boards {
			if _, ok := last[b.Key.ID]; ok {
				printed = append(printed, b)
			}
		}
		if len(printed) == 0 {
			return nil, nil
		}
		found, err := s.stand(ctx, actor, printed, last)
		var out []Standing
		for _, b := range printed {
			if st, ok := found[b.Key.ID]; ok && st.Changed != nil {
				out = append(out, st)
			}
		}
		return out, err
	})
}

// NeverPrinted returns a page of the grids at and beneath a division of which no board was ever printed. Operators only. NOT_FOUND: no such
// division.
func (s *Service) NeverPrinted(ctx context.Context, actor account.Actor, division string, args page.Args) (page.Page[Standing], error) {
	return s.list(ctx, actor, division, args, false, func(ctx context.Context, some []Place) ([]Standing, error) {
		last, err := s.Store.Last(ctx, actor, keysOf(ofs(some)))
		if err != nil {
			return nil, err
		}
		var never []Of
		for _, b := range some {
			if _, ok := last[b.Of.Key.ID]; !ok {
				never = append(never, b.Of)
			}
		}
		found, err := s.stand(ctx, actor, never, nil)
		var out []Standing
		for _, b := range never {
			if st, ok := found[b.Key.ID]; ok {
				out = append(out, st)
			}
		}
		return out, err
	})
}

func ofs(list []Place) []Of {
	out := make([]Of, len(list))
	for i, p := range list {
		out[i] = p.Of
	}
	return out
}

// list fills a page with those boards that choose chooses, in their order, of the grids of a division and, where they are asked for, of its
// buildings that were printed.
func (s *Service) list(ctx context.Context, actor account.Actor, division string, args page.Args, buildings bool,
	choose func(ctx context.Context, some []Place) ([]Standing, error)) (out page.Page[Standing], err error) {
	if err := actor.RequireOperator(); err != nil {
		return out, err
	}
	err = s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		out = page.Page[Standing]{HasPrevious: args.After != nil} // it may run twice
		d, err := s.Places.ByCode(ctx, actor, division, place.Fields{})
		if err != nil {
			return renamed(err, "division")
		}
		at, next := readPlace(args.After), s.gridsAfter
		for !out.HasNext {
			if at != nil && at.Of.Kind == OfBuilding {
				next = s.buildingsAfter
			}
			some, err := next(ctx, actor, d.ID, at)
			if err != nil {
				return err
			}
			if len(some) == 0 {
				if !buildings || at != nil && at.Of.Kind == OfBuilding {
					return nil
				}
				at = &Place{Of: Of{Kind: OfBuilding}} // before the first
				continue
			}
			chosen, err := choose(ctx, some)
			if err != nil {
				return err
			}
			codes := make(map[uuid.UUID]string, len(some))
			for _, p := range some {
				codes[p.Of.Key.ID] = p.Code
			}
			for _, st := range chosen {
				if len(out.Items) == args.First {
					out.HasNext = true
					break
				}
				out.Items = append(out.Items, page.Item[Standing]{Node: st, Cursor: Place{st.Of, codes[st.Of.Key.ID]}.cursor()})
			}
			at = &some[len(some)-1]
		}
		return nil
	})
	return out, err
}

func (p Place) cursor() page.Cursor {
	return page.Cursor{Order: ByPlace, Text: string(p.Of.Kind) + "/" + p.Code, ID: p.Of.Key.ID.String()}
}

// readPlace is the place of a cursor; nil for the start. A cursor that was made up finds the start of its kind or code.
func readPlace(c *page.Cursor) *Place {
	if c == nil {
		return nil
	}
	kind, code, _ := strings.Cut(c.Text, "/")
	p := &Place{Code: code}
	p.Of.Kind = Kind(kind)
	p.Of.Key.ID, _ = uuid.Parse(c.ID)
	return p
}

func (s *Service) gridsAfter(ctx context.Context, actor account.Actor, division uuid.UUID, at *Place) ([]Place, error) {
	q := grid.Query{Order: grid.ByCode, At: s.Grids.Now(), Args: page.Args{First: atATime}}
	if at != nil {
		q.Args.After = &page.Cursor{Order: string(grid.ByCode), Text: at.Code, ID: at.Of.Key.ID.String()}
	}
	lists, err := s.Grids.ListOf(ctx, actor, []uuid.UUID{division}, q)
	var out []Place
	for _, item := range lists[division].Items {
		out = append(out, Place{Of{OfGrid, item.Node.Key}, item.Node.Code})
	}
	return out, err
}

func (s *Service) buildingsAfter(ctx context.Context, actor account.Actor, division uuid.UUID, at *Place) ([]Place, error) {
	return s.Store.PrintedBuildings(ctx, actor, division, s.Places.Now(), at, atATime)
}
