package load

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/geo/shape"
	"wangge/internal/fault"
	"wangge/load/demo"
)

// madeID is the id of a made-up thing: the same every time, whatever else the town has.
func madeID(kind, name string) uuid.UUID { return uuid.NewSHA1(madeSpace, []byte(kind+" "+name)) }

var madeSpace = uuid.MustParse("6f1d1c4e-57ab-4c0f-9c59-77616e676765")

// made is a key.Source whose homes are the same every time; the ids that matter come with the rows.
type made struct {
	key.Random
	homes int
}

func (m *made) NewHome() string {
	m.homes++
	return fmt.Sprintf("demo%04d", m.homes)
}

// Town stores the made-up demo town, whose staff are in office as of today, and returns what there is. Stored again it
// updates; the staff that the town has already stay, but somebody is away today again.
func Town(ctx context.Context, actor account.Actor, to Services, town demo.Town) (string, error) {
	options := place.ImportOptions{IDs: &made{}}
	groups := make(map[string]demo.Group, len(town.Groups))
	for _, g := range town.Groups {
		groups[g.Key] = g
	}
	estates := make(map[string]demo.Estate, len(town.Estates))
	for _, e := range town.Estates {
		estates[e.Key] = e
	}
	for _, part := range []struct {
		name string
		load func() (place.Report, error)
	}{
		{"divisions", func() (place.Report, error) {
			return to.Places.ImportDivisions(ctx, actor, each(town.Divisions, func(d demo.Division) (place.DivisionRow, error) {
				row, err := madeRow("division", d.Code, d.Name, area(d.Boundary))
				return place.DivisionRow{Row: row, Level: place.Level(d.Level), Parent: d.Parent, Limits: place.Limits(d.Limits)}, err
			}), options)
		}},
		{"grids", func() (place.Report, error) {
			return to.Grids.Import(ctx, actor, each(town.Grids, func(g demo.Grid) (grid.Row, error) {
				row, err := madeRow("grid", g.Code, g.Name, g.Boundary)
				return grid.Row{Row: row, Kind: grid.Kind(g.Kind), Basis: g.Basis, Community: groups[g.Group].Community, Group: groups[g.Group].Name}, err
			}), grid.ImportOptions{ImportOptions: options, Day: to.Staff.Day(nil)})
		}},
		{"buildings", func() (place.Report, error) {
			return to.Places.ImportBuildings(ctx, actor, each(town.Buildings, func(b demo.Building) (place.BuildingRow, error) {
				row, err := madeRow("building", b.Code, b.Name, b.Footprint)
				e := estates[b.Estate]
				return place.BuildingRow{Row: row, Address: b.Address, Floors: &b.Floors, Estate: e.Name, EstateManagedBy: place.Manager(e.ManagedBy)}, err
			}), options)
		}},
		{"roads", func() (place.Report, error) {
			return to.Places.ImportRoads(ctx, actor, each(town.Roads, func(r demo.Road) (place.RoadRow, error) {
				row, err := madeRow("road", r.Code, r.Name, r.Line)
				return place.RoadRow{Row: row, Class: r.Class}, err
			}), options)
		}},
		{"land", func() (place.Report, error) {
			return to.Places.ImportLand(ctx, actor, each(town.Grounds, func(g demo.Ground) (place.RoadRow, error) {
				row, err := madeRow("land", g.Code, g.Name, g.Shape)
				return place.RoadRow{Row: row, Class: strings.ToLower(string(g.Kind))}, err
			}), options)
		}},
	} {
		report, err := part.load()
		if err != nil {
			return "", fmt.Errorf("load the demo town's %s: %w", part.name, err)
		}
		for _, n := range report.Notes {
			if n.Kind == place.Refused {
				return "", fmt.Errorf("load the demo town's %s: %s %s: %s", part.name, n.Source, n.Code, n.Reason)
			}
		}
	}
	for _, p := range town.Policies {
		if err := madePolicy(ctx, actor, to.Places, p); err != nil {
			return "", err
		}
	}
	if err := madeStaff(ctx, actor, to, town, groups); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: %d divisions, %d groups with %d grids, %d estates with %d buildings, %d roads, %d workers",
		town.Divisions[len(town.Divisions)-1].Name, len(town.Divisions), len(town.Groups), len(town.Grids), len(town.Estates), len(town.Buildings), len(town.Roads), len(town.Workers)), nil
}

// each yields list as rows.
func each[T, R any](list []T, row func(T) (R, error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		for _, x := range list {
			if !yield(row(x)) {
				return
			}
		}
	}
}

// area is m, or nil where it is empty, for a division without a boundary.
func area(m orb.MultiPolygon) orb.Geometry {
	if len(m) == 0 {
		return nil
	}
	return m
}

func madeRow(kind, code, name string, g orb.Geometry) (place.Row, error) {
	row := place.Row{Source: code, Code: code, Name: name, ID: madeID(kind, code)}
	if g == nil {
		return row, nil
	}
	var err error
	row.Geometry, err = shape.FromOrb(shape.Snap(g), shape.SRID)
	return row, err
}

// some is n, or nil for 0, which stands for "no rule".
func some(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

func madePolicy(ctx context.Context, actor account.Actor, places *place.Service, p demo.SizePolicy) error {
	d, err := places.ByCode(ctx, actor, p.Division, place.Fields{})
	if err != nil {
		return err
	}
	_, err = places.SetPolicy(ctx, actor, place.SizePolicy{DivisionID: d.ID, HouseholdsMin: some(p.HouseholdsMin),
		HouseholdsTarget: some(p.HouseholdsTarget), HouseholdsMax: some(p.HouseholdsMax), ResidentsMin: some(p.ResidentsMin),
		ResidentsMax: some(p.ResidentsMax), GridsMin: some(p.GridsMin), GridsMax: some(p.GridsMax)})
	if fault.Is(err, fault.Conflict) {
		return nil // it has one: this is not the first time, or somebody changed it
	}
	return err
}

// madeStaff adds the workers who are not there yet with their posts, all or none, and then everybody's time off.
func madeStaff(ctx context.Context, actor account.Actor, to Services, town demo.Town, groups map[string]demo.Group) error {
	today := to.Staff.Day(nil)
	community := town.Divisions[len(town.Divisions)-1].Code
	home, err := to.Places.ByCode(ctx, actor, community, place.Fields{})
	if err != nil {
		return err
	}
	keyOf := func(worker string) key.Key { return key.Key{Home: home.Home, ID: madeID("worker", worker)} }
	err = to.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		service := *to.Staff
		fresh := map[string]bool{}
		for _, w := range town.Workers {
			_, err := service.Worker(ctx, actor, keyOf(w.Key))
			if err == nil {
				continue // there already
			}
			if !fault.Is(err, fault.NotFound) {
				return err
			}
			fresh[w.Key] = true
			service.IDs = one(madeID("worker", w.Key))
			_, err = service.Add(ctx, actor, staff.NewWorker{Name: w.Name, WorkPhone: w.WorkPhone, Duties: w.Duties,
				Photo: &staff.Photo{MediaType: "image/png", Image: w.Portrait}}, staff.AreaDivision, community)
			if err != nil {
				return fmt.Errorf("worker %s: %w", w.Key, err)
			}
		}
		for i, a := range town.Assignments {
			if !fresh[a.Worker] {
				continue
			}
			kind, name := areaOf(a.Area, groups)
			service.IDs = one(madeID("assignment", fmt.Sprint(i)))
			_, err := service.Appoint(ctx, actor, staff.Appointment{Worker: keyOf(a.Worker), Post: staff.Post(a.Post), Cover: staff.Cover(a.Cover),
				AreaKind: kind, AreaName: name, From: days(today, a.FromDays), Until: until(today, a.UntilDays)})
			if err != nil {
				return fmt.Errorf("%s of worker %s: %w", a.Post, a.Worker, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, a := range town.Absences {
		_, err := to.Staff.RecordAbsence(ctx, actor, keyOf(a.Worker), *days(today, a.FromDays), *days(today, a.UntilDays))
		if err != nil && !fault.Is(err, fault.Conflict) { // away already
			return fmt.Errorf("absence of worker %s: %w", a.Worker, err)
		}
	}
	return nil
}

func areaOf(a demo.Area, groups map[string]demo.Group) (staff.AreaKind, string) {
	switch {
	case a.Grid != "":
		return staff.AreaGrid, a.Grid
	case a.Group != "":
		return staff.AreaGroup, groups[a.Group].Community + "/" + groups[a.Group].Name
	case a.Building != "":
		return staff.AreaBuilding, a.Building
	}
	return staff.AreaDivision, a.Division
}

func days(today civil.Date, n int) *civil.Date {
	d := today.AddDays(n)
	return &d
}

func until(today civil.Date, n int) *civil.Date {
	if n == 0 {
		return nil
	}
	return days(today, n)
}

// one is a key.Source of a single id.
type one uuid.UUID

func (o one) NewID() uuid.UUID { return uuid.UUID(o) }
func (o one) NewHome() string  { return key.Random{}.NewHome() }
