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

// Reprint returns a page of the boards of the grids, of the buildings or, for "", of both at and beneath a division that were printed and say no more what holds. It
// ends early, with HasNext, where it is not full after MostLooked boards. For those who arrange the division. NOT_FOUND: no such division.
func (s *Service) Reprint(ctx context.Context, actor account.Actor, division string, kind Kind, args page.Args) (page.Page[Standing], error) {
	return s.list(ctx, actor, division, kind, true, args, func(ctx context.Context, some []Of, _ int) (map[uuid.UUID]Standing, error) {
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

// NeverPrinted returns a page of the grids, of the buildings or, for "", of both at and beneath a division of which no board was ever printed. It ends early as that of
// Reprint does. For those who arrange the division. NOT_FOUND: no such division.
func (s *Service) NeverPrinted(ctx context.Context, actor account.Actor, division string, kind Kind, args page.Args) (page.Page[Standing], error) {
	return s.list(ctx, actor, division, kind, false, args, func(ctx context.Context, some []Of, most int) (map[uuid.UUID]Standing, error) {
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

// Tally counts the boards at and beneath a division. For those who arrange it. NOT_FOUND: no such division.
func (s *Service) Tally(ctx context.Context, actor account.Actor, division string) (out Tally, err error) {
	err = s.beneath(ctx, actor, division, func(ctx context.Context, id uuid.UUID) (err error) {
		out, err = s.Store.Tally(ctx, actor, id, s.Places.Now())
		return err
	})
	return out, err
}

// History returns a page of what was printed, of the grids, of the buildings or, for "", of both that are now at and beneath a division, in the order ByDay. For those who arrange it.
// NOT_FOUND: no such division.
func (s *Service) History(ctx context.Context, actor account.Actor, division string, kind Kind, args page.Args) (out page.Page[Listed], err error) {
	err = s.beneath(ctx, actor, division, func(ctx context.Context, id uuid.UUID) error {
		found, err := s.Store.History(ctx, actor, id, kind, s.Places.Now(), args.After, args.First+1)
		out = page.Page[Listed]{HasPrevious: args.After != nil, HasNext: len(found) > args.First, Items: found[:min(args.First, len(found))]}
		return err
	})
	return out, err
}

// beneath runs fn with a division, in one state. FORBIDDEN: who arranges nothing. NOT_FOUND: no such division, or the actor arranges others.
func (s *Service) beneath(ctx context.Context, actor account.Actor, division string, fn func(ctx context.Context, id uuid.UUID) error) error {
	if err := actor.Require(account.Arrange); err != nil {
		return err
	}
	return s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		d, err := s.Places.ByCode(ctx, actor, division, place.Fields{})
		if err != nil {
			return renamed(err, "division")
		}
		if err := s.Places.RequireArranged(ctx, actor, d); err != nil {
			return err
		}
		return fn(ctx, d.ID)
	})
}

// list fills a page with those boards that choose chooses, in their order, of the grids of a division and of those of its buildings that were printed, or never were.
// choose may leave out those after the first most that it chooses.
func (s *Service) list(ctx context.Context, actor account.Actor, division string, kind Kind, printed bool, args page.Args,
	choose func(ctx context.Context, some []Of, most int) (map[uuid.UUID]Standing, error)) (out page.Page[Standing], err error) {
	err = s.beneath(ctx, actor, division, func(ctx context.Context, id uuid.UUID) error {
		out = page.Page[Standing]{HasPrevious: args.After != nil} // it may run twice
		at, most := readPlace(args.After), cmp.Or(s.MostLooked, mostLooked)
		firstBuilding := &Place{Of: Of{Kind: OfBuilding}} // a place before it
		if kind == OfBuilding && (at == nil || at.Of.Kind != OfBuilding) {
			at = firstBuilding
		}
		for looked := 0; ; {
			var some []Place
			var err error
			atBuildings := at != nil && at.Of.Kind == OfBuilding
			if atBuildings {
				some, err = s.Store.Buildings(ctx, actor, id, printed, s.Places.Now(), at, min(atATime, most))
			} else {
				some, err = s.gridsAfter(ctx, actor, id, at, min(atATime, most))
			}
			if err != nil {
				return err
			}
			if len(some) == 0 {
				if atBuildings || kind == OfGrid {
					return nil
				}
				at = firstBuilding
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
