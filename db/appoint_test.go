package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/staff"
)

const workers, assignments, absences, groups = 5, 6, 7, 8

// Workers of the roster: who is at the head of community 1, at its top, works in its two grids, in grid 3 of community 2, in both, and nowhere.
const head, chief, first, second, third, both, nobody = 1, 2, 3, 4, 5, 6, 7

// roster puts them in office, and each but nobody away for a time. The head stands in for second.
func roster(t *testing.T) *db.DB {
	t.Helper()
	d, pool := twoCommunities(t)
	exec := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	for n := head; n <= nobody; n++ {
		exec(fmt.Sprintf("INSERT INTO worker (district, id, name) VALUES ('home1', '%s', '工%d')", id(workers, n), n))
		exec(fmt.Sprintf("INSERT INTO absence (district, id, worker_id, during) VALUES ('home1', '%s', '%s', '[2020-01-01,2020-02-01)')", id(absences, n), id(workers, n)))
	}
	exec(fmt.Sprintf("INSERT INTO grid_group (district, id, community_id, name) VALUES ('home1', '%s', '%s', 'p')", id(groups, 1), id(divisions, 1)))
	exec("UPDATE grid SET group_id = '" + id(groups, 1).String() + "' WHERE code IN ('g1', 'g2')")
	for n, a := range []struct {
		worker             int
		post, cover, until string
		column             string
		area               uuid.UUID
	}{
		{head, "STATION_HEAD", "A", "", "division_id", id(divisions, 1)},
		{head, "GRID_WORKER", "B", "", "grid_id", id(grids, 2)},
		{chief, "CHIEF_LEADER", "A", "", "division_id", id(divisions, 1)},
		{first, "GRID_WORKER", "A", "", "grid_id", id(grids, 1)},
		{first, "VOLUNTEER", "A", "2020-06-01", "grid_id", id(grids, 3)}, // long over
		{second, "GRID_WORKER", "A", "", "grid_id", id(grids, 2)},
		{third, "GRID_WORKER", "A", "", "grid_id", id(grids, 3)},
		{both, "INFORMANT", "A", "", "grid_id", id(grids, 1)},
		{both, "INFORMANT", "A", "", "grid_id", id(grids, 3)},
	} {
		exec(fmt.Sprintf("INSERT INTO assignment (district, id, worker_id, post, cover, during, %s) VALUES ('home1', '%s', '%s', '%s', '%s', '[2020-01-01,%s)', '%s')",
			a.column, id(assignments, n), id(workers, a.worker), a.post, a.cover, a.until, a.area))
	}
	return d
}

// headOf appoints, as the worker head, where r says.
func headOf(r account.Reach) account.Actor {
	a := staffOf(r, account.Households, account.Appoint)
	a.Worker = id(workers, head)
	return a
}

// TestWhoAppointsByStraightSQL: row-level policies alone keep staff to posts of their area that are theirs to give, to others than themselves and whom they stand in for.
func TestWhoAppointsByStraightSQL(t *testing.T) {
	d := roster(t)
	community, district, one := account.Reach{Communities: []uuid.UUID{id(divisions, 1)}}, account.Reach{Districts: []string{"home1"}}, account.Reach{Grids: []uuid.UUID{id(grids, 1)}}
	give := func(worker int, post, column string, area uuid.UUID) string {
		return fmt.Sprintf("INSERT INTO assignment (district, id, worker_id, post, cover, during, %s) VALUES ('home1', gen_random_uuid(), '%s', '%s', 'A', '[2030-01-01,)', '%s')", column, id(workers, worker), post, area)
	}
	end := func(n int) string {
		return fmt.Sprintf("UPDATE assignment SET during = daterange(lower(during), '2026-01-01') WHERE district = 'home1' AND id = '%s'", id(assignments, n))
	}
	away := func(worker int) []string {
		return []string{
			fmt.Sprintf("INSERT INTO absence (district, id, worker_id, during) VALUES ('home1', gen_random_uuid(), '%s', '[2030-01-01,2030-02-01)')", id(workers, worker)),
			fmt.Sprintf("UPDATE absence SET during = '[2020-01-01,2040-01-01)' WHERE district = 'home1' AND id = '%s'", id(absences, worker)),
			fmt.Sprintf("DELETE FROM absence WHERE district = 'home1' AND id = '%s'", id(absences, worker)),
		}
	}
	volunteer := func(column string, area uuid.UUID) []string { return []string{give(nobody, "VOLUNTEER", column, area)} }
	errUndo := errors.New("undone")
	for _, c := range []struct {
		name string
		sql  []string
		by   []account.Reach // whose it is; of the others each is refused
	}{
		{"a post of a grid", volunteer("grid_id", id(grids, 1)), []account.Reach{community, district, one}},
		{"a post of the other grid", volunteer("grid_id", id(grids, 2)), []account.Reach{community, district}},
		{"a post of a grid of another community", volunteer("grid_id", id(grids, 3)), []account.Reach{district}},
		{"a post of the community", volunteer("division_id", id(divisions, 1)), []account.Reach{community, district}},
		{"a post of another community", volunteer("division_id", id(divisions, 2)), []account.Reach{district}},
		{"a post of a group", volunteer("group_id", id(groups, 1)), []account.Reach{community, district}},
		{"a post of a building", volunteer("building_id", id(buildings, 1)), []account.Reach{community, district, one}},
		{"a post of a building of another community", volunteer("building_id", id(buildings, 3)), []account.Reach{district}},
		{"a post of a building in no grid", volunteer("building_id", id(buildings, 5)), []account.Reach{district}},
		{"a post that appoints", []string{give(nobody, "STATION_HEAD", "grid_id", id(grids, 1)), give(nobody, "CHIEF_LEADER", "grid_id", id(grids, 1)), give(nobody, "PLATFORM_ADMIN", "grid_id", id(grids, 1))}, nil},
		{"to oneself", []string{give(head, "VOLUNTEER", "grid_id", id(grids, 1))}, nil},
		{"to who works there", []string{give(first, "VOLUNTEER", "grid_id", id(grids, 1))}, []account.Reach{community, district, one}},
		{"to who works in both communities", []string{give(both, "VOLUNTEER", "grid_id", id(grids, 1))}, []account.Reach{district}},
		{"to the chief", []string{give(chief, "VOLUNTEER", "grid_id", id(grids, 1))}, nil},
		{"end one's own", []string{end(0), end(1)}, nil},
		{"end the chief's", []string{end(2)}, nil},
		{"end a post", []string{end(3)}, []account.Reach{community, district, one}},
		{"end the post that one stands in for", []string{end(5)}, nil},
		{"end a post of another community", []string{end(6), end(8)}, []account.Reach{district}},
		{"end a post of who works in both", []string{end(7)}, []account.Reach{community, district, one}},
		{"give away another's post to oneself", []string{"UPDATE assignment SET worker_id = '" + id(workers, head).String() + "' WHERE id = '" + id(assignments, 3).String() + "'"}, nil},
		{"make another post of it", []string{"UPDATE assignment SET post = 'CHIEF_LEADER' WHERE id = '" + id(assignments, 3).String() + "'"}, nil},
		{"move it to another community", []string{"UPDATE assignment SET grid_id = '" + id(grids, 3).String() + "', post = 'VOLUNTEER' WHERE id = '" + id(assignments, 3).String() + "'"}, []account.Reach{district}},
		{"remove a post", []string{"DELETE FROM assignment"}, nil},
		{"oneself away", away(head), nil},
		{"the chief away", away(chief), nil},
		{"who works there away", away(first), []account.Reach{community, district, one}},
		{"whom one stands in for away", away(second), nil},
		{"who works elsewhere away", away(third), []account.Reach{district}},
		{"who works in both away", away(both), []account.Reach{district}},
		{"who holds nothing away", away(nobody), nil},
		{"a worker", []string{"INSERT INTO worker (district, id, name) VALUES ('home1', gen_random_uuid(), '王')", "UPDATE worker SET name = '李'", "DELETE FROM worker"}, nil},
	} {
		for name, reach := range map[string]*account.Reach{"the community": &community, "the district": &district, "a grid": &one, "another right": nil, "no worker": nil} {
			actor, may := account.Actor{}, false
			switch {
			case reach != nil:
				actor = headOf(*reach)
				for _, r := range c.by {
					may = may || fmt.Sprint(r) == fmt.Sprint(*reach)
				}
			case name == "no worker":
				actor = staffOf(account.Reach{Everywhere: true}, account.Appoint)
			default:
				actor = headOf(account.Reach{})
				actor.Scope = staffOf(account.Reach{Everywhere: true}, account.Arrange, account.Keep, account.Restricted).Scope
			}
			for _, sql := range c.sql {
				var rows int64
				err := d.As(t.Context(), actor, func(ctx context.Context, tx pgx.Tx) error {
					done, err := tx.Exec(ctx, sql)
					if rows = done.RowsAffected(); err == nil {
						err = errUndo
					}
					return err
				})
				if err != nil && !errors.Is(err, errUndo) && !strings.Contains(err.Error(), "row-level security") {
					t.Fatalf("%s with %s: %v", c.name, name, err)
				}
				if did := errors.Is(err, errUndo) && rows == 1; did != may {
					t.Errorf("%s with %s: done %v, want %v: %s (%d rows, %v)", c.name, name, did, may, sql, rows, err)
				}
			}
		}
	}
}

// TestWhereABuildingLies: a unit that was placed elsewhere takes its building out of the hands of who appoints where the building stands.
func TestWhereABuildingLies(t *testing.T) {
	d, pool := twoCommunities(t)
	if _, err := pool.Exec(t.Context(), "INSERT INTO unit_grid (district, id, unit_id, grid_id, during) VALUES ('home1', gen_random_uuid(), $1, $2, '[2020-01-01,)')", id(units, 1), id(grids, 3)); err != nil {
		t.Fatal(err)
	}
	building, nothing := staff.Area{Kind: staff.AreaBuilding, Home: "home1", ID: id(buildings, 1)}, staff.Area{Kind: staff.AreaGrid, Home: "home1", ID: id(grids, 99)}
	got, err := db.NewStaff(d).LiesIn(t.Context(), account.Anyone(), []staff.Area{building, nothing})
	want := fmt.Sprint([]account.Area{{District: "home1", Community: id(divisions, 1), Grid: id(grids, 1), Building: building.ID}, {District: "home1", Community: id(divisions, 2), Grid: id(grids, 3), Building: building.ID}})
	if err != nil || fmt.Sprint(got[building.ID]) != want || len(got) != 1 {
		t.Errorf("%v (%v), want %s", got, err, want)
	}
}
