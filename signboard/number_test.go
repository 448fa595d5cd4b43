package signboard

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/around"
	"wangge/domain/board"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

// apart are grids far from each other: the map of one shows that alone.
type apart struct{ *country }

func (apart) Ancestors(context.Context, account.Actor, []uuid.UUID, place.Fields) (map[uuid.UUID][]place.Division, error) {
	return nil, nil
}

func (apart) Contacts(context.Context, account.Actor, []uuid.UUID) (map[uuid.UUID]place.Here, error) {
	return nil, nil
}

func (apart) Limits(context.Context, account.Actor, []grid.Grid, *time.Time) (map[uuid.UUID]around.Limits, error) {
	return nil, nil
}

func (a apart) Of(_ context.Context, _ account.Actor, of key.Key, _ place.Box, _ *time.Time) (around.Surroundings, error) {
	for _, g := range a.grids {
		if g.Key == of {
			number := grid.Number(g.Code)
			if strings.HasPrefix(g.Code, "990102") { // near its namesake
				number = g.Code
			}
			return around.Surroundings{Grid: around.Shown{Key: of, Code: g.Code, Number: number}}, nil
		}
	}
	panic("no such grid")
}

func (apart) Revision(context.Context, account.Actor, board.Of) (board.Standing, error) {
	return board.Standing{Hashes: board.Facts{}.Hashes()}, nil
}

type gridsApart struct{ *country }

func (a gridsApart) ByCode(_ context.Context, _ account.Actor, code string, _ *time.Time, _ grid.Fields) (grid.Grid, error) {
	for _, g := range a.grids {
		if g.Code == code {
			return g, nil
		}
	}
	panic("no such grid")
}

func (a gridsApart) ListOf(_ context.Context, _ account.Actor, ids []uuid.UUID, _ grid.Query) (map[uuid.UUID]page.Page[grid.Grid], error) {
	p := page.Page[grid.Grid]{}
	for _, g := range a.beneath(ids[0]) {
		p.Items, p.Total = append(p.Items, page.Item[grid.Grid]{Node: g}), p.Total+1
	}
	return map[uuid.UUID]page.Page[grid.Grid]{ids[0]: p}, nil
}

type nobody struct{ Staff }

func (nobody) InOffice(context.Context, account.Actor, []staff.Area, *time.Time) (map[uuid.UUID][]staff.Assignment, error) {
	return nil, nil
}

func (nobody) Day(*time.Time) civil.Date { return civil.Date{} }

// A board has the number that its map has, and in an atlas one that no other of its community has.
func TestGridsAreToldApart(t *testing.T) {
	c := &country{}
	town := c.add("9901", "街道", nil, 0)
	c.add("990101", "甲", town, 3)
	c.add("990102", "乙", town, 2)
	c.grids[2].Code = "x001" // beside 990101001
	s := &Source{Places: apart{c}, Grids: gridsApart{c}, Around: apart{c}, Boards: apart{c}, Staff: nobody{}}
	for code, want := range map[string]string{"990101001": "001", "990102001": "990102001"} {
		if f, err := s.Grid(t.Context(), account.Anyone(), code, fault.Chinese); err != nil || f.Grid.Number != want || f.Scene.Grids[0].Number != want {
			t.Errorf("%s: %q, on its map %q, %v", code, f.Grid.Number, f.Scene.Grids[0].Number, err)
		}
	}
	a, err := s.readCommunity(t.Context(), account.Anyone(), "9901", fault.Chinese)
	if err != nil || len(a.Grids) != 5 {
		t.Fatal(len(a.Grids), err)
	}
	for i, want := range []string{"990101001", "002", "x001", "001", "002"} { // those of another community may be alike
		if f := a.Grids[i]; f.Grid.Number != want || f.Scene.Grids[0].Number != want {
			t.Errorf("%s in the atlas: %q, on its map %q", f.Grid.Code, f.Grid.Number, f.Scene.Grids[0].Number)
		}
	}
}
