package load

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
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

// made is a key.Source whose homes are the same every time; the ids that matter come with the rows. A division that is read
// says its code first, so that its home is its own whatever came before it.
type made struct {
	key.Random
	division string
}

func (m *made) NewHome() string {
	if m.division == demo.HandDistrict {
		return "demo0002" // as it was before there were others
	}
	return "demo" + m.division
}

// Progress says how far the demo town is: rows of a part read.
type Progress func(part string, rows, of int)

// Town stores a town made in one piece; see Region.
func Town(ctx context.Context, actor account.Actor, to Services, town demo.Town) (string, error) {
	return Region(ctx, actor, to, demo.Single(town), nil)
}

// Region stores the made-up town, whose staff are in office as of today, and returns what there is. Stored again, or after a
// smaller one that is part of it, it updates; the staff that the town has already stay, but somebody is away today again.
// progress may be nil.
func Region(ctx context.Context, actor account.Actor, to Services, r demo.Region, progress Progress) (string, error) {
	if progress == nil {
		progress = func(string, int, int) {}
	}
	ids := &made{}
	options := place.ImportOptions{IDs: ids}
	var groups, estates, grids, buildings, roads, land, entities, dwellings, households, residents int
	for _, part := range []struct {
		name string
		of   int
		load func(step func()) (place.Report, error)
	}{
		{"divisions", len(r.Divisions), func(step func()) (place.Report, error) {
			return to.Places.ImportDivisions(ctx, actor, each(slices.Values(r.Divisions), step, func(d demo.Division) (place.DivisionRow, error) {
				ids.division = d.Code
				row, err := madeRow("division", d.Code, d.Name, area(d.Boundary))
				return place.DivisionRow{Row: row, Level: place.Level(d.Level), Parent: d.Parent, Limits: place.Limits(d.Limits),
					Contacts: place.Contacts{SupervisionPhone: d.Contacts.SupervisionPhone, Station: (*place.Station)(d.Contacts.Station)}}, err
			}), options)
		}},
		{"grids", r.GridCount, func(step func()) (place.Report, error) {
			return to.Grids.Import(ctx, actor, inTowns(r, step, func(t demo.Town, yield func(grid.Row, error) bool) bool {
				in := groupsOf(t)
				groups, estates = groups+len(t.Groups), estates+len(t.Estates)
				for _, g := range t.Grids {
					grids++
					row, err := madeRow("grid", g.Code, g.Name, g.Boundary)
					if !yield(grid.Row{Row: row, Kind: grid.Kind(g.Kind), Basis: g.Basis, Community: in[g.Group].Community, Group: in[g.Group].Name}, err) {
						return false
					}
				}
				return true
			}), grid.ImportOptions{ImportOptions: options, Day: to.Staff.Day(nil)})
		}},
		{"buildings", 0, func(step func()) (place.Report, error) {
			return to.Places.ImportBuildings(ctx, actor, inTowns(r, step, func(t demo.Town, yield func(place.BuildingRow, error) bool) bool {
				in := make(map[string]demo.Estate, len(t.Estates))
				for _, e := range t.Estates {
					in[e.Key] = e
				}
				for _, b := range t.Buildings {
					buildings++
					row, err := madeRow("building", b.Code, b.Name, b.Footprint)
					if !yield(place.BuildingRow{Row: row, Address: b.Address, Floors: &b.Floors, Estate: in[b.Estate].Name,
						EstateManagedBy: place.Manager(in[b.Estate].ManagedBy)}, err) {
						return false
					}
				}
				return true
			}), options)
		}},
		{"roads", 0, func(step func()) (place.Report, error) {
			return to.Places.ImportRoads(ctx, actor, inTowns(r, step, func(t demo.Town, yield func(place.RoadRow, error) bool) bool {
				for _, x := range t.Roads {
					roads++
					row, err := madeRow("road", x.Code, x.Name, x.Line)
					if !yield(place.RoadRow{Row: row, Class: x.Class}, err) {
						return false
					}
				}
				return true
			}), options)
		}},
		{"land", 0, func(step func()) (place.Report, error) {
			return to.Places.ImportLand(ctx, actor, inTowns(r, step, func(t demo.Town, yield func(place.RoadRow, error) bool) bool {
				for _, g := range t.Grounds {
					land++
					row, err := madeRow("land", g.Code, g.Name, g.Shape)
					if !yield(place.RoadRow{Row: row, Class: strings.ToLower(string(g.Kind))}, err) {
						return false
					}
				}
				return true
			}), options)
		}},
		{"legal entities", 0, func(step func()) (place.Report, error) {
			return to.Places.ImportEntities(ctx, actor, inTowns(r, step, func(t demo.Town, yield func(place.EntityRow, error) bool) bool {
				for _, e := range t.Entities {
					entities++
					row, err := madeRow("entity", e.Code, e.Name, e.Point)
					if !yield(place.EntityRow{Row: row, CreditCode: e.CreditCode, Category: e.Category, Address: e.Address, Employees: &e.Employees,
						PartyOrganisation: e.PartyOrganisation, PartyMembers: &e.PartyMembers}, err) {
						return false
					}
				}
				return true
			}), options)
		}},
		{"households", r.HouseholdCount, func(step func()) (place.Report, error) {
			return to.Places.ImportHouseholds(ctx, actor, inTowns(r, step, func(t demo.Town, yield func(place.HouseholdRow, error) bool) bool {
				for _, d := range t.Dwellings {
					dwellings++
					row := place.HouseholdRow{Source: d.Building, Building: d.Building, Unit: d.Unit, Room: d.Room, Use: place.DwellingUse(d.Use),
						RentalManagement: d.RentalManagement}
					if len(d.Households) == 0 && !yield(row, nil) {
						return false
					}
					for i := range d.Households {
						households, residents = households+1, residents+d.Households[i]
						row.Number, row.Residents = strconv.Itoa(i+1), &d.Households[i]
						if !yield(row, nil) {
							return false
						}
					}
				}
				return true
			}), options)
		}},
	} {
		report, err := part.load(counted(part.name, part.of, progress))
		if err != nil {
			return "", fmt.Errorf("load the demo town's %s: %w", part.name, err)
		}
		for _, n := range report.Notes {
			if n.Kind == place.Refused {
				return "", fmt.Errorf("load the demo town's %s: %s %s: %s", part.name, n.Source, n.Code, n.Reason)
			}
		}
	}
	for _, p := range r.Policies {
		if err := madePolicy(ctx, actor, to.Places, p); err != nil {
			return "", err
		}
	}
	workers, err := madeStaff(ctx, actor, to, r, counted("workers", 0, progress))
	if err != nil {
		return "", fmt.Errorf("load the demo town's workers: %w", err)
	}
	return fmt.Sprintf("%s: %d divisions, %d groups with %d grids, %d estates with %d buildings, %d dwellings with %d households and %d residents, %d legal entities, %d roads, %d workers",
		r.Name(), len(r.Divisions), groups, grids, estates, buildings, dwellings, households, residents, entities, roads, workers), nil
}

var _ = fault.Register([3]string{"demo.notAlone", "There is {name} ({code}) already, which is not part of this demo town. Use another database or --data folder, or add --beside to have both.",
	"已有{name}（{code}），不属于这个演示城镇。请使用其他数据库或 --data 目录，或加 --beside 一并载入。"})

// CheckAlone refuses to put r where there is something else: a real town, or a larger made-up one. CONFLICT names the first
// division that is not of r.
func CheckAlone(ctx context.Context, actor account.Actor, to Services, r demo.Region) error {
	of := make(map[string]bool, len(r.Divisions))
	for _, d := range r.Divisions {
		of[d.Code] = true
	}
	return to.Places.ExportDivisions(ctx, actor, func(d place.DivisionRow) error {
		if !of[d.Code] {
			return fault.New(fault.Conflict, "size", "demo.notAlone", "name", d.Name, "code", d.Code)
		}
		return nil
	})
}

// counted counts rows and tells progress of every thousandth, and of the first.
func counted(part string, of int, progress Progress) func() {
	n := 0
	return func() {
		if n%1000 == 0 {
			progress(part, n, of)
		}
		n++
	}
}

// each yields list as rows.
func each[T, R any](list iter.Seq[T], step func(), row func(T) (R, error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		for x := range list {
			step()
			if !yield(row(x)) {
				return
			}
		}
	}
}

// inTowns yields what rows makes of each community, until it says that enough was read.
func inTowns[R any](r demo.Region, step func(), rows func(t demo.Town, yield func(R, error) bool) bool) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		for t := range r.Communities {
			if !rows(t, func(row R, err error) bool { step(); return yield(row, err) }) {
				return
			}
		}
	}
}

func groupsOf(t demo.Town) map[string]demo.Group {
	groups := make(map[string]demo.Group, len(t.Groups))
	for _, g := range t.Groups {
		groups[g.Key] = g
	}
	return groups
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
		ResidentsMax: some(p.ResidentsMax), GridsMin: some(p.GridsMin), GridsMax: some(p.GridsMax), InformantsMin: some(p.InformantsMin),
		InformantsMax: some(p.InformantsMax), HouseholdsPerInformantMin: some(p.PerInformantMin), HouseholdsPerInformantMax: some(p.PerInformantMax)})
	if fault.Is(err, fault.Conflict) {
		return nil // it has one: this is not the first time, or somebody changed it
	}
	return err
}

// madeStaff adds the workers who are not there yet with their posts, all or none, and then everybody's time off. It returns how
// many workers the town has.
func madeStaff(ctx context.Context, actor account.Actor, to Services, r demo.Region, step func()) (workers int, err error) {
	today := to.Staff.Day(nil)
	var away []demo.Absence
	var homes []string // the community of each
	_, err = to.Staff.Enter(ctx, actor, func(yield func(staff.Entry) bool) {
		for t := range r.Communities {
			groups := groupsOf(t)
			terms := map[string][]staff.Term{}
			for i, a := range t.Assignments {
				kind, name := areaOf(a.Area, groups)
				id := fmt.Sprint(i)
				if t.Community() != demo.HandCommunity {
					id = t.Community() + " " + id
				}
				terms[a.Worker] = append(terms[a.Worker], staff.Term{ID: madeID("assignment", id), Post: staff.Post(a.Post), Cover: staff.Cover(a.Cover),
					AreaKind: kind, AreaName: name, From: *days(today, a.FromDays), Until: until(today, a.UntilDays)})
			}
			for _, a := range t.Absences {
				away, homes = append(away, a), append(homes, t.Community())
			}
			for _, w := range t.Workers {
				step()
				workers++
				e := staff.Entry{ID: madeID("worker", w.Key), Division: t.Community(), Terms: terms[w.Key],
					NewWorker: staff.NewWorker{Name: w.Name, WorkPhone: w.WorkPhone, Duties: w.Duties, PhotoFile: w.Portrait}}
				if !yield(e) {
					return
				}
			}
		}
	})
	if err != nil {
		return 0, err
	}
	for i, a := range away {
		home, err := to.Places.ByCode(ctx, actor, homes[i], place.Fields{})
		if err != nil {
			return 0, err
		}
		_, err = to.Staff.RecordAbsence(ctx, actor, key.Key{Home: home.Home, ID: madeID("worker", a.Worker)}, *days(today, a.FromDays), *days(today, a.UntilDays))
		if err != nil && !fault.Is(err, fault.Conflict) { // away already
			return 0, fmt.Errorf("absence of worker %s: %w", a.Worker, err)
		}
	}
	return workers, nil
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
