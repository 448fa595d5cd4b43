package staff

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"

	"wangge/domain/civil"
	"wangge/domain/key"
)

// id is a made-up id: the n-th of a kind.
func id(kind byte, n int) uuid.UUID { return uuid.UUID{0: kind, 14: byte(n >> 8), 15: byte(n)} }

// office is what Store.InOffice says, told in the plainest way.
func office(all []Tenure, area Area, day civil.Date) (out []Assignment) {
	for _, t := range all {
		if t.Area != area || day.Before(t.From) || t.Until != nil && !day.Before(*t.Until) {
			continue
		}
		a := t.Assignment
		for _, x := range t.Absences {
			if !day.Before(x.From) && day.Before(x.Until) {
				a.Away = true
			}
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Assignment) int {
		for _, less := range []func(x, y Assignment) bool{
			func(x, y Assignment) bool { return x.Post < y.Post }, func(x, y Assignment) bool { return x.Cover < y.Cover },
			func(x, y Assignment) bool { return x.From.Before(y.From) }, func(x, y Assignment) bool { return x.Key.String() < y.Key.String() },
		} {
			if less(a, b) {
				return -1
			} else if less(b, a) {
				return 1
			}
		}
		return 0
	})
	return out
}

// TestARosterSaysWhatTheTenuresSay changes areas at random and lets days go by, and holds that every roster, also an old one,
// says of each area and day what its tenures say.
func TestARosterSaysWhatTheTenuresSay(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 1))
	first, err := civil.Parse("2026-11-20")
	if err != nil {
		t.Fatal(err)
	}
	posts := []Post{GridWorker, GridLeader, Informant}
	made := 0
	tenure := func(area int, around civil.Date) Tenure {
		made++
		t := Tenure{Assignment: Assignment{Key: key.Key{Home: "home", ID: id('t', made)},
			Area: Area{AreaGrid, "home", id('a', area)}, Post: posts[random.IntN(3)], Cover: []Cover{CoverA, CoverB}[random.IntN(2)],
			From: around.AddDays(random.IntN(20) - 10)}}
		if random.IntN(2) == 0 {
			until := t.From.AddDays(1 + random.IntN(15))
			t.Until = &until
		}
		for range random.IntN(3) {
			from := around.AddDays(random.IntN(20) - 10)
			t.Absences = append(t.Absences, Absence{From: from, Until: from.AddDays(1 + random.IntN(4))})
		}
		return t
	}
	tell := func(area int, around civil.Date) (list []Tenure) {
		for range random.IntN(4) {
			list = append(list, tenure(area, around))
		}
		return list
	}
	const areas = 40
	told := make([][]Tenure, areas) // of each area
	for a := range told {
		told[a] = tell(a, first)
	}
	type kept struct {
		roster *Roster
		all    []Tenure
	}
	r := NewRoster(first, slices.Concat(told...))
	rosters := []kept{{r, slices.Concat(told...)}}
	for day := first; day.Before(first.AddDays(25)); {
		if random.IntN(3) == 0 {
			day = day.AddDays(1 + random.IntN(2))
			r = r.At(day)
		} else {
			var ids []uuid.UUID
			var list []Tenure
			for _, a := range random.Perm(areas)[:10] {
				told[a] = tell(a, day)
				ids, list = append(ids, id('a', a)), append(list, told[a]...)
			}
			r = r.With(ids, list)
		}
		rosters = append(rosters, kept{r, slices.Concat(told...)})
	}
	asked := 0
	for i, k := range rosters {
		if _, ok := k.roster.InOffice(Area{AreaGrid, "home", id('a', 0)}, k.roster.From().AddDays(-1)); ok {
			t.Fatalf("roster %d answers for the day before it", i)
		}
		for a := range areas {
			for n := range 14 {
				area, day := Area{AreaGrid, "home", id('a', a)}, k.roster.From().AddDays(n)
				got, ok := k.roster.InOffice(area, day)
				if want := office(k.all, area, day); !ok || !reflect.DeepEqual(got, want) {
					t.Fatalf("roster %d says of area %d on %s\n%+v, want\n%+v", i, a, day, got, want)
				}
				asked += len(got)
			}
		}
	}
	var every []uuid.UUID
	for a := range areas {
		every = append(every, id('a', a))
	}
	for i, k := range rosters {
		if left := k.roster.With(every, nil); left.desks.Len() != 0 {
			t.Errorf("of roster %d there is left %d areas when nobody is told of any", i, left.desks.Len())
		}
	}
	if asked < 1_000 {
		t.Errorf("only %d assignments were looked at", asked)
	}
}

func TestWhomToCallFromARoster(t *testing.T) {
	day, err := civil.Parse("2026-11-22")
	if err != nil {
		t.Fatal(err)
	}
	group := id('p', 1)
	held := func(kind AreaKind, area uuid.UUID, post Post, name string, away ...Absence) Tenure {
		return Tenure{Absences: away, Assignment: Assignment{Key: key.Key{Home: "home", ID: id('t', int(name[0]))}, Worker: Worker{Name: name},
			Area: Area{kind, "home", area}, Post: post, Cover: CoverA, From: day}}
	}
	grid := GridRef{Key: key.Key{Home: "home", ID: id('g', 1)}, GroupID: &group}
	r := NewRoster(day, []Tenure{
		held(AreaGrid, grid.Key.ID, GridWorker, "worker", Absence{From: day.AddDays(1), Until: day.AddDays(2)}),
		held(AreaGroup, group, GridLeader, "leader"),
	})
	for n, want := range []string{"worker", "leader", "worker"} {
		if got := r.OnCall(grid, day.AddDays(n)); got == nil || got.Worker.Name != want {
			t.Errorf("after %d days %+v is called, want %s", n, got, want)
		}
	}
	if got := r.OnCall(grid, day.AddDays(-1)); got != nil {
		t.Errorf("%s is called on a day before the roster's", got.Worker.Name)
	}
	if got := r.OnCall(GridRef{Key: key.Key{Home: "elsewhere", ID: grid.Key.ID}}, day); got != nil {
		t.Errorf("%s is called for a grid of another district", got.Worker.Name)
	}
	if n := testing.AllocsPerRun(100, func() { r.OnCall(grid, day) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
