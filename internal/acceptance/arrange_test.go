package acceptance

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/internal/testdb"
	"wangge/load"
)

// TestStaffArrangeWhereTheirPostsReach: buildings, units, contacts and policies of their own places, and nothing else, though it is there
// for everybody to see. Rows that they may not read go with what they place.
func TestStaffArrangeWhereTheirPostsReach(t *testing.T) {
	w := twoDistricts(t)
	w.give(t, load.Divisions, feature(`"code":"990101001002","name":"河北","level":"COMMUNITY"`, "null"))
	w.give(t, load.Grids, feature(`"code":"990101001001002","name":"三"`, box(0, 10, 10, 20)), feature(`"code":"990101001002001","name":"四"`, box(10, 10, 20, 20)))
	w.give(t, load.Buildings, feature(`"code":"b3"`, box(15, 1, 16, 2)), feature(`"code":"stray"`, box(40, 40, 41, 41)))
	w.people(t, "b2")
	own, other, far := "990101001001001", "990101001001002", "990102001001001"
	community, district := w.division(t, "990101001001"), w.division(t, "990101")
	staffOf := func(right account.Right, r account.Reach) account.Actor {
		return account.Actor{Role: account.Staff, ID: "worker", Scope: account.NewScope(account.Grant{Rights: account.SetOf(right), Reach: r})}
	}
	inCommunity := staffOf(account.Arrange, account.Reach{Communities: []uuid.UUID{community.ID}})
	inGrid := staffOf(account.Arrange, account.Reach{Grids: []uuid.UUID{w.gridOf(t, own).Key.ID}})
	inDistrict := staffOf(account.Arrange, account.Reach{Districts: []string{community.Home}})
	sees := staffOf(account.Households, account.Reach{Everywhere: true})

	building := func(code string, grid *string) func(account.Actor) error {
		return func(a account.Actor) error {
			_, err := w.Places.PlaceBuilding(t.Context(), a, w.building(t, code), grid)
			return err
		}
	}
	unit := func(grid *string) func(account.Actor) error {
		k := w.building(t, "b2")
		w.row(t, "SELECT id FROM unit", &k.ID)
		return func(a account.Actor) error {
			_, err := w.Places.PlaceUnit(t.Context(), a, k, grid)
			return err
		}
	}
	contacts := func(code string) func(account.Actor) error {
		return func(a account.Actor) error {
			_, err := w.Places.SetContacts(t.Context(), a, code, place.Contacts{SupervisionPhone: "12345"}, w.division(t, code).Version)
			return err
		}
	}
	policy := func(code string) func(account.Actor) error {
		d, version := w.division(t, code), 0
		return func(a account.Actor) error {
			p, err := w.Places.SetPolicy(t.Context(), a, place.SizePolicy{DivisionID: d.ID, Version: version})
			if err == nil {
				version = p.Version
			}
			return err
		}
	}
	const no, hidden, yes = fault.Forbidden, fault.NotFound, fault.Code("")
	for _, c := range []struct {
		name                                    string
		do                                      func(account.Actor) error
		inGrid, inCommunity, inDistrict, public fault.Code
	}{
		{"a building within its grid", building("b2", &own), yes, yes, yes, no},
		{"a building to another grid of the community", building("b2", &other), hidden, yes, yes, no},
		{"and back where its ground says", building("b2", nil), hidden, yes, yes, no},
		{"a building to another community of the district", building("b2", ptr("990101001002001")), hidden, hidden, yes, no},
		{"a building of another district", building("b3", nil), hidden, hidden, hidden, no},
		{"a building to another district", building("b2", &far), hidden, hidden, hidden, no},
		{"a unit to another grid of the community", unit(&other), hidden, hidden, yes, no},
		{"contacts of the community", contacts(community.Code), hidden, yes, yes, no},
		{"contacts of the district", contacts(district.Code), hidden, hidden, yes, no},
		{"contacts of another district", contacts("990102"), hidden, hidden, hidden, no},
		{"the policy of the community", policy(community.Code), hidden, yes, yes, no},
		{"the policy of another community", policy("990102001001"), hidden, hidden, hidden, no},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, by := range []struct {
				name  string
				actor account.Actor
				want  fault.Code
			}{{"the public", account.Anyone(), c.public}, {"who sees and arranges nothing", sees, no}, {"a grid's", inGrid, c.inGrid},
				{"a community's", inCommunity, c.inCommunity}, {"a district's", inDistrict, c.inDistrict}} {
				err := c.do(by.actor)
				if got := fault.As(err); err == nil && by.want != yes || err != nil && got.Code != by.want {
					t.Errorf("%s: %v, want %q", by.name, err, by.want)
				}
				var wrong string
				if w.row(t, testdb.Unsettled, &wrong); wrong != "" {
					t.Fatalf("%s: %s", by.name, wrong)
				}
			}
		})
	}
	if _, err := w.Places.PlaceBuilding(t.Context(), inGrid, w.building(t, "stray"), &own); err == nil {
		t.Error("a building of no district is placed") // in another than it is kept with
	}
}

// gullible is a store by which everything lies where the actor's posts reach, so that services check nothing.
type gullible struct {
	place.Store
	in account.Area
}

func (g gullible) AreasOfGrids(_ context.Context, _ account.Actor, grids []key.Key) (map[key.Key][]account.Area, error) {
	out := map[key.Key][]account.Area{}
	for _, k := range grids {
		out[k] = []account.Area{g.in}
	}
	return out, nil
}

func (g gullible) AreasOfDivisions(_ context.Context, _ account.Actor, ids []uuid.UUID) (map[uuid.UUID][]account.Area, error) {
	out := map[uuid.UUID][]account.Area{}
	for _, id := range ids {
		out[id] = []account.Area{g.in}
	}
	return out, nil
}

// TestPoliciesHoldWhereServicesCheckNothing: households and counts of another grid are not told though the service takes it for the
// worker's.
func TestPoliciesHoldWhereServicesCheckNothing(t *testing.T) {
	w := twoDistricts(t)
	w.people(t, "b2")
	home, far := w.gridOf(t, "990101001001001"), w.gridOf(t, "990102001001001")
	unit := w.building(t, "b2")
	w.row(t, "SELECT id FROM unit", &unit.ID)
	for _, c := range []struct {
		name  string
		grid  grid.Grid
		lives int
	}{{"their own", home, 1}, {"another's", far, 0}} {
		t.Run(c.name, func(t *testing.T) {
			area := account.Area{District: c.grid.Key.Home, Community: c.grid.CommunityID, Grid: c.grid.Key.ID}
			actor := account.Actor{Role: account.Staff, ID: "worker", Scope: account.NewScope(account.Grant{Rights: account.SetOf(account.Households),
				Reach: account.Reach{Grids: []uuid.UUID{c.grid.Key.ID}}})}
			places := &place.Service{Store: gullible{db.NewPlaces(w.DB), area}, Now: time.Now}
			lists, err := places.HouseholdsOf(t.Context(), actor, []key.Key{unit}, place.HouseholdQuery{Args: page.Args{First: 9}, Count: true, At: time.Now()})
			if list, asked := lists[unit.ID]; err != nil || !asked || len(list.Items) != c.lives || list.Total != c.lives {
				t.Errorf("households: %v, %+v", err, lists)
			}
			grids, err := places.GridStats(t.Context(), actor, []key.Key{home.Key}, nil)
			if n := grids[home.Key.ID]; err != nil || n.Suppressed || n.Households != c.lives || n.Residents != 3*c.lives {
				t.Errorf("the grid: %v, %+v", err, n)
			}
			divisions, err := places.DivisionStats(t.Context(), actor, []uuid.UUID{home.CommunityID}, nil)
			if n := divisions[home.CommunityID]; err != nil || n.Suppressed || n.Households != c.lives {
				t.Errorf("the community: %v, %+v", err, n)
			}
		})
	}
}

func ptr(s string) *string { return &s }
