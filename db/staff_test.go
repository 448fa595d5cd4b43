package db_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/staff"
)

// TestStaffWritesAreNoted: every write of staff says in the change log which communities it concerns.
func TestStaffWritesAreNoted(t *testing.T) {
	pool := plantMany(t, 10, 31.2)
	op := account.TheOperator()
	s := &staff.Service{Store: db.NewStaff(db.New(pool)), Now: time.Now, Zone: shanghai, IDs: key.Random{}}
	c1, c2 := uuid.UUID{15: 0x11}, uuid.UUID{15: 0x12}
	if _, err := pool.Exec(t.Context(), `INSERT INTO grid_group (district, id, community_id, name) VALUES ('near', $1, $1, '一组')`, c2); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `INSERT INTO building_grid (district, id, building_id, grid_id, during)
		SELECT 'near', gen_random_uuid(), md5('b2')::uuid, md5('g2')::uuid, '[2020-01-01,)'`); err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	noted := func(what string, err error, want ...uuid.UUID) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		var n int64
		var kind string
		var ids []uuid.UUID
		if err := pool.QueryRow(t.Context(), `SELECT n, what, division_ids FROM change_log ORDER BY n DESC LIMIT 1`).Scan(&n, &kind, &ids); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if n != last+1 || kind != "staff" || !slices.Equal(ids, want) {
			t.Errorf("%s is noted as %d, %s, %v; want %d, staff, %v", what, n, kind, ids, last+1, want)
		}
		last = n
	}
	found := func() int64 {
		t.Helper()
		n, err := db.NewSearch(db.New(pool)).Newest(t.Context(), op)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if found() != 0 {
		t.Error("searching knows of a change before the first")
	}
	w, err := s.Add(t.Context(), op, staff.NewWorker{Name: "甲"}, staff.AreaDivision, "9901")
	noted("a new worker", err)
	name := "乙"
	_, err = s.Update(t.Context(), op, staff.Change{Worker: w.Key, Version: 1, Name: &name})
	noted("a worker without a post", err)
	concerned, err := db.NewCoverage(db.New(pool)).Changes(t.Context(), op, 0)
	if err != nil || len(concerned) > 0 {
		t.Errorf("who holds no post makes the coverage of %v stale, %v", concerned, err)
	}
	from := civil.Of(time.Now(), shanghai)
	appoint := func(kind staff.AreaKind, name string, post staff.Post) (staff.Assignment, error) {
		return s.Appoint(t.Context(), op, staff.Appointment{Worker: w.Key, Post: post, Cover: staff.CoverA, AreaKind: kind, AreaName: name, From: &from})
	}
	a, err := appoint(staff.AreaGrid, "g2", staff.GridWorker) // an even number: of the first community
	noted("a grid's worker", err, c1)
	_, err = appoint(staff.AreaBuilding, "b2", staff.BuildingLeader)
	noted("a building's leader", err, c1)
	_, err = appoint(staff.AreaGroup, (key.Key{Home: "near", ID: c2}).String(), staff.GridLeader)
	noted("a group's leader", err, c2)
	_, err = appoint(staff.AreaDivision, "9901", staff.StationHead)
	noted("a division's head", err, uuid.UUID{15: 1})
	absence, err := s.RecordAbsence(t.Context(), op, w.Key, from, from.AddDays(3))
	noted("an absence", err, uuid.UUID{15: 1}, c1, c2)
	_, _, err = s.EndAbsence(t.Context(), op, absence.Key, from.AddDays(2))
	noted("a shorter absence", err, uuid.UUID{15: 1}, c1, c2)
	_, _, err = s.EndAbsence(t.Context(), op, absence.Key, from)
	noted("an absence taken back", err, uuid.UUID{15: 1}, c1, c2)
	noted("the end of an assignment", s.End(t.Context(), op, a.Key, from.AddDays(1)), c1)
	_, err = s.Update(t.Context(), op, staff.Change{Worker: w.Key, Version: 2, Name: &name})
	noted("a new name", err, uuid.UUID{15: 1}, c1, c2)
	// What is refused is not noted.
	if _, err := s.Update(t.Context(), op, staff.Change{Worker: w.Key, Version: 1, Name: &name}); err == nil {
		t.Error("a version that moved was taken")
	}
	if err := s.End(t.Context(), op, a.Key, from.AddDays(9)); err == nil {
		t.Error("an assignment ended twice")
	}
	noted("the next", func() error {
		_, err := s.Add(t.Context(), op, staff.NewWorker{Name: "丙"}, staff.AreaDivision, "9901")
		return err
	}())
	// No worker can be searched for. What a road or a shop is, can.
	if n := found(); n != 0 {
		t.Errorf("for searching, change %d of the staff is one", n)
	}
	for _, what := range []string{"policy", "households", "boundaries", "contacts", "households", "buildings", "boards", "staff", "other"} {
		before := found()
		if err := pool.QueryRow(t.Context(), `INSERT INTO change_log SELECT max(n) + 1, now(), $1, '{}' FROM change_log RETURNING n`, what).Scan(&last); err != nil {
			t.Fatal(err)
		}
		want := last
		if slices.Contains([]string{"policy", "households", "staff", "contacts", "boards"}, what) {
			want = before
		}
		if n := found(); n != want {
			t.Errorf("after a change of %s searching is of %d, want %d", what, n, want)
		}
	}
}

// plantWorkers puts a worker in office in every grid but each tenth, whose worker has left.
func plantWorkers(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	for _, sql := range []string{
		`INSERT INTO worker (district, id, name) SELECT 'near', id, 'w' || code FROM grid`,
		`INSERT INTO assignment (district, id, worker_id, post, cover, during, grid_id) SELECT 'near', gen_random_uuid(), id, 'GRID_WORKER', 'A',
			CASE WHEN code LIKE '%0' THEN '[2020-01-01,2026-01-05)'::daterange ELSE '[2020-01-01,)' END, id FROM grid`,
		`INSERT INTO assignment (district, id, worker_id, post, cover, during, grid_id) SELECT 'near', gen_random_uuid(), id, 'GRID_WORKER', 'B', '[2019-01-01,2019-05-05)', id FROM grid`,
		`ANALYZE`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

func vacancies(t testing.TB, s *staff.Service, actor account.Actor, first int, after *page.Cursor) page.Page[staff.Vacancy] {
	t.Helper()
	day, _ := civil.Parse("2026-02-01")
	root := uuid.UUID{15: 1}
	lists, err := s.Vacancies(t.Context(), actor, []uuid.UUID{root}, staff.VacancyQuery{Day: day, Args: page.Args{First: first, After: after}, Count: true})
	if err != nil {
		t.Fatal(err)
	}
	return lists[root]
}

func TestVacancies(t *testing.T) {
	pool := plantMany(t, 50, 31.2)
	plantWorkers(t, pool)
	s := &staff.Service{Store: db.NewStaff(db.New(pool)), Now: time.Now, Zone: shanghai, IDs: key.Random{}}
	var want []string
	for _, sql := range []string{`SELECT 'CHIEF_LEADER ' || code FROM division WHERE level = 'COMMUNITY' ORDER BY code`, `SELECT 'GRID_WORKER ' || code FROM grid WHERE code LIKE '%0' ORDER BY code`} {
		rows, err := pool.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			want = append(want, line)
		}
	}
	var got []string
	var after *page.Cursor
	for {
		list := vacancies(t, s, account.TheOperator(), 3, after)
		if list.Total != len(want) {
			t.Errorf("%d in all, want %d", list.Total, len(want))
		}
		for _, item := range list.Items {
			v := item.Node
			got = append(got, fmt.Sprintf("%s %s", v.Post, item.Cursor.Text))
			if isGrid := v.Post == staff.GridWorker; isGrid != (v.Last != nil) || isGrid && (v.Last.Until.String() != "2026-01-05" || v.Since.String() != "2026-01-05" || v.Last.Cover != staff.CoverA) {
				t.Errorf("%s: last was %+v", item.Cursor.Text, v.Last)
			}
		}
		if !list.HasNext {
			break
		}
		after = &list.Items[len(list.Items)-1].Cursor
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	// The database tells no other who was last, only since when nobody is.
	for _, actor := range []account.Actor{account.Anyone(), staffOf(account.Reach{Everywhere: true}, account.Appoint, account.Arrange), {Role: account.Auditor}, {Role: account.Security}} {
		since := 0
		for _, item := range vacancies(t, s, actor, 50, nil).Items {
			if item.Node.Since != nil {
				since++
			}
			if item.Node.Last != nil {
				t.Errorf("%s is told that %s was last", actor.Role, item.Node.Last.Worker.Name)
			}
		}
		if since == 0 {
			t.Errorf("%s is not told since when nobody is", actor.Role)
		}
	}
}

// BenchmarkVacancies reads a page of 10,000 grids' vacancies and counts them all.
func BenchmarkVacancies(b *testing.B) {
	pool := plantMany(b, 5_000, 31.2)
	plantWorkers(b, pool)
	s := &staff.Service{Store: db.NewStaff(db.New(pool)), Now: time.Now, Zone: shanghai, IDs: key.Random{}}
	for b.Loop() {
		vacancies(b, s, account.Anyone(), 50, nil)
	}
}
