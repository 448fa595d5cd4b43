package acceptance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/board"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/load"
)

// boards is the service of boards over a town, with a grid's code and a building's id.
type boards struct {
	*board.Service
	w    *town
	grid string
	b2   string
}

func newBoards(t *testing.T, w *town) *boards {
	return &boards{&board.Service{Store: db.NewBoards(w.DB), Places: w.Places, Grids: w.Grids, Staff: w.Staff}, w, "990101001001001", w.building(t, "b2").String()}
}

type lists func(t *testing.T, division string, first int, after *page.Cursor) page.Page[board.Standing]

func (b *boards) reprint(t *testing.T, division string, first int, after *page.Cursor) page.Page[board.Standing] {
	t.Helper()
	p, err := b.Reprint(t.Context(), operator, division, "", page.Args{First: first, After: after})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (b *boards) never(t *testing.T, division string, first int, after *page.Cursor) page.Page[board.Standing] {
	t.Helper()
	p, err := b.NeverPrinted(t.Context(), operator, division, board.OfGrid, page.Args{First: first, After: after})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// all reads a list whole, a board at a time, as "kind revision parts".
func (b *boards) all(t *testing.T, list lists, division string) string {
	t.Helper()
	var lines []string
	var after *page.Cursor
	for range 20 {
		p := list(t, division, 1, after)
		if (after != nil) != p.HasPrevious || p.HasNext && len(p.Items) != 1 {
			t.Errorf("%s: a page of %d, previous %v, next %v", division, len(p.Items), p.HasPrevious, p.HasNext)
		}
		for _, item := range p.Items {
			lines = append(lines, strings.TrimSpace(fmt.Sprint(item.Node.Of.Kind, " ", item.Node.Revision, " ", strings.Trim(fmt.Sprint(item.Node.Changed), "[]"))))
			after = &item.Cursor
		}
		if !p.HasNext {
			return strings.Join(lines, ", ")
		}
	}
	t.Fatal("it never ends")
	return ""
}

func (b *boards) print(t *testing.T, list ...board.Printing) string {
	t.Helper()
	prints, err := b.Printed(t.Context(), operator, list, b.w.Staff.Day(nil))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range prints {
		out = append(out, fmt.Sprint(p.Of.Kind, " ", p.Revision))
	}
	return strings.Join(out, ", ")
}

func (b *boards) verify(t *testing.T, revision int, mark string) string {
	t.Helper()
	c, err := b.Verify(t.Context(), account.Anyone(), board.Name{Grid: b.grid}, revision, mark)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(c.Answer, " ", strings.Trim(fmt.Sprint(c.Changed), "[]"), " ", c.Revision, " ", c.On != nil)
}

func ofGrid(code string) board.Printing { return board.Printing{Name: board.Name{Grid: code}} }

func TestBoardsAreReprintedWhereTheySayNoMoreWhatHolds(t *testing.T) {
	w := twoDistricts(t)
	w.give(t, load.Divisions, feature(`"code":"990101001002","name":"河北","level":"COMMUNITY"`, "null")) // beside the first, in its district
	b := newBoards(t, w)
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	phone := func(number string) {
		t.Helper()
		records, err := w.Staff.Records(t.Context(), operator, staff.RecordQuery{Text: "周明", Day: w.Staff.Day(nil), Args: page.Args{First: 1}})
		if err != nil || len(records.Items) != 1 {
			t.Fatal(records, err)
		}
		of := records.Items[0].Node.Worker
		if _, err := w.Staff.Update(t.Context(), operator, staff.Change{Worker: of.Key, Version: of.Version, WorkPhone: &number}); err != nil {
			t.Fatal(err)
		}
	}
	worker, err := w.Staff.Add(t.Context(), operator, staff.NewWorker{Name: "周明", WorkPhone: "15400000001"}, staff.AreaGrid, b.grid)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Staff.Appoint(t.Context(), operator, staff.Appointment{Worker: worker.Key, Post: staff.GridWorker, Cover: staff.CoverA, AreaKind: staff.AreaGrid, AreaName: b.grid}); err != nil {
		t.Fatal(err)
	}

	expect("at first never printed", b.all(t, b.never, "990101"), "grid 1")
	expect("at first to reprint", b.all(t, b.reprint, "990101"), "")
	expect("a board that nobody printed", b.verify(t, 1, ""), "UNKNOWN  1 false")
	building := board.Printing{Name: board.Name{Building: b.b2}}
	expect("the first print", b.print(t, ofGrid(b.grid), building, ofGrid(b.grid)), "grid 1, building 1, grid 1")
	expect("the same again", b.print(t, ofGrid(b.grid)), "grid 1")
	expect("printed", b.all(t, b.never, "990101")+b.all(t, b.reprint, "990101"), "")
	expect("a board of today", b.verify(t, 1, ""), "CURRENT  1 true")

	// Who is away, and a vertex of the grid next door, change no board.
	day := w.Staff.Day(nil)
	if _, err := w.Staff.RecordAbsence(t.Context(), operator, worker.Key, day, day.AddDays(2)); err != nil {
		t.Fatal(err)
	}
	var before, after int
	w.row(t, "SELECT ST_NPoints(boundary) FROM grid_boundary b JOIN grid g ON g.id = b.grid_id WHERE g.code = '990101001001001' AND upper_inf(b.during)", &before)
	w.give(t, load.Grids, feature(`"code":"990101001001009","name":"九"`, box(4.123, 10, 10, 12)))
	w.row(t, "SELECT ST_NPoints(boundary) FROM grid_boundary b JOIN grid g ON g.id = b.grid_id WHERE g.code = '990101001001001' AND upper_inf(b.during)", &after)
	if after <= before {
		t.Fatalf("no vertex was inserted: %d, then %d", before, after)
	}
	expect("nothing that a board says", b.all(t, b.reprint, "990101"), "")

	phone("15400000002")
	expect("a phone", b.all(t, b.reprint, "990101"), "grid 2 PEOPLE, building 2 PEOPLE")
	expect("an old board", b.verify(t, 1, ""), "OUTDATED PEOPLE 2 true")
	expect("elsewhere", b.all(t, b.reprint, "990101001002")+b.all(t, b.reprint, "990102"), "")
	expect("the second print", b.print(t, ofGrid(b.grid)), "grid 2")
	expect("what is left", b.all(t, b.reprint, "990101"), "building 2 PEOPLE")
	expect("an old board after the second print", b.verify(t, 1, ""), "OUTDATED PEOPLE 2 true")
	expect("a new one", b.verify(t, 2, ""), "CURRENT  2 true")
	expect("one from the future", b.verify(t, 3, ""), "UNKNOWN  2 false")
	phone("15400000001")
	expect("an old board that is right again", b.verify(t, 1, ""), "CURRENT  3 true")

	d := w.division(t, "990101")
	if _, err := w.Places.SetContacts(t.Context(), operator, d.Code, place.Contacts{SupervisionPhone: "15400000900"}, d.Version); err != nil {
		t.Fatal(err)
	}
	expect("contacts of a division above", b.verify(t, 2, ""), "OUTDATED PEOPLE CONTACTS 3 true")
	b.print(t, ofGrid(b.grid), building)

	// A building that moves to another district takes its board along.
	w.border(t, 6)
	expect("a border", b.all(t, b.reprint, "990101"), "grid 4 BORDER")
	expect("a building in another grid", b.all(t, b.reprint, "990102"), "building 3 PEOPLE BORDER NAMES CONTACTS")
	w.border(t, 10)
	expect("the border as it was", b.all(t, b.reprint, "990101")+b.all(t, b.reprint, "990102"), "")
}

func TestWhoMayNoteWhatOfBoards(t *testing.T) {
	w := twoDistricts(t)
	b := newBoards(t, w)
	today := w.Staff.Day(nil)
	st, err := b.Find(t.Context(), account.Anyone(), board.Name{Grid: b.grid})
	if err != nil {
		t.Fatal(err)
	}
	now, err := b.Revision(t.Context(), account.Anyone(), st)
	if err != nil {
		t.Fatal(err)
	}
	mark := now.Hashes.Mark()
	if got := b.print(t, board.Printing{Name: board.Name{Grid: b.grid}, Mark: mark}); got != "grid 1" {
		t.Error(got)
	}
	for actor, by := range map[account.Actor]string{account.Anyone(): "", operator: "operator"} {
		if now, err := b.Revision(t.Context(), actor, st); err != nil || now.Printed == nil || now.Printed.By != by || now.Printed.On != today {
			t.Errorf("%s is told %+v, %v", actor.Role, now.Printed, err)
		}
	}
	w.exec(t, "UPDATE grid SET name = '新名' WHERE code = '990101001001001'")
	for _, c := range []struct {
		name  string
		list  []board.Printing
		later int
		code  fault.Code
		field string
	}{
		{"a mark of what it said before", []board.Printing{{Name: board.Name{Grid: b.grid}, Mark: mark}}, 0, fault.Conflict, "boards.0.mark"},
		{"one of two", []board.Printing{ofGrid("990102001001001"), {Name: board.Name{Grid: b.grid}, Mark: mark}}, 0, fault.Conflict, "boards.1.mark"},
		{"tomorrow", []board.Printing{ofGrid(b.grid)}, 1, fault.Invalid, "on"},
		{"none", nil, 0, fault.Invalid, "boards"},
		{"too many", make([]board.Printing, board.MostAtOnce+1), 0, fault.Invalid, "boards"},
		{"neither", []board.Printing{{}}, 0, fault.Invalid, "boards.0"},
		{"both", []board.Printing{{Name: board.Name{Grid: b.grid, Building: b.b2}}}, 0, fault.Invalid, "boards.0"},
		{"no grid", []board.Printing{ofGrid("x")}, 0, fault.NotFound, "boards.0.grid"},
		{"no id", []board.Printing{{Name: board.Name{Building: "x"}}}, 0, fault.NotFound, "boards.0.building"},
		{"no building", []board.Printing{{Name: board.Name{Building: "home1-" + strings.Repeat("0", 32)}}}, 0, fault.NotFound, "boards.0.building"},
	} {
		_, err := b.Printed(t.Context(), operator, c.list, today.AddDays(c.later))
		if !fault.Is(err, c.code) || fault.As(err).Field != c.field {
			t.Errorf("%s: %v at %s", c.name, err, fault.As(err).Field)
		}
	}
	if n := w.number(t, "board_print"); n != 1 {
		t.Errorf("%d prints are noted, want 1", n)
	}
	everyone := t.Context()
	if _, err := b.Printed(everyone, account.Anyone(), []board.Printing{ofGrid(b.grid)}, today); !fault.Is(err, fault.Forbidden) {
		t.Error(err)
	}
	if _, err := b.Reprint(everyone, account.Anyone(), "990101", "", page.Args{First: 1}); !fault.Is(err, fault.Forbidden) {
		t.Error(err)
	}
	if _, err := b.NeverPrinted(everyone, account.Anyone(), "990101", "", page.Args{First: 1}); !fault.Is(err, fault.Forbidden) {
		t.Error(err)
	}
	if _, err := b.Reprint(everyone, operator, "x", "", page.Args{First: 1}); !fault.Is(err, fault.NotFound) || fault.As(err).Field != "division" {
		t.Error(err)
	}
	if _, err := b.Verify(everyone, account.Anyone(), board.Name{Grid: b.grid}, 0, ""); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	if _, err := b.Verify(everyone, account.Anyone(), board.Name{Grid: "x"}, 1, ""); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	// Two that print at once: of one revision only what was noted first counts.
	other := board.Print{Of: st, Revision: 1, Hashes: now.Hashes, On: today, By: "operator"}
	if _, err := b.Store.Save(everyone, operator, []board.Print{other}); err != nil {
		t.Error(err)
	}
	other.Hashes[2] = strings.Repeat("0", 64)
	if _, err := b.Store.Save(everyone, operator, []board.Print{other}); !fault.Is(err, fault.Conflict) {
		t.Error(err)
	}
	// A mark tells what changed though nobody noted the print.
	w.exec(t, "DELETE FROM board_print")
	if got := b.verify(t, 1, mark); got != "OUTDATED NAMES 1 false" {
		t.Error(got)
	}
}

func noted(n board.Name, revision int) board.Noted { return board.Noted{Name: n, Revision: revision} }

// A print that was noted by mistake is taken back: only the last of a board, all of a list or none, and what was printed before counts again.
func TestAPrintIsTakenBack(t *testing.T) {
	w := twoDistricts(t)
	b := newBoards(t, w)
	building := board.Name{Building: b.b2}
	b.print(t, ofGrid(b.grid), board.Printing{Name: building})
	w.exec(t, "UPDATE grid SET name = '新名' WHERE code = '990101001001001'")
	if got := b.print(t, ofGrid(b.grid)); got != "grid 2" {
		t.Fatal(got)
	}
	grid := board.Name{Grid: b.grid}
	for _, c := range []struct {
		name  string
		actor account.Actor
		list  []board.Noted
		code  fault.Code
		field string
	}{
		{"not the last", operator, []board.Noted{noted(grid, 1)}, fault.Conflict, "boards.0"},
		{"none such", operator, []board.Noted{noted(grid, 3)}, fault.Conflict, "boards.0"},
		{"one of two", operator, []board.Noted{noted(grid, 2), noted(building, 7)}, fault.Conflict, "boards.1"},
		{"nothing", operator, nil, fault.Invalid, "boards"},
		{"too many", operator, make([]board.Noted, board.MostAtOnce+1), fault.Invalid, "boards"},
		{"no grid", operator, []board.Noted{noted(grid, 2), noted(board.Name{Grid: "x"}, 1)}, fault.NotFound, "boards.1.grid"},
		{"anyone", account.Anyone(), []board.Noted{noted(grid, 2)}, fault.Forbidden, ""},
	} {
		if _, err := b.TakeBack(t.Context(), c.actor, c.list); !fault.Is(err, c.code) || fault.As(err).Field != c.field {
			t.Errorf("%s: %v at %s", c.name, err, fault.As(err).Field)
		}
	}
	if n := w.number(t, "board_print"); n != 3 {
		t.Errorf("%d prints are noted, want 3", n)
	}
	if n, err := b.TakeBack(t.Context(), operator, []board.Noted{noted(grid, 2), noted(grid, 2)}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if got := b.all(t, b.reprint, "990101"); !strings.HasPrefix(got, "grid 2 NAMES") {
		t.Errorf("after it was taken back: %s", got)
	}
	if _, err := b.TakeBack(t.Context(), operator, []board.Noted{noted(grid, 1)}); err != nil {
		t.Fatal(err)
	}
	if got := b.all(t, b.never, "990101"); got != "grid 1" {
		t.Errorf("after the first was taken back: %s", got)
	}
}

// history reads what was printed whole, an entry at a time, as "kind revision day version", with ! where it cannot be taken back.
func (b *boards) history(t *testing.T, division string, kind board.Kind) string {
	t.Helper()
	var lines []string
	var after *page.Cursor
	for range 20 {
		p, err := b.History(t.Context(), operator, division, kind, page.Args{First: 1, After: after})
		if err != nil || (after != nil) != p.HasPrevious || p.HasNext && len(p.Items) != 1 {
			t.Fatalf("%s: %+v, %v", division, p, err)
		}
		for _, item := range p.Items {
			l := item.Node
			lines = append(lines, fmt.Sprint(l.Of.Kind, " ", l.Revision, " ", l.On, " ", l.Version, map[bool]string{false: "!"}[l.Last]))
			encoded := item.Cursor.Encode()
			args, err := page.Parse(1, 1, &encoded, board.ByDay)
			if err != nil {
				t.Fatal(err)
			}
			after = args.After
		}
		if !p.HasNext {
			return strings.Join(lines, ", ")
		}
	}
	t.Fatal("it never ends")
	return ""
}

// What was printed is listed by day, and counted beside what never was; who takes a print back is told that somebody else noted it too.
func TestWhatWasPrintedIsListed(t *testing.T) {
	w := twoDistricts(t)
	w.give(t, load.Divisions, feature(`"code":"9901","name":"澜州市","level":"CITY"`, "null"),
		feature(`"code":"990101","name":"东区","level":"DISTRICT"`, "null"), feature(`"code":"990102","name":"西区","level":"DISTRICT"`, "null"))
	b := newBoards(t, w)
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	tally := func(division string) string {
		t.Helper()
		n, err := b.Tally(t.Context(), operator, division)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%+v", n)
	}
	on := func(day string, list ...board.Printing) {
		t.Helper()
		d, err := civil.Parse(day)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Printed(t.Context(), operator, list, d); err != nil {
			t.Fatal(err)
		}
	}
	houses := func(t *testing.T, division string, first int, after *page.Cursor) page.Page[board.Standing] {
		t.Helper()
		p, err := b.NeverPrinted(t.Context(), operator, division, board.OfBuilding, page.Args{First: first, After: after})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	both := func(t *testing.T, division string, first int, after *page.Cursor) page.Page[board.Standing] {
		t.Helper()
		p, err := b.NeverPrinted(t.Context(), operator, division, "", page.Args{First: first, After: after})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	var buildings, grids int
	w.row(t, "SELECT count(*) FROM building_grid WHERE upper_inf(during)", &buildings)
	w.row(t, "SELECT count(*) FROM grid_boundary WHERE upper_inf(during)", &grids)
	if buildings < 2 || grids != 2 {
		t.Fatal(buildings, grids)
	}
	expect("counted at first", tally("9901"), fmt.Sprintf("{Printed:0 NeverGrids:2 NeverBuildings:%d}", buildings))
	expect("at first", b.history(t, "9901", ""), "")
	expect("boards of buildings never printed", b.all(t, houses, "9901"), strings.TrimSuffix(strings.Repeat("building 1, ", buildings), ", "))
	expect("of both kinds", b.all(t, both, "9901"), "grid 1, grid 1, "+b.all(t, houses, "9901"))

	grid, building := ofGrid(b.grid), board.Printing{Name: board.Name{Building: b.b2}}
	on("2026-01-05", grid, building, ofGrid("990102001001001"))
	on("2026-01-03", grid) // the same again, some days before: it was printed on the later day
	w.exec(t, "UPDATE grid SET name = '新名' WHERE code = '990101001001001'")
	on("2026-01-04", grid)
	expect("counted", tally("9901"), fmt.Sprintf("{Printed:3 NeverGrids:0 NeverBuildings:%d}", buildings-1))
	expect("counted in a district", tally("990102"), fmt.Sprintf("{Printed:1 NeverGrids:0 NeverBuildings:%d}", w.number(t, "building_grid bg JOIN grid g ON g.id = bg.grid_id WHERE upper_inf(bg.during) AND g.code LIKE '990102%'")))
	expect("listed", b.history(t, "9901", ""), "grid 1 2026-01-05 2!, grid 1 2026-01-05 1, building 1 2026-01-05 1, grid 2 2026-01-04 1")
	expect("of grids", b.history(t, "9901", board.OfGrid), "grid 1 2026-01-05 2!, grid 1 2026-01-05 1, grid 2 2026-01-04 1")
	expect("of buildings", b.history(t, "9901", board.OfBuilding), "building 1 2026-01-05 1")
	expect("in a district", b.history(t, "990102", ""), "grid 1 2026-01-05 1")

	on("2026-01-04", grid)
	name := board.Name{Grid: b.grid}
	_, err := b.TakeBack(t.Context(), operator, []board.Noted{{Name: building.Name, Revision: 1, Version: 1}, {Name: name, Revision: 2, Version: 1}})
	if f := fault.As(err); f.Code != fault.Conflict || f.Field != "boards.1" || f.Key != "board.notedAgain" {
		t.Errorf("noted again: %v at %s", err, f.Field)
	}
	for _, of := range []board.Noted{{Name: name, Revision: 2, Version: 2}, {Name: building.Name, Revision: 1}} { // 0: whoever else noted it
		if _, err := b.TakeBack(t.Context(), operator, []board.Noted{of}); err != nil {
			t.Error(err)
		}
	}
	expect("after they were taken back", b.history(t, "9901", ""), "grid 1 2026-01-05 2, grid 1 2026-01-05 1")
	for _, c := range []struct {
		actor    account.Actor
		division string
		code     fault.Code
	}{{account.Anyone(), "9901", fault.Forbidden}, {operator, "x", fault.NotFound}} {
		if _, err := b.History(t.Context(), c.actor, c.division, "", page.Args{First: 1}); !fault.Is(err, c.code) {
			t.Error(err)
		}
		if _, err := b.Tally(t.Context(), c.actor, c.division); !fault.Is(err, c.code) {
			t.Error(err)
		}
	}
}

// A print that another follows stays, also where that is just being noted.
func TestAPrintIsNotTakenBackUnderAnother(t *testing.T) {
	w := twoDistricts(t)
	b := newBoards(t, w)
	b.print(t, ofGrid(b.grid))
	w.exec(t, "UPDATE grid SET name = '新名' WHERE code = '990101001001001'")
	of, err := b.Find(t.Context(), operator, board.Name{Grid: b.grid})
	if err != nil {
		t.Fatal(err)
	}
	st, err := b.Revision(t.Context(), operator, of)
	if err != nil || st.Revision != 2 {
		t.Fatal(st, err)
	}
	taken := make(chan error, 1)
	err = w.As(t.Context(), operator, func(ctx context.Context, _ pgx.Tx) error {
		if _, err := b.Store.Save(ctx, operator, []board.Print{{Of: of, Revision: 2, Hashes: st.Hashes, On: w.Staff.Day(nil), By: operator.ID}}); err != nil {
			return err
		}
		go func() {
			_, err := b.TakeBack(t.Context(), operator, []board.Noted{noted(board.Name{Grid: b.grid}, 1)})
			taken <- err
		}()
		for w.number(t, "pg_locks WHERE locktype = 'advisory' AND NOT granted") == 0 {
			if ctx.Err() != nil || len(taken) > 0 {
				t.Error("nobody waits for what is being noted")
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-taken; !fault.Is(err, fault.Conflict) {
		t.Error(err)
	}
	if n := w.number(t, "board_print"); n != 2 {
		t.Errorf("%d prints are noted, want 2", n)
	}
}

// A page of boards ends where enough were looked at, and the next begins there: nothing is left out, nothing is twice, and no request asks the database much.
func TestAPageOfBoardsEndsEarly(t *testing.T) {
	w := newPrinting(t)
	boards := w.from.Boards.(*board.Service)
	boards.MostLooked = 4
	walk := func(what string, list func(ctx context.Context, actor account.Actor, division string, kind board.Kind, args page.Args) (page.Page[board.Standing], error), kind board.Kind, first int) (of []key.Key, sizes []int) {
		t.Helper()
		var after *page.Cursor
		for range 50 {
			before := w.asked.n.Load()
			p, err := list(t.Context(), operator, "990102", kind, page.Args{First: first, After: after})
			if err != nil {
				t.Fatal(err)
			}
			if n := w.asked.n.Load() - before; n > 16 {
				t.Errorf("%s: %d statements for a page", what, n)
			}
			for _, item := range p.Items {
				of, after = append(of, item.Node.Of.Key), &item.Cursor
			}
			sizes = append(sizes, len(p.Items))
			if !p.HasNext {
				return of, sizes
			}
			if p.End != nil {
				after = p.End
			}
		}
		t.Fatalf("%s: it never ends", what)
		return nil, nil
	}
	var all []key.Key
	var list []board.Printing
	for _, g := range w.grids(t) {
		all, list = append(all, g.Key), append(list, board.Printing{Name: board.Name{Grid: g.Code}})
	}
	for first, want := range map[int][]int{50: {4, 4, 4, 2}, 3: {3, 3, 3, 3, 2}} {
		if of, sizes := walk("never printed", boards.NeverPrinted, board.OfGrid, first); !slices.Equal(of, all) || !slices.Equal(sizes, want) {
			t.Errorf("never printed, %d at a time: %d in pages of %v", first, len(of), sizes)
		}
	}
	house := w.building(t)
	if _, err := boards.Printed(t.Context(), operator, append(list, board.Printing{Name: board.Name{Building: house.Key.String()}}), w.Staff.Day(nil)); err != nil {
		t.Fatal(err)
	}
	if of, sizes := walk("all printed", boards.NeverPrinted, board.OfGrid, 50); len(of) > 0 || !slices.Equal(sizes, []int{0, 0, 0, 0}) {
		t.Errorf("all printed: %d never, in pages of %v", len(of), sizes)
	}
	if of, sizes := walk("all current", boards.Reprint, "", 50); len(of) > 0 || !slices.Equal(sizes, []int{0, 0, 0, 0}) {
		t.Errorf("all current: %d to reprint, in pages of %v", len(of), sizes)
	}
	last, phone := w.grids(t)[9], "154 9909 0001"
	is := w.holder(t, last).Worker
	if _, err := w.Staff.Update(t.Context(), operator, staff.Change{Worker: is.Key, Version: is.Version, WorkPhone: &phone}); err != nil {
		t.Fatal(err)
	}
	d, err := w.Places.ByCode(t.Context(), operator, "990102001001", place.Fields{})
	if err == nil {
		_, err = w.Places.SetContacts(t.Context(), operator, d.Code, place.Contacts{SupervisionPhone: "0555-7770001"}, d.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
	if of, sizes := walk("contacts changed", boards.Reprint, "", 50); !slices.Equal(of, append(all, house.Key)) || !slices.Equal(sizes, []int{4, 4, 4, 3}) {
		t.Errorf("contacts changed: %d to reprint, in pages of %v", len(of), sizes)
	}
}
