package staff

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/google/uuid"

	"wangge/domain/civil"
	"wangge/domain/index"
	"wangge/domain/key"
)

// Roster is who is in office from a day on, in memory. It is never changed, nor may what it answers be: With and At make others
// that share what stayed.
type Roster struct {
	from  civil.Date
	desks index.Index[uuid.UUID, *desk] // by area
}

// Tenure is an assignment as a Roster takes it, with what decides who is in on a day.
type Tenure struct {
	Assignment           // of any day; Away is not looked at
	Absences   []Absence // of the worker, of any day
}

// desk is an area's tenures in the order of their answers, and the answer of the roster's first day.
type desk struct {
	home    string // the area's
	tenures []Tenure
	today   []Assignment
	worker  *Assignment // of today, who answers for the grid worker's post; nil: nobody of the area
	until   civil.Date  // the first day whose answer may be another; zero: never
}

// NewRoster makes the roster of a day and those after it. Terms that ended before are left out.
func NewRoster(from civil.Date, tenures []Tenure) *Roster {
	return (&Roster{from: from}).With(nil, tenures)
}

// From is the first day that the roster knows.
func (r *Roster) From() civil.Date { return r.from }

// With returns a roster in which the tenures of some areas, and of those that tenures name, are these and no others.
func (r *Roster) With(areas []uuid.UUID, tenures []Tenure) *Roster {
	held := make(map[uuid.UUID][]Tenure, len(areas)) // of all areas that change
	for _, a := range areas {
		held[a] = nil
	}
	for _, t := range tenures {
		held[t.Area.ID] = append(held[t.Area.ID], t)
	}
	return r.place(held)
}

// At returns the roster of a later day and those after it.
func (r *Roster) At(day civil.Date) *Roster {
	held := map[uuid.UUID][]Tenure{}
	for area, d := range r.desks.All() {
		if !d.until.IsZero() && !day.Before(d.until) {
			held[area] = slices.Clone(d.tenures)
		}
	}
	return (&Roster{from: day, desks: r.desks}).place(held)
}

// place returns r with the tenures of some areas, which it keeps.
func (r *Roster) place(held map[uuid.UUID][]Tenure) *Roster {
	var gone []uuid.UUID
	var desks []index.Entry[uuid.UUID, *desk]
	for area, tenures := range held {
		if d := newDesk(tenures, r.from); d != nil {
			desks = append(desks, index.Entry[uuid.UUID, *desk]{Key: area, Value: d})
		} else {
			gone = append(gone, area)
		}
	}
	return &Roster{from: r.from, desks: r.desks.With(gone, desks)}
}

// newDesk keeps tenures, without those that ended before a day; nil: none is left.
func newDesk(tenures []Tenure, from civil.Date) *desk {
	tenures = slices.DeleteFunc(tenures, func(t Tenure) bool { return t.Until != nil && !from.Before(*t.Until) })
	if len(tenures) == 0 {
		return nil
	}
	slices.SortFunc(tenures, func(a, b Tenure) int {
		return cmp.Or(cmp.Compare(a.Post, b.Post), cmp.Compare(a.Cover, b.Cover), a.From.Time().Compare(b.From.Time()),
			bytes.Compare(a.Key.ID[:], b.Key.ID[:]))
	})
	d := &desk{home: key.SharedHome(tenures[0].Area.Home), tenures: tenures}
	change := func(day civil.Date) {
		if from.Before(day) && (d.until.IsZero() || day.Before(d.until)) {
			d.until = day
		}
	}
	for _, t := range tenures {
		change(t.From)
		if t.Until != nil {
			change(*t.Until)
		}
		for _, a := range t.Absences {
			change(a.From)
			change(a.Until)
		}
	}
	d.today = d.on(from)
	d.worker = OnCall(GridWorker, d.today, nil)
	return d
}

// on computes the answer of a day.
func (d *desk) on(day civil.Date) []Assignment {
	var out []Assignment
	for _, t := range d.tenures {
		if day.Before(t.From) || t.Until != nil && !day.Before(*t.Until) {
			continue
		}
		a := t.Assignment
		a.Away = slices.ContainsFunc(t.Absences, func(x Absence) bool { return !day.Before(x.From) && day.Before(x.Until) })
		out = append(out, a)
	}
	return out
}

// InOffice returns the assignments for an area in office on a day, as Store.InOffice does; false: the roster does not know that
// day. Of its first day, and as long as nothing changes, it answers without allocating.
func (r *Roster) InOffice(area Area, day civil.Date) ([]Assignment, bool) {
	if day.Before(r.from) {
		return nil, false
	}
	d := r.desk(area.Home, area.ID)
	switch {
	case d == nil:
		return nil, true
	case d.of(day):
		return d.today, true
	}
	return d.on(day), true
}

// OnCall is whom to call for a grid on a day that the roster knows; nil: nobody. See the rule OnCall.
func (r *Roster) OnCall(g GridRef, day civil.Date) *Assignment {
	if day.Before(r.from) {
		return nil
	}
	if d := r.desk(g.Key.Home, g.Key.ID); d != nil && d.worker != nil && d.of(day) {
		return d.worker // the group's leader comes after those of the area
	}
	ofGrid, _ := r.InOffice(Area{AreaGrid, g.Key.Home, g.Key.ID}, day)
	var ofGroup []Assignment
	if g.GroupID != nil {
		ofGroup, _ = r.InOffice(Area{AreaGroup, g.Key.Home, *g.GroupID}, day)
	}
	return OnCall(GridWorker, ofGrid, ofGroup)
}

// Differing returns the areas, by id, for which somebody else may be in office on the first day of r than on that of was, from which r was made.
func (r *Roster) Differing(was *Roster) []uuid.UUID {
	if r == was {
		return nil
	}
	return slices.Collect(index.Differing(was.desks, r.desks))
}

// desk is the area's that has an id in a district; nil: nobody is or will be in office there.
func (r *Roster) desk(home string, id uuid.UUID) *desk {
	if d, ok := r.desks.Get(id); ok && d.home == home {
		return d
	}
	return nil
}

// of reports whether today's answer is that of a day, which the roster knows.
func (d *desk) of(day civil.Date) bool { return d.until.IsZero() || day.Before(d.until) }
