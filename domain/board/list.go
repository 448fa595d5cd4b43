package board

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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

// Reprint returns a page of the boards at and beneath a division that were printed and say no more what holds. It ends early, with HasNext, where it is not full
// after MostLooked boards. Operators only. NOT_FOUND: no such division.
func (s *Service) Reprint(ctx context.Context, actor account.Actor, division string, args page.Args) (page.Page[Standing], error) {
	return s.list(ctx, actor, division, args, true, func(ctx context.Context, some []Of, _ int) (map[uuid.UUID]Standing, error) {
		last, err := s.Store.Last(ctx, actor, keysOf(some))
		if err != nil {
			return nil, err
		}
		some = slices.DeleteFunc(some, func(b Of) bool { _, ok := last[b.Key.ID]; return !ok })
		found, err := s.stand(ctx, actor, some, last)
		maps.DeleteFunc(found, func(_ uuid.UUID, st Standing) bool { return st.Changed == nil })
		return found, err
	})
}

// NeverPrinted returns a page of the grids at and beneath a division of which no board was ever printed. It ends early as that of Reprint does. Operators only.
// NOT_FOUND: no such division.
func (s *Service) NeverPrinted(ctx context.Context, actor account.Actor, division string, args page.Args) (page.Page[Standing], error) {
	return s.list(ctx, actor, division, args, false, func(ctx context.Context, some []Of, most int) (map[uuid.UUID]Standing, error) {
		last, err := s.Store.Last(ctx, actor, keysOf(some))
		if err != nil {
			return nil, err
		}
		some = slices.DeleteFunc(some, func(b Of) bool { _, ok := last[b.Key.ID]; return ok })
		found, err := s.stand(ctx, actor, some[:min(most, len(some))], nil)
		if err == nil && len(found) < min(most, len(some)) { // some are gone
			found, err = s.stand(ctx, actor, some, nil)
		}
		return found, err
	})
}

// list fills a page with those boards that choose chooses, in their order, of the grids of a division and, where they are asked for, of its
// buildings that were printed. choose may leave out those after the first most that it chooses.
func (s *Service) list(ctx context.Context, actor account.Actor, division string, args page.Args, buildings bool,
	choose func(ctx context.Context, some []Of, most int) (map[uuid.UUID]Standing, error)) (out page.Page[Standing], err error) {
	if err := actor.RequireOperator(); err != nil {
		return out, err
	}
	err = s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		out = page.Page[Standing]{HasPrevious: args.After != nil} // it may run twice
		d, err := s.Places.ByCode(ctx, actor, division, place.Fields{})
		if err != nil {
			return renamed(err, "division")
		}
		at, most := readPlace(args.After), cmp.Or(s.MostLooked, mostLooked)
		for looked := 0; ; {
			next := s.gridsAfter
			if at != nil && at.Of.Kind == OfBuilding {
				next = s.buildingsAfter
			}
			some, err := next(ctx, actor, d.ID, at, min(atATime, most))
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
			if looked += len(some); looked > most {
				end := at.cursor()
				out.HasNext, out.End = true, &end
				return nil
			}
			boards := make([]Of, len(some))
			for i, p := range some {
				boards[i] = p.Of
			}
			chosen, err := choose(ctx, boards, args.First-len(out.Items)+1)
			if err != nil {
				return err
			}
			for _, p := range some {
				st, ok := chosen[p.Of.Key.ID]
				switch {
				case !ok:
				case len(out.Items) == args.First:
					out.HasNext = true
					return nil
				default:
					out.Items = append(out.Items, page.Item[Standing]{Node: st, Cursor: p.cursor()})
				}
			}
			at = &some[len(some)-1]
		}
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

func (s *Service) gridsAfter(ctx context.Context, actor account.Actor, division uuid.UUID, at *Place, first int) ([]Place, error) {
	q := grid.Query{Order: grid.ByCode, At: s.Grids.Now(), Args: page.Args{First: first}}
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

func (s *Service) buildingsAfter(ctx context.Context, actor account.Actor, division uuid.UUID, at *Place, first int) ([]Place, error) {
	return s.Store.PrintedBuildings(ctx, actor, division, s.Places.Now(), at, first)
}
