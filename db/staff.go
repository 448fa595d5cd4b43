package db

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

var _ = fault.Register([3]string{"staff.ambiguous", "More than one district has a {name}; give its id.", "不止一个区有 {name}，请提供其 id。"})

// Staff stores workers, their posts and absences.
type Staff struct{ *DB }

// NewStaff returns the store of workers.
func NewStaff(d *DB) *Staff { return &Staff{d} }

var _ staff.Store = (*Staff)(nil)

const (
	workerColumns = `w.district, w.id, w.name, coalesce(w.work_phone, ''), w.duties, w.version,
	EXISTS (SELECT 1 FROM worker_photo f WHERE f.district = w.district AND f.worker_id = w.id)`

	// $1 districts, $2 areas, $3 day.
	staffInOffice = `-- name: staff.InOffice
SELECT ` + workerColumns + `, a.id, a.post, a.cover, a.area_id,
	CASE WHEN a.grid_id IS NOT NULL THEN 'grid' WHEN a.group_id IS NOT NULL THEN 'group'
	     WHEN a.building_id IS NOT NULL THEN 'building' ELSE 'division' END,
	lower(a.during), upper(a.during),
	EXISTS (SELECT 1 FROM absence x WHERE x.district = a.district AND x.worker_id = a.worker_id AND x.during @> $3::date)
FROM assignment a JOIN worker w ON w.district = a.district AND w.id = a.worker_id
WHERE a.district = ANY($1) AND a.area_id = ANY($2) AND a.during @> $3::date AND w.district = ANY($1)
ORDER BY a.area_id, a.post, a.cover, lower(a.during), a.id`

	workerByKey = `-- name: worker.ByKey
SELECT ` + workerColumns + ` FROM worker w WHERE w.district = $1 AND w.id = $2 ORDER BY w.id`

	workerPhoto = `-- name: worker.Photo
SELECT f.media_type, f.image FROM worker_photo f WHERE f.district = $1 AND f.worker_id = $2 ORDER BY f.worker_id`

	workerAdd = `-- name: worker.Add
INSERT INTO worker (district, id, name, work_phone, duties) VALUES ($1, $2, $3, $4, $5)`

	workerAddPhoto = `-- name: worker.AddPhoto
INSERT INTO worker_photo (district, worker_id, media_type, image) VALUES ($1, $2, $3, $4)`

	assignmentAdd = `-- name: assignment.Add
INSERT INTO assignment (district, id, worker_id, post, cover, during, division_id, group_id, grid_id, building_id)
VALUES ($1, $2, $3, $4, $5, daterange($6, $7, '[)'),
	CASE WHEN $8 = 'division' THEN $9::uuid END, CASE WHEN $8 = 'group' THEN $9::uuid END,
	CASE WHEN $8 = 'grid' THEN $9::uuid END, CASE WHEN $8 = 'building' THEN $9::uuid END)`

	assignmentEnd = `-- name: assignment.End
UPDATE assignment SET during = daterange(lower(during), $3, '[)')
WHERE district = $1 AND id = $2 AND lower(during) < $3 AND (upper_inf(during) OR upper(during) > $3)`

	absenceAdd = `-- name: absence.Add
INSERT INTO absence (district, id, worker_id, during) VALUES ($1, $2, $3, daterange($4, $5, '[)'))`

	areaOfGrid = `-- name: area.Grid
SELECT c.district, c.grid_id FROM grid_code c WHERE c.code = $1 ORDER BY c.code`

	areaOfDivision = `-- name: area.Division
SELECT d.home, d.id FROM division_code c JOIN division d ON d.id = c.division_id WHERE c.code = $1 ORDER BY d.code`

	areaOfGroup = `-- name: area.Group
SELECT p.district, p.id FROM grid_group p WHERE p.district = $1 AND p.id = $2 ORDER BY p.id`

	areaOfBuilding = `-- name: area.Building
SELECT b.district, b.id FROM building b WHERE b.district = $1 AND b.id = $2 ORDER BY b.id`

	areaOfNamedGroup = `-- name: area.NamedGroup
SELECT p.district, p.id FROM division_code c JOIN division d ON d.id = c.division_id
JOIN grid_group p ON p.district = d.home AND p.community_id = d.id WHERE c.code = $1 AND p.name = $2 ORDER BY p.id`

	areaOfBuildingCode = `-- name: area.BuildingCode
SELECT b.district, b.id FROM building b WHERE b.district = ANY($1) AND b.code = $2 ORDER BY b.district, b.id LIMIT 2`
)

func intoWorker(w *staff.Worker) []any {
	return []any{&w.Key.Home, &w.Key.ID, &w.Name, &w.WorkPhone, &w.Duties, &w.Version, &w.HasPhoto}
}

// InOffice implements staff.Store.
func (s *Staff) InOffice(ctx context.Context, actor account.Actor, areas []staff.Area, day civil.Date) (map[uuid.UUID][]staff.Assignment, error) {
	keys := make([]key.Key, len(areas))
	for i, a := range areas {
		keys[i] = key.Key{Home: a.Home, ID: a.ID}
	}
	homes, ids := split(keys)
	out := make(map[uuid.UUID][]staff.Assignment, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	err := s.each(ctx, actor, staffInOffice, []any{homes, ids, day.Time()}, func(rows pgx.Rows) error {
		var a staff.Assignment
		var from time.Time
		var until *time.Time
		err := rows.Scan(append(intoWorker(&a.Worker), &a.Key.ID, &a.Post, &a.Cover, &a.Area.ID, &a.Area.Kind, &from, &until, &a.Away)...)
		a.Key.Home, a.Area.Home = a.Worker.Key.Home, a.Worker.Key.Home
		a.From = civil.FromTime(from)
		if until != nil {
			u := civil.FromTime(*until)
			a.Until = &u
		}
		out[a.Area.ID] = append(out[a.Area.ID], a)
		return err
	})
	return out, err
}

// WorkerByKey implements staff.Store.
func (s *Staff) WorkerByKey(ctx context.Context, actor account.Actor, k key.Key) (w staff.Worker, found bool, err error) {
	err = s.each(ctx, actor, workerByKey, []any{k.Home, k.ID}, func(rows pgx.Rows) error {
		found = true
		return rows.Scan(intoWorker(&w)...)
	})
	return w, found, err
}

// Photo implements staff.Store.
func (s *Staff) Photo(ctx context.Context, actor account.Actor, worker key.Key) (p staff.Photo, found bool, err error) {
	err = s.each(ctx, actor, workerPhoto, []any{worker.Home, worker.ID}, func(rows pgx.Rows) error {
		found = true
		return rows.Scan(&p.MediaType, &p.Image)
	})
	return p, found, err
}

// AddWorker implements staff.Store.
func (s *Staff) AddWorker(ctx context.Context, actor account.Actor, w staff.Worker, photo *staff.Photo) (staff.Worker, error) {
	if w.Duties == nil {
		w.Duties = []string{}
	}
	return w, s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, workerAdd, w.Key.Home, w.Key.ID, w.Name, orNull(w.WorkPhone), w.Duties)
		if err == nil && photo != nil {
			_, err = tx.Exec(ctx, workerAddPhoto, w.Key.Home, w.Key.ID, photo.MediaType, photo.Image)
		}
		return err
	})
}

// AddAssignment implements staff.Store.
func (s *Staff) AddAssignment(ctx context.Context, actor account.Actor, a staff.Assignment) error {
	var until *time.Time
	if a.Until != nil {
		u := a.Until.Time()
		until = &u
	}
	return s.exec(ctx, actor, assignmentAdd, a.Key.Home, a.Key.ID, a.Worker.Key.ID, a.Post, a.Cover, a.From.Time(), until, string(a.Area.Kind), a.Area.ID)
}

// EndAssignment implements staff.Store.
func (s *Staff) EndAssignment(ctx context.Context, actor account.Actor, k key.Key, until civil.Date) (ended bool, err error) {
	err = s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, assignmentEnd, k.Home, k.ID, until.Time())
		ended = tag.RowsAffected() == 1
		return err
	})
	return ended, err
}

// AddAbsence implements staff.Store.
func (s *Staff) AddAbsence(ctx context.Context, actor account.Actor, a staff.Absence) error {
	return s.exec(ctx, actor, absenceAdd, a.Key.Home, a.Key.ID, a.Worker.ID, a.From.Time(), a.Until.Time())
}

func (d *DB) exec(ctx context.Context, actor account.Actor, sql string, args ...any) error {
	return d.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
}

// ResolveArea implements staff.Store.
func (s *Staff) ResolveArea(ctx context.Context, actor account.Actor, kind staff.AreaKind, name string) (a staff.Area, found bool, err error) {
	a.Kind = kind
	sql, args := areaOfGrid, []any{name}
	k, isKey := key.Parse(name)
	switch kind {
	case staff.AreaDivision:
		sql = areaOfDivision
	case staff.AreaGroup:
		community, group, _ := strings.Cut(name, "/")
		sql, args = areaOfNamedGroup, []any{community, group}
		if isKey {
			sql, args = areaOfGroup, []any{k.Home, k.ID}
		}
	case staff.AreaBuilding:
		if isKey {
			sql, args = areaOfBuilding, []any{k.Home, k.ID}
			break
		}
		homes, err := s.homes(ctx, actor)
		if err != nil {
			return a, false, err
		}
		sql, args = areaOfBuildingCode, []any{homes, name}
	}
	err = s.each(ctx, actor, sql, args, func(rows pgx.Rows) error {
		if found {
			return fault.New(fault.Conflict, "area", "staff.ambiguous", "name", name)
		}
		found = true
		return rows.Scan(&a.Home, &a.ID)
	})
	return a, found, err
}
