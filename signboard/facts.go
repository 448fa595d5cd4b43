// Package signboard is what is put up and handed out: the boards of grids and buildings, contact cards, leaflets, badges, a community's atlas. It lays
// facts out on sheets in millimetres, which package paper writes as SVG, PDF and PNG; the map on them is drawn by package chart. Which grid it is, who
// is in office and what lies around is left to domain/*.
package signboard

import (
	"slices"
	"strings"

	"wangge/domain/around"
	"wangge/domain/board"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/signboard/chart"
)

// Facts are what a board says. All text is plain; what is empty is not known, and the board does without.
type Facts struct {
	Lang fault.Language // what stands first and large; the other language stands beside it, small. "" is Chinese

	District, Town, Community string
	Grid                      Grid
	Building                  *Building      // nil on a grid's board
	Workers                   []Worker       // grid workers in office, A before B; none: the post is vacant
	Assistants                []Person       // in office in the grid
	Leaders                   []Person       // of the grid, its group and the community, the nearest first; see board.Shown
	Contacts                  place.Contacts // in force: whom else to call
	Limits                    around.Sides
	Apart                     []around.Part // the parts of the grid that lie apart, and where they end

	Revision int    // of what the board says; 0: not numbered
	Date     string // that revision is of, YYYY-MM-DD
	URL      string // that the QR code leads to; "": there is no code
	Approval string // of the map: 审图号
	Credit   string // whose the map's data is

	Scene chart.Scene // the map

	standing  board.Standing // to what was printed; for the page of a board
	community string         // code
	passing   bool           // a photo is missing that may be there the next time
}

// Grid is a grid on a board.
type Grid struct {
	Code   string
	Number string // tells it from the grids of its community that are shown beside it, see grid.Numbers: "003"
	Name   string
	Kind   string // as domain/grid has it
	Group  string // name of the group it belongs to
}

// Building is the building whose board it is.
type Building struct{ Name, Address string }

// Person is somebody to call.
type Person struct {
	Name  string
	Post  string // as domain/staff has it, or a place.Desk
	Phone string
	Photo []byte // PNG or JPEG; none: a circle with the name's first character stands in

	photoOf key.Key // whose photo is to be read; zero: there is none
}

// Worker is a grid worker in office.
type Worker struct {
	Person
	Cover  string // "A" or "B"
	URL    string // of the page that says whether this person is in office
	Duties []string
}

// duties are those of the workers that a board shows, each once; where none are known those of the post, which is there also while nobody holds it.
func (f Facts) duties() (out []string) {
	seen := map[string]bool{}
	for _, w := range f.Workers[:min(len(f.Workers), board.MostWorkers)] {
		for _, d := range w.Duties {
			if d = strings.TrimSpace(d); d != "" && !seen[d] {
				seen[d] = true
				out = append(out, d)
			}
		}
	}
	if len(out) == 0 {
		return staff.GeneralDuties(f.Lang)
	}
	return staff.Duties(out, f.Lang)
}

// first is the worker to call first; nil: nobody is in office.
func (f Facts) first() *Worker {
	if len(f.Workers) == 0 {
		return nil
	}
	return &f.Workers[0]
}

// leader is the place in Leaders of the nearest with a phone; -1: there is none.
func (f Facts) leader() int {
	return slices.IndexFunc(f.Leaders, func(l Person) bool { return l.Phone != "" })
}

// instead is whom to call where the worker cannot be: the nearest leader with a phone, else the desk that answers.
func (f Facts) instead() Person {
	if i := f.leader(); i >= 0 {
		return f.Leaders[i]
	}
	a := f.Contacts.Instead(f.Lang)
	if a.Desk == place.Supervision {
		a.Name = f.Community // what they are stands beside it
	}
	return Person{Name: a.Name, Post: string(a.Desk), Phone: a.Phone}
}
