package live_test

import (
	"reflect"
	"testing"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/board"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
)

// TestBoardsSayTheSameFromMemory: a board that was printed by a server with its memory is current to one that asks the database, and a note of
// one server is known to the other.
func TestBoardsSayTheSameFromMemory(t *testing.T) {
	pool := newTown(t)
	here, there := newHouse(t, pool), newHouse(t, pool)
	ctx := t.Context()
	serviceOf := func(h *house) *board.Service {
		return &board.Service{Store: db.NewBoards(h.store), Places: h.Places, Grids: h.Grids, Staff: h.Staff}
	}
	store := db.New(pool)
	plain := &board.Service{Store: db.NewBoards(store), Places: &place.Service{Store: db.NewPlaces(store), Now: here.Clock},
		Grids: &grid.Service{Store: db.NewGrids(store), Now: here.Clock}, Staff: &staff.Service{Store: db.NewStaff(store), Now: here.Clock, Zone: zone}}
	first, err := serviceOf(here).NeverPrinted(ctx, operator, "990102001001", board.OfGrid, page.Args{First: 100})
	if err != nil || len(first.Items) != 14 {
		t.Fatal(len(first.Items), err)
	}
	boards, list := []board.Of{}, []board.Printing{}
	for _, item := range first.Items {
		g, err := here.Grids.Store.GridsByKey(ctx, operator, []key.Key{item.Node.Of.Key}, here.Clock(), grid.Fields{})
		if err != nil {
			t.Fatal(err)
		}
		boards, list = append(boards, item.Node.Of), append(list, board.Printing{Name: board.Name{Grid: g[item.Node.Of.Key.ID].Code}, Mark: item.Node.Hashes.Mark()})
	}
	memory, err := serviceOf(here).Facts(ctx, account.Anyone(), boards)
	if err != nil {
		t.Fatal(err)
	}
	read, err := plain.Facts(ctx, account.Anyone(), boards)
	if err != nil || len(read) != 14 || !reflect.DeepEqual(memory, read) {
		t.Errorf("memory says %+v\nthe store %+v, %v", memory, read, err)
	}
	staffed, stationed := 0, 0
	for _, f := range memory {
		if len(f.People.Workers) > 0 && len(f.People.Leaders) == 2 {
			staffed++
		}
		if len(f.Contacts.Station) == 5 && f.Contacts.Supervision != "" && len(f.Contacts.Night) == 12 && len(f.Names.Divisions) == 4 && len(f.Border.Grid) == 64 {
			stationed++
		}
	}
	if staffed != 13 || stationed != 14 { // one grid has no worker
		t.Errorf("%d have people and %d contacts", staffed, stationed)
	}
	before := there.State().N
	if _, err := serviceOf(here).Printed(ctx, operator, list, here.Staff.Day(nil)); err != nil {
		t.Fatal(err)
	}
	if n := here.State().N; n != before+1 {
		t.Errorf("change %d follows %d", n, before)
	}
	for name, s := range map[string]*board.Service{"who printed": serviceOf(here), "another server": serviceOf(there), "the store": plain} {
		c, err := s.Verify(ctx, account.Anyone(), list[0].Name, 1, "")
		if err != nil || c.Answer != board.Current {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		if stale, err := s.Reprint(ctx, operator, "9901", "", page.Args{First: 10}); err != nil || len(stale.Items) > 0 {
			t.Errorf("%s would reprint %d, %v", name, len(stale.Items), err)
		}
	}
}

// BenchmarkBoards is what it takes to find out how the 14 boards of a community stand to what was printed, from memory and one read.
func BenchmarkBoards(b *testing.B) {
	h := newHouse(b, newTown(b))
	s := &board.Service{Store: db.NewBoards(h.store), Places: h.Places, Grids: h.Grids, Staff: h.Staff}
	first, err := s.NeverPrinted(b.Context(), operator, "990102001001", board.OfGrid, page.Args{First: 100})
	if err != nil {
		b.Fatal(err)
	}
	var boards []board.Of
	for _, item := range first.Items {
		boards = append(boards, item.Node.Of)
	}
	b.Run("facts", func(b *testing.B) {
		for b.Loop() {
			if found, err := s.Facts(b.Context(), account.Anyone(), boards); err != nil || len(found) != 14 {
				b.Fatal(len(found), err)
			}
		}
	})
	b.Run("standings", func(b *testing.B) {
		for b.Loop() {
			if found, err := s.Standings(b.Context(), account.Anyone(), boards); err != nil || len(found) != 14 {
				b.Fatal(len(found), err)
			}
		}
	})
}
