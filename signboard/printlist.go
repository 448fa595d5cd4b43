package signboard

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/board"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/internal/fault"
)

// listNames are what the lists of the print shop's page are called.
var listNames = map[boardList]words{
	toReprint:    {"需要重印的", "To print anew"},
	neverPrinted: {"从未印过的", "Never printed"},
	wasPrinted:   {"登记过的印制", "What was printed"},
}

// emptyLists say that there is nothing in a list, whatever is chosen of it.
var emptyLists = map[boardList]words{
	toReprint:    {"没有需要重印的公示牌。", "No board is to be printed anew."},
	neverPrinted: {"公示牌都印过了。", "Every board was printed."},
	wasPrinted:   {"还没有登记过印制。", "No print was noted yet."},
}

// reprintRow is a board in a list, or one of its prints.
type reprintRow struct {
	board.Standing
	Noted            *board.Listed // nil: not in the list of what was printed
	Value            string        // see boardValue and undoValue
	Ticked           bool
	Called           string // code of the grid, or id of the building
	Code             string // as people write it
	Name, Where      string
	KindIs, Says, To string // To: the board's page
	Parts            string
	Papers           string // that say the same of the grid, and are to be printed anew too
}

// rows reads up to most boards of the list after a place, fewer where enough were looked at, and where to go on if that is not all.
func (d *door) rows(ctx context.Context, actor account.Actor, division string, ask asking, most int, lang fault.Language) (out []reprintRow, next string, err error) {
	if ask.List == wasPrinted {
		return d.noted(ctx, actor, division, ask, most, lang)
	}
	read, part := d.prints.Reprint, ask.Part
	if ask.List == neverPrinted {
		read, part = d.prints.NeverPrinted, ""
	}
	first := min(perRead, most+1)
	if part != "" { // few may be of those
		first = perRead
	}
	args, err := page.Parse(first, page.MaxOperator, ask.After, board.ByPlace)
	if err != nil {
		return nil, "", err
	}
	err = d.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		out, next = nil, "" // it may run twice
		args := args
		last := page.Cursor{}
		for looked := 0; ; {
			found, err := read(ctx, actor, division, ask.Kind, args)
			if err != nil {
				return err
			}
			for _, item := range found.Items {
				st := item.Node
				if part != "" && !slices.Contains(st.Changed, part) {
					continue
				}
				if len(out) == most {
					next = last.Encode()
					return d.named(ctx, actor, out, lang)
				}
				out, last = append(out, reprintRow{Standing: st}), item.Cursor
			}
			switch {
			case found.HasNext && found.End != nil: // enough was looked at for one request
				next = found.End.Encode()
				fallthrough
			case !found.HasNext:
				return d.named(ctx, actor, out, lang)
			}
			end := found.Items[len(found.Items)-1].Cursor
			if looked += len(found.Items); looked >= mostLooked {
				next = end.Encode()
				return d.named(ctx, actor, out, lang)
			}
			args.After = &end
		}
	})
	return out, next, err
}

// noted reads up to most prints of the list of what was printed after a place, and where to go on if that is not all.
func (d *door) noted(ctx context.Context, actor account.Actor, division string, ask asking, most int, lang fault.Language) (out []reprintRow, next string, err error) {
	args, err := page.Parse(min(most, page.MaxOperator), page.MaxOperator, ask.After, board.ByDay)
	if err != nil {
		return nil, "", err
	}
	err = d.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		out, next = nil, "" // it may run twice
		found, err := d.prints.History(ctx, actor, division, ask.Kind, args)
		if err != nil {
			return err
		}
		for _, item := range found.Items {
			l := item.Node
			out = append(out, reprintRow{Standing: board.Standing{Of: l.Of, Revision: l.Revision, Hashes: l.Hashes, Printed: &l.Print}, Noted: &l})
		}
		if found.HasNext {
			next = found.Items[len(found.Items)-1].Cursor.Encode()
		}
		return d.named(ctx, actor, out, lang)
	})
	return out, next, err
}

// one is the board that ask names. It keeps the mark that it was sent with: what hangs says what stood on the page that it was printed from.
func (d *door) one(ctx context.Context, actor account.Actor, ask asking, lang fault.Language) (out []reprintRow, err error) {
	n, _, err := called(ask.Of)
	if err != nil {
		return nil, err
	}
	err = d.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		of, err := d.prints.Find(ctx, actor, n)
		if err != nil {
			return err
		}
		st, err := d.Boards.Revision(ctx, actor, of)
		if err != nil {
			return err
		}
		out = []reprintRow{{Standing: st, Ticked: true}}
		return d.named(ctx, actor, out, lang)
	})
	if err == nil {
		out[0].Value = ask.Of
	}
	return out, err
}

// named says what rows are of and how they stand. ctx is that of the use case in which they were read, in which what they are of is there.
func (d *door) named(ctx context.Context, actor account.Actor, rows []reprintRow, lang fault.Language) error {
	var grids, houses []key.Key
	for _, r := range rows {
		if r.Of.Kind == board.OfGrid {
			grids = append(grids, r.Of.Key)
		} else {
			houses = append(houses, r.Of.Key)
		}
	}
	found, err := d.Grids.ByKeys(ctx, actor, grids, nil, grid.Fields{})
	if err != nil {
		return err
	}
	buildings, err := d.Places.BuildingsByKey(ctx, actor, houses, nil, false)
	if err != nil {
		return err
	}
	var ids []uuid.UUID
	for _, g := range found {
		ids = append(ids, g.CommunityID)
	}
	communities, err := d.Places.DivisionsByID(ctx, actor, ids, place.Fields{})
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		if r.Of.Kind == board.OfGrid {
			g := found[r.Of.Key.ID]
			r.Called, r.Code, r.Name, r.Where, r.KindIs = g.Code, g.Code, g.Name, communities[g.CommunityID].Name, wGrid.in(lang)
			r.To = "/signboards/" + url.PathEscape(g.Code)
		} else {
			b := buildings[r.Of.Key.ID]
			r.Called, r.Code, r.Where, r.KindIs = r.Of.Key.String(), b.Code, b.Address, wHouse.in(lang)
			r.Name, r.To = cmp.Or(b.Name, b.Address, r.Called), "/signboards/buildings/"+r.Called
		}
		r.Value, r.Parts, r.Says = boardValue(r.Standing, r.Called), changedIn(r.Changed, lang), wNeverYet.in(lang)
		switch p := r.Printed; {
		case r.Noted != nil:
			r.Value, r.Says = undoValue(r.Noted.Print, r.Called), listedSays(*r.Noted, lang)
		case r.Changed != nil:
			r.Says = fmt.Sprintf(wRow.in(lang), p.Revision, p.On, r.Revision)
		case p != nil:
			r.Says = fmt.Sprintf(wAsPrinted.in(lang), p.Revision, p.On)
		}
		if r.Changed != nil && r.Of.Kind == board.OfGrid {
			papers := []string{wCard.in(lang), wLeaflet.in(lang)} // they carry the board's revision
			if slices.Contains(r.Changed, board.People) || slices.Contains(r.Changed, board.Names) {
				papers = append(papers, wBadge.in(lang))
			}
			r.Papers = strings.Join(papers, wComma.in(lang))
		}
	}
	return nil
}

// CanTick is false for a print that cannot be taken back.
func (r reprintRow) CanTick() bool { return r.Noted == nil || r.Noted.Last }

// boardValue is "grid/CODE/MARK" or "building/ID/MARK".
func boardValue(st board.Standing, called string) string {
	return fmt.Sprintf("%s/%s/%s", st.Of.Kind, called, st.Hashes.Mark())
}

// listedSays says which print it is, and what became of it.
func listedSays(l board.Listed, lang fault.Language) string {
	says := fmt.Sprintf(wPrint.in(lang), l.Revision, l.On)
	if l.Version > 1 {
		says += fmt.Sprintf(wTimes.in(lang), l.Version)
	}
	if !l.Last {
		says += wLaterPrint.in(lang)
	}
	return says
}

// fill puts a page of the list, and on the first how many boards there are in others.
func (d *door) fill(ctx context.Context, actor account.Actor, division string, ask asking, v *reprintView) (err error) {
	if ask.Of != "" {
		if v.Rows, err = d.one(ctx, actor, ask, v.Lang); err != nil {
			return err
		}
		v.Of = ask.Of
		v.Others = []option{{Value: string(toReprint) + "/", Label: wWholeList.in(v.Lang)}}
		return nil
	}
	if v.Rows, v.Next, err = d.rows(ctx, actor, division, ask, perPage, v.Lang); err != nil {
		return err
	}
	switch {
	case len(v.Rows) > 0:
	case v.Next != "":
		v.None = wNoneYet.in(v.Lang)
	case ask.Kind != "" || ask.Part != "" || ask.After != nil:
		v.None = wNone.in(v.Lang)
	default:
		v.None, v.Good = emptyLists[ask.List].in(v.Lang), ask.List != wasPrinted
	}
	says := wShown
	if ask.After != nil {
		v.Page, says = *ask.After, wShownPage
	}
	if v.Next != "" {
		says = wShownMore
	}
	v.Shown = fmt.Sprintf(says.in(v.Lang), len(v.Rows))
	for i := range v.Rows {
		r := &v.Rows[i]
		r.Ticked = ask.Tick == "all" || ask.Tick == "" && ask.List != wasPrinted
		v.Papers = v.Papers || r.Papers != ""
	}
	if ask.After != nil {
		return nil
	}
	tally, err := d.prints.Tally(ctx, actor, division)
	if err != nil {
		return err
	}
	if tally.Printed == 0 && v.Good && ask.List == toReprint { // of none that was printed, which is no good news
		v.None, v.Good = emptyLists[wasPrinted].in(v.Lang), false
	}
	for _, other := range []struct {
		list boardList
		kind board.Kind
		n    int
		says words
	}{{neverPrinted, board.OfGrid, tally.NeverGrids, wNeverGrids}, {neverPrinted, board.OfBuilding, tally.NeverBuildings, wNeverHouses}, {wasPrinted, "", tally.Printed, wPrintedBoards}} {
		if other.n > 0 && (other.list != ask.List || other.kind != ask.Kind) {
			v.Others = append(v.Others, option{Value: string(other.list) + "/" + string(other.kind), Label: fmt.Sprintf(other.says.in(v.Lang), other.n)})
		}
	}
	return nil
}
