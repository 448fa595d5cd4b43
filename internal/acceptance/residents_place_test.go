package acceptance

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/key"
	"wangge/domain/resident"
	"wangge/domain/secret"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/internal/testdb"
	"wangge/load"
)

// unrecorded lets everything be done; that it is recorded is tested elsewhere.
type unrecorded struct{}

func (unrecorded) Record(context.Context, account.Actor, audit.Entry) error { return nil }
func (unrecorded) Anchored(context.Context)                                 {}

// misplaced counts the rows of residents' files that say another place than the grids do, derived anew.
const misplaced = `WITH lies AS (
	SELECT u.district, u.id, u.building_id, g.id AS grid_id, g.community_id FROM unit u
	LEFT JOIN unit_grid ug ON ug.district = u.district AND ug.unit_id = u.id AND ug.during @> now()
	LEFT JOIN building_grid bg ON bg.district = u.district AND bg.building_id = u.building_id AND bg.during @> now()
	LEFT JOIN grid g ON g.district = u.district AND g.id = coalesce(ug.grid_id, bg.grid_id)
), people AS (
	SELECT i.district, i.resident_id, array_remove(array_agg(DISTINCT l.grid_id), NULL) AS grids, array_remove(array_agg(DISTINCT l.community_id), NULL) AS communities,
		array_agg(DISTINCT l.building_id) AS buildings FROM residency i JOIN lies l ON l.district = i.district AND l.id = i.unit_id GROUP BY i.district, i.resident_id
)
SELECT (SELECT count(*) FROM residency i LEFT JOIN lies l ON l.district = i.district AND l.id = i.unit_id
		WHERE (i.grid_id, i.community_id, i.building_id) IS DISTINCT FROM (l.grid_id, l.community_id, l.building_id))
	+ (SELECT count(*) FROM household_form f LEFT JOIN lies l ON l.district = f.district AND l.id = f.unit_id
		WHERE (f.grid_id, f.community_id, f.building_id) IS DISTINCT FROM (l.grid_id, l.community_id, l.building_id))
	+ (SELECT count(*) FROM resident r LEFT JOIN people p ON p.district = r.district AND p.resident_id = r.id
		WHERE (r.grids, r.communities, r.buildings) IS DISTINCT FROM (p.grids, p.communities, p.buildings))
	+ (SELECT count(*) FROM care_tag t JOIN resident r ON r.district = t.district AND r.id = t.resident_id
		WHERE (t.grids, t.communities, t.buildings) IS DISTINCT FROM (r.grids, r.communities, r.buildings)),
	(SELECT count(*) FROM resident), (SELECT count(*) FROM residency), (SELECT count(*) FROM care_tag), (SELECT count(*) FROM household_form)`

// TestResidentsFollowTheirGrids: whoever draws, places or moves, files lie where the grids say, and open there for who keeps that grid and nobody else.
func TestResidentsFollowTheirGrids(t *testing.T) {
	w := twoDistricts(t)
	ctx := t.Context()
	ring, err := secret.NewRing(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	files := &resident.Service{Store: db.NewResidents(w.DB), Now: time.Now, Zone: w.Staff.Zone, IDs: key.Random{}, Recorder: unrecorded{},
		Keys: &secret.Keys{Ring: func() (*secret.Ring, error) { return ring, nil }, Store: db.NewSecrets(w.DB), Now: time.Now, NewID: key.Random{}.NewID}}
	households := map[string]uuid.UUID{}
	for _, code := range []string{"b1", "b2"} {
		b := w.building(t, code)
		unit, dwelling, household := key.Random{}.NewID(), key.Random{}.NewID(), key.Random{}.NewID()
		w.exec(t, "INSERT INTO unit (district, id, building_id, name) VALUES ($1, $2, $3, '1单元')", b.Home, unit, b.ID)
		w.exec(t, "INSERT INTO dwelling (district, id, unit_id, room) VALUES ($1, $2, $3, '301')", b.Home, dwelling, unit)
		w.exec(t, "INSERT INTO household (district, id, dwelling_id, since) VALUES ($1, $2, $3, '2020-01-01')", b.Home, household, dwelling)
		households[code] = household
	}
	testdb.Settle(func(sql string) { w.exec(t, sql) })
	keeper := func(codes ...string) account.Actor {
		reach := account.Reach{}
		for _, code := range codes {
			k, ok, err := db.NewPlaces(w.DB).GridInForce(ctx, operator, code)
			if err != nil || !ok {
				t.Fatalf("%s: %v, %v", code, ok, err)
			}
			reach.Grids = append(reach.Grids, k.ID)
		}
		return account.Actor{Role: account.Staff, ID: fmt.Sprint(codes), Scope: account.NewScope(account.Grant{Rights: staff.GridWorker.Rights(), Reach: reach})}
	}
	const first, second = riverside + "001", beyond + "001"
	household := func(code string) key.Key { return key.Key{Home: w.building(t, code).Home, ID: households[code]} }
	enter := func(code, name string, registered, lives bool) resident.Resident {
		t.Helper()
		r, err := files.Create(ctx, keeper(first), resident.Entry{Household: household(code), Person: resident.Person{Name: name},
			Residency: resident.Residency{RegisteredHere: registered, LivesHere: lives, Tenure: resident.Owner}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	both := enter("b1", "甲", true, false) // registered in the one house, living in the other
	enter("b2", "乙", true, true)
	if _, err := files.MoveIn(ctx, keeper(first), both.Key, household("b2"), resident.Residency{LivesHere: true, Tenure: resident.Tenant}); err != nil {
		t.Fatal(err)
	}
	if _, err := files.SetTag(ctx, keeper(first), both.Key, resident.Tag{Category: "ELDERLY"}); err != nil {
		t.Fatal(err)
	}
	if _, err := files.FillForm(ctx, keeper(first), household("b2"), 1, map[string]string{"party": "1"}); err != nil {
		t.Fatal(err)
	}
	check := func(when string, keeps string, people, tags int) {
		t.Helper()
		var wrong, residents, residencies, careTags, forms int
		err := w.As(ctx, account.TheKeeper(), func(ctx context.Context, tx pgx.Tx) error {
			return tx.QueryRow(ctx, misplaced).Scan(&wrong, &residents, &residencies, &careTags, &forms)
		})
		if err != nil {
			t.Fatal(err)
		}
		if wrong != 0 || residents != people || residencies != 3 || careTags != tags || forms != 1 {
			t.Errorf("%s: %d rows lie elsewhere than they say; %d people, want %d; %d residencies, %d tags, want %d; %d forms", when, wrong, residents, people, residencies, careTags, tags, forms)
		}
		for _, code := range []string{first, second} {
			f, err := files.File(ctx, keeper(code), household("b2"))
			if code != keeps {
				if !fault.Is(err, fault.NotFound) {
					t.Errorf("%s: %s opens the file: %v", when, code, err)
				}
				continue
			}
			if err != nil || len(f.Members) != 2 || f.Form == nil || len(f.Members[0].Tags)+len(f.Members[1].Tags) != 1 {
				t.Errorf("%s: %s reads %+v, %v", when, code, f, err)
			}
		}
	}
	check("at first", first, 2, 1)
	w.border(t, 5) // b2 to the other district: who is registered in b1 is known in both
	check("in the other district", second, 3, 2)
	w.border(t, 10)
	check("back", first, 2, 1)
	w.give(t, load.Grids, feature(`"code":"`+first+`","name":"一"`, box(0, 0, 5, 10)), feature(`"code":"`+riverside+`002","name":"三"`, box(5, 0, 10, 10)))
	check("a grid of its own", "", 2, 1)
	if _, err := files.File(ctx, keeper(riverside+"002"), household("b2")); err != nil {
		t.Errorf("for who keeps the new grid: %v", err)
	}
	code := first
	if _, err := w.Places.PlaceBuilding(ctx, operator, w.building(t, "b2"), &code); err != nil {
		t.Fatal(err)
	}
	check("placed by hand", first, 2, 1)
	unit := key.Key{Home: w.building(t, "b2").Home}
	err = w.As(ctx, operator, func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, "SELECT u.id FROM unit u JOIN building b ON b.district = u.district AND b.id = u.building_id WHERE b.code = 'b2'").Scan(&unit.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	other := riverside + "002"
	if _, err := w.Places.PlaceUnit(ctx, operator, unit, &other); err != nil {
		t.Fatal(err)
	}
	check("the unit placed by hand", "", 2, 1)
	if _, err := w.Places.PlaceUnit(ctx, operator, unit, nil); err != nil {
		t.Fatal(err)
	}
	check("the unit with its building again", first, 2, 1)
	w.give(t, load.Divisions, feature(`"code":"990101001002","name":"河北","level":"COMMUNITY"`, "null"))
	w.give(t, load.Grids, feature(`"code":"`+first+`","name":"一","community":"990101001002"`, box(0, 0, 5, 10)))
	check("the grid in another community", first, 2, 1)
}
