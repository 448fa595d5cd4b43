package db

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/portrait"
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
	(SELECT ` + photoID + ` FROM worker_photo f WHERE f.district = w.district AND f.worker_id = w.id)`

	// A picture that lies in the database from before has no name.
	photoID = `coalesce(f.name, md5(f.image))`

	// Every read of assignments has $1 districts, $2 ids and $3 day: who is away depends on it.
	assignmentColumns = workerColumns + `, a.id, a.post, a.cover, a.area_id,
	CASE WHEN a.grid_id IS NOT NULL THEN 'grid' WHEN a.group_id IS NOT NULL THEN 'group'
	     WHEN a.building_id IS NOT NULL THEN 'building' ELSE 'division' END,
	coalesce(g.code, d.code, a.district || '-' || replace(a.area_id::text, '-', '')), lower(a.during), upper(a.during),
	EXISTS (SELECT 1 FROM absence x WHERE x.district = a.district AND x.worker_id = a.worker_id AND x.during @> $3::date)`
	assignmentJoin = ` FROM assignment a JOIN worker w ON w.district = a.district AND w.id = a.worker_id
LEFT JOIN grid g ON g.district = a.district AND g.id = a.grid_id LEFT JOIN division d ON d.id = a.division_id
WHERE a.district = ANY($1) AND w.district = ANY($1) `

	staffInOffice = `-- name: staff.InOffice
SELECT ` + assignmentColumns + assignmentJoin + `AND a.area_id = ANY($2) AND a.during @> $3::date
ORDER BY a.area_id, a.post, a.cover, lower(a.during), a.id`

	assignmentsByID = `-- name: assignment.ByID
SELECT ` + assignmentColumns + assignmentJoin + `AND a.id = ANY($2) ORDER BY a.id`

	assignmentsOfWorkers = `-- name: assignment.OfWorkers
SELECT ` + assignmentColumns + assignmentJoin + `AND a.worker_id = ANY($2) AND (upper_inf(a.during) OR upper(a.during) > $3::date)
ORDER BY a.worker_id, lower(a.during), a.post, a.id`

	// Where the areas of districts $1 with ids $2 and kinds $3 lie, in pieces.
	areaLies = `-- name: area.Lies
SELECT x.id, p.district, p.community_id, p.grid_id, p.building_id FROM unnest($1::text[], $2::uuid[], $3::text[]) x (district, id, kind)
CROSS JOIN LATERAL lies_in(x.district, CASE WHEN x.kind = 'division' THEN x.id END, CASE WHEN x.kind = 'group' THEN x.id END,
	CASE WHEN x.kind = 'grid' THEN x.id END, CASE WHEN x.kind = 'building' THEN x.id END) p
ORDER BY x.id, p.district, p.community_id, p.grid_id, p.building_id`

	absenceColumns = `x.district, x.id, x.worker_id, lower(x.during), upper(x.during)`

	absencesOfWorkers = `-- name: absence.OfWorkers
SELECT ` + absenceColumns + ` FROM absence x WHERE x.district = ANY($1) AND x.worker_id = ANY($2) AND upper(x.during) > $3::date
ORDER BY x.worker_id, x.during`

	absenceByKey = `-- name: absence.ByKey
SELECT ` + absenceColumns + ` FROM absence x WHERE x.district = $1 AND x.id = $2 ORDER BY x.id`

	absenceChange = `-- name: absence.Change
UPDATE absence SET during = daterange($3, $4, '[)') WHERE district = $1 AND id = $2`

	absenceRemove = `-- name: absence.Remove
DELETE FROM absence WHERE district = $1 AND id = $2`

	// The workers of $1 districts whose name or phone holds $2; where $3 is given, those in office on $4 or later for one of
	// these divisions or what lies in them, and all of the districts $5. $6 and $7 are the name and id to go on after. Who holds no post, now or later, is no
	// public face and listed for the operator alone, by the statement itself.
	workersFound = `FROM worker w WHERE w.district = ANY($1) AND (strpos(lower(w.name), lower($2::text)) > 0 OR strpos(coalesce(w.work_phone, ''), $2::text) > 0)
	AND ($3::uuid[] IS NULL OR w.district = ANY($5::text[]) OR EXISTS (
		SELECT 1 FROM assignment a
		LEFT JOIN grid_group p ON p.district = a.district AND p.id = a.group_id
		LEFT JOIN building_grid bg ON bg.district = a.district AND bg.building_id = a.building_id AND upper_inf(bg.during)
		LEFT JOIN grid g ON g.district = a.district AND g.id = coalesce(a.grid_id, bg.grid_id)
		WHERE a.district = ANY($1) AND a.district = w.district AND a.worker_id = w.id AND (upper_inf(a.during) OR upper(a.during) > $4::date)
		  AND coalesce(a.division_id, p.community_id, g.community_id) = ANY($3)))
	AND (current_setting('wangge.role', true) = 'operator' OR EXISTS (
		SELECT 1 FROM assignment a WHERE a.district = ANY($1) AND a.district = w.district AND a.worker_id = w.id AND (upper_inf(a.during) OR upper(a.during) > $4::date)))`

	districtHomes = `-- name: division.DistrictHomes
SELECT d.home FROM division d WHERE d.id = ANY($1) AND d.level = 'DISTRICT' ORDER BY d.home`

	workerList = `-- name: worker.List
SELECT ` + workerColumns + ` ` + workersFound + ` AND ($6::text IS NULL OR (w.name, w.id) > ($6, $7::uuid)) ORDER BY w.name, w.id LIMIT $8`

	workerCount = `-- name: worker.Count
SELECT count(*) ` + workersFound + ` ORDER BY 1`

	// The vacancies beneath each root: $1 roots and $2 the divisions beneath each, in pairs; $3 districts; $4 day; $5 instant;
	// $6 posts. A row is a post of a place that nobody is in office for.
	vacanciesFound = `FROM (SELECT u.root, array_agg(u.division) AS divisions FROM unnest($1::uuid[], $2::uuid[]) AS u (root, division) GROUP BY u.root) p
CROSS JOIN LATERAL (
	SELECT g.code AS place, 'grid' AS kind, g.district, g.id, 'GRID_WORKER' AS post
	FROM grid g JOIN grid_boundary b ON b.district = g.district AND b.grid_id = g.id AND b.during @> $5::timestamptz
	WHERE 'GRID_WORKER' = ANY($6::text[]) AND g.district = ANY($3) AND b.district = ANY($3) AND g.community_id = ANY(p.divisions)
	UNION ALL
	SELECT d.code || '/' || q.name, 'group', q.district, q.id, 'GRID_LEADER' FROM grid_group q JOIN division d ON d.id = q.community_id
	WHERE 'GRID_LEADER' = ANY($6::text[]) AND q.district = ANY($3) AND q.community_id = ANY(p.divisions) AND EXISTS (
		SELECT 1 FROM grid g JOIN grid_boundary b ON b.district = g.district AND b.grid_id = g.id AND b.during @> $5::timestamptz
		WHERE g.district = ANY($3) AND g.district = q.district AND g.group_id = q.id)
	UNION ALL
	SELECT d.code, 'division', d.home, d.id, 'CHIEF_LEADER' FROM division d
	WHERE 'CHIEF_LEADER' = ANY($6::text[]) AND d.level = 'COMMUNITY' AND d.id = ANY(p.divisions)
) o
WHERE NOT EXISTS (SELECT 1 FROM assignment a WHERE a.district = ANY($3) AND a.district = o.district AND a.area_id = o.id AND a.post = o.post AND a.during @> $4::date) `

	// $7 the place and $8 the id to go on after, $9 one more than asked for. Whose term was the last is given to the operator alone, by the statement itself:
	// terms are public as of their days, so that no policy keeps them back.
	vacancyList = `-- name: vacancy.List
SELECT v.root, v.place, v.kind, v.district, v.id, v.post, l.until, CASE WHEN current_setting('wangge.role', true) = 'operator' THEN l.id END
FROM (
	SELECT * FROM (
		SELECT p.root, o.*, row_number() OVER (PARTITION BY p.root ORDER BY o.place, o.id) AS n ` + vacanciesFound + `
		AND ($7::text IS NULL OR (o.place, o.id) > ($7, $8::uuid))
	) w WHERE w.n <= $9
) v LEFT JOIN LATERAL (
	SELECT a.id, upper(a.during) AS until FROM assignment a WHERE a.district = ANY($3) AND a.district = v.district AND a.area_id = v.id AND a.post = v.post
		AND upper(a.during) <= $4::date ORDER BY upper(a.during) DESC, a.cover, a.id LIMIT 1
) l ON true ORDER BY v.root, v.n`

	vacancyCount = `-- name: vacancy.Count
SELECT p.root, count(*) ` + vacanciesFound + `GROUP BY p.root ORDER BY p.root`

	// The communities, or divisions, of the areas that $2 is about: an assignment, or all that a worker was ever assigned to.
	staffTouched = `-- name: staff.Touched
SELECT DISTINCT coalesce(a.division_id, p.community_id, g.community_id) AS id FROM assignment a
LEFT JOIN grid_group p ON p.district = a.district AND p.id = a.group_id
LEFT JOIN building_grid bg ON bg.district = a.district AND bg.building_id = a.building_id AND upper_inf(bg.during)
LEFT JOIN grid g ON g.district = a.district AND g.id = coalesce(a.grid_id, bg.grid_id)
WHERE a.district = $1 AND (a.id = $2 OR a.worker_id = $2) AND coalesce(a.division_id, p.community_id, g.community_id) IS NOT NULL ORDER BY id`

	workerByKey = `-- name: worker.ByKey
SELECT ` + workerColumns + ` FROM worker w WHERE w.district = $1 AND w.id = $2 ORDER BY w.id`

	workerPhoto = `-- name: worker.Photo
SELECT coalesce(f.name, ''), f.media_type, f.image, EXISTS (SELECT 1 FROM assignment a
	WHERE a.district = $1 AND a.worker_id = $2 AND (upper_inf(a.during) OR upper(a.during) > $3::date))
FROM worker_photo f WHERE f.district = $1 AND f.worker_id = $2 ORDER BY f.worker_id`

	workerAdd = `-- name: worker.Add
INSERT INTO worker (district, id, name, work_phone, duties) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (district, id) DO NOTHING`

	workerChange = `-- name: worker.Change
UPDATE worker SET name = $4, work_phone = $5, duties = $6, version = version + 1 WHERE district = $1 AND id = $2 AND version = $3`

	workerDropPhoto = `-- name: worker.DropPhoto
DELETE FROM worker_photo WHERE district = $1 AND worker_id = $2`

	workerAddPhoto = `-- name: worker.AddPhoto
INSERT INTO worker_photo (district, worker_id, media_type, name) VALUES ($1, $2, $3, $4)
ON CONFLICT (district, worker_id) DO UPDATE SET media_type = $3, name = $4, image = NULL`

	workerMovePhoto = `-- name: worker.MovePhoto
UPDATE worker_photo SET media_type = $4, name = $5, image = NULL WHERE district = $1 AND worker_id = $2 AND image = $3`

	photosInline = `-- name: photo.Inline
SELECT f.district, f.worker_id FROM worker_photo f WHERE f.district = ANY($1) AND f.name IS NULL ORDER BY f.district, f.worker_id`

	photoNote = `-- name: photo.Note
INSERT INTO loose_photo (name) VALUES ($1)`

	photoTake = `-- name: photo.Take
DELETE FROM loose_photo WHERE name = $1`

	// What a worker loses is swept at once: nobody is about to name it.
	photoLose = `-- name: photo.Lose
INSERT INTO loose_photo (name, since) SELECT f.name, '-infinity' FROM worker_photo f WHERE f.district = $1 AND f.worker_id = $2 AND f.name IS NOT NULL`

	photoSweep = `-- name: photo.Sweep
DELETE FROM loose_photo WHERE name = (SELECT l.name FROM loose_photo l WHERE l.since < now() - $1::interval ORDER BY l.since, l.name LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING name`

	assignmentAdd = `-- name: assignment.Add
INSERT INTO assignment (district, id, worker_id, post, cover, during, division_id, group_id, grid_id, building_id)
VALUES ($1, $2, $3, $4, $5, daterange($6, $7, '[)'),
	CASE WHEN $8 = 'division' THEN $9::uuid END, CASE WHEN $8 = 'group' THEN $9::uuid END,
	CASE WHEN $8 = 'grid' THEN $9::uuid END, CASE WHEN $8 = 'building' THEN $9::uuid END)`

	assignmentEnd = `-- name: assignment.End
UPDATE assignment SET during = daterange(lower(during), $3, '[)')
WHERE district = $1 AND id = $2 AND lower(during) < $3 AND (upper_inf(during) OR upper(during) > $3) RETURNING worker_id`

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
	return []any{&w.Key.Home, &w.Key.ID, &w.Name, &w.WorkPhone, &w.Duties, &w.Version, intoPhoto{w}}
}

// intoPhoto takes which photo a worker has; NULL: none.
type intoPhoto struct{ *staff.Worker }

// ScanText implements pgtype.TextScanner.
func (w intoPhoto) ScanText(id pgtype.Text) error {
	w.PhotoID, w.HasPhoto = id.String, id.Valid
	return nil
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
	err := s.assignments(ctx, actor, staffInOffice, homes, ids, day, func(a staff.Assignment) {
		out[a.Area.ID] = append(out[a.Area.ID], a)
	})
	return out, err
}

// assignments hands what a statement about assignments reads to take.
func (s *Staff) assignments(ctx context.Context, actor account.Actor, sql string, homes []string, ids []uuid.UUID, day civil.Date, take func(staff.Assignment)) error {
	return s.each(ctx, actor, sql, []any{homes, ids, day.Time()}, func(rows pgx.Rows) error {
		var a staff.Assignment
		var from time.Time
		var until *time.Time
		err := rows.Scan(append(intoWorker(&a.Worker), &a.Key.ID, &a.Post, &a.Cover, &a.Area.ID, &a.Area.Kind, &a.AreaName, &from, &until, &a.Away)...)
		a.Key.Home, a.Area.Home = a.Worker.Key.Home, a.Worker.Key.Home
		a.From = civil.FromTime(from)
		if until != nil {
			u := civil.FromTime(*until)
			a.Until = &u
		}
		take(a)
		return err
	})
}

// AssignmentsOf implements staff.Store.
func (s *Staff) AssignmentsOf(ctx context.Context, actor account.Actor, workers []key.Key, day civil.Date) (map[uuid.UUID][]staff.Assignment, error) {
	homes, ids := split(workers)
	out := make(map[uuid.UUID][]staff.Assignment, len(ids))
	err := s.assignments(ctx, actor, assignmentsOfWorkers, homes, ids, day, func(a staff.Assignment) {
		out[a.Worker.Key.ID] = append(out[a.Worker.Key.ID], a)
	})
	return out, err
}

func (s *Staff) absences(ctx context.Context, actor account.Actor, take func(staff.Absence), sql string, args ...any) error {
	return s.each(ctx, actor, sql, args, func(rows pgx.Rows) error {
		var a staff.Absence
		var from, until time.Time
		err := rows.Scan(&a.Key.Home, &a.Key.ID, &a.Worker.ID, &from, &until)
		a.Worker.Home, a.From, a.Until = a.Key.Home, civil.FromTime(from), civil.FromTime(until)
		take(a)
		return err
	})
}

// AbsencesOf implements staff.Store.
func (s *Staff) AbsencesOf(ctx context.Context, actor account.Actor, workers []key.Key, day civil.Date) (map[uuid.UUID][]staff.Absence, error) {
	homes, ids := split(workers)
	out := make(map[uuid.UUID][]staff.Absence, len(ids))
	err := s.absences(ctx, actor, func(a staff.Absence) { out[a.Worker.ID] = append(out[a.Worker.ID], a) },
		absencesOfWorkers, homes, ids, day.Time())
	return out, err
}

// AbsenceByKey implements staff.Store.
func (s *Staff) AbsenceByKey(ctx context.Context, actor account.Actor, k key.Key) (a staff.Absence, found bool, err error) {
	err = s.absences(ctx, actor, func(read staff.Absence) { a, found = read, true }, absenceByKey, k.Home, k.ID)
	return a, found, err
}

// Workers implements staff.Store.
func (s *Staff) Workers(ctx context.Context, actor account.Actor, q staff.RecordQuery) (p page.Page[staff.Record], err error) {
	p.HasPrevious = q.Args.After != nil
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		homes, err := s.everywhere(ctx, actor)
		if err != nil {
			return err
		}
		var divisions []uuid.UUID
		whole := []string{}
		if q.Division != "" {
			t, err := s.subtreesByCode(ctx, actor, []string{q.Division})
			if err != nil {
				return err
			}
			divisions = t.divisions
			if whole, err = s.wholeDistricts(ctx, actor, divisions); err != nil {
				return err
			}
		}
		args := []any{homes, q.Text, divisions, q.Day.Time(), whole}
		var name *string
		var id uuid.UUID
		if c := q.Args.After; c != nil {
			name = &c.Text
			id, _ = uuid.Parse(c.ID) // a cursor that was made up finds the start of its name
		}
		err = s.each(ctx, actor, workerList, append(args, name, id, q.Args.First+1), func(rows pgx.Rows) error {
			var w staff.Worker
			if err := rows.Scan(intoWorker(&w)...); err != nil {
				return err
			}
			if len(p.Items) == q.Args.First {
				p.HasNext = true
				return nil
			}
			p.Items = append(p.Items, page.Item[staff.Record]{Node: staff.Record{Worker: w},
				Cursor: page.Cursor{Order: staff.ByName, Text: w.Name, ID: w.Key.ID.String()}})
			return nil
		})
		if err != nil || !q.Count {
			return err
		}
		return s.each(ctx, actor, workerCount, args, func(rows pgx.Rows) error { return rows.Scan(&p.Total) })
	})
	return p, err
}

// wholeDistricts returns the homes of the districts among divisions.
func (s *Staff) wholeDistricts(ctx context.Context, actor account.Actor, divisions []uuid.UUID) ([]string, error) {
	homes := []string{}
	err := s.each(ctx, actor, districtHomes, []any{divisions}, func(rows pgx.Rows) error {
		var h string
		err := rows.Scan(&h)
		homes = append(homes, h)
		return err
	})
	return homes, err
}

// Vacancies implements staff.Store.
func (s *Staff) Vacancies(ctx context.Context, actor account.Actor, divisions []uuid.UUID, q staff.VacancyQuery, at time.Time) (map[uuid.UUID]page.Page[staff.Vacancy], error) {
	out := make(map[uuid.UUID]page.Page[staff.Vacancy], len(divisions))
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		t, err := s.subtrees(ctx, actor, divisions)
		if err != nil {
			return err
		}
		args := []any{t.roots, t.divisions, t.homes, q.Day.Time(), at, q.Posts}
		var place *string
		var id uuid.UUID
		if c := q.Args.After; c != nil {
			place = &c.Text
			id, _ = uuid.Parse(c.ID) // a cursor that was made up finds the start of its place
		}
		last := map[uuid.UUID]uuid.UUID{} // whose assignment was the last at an area
		err = s.each(ctx, actor, vacancyList, append(args, place, id, q.Args.First+1), func(rows pgx.Rows) error {
			var root uuid.UUID
			var v staff.Vacancy
			var since *time.Time
			var lastID *uuid.UUID
			c := page.Cursor{Order: staff.ByPlace}
			if err := rows.Scan(&root, &c.Text, &v.Area.Kind, &v.Area.Home, &v.Area.ID, &v.Post, &since, &lastID); err != nil {
				return err
			}
			if since != nil {
				day := civil.FromTime(*since)
				v.Since = &day
			}
			c.ID = v.Area.ID.String()
			addRow(out, root, q.Args, page.Item[staff.Vacancy]{Node: v, Cursor: c})
			if lastID != nil {
				last[v.Area.ID] = *lastID
			}
			return nil
		})
		if err != nil {
			return err
		}
		were := make(map[uuid.UUID]staff.Assignment, len(last))
		if len(last) > 0 {
			err = s.assignments(ctx, actor, assignmentsByID, t.homes, slices.Collect(maps.Values(last)), q.Day, func(a staff.Assignment) { were[a.Key.ID] = a })
		}
		if err != nil {
			return err
		}
		for _, p := range out {
			for i := range p.Items {
				v := &p.Items[i].Node
				if a, ok := were[last[v.Area.ID]]; ok {
					v.Last = &a
				}
			}
		}
		if !q.Count {
			return nil
		}
		return addTotals(ctx, s.DB, actor, vacancyCount, args, out)
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
func (s *Staff) Photo(ctx context.Context, actor account.Actor, worker key.Key, day civil.Date) (p staff.StoredPhoto, found bool, err error) {
	err = s.each(ctx, actor, workerPhoto, []any{worker.Home, worker.ID, day.Time()}, func(rows pgx.Rows) error {
		found = true
		return rows.Scan(&p.Name, &p.MediaType, &p.Image, &p.InOffice)
	})
	return p, found, err
}

// NotePhoto implements staff.Store.
func (s *Staff) NotePhoto(ctx context.Context, actor account.Actor, name string) error {
	return s.As(s.Apart(ctx), actor, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, photoNote, name)
		return err
	})
}

// SweepPhoto implements staff.Store. The line is locked while its picture is removed, so that who would name it waits and then finds it gone.
func (s *Staff) SweepPhoto(ctx context.Context, actor account.Actor, age time.Duration, remove func(name string) error) (found bool, err error) {
	err = s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		var name string
		err := tx.QueryRow(ctx, photoSweep, age).Scan(&name)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		found = true
		return remove(name)
	})
	return found, err
}

// InlinePhotos implements staff.Store.
func (s *Staff) InlinePhotos(ctx context.Context, actor account.Actor) (workers []key.Key, err error) {
	homes, err := s.everywhere(ctx, actor)
	if err != nil {
		return nil, err
	}
	err = s.each(ctx, actor, photosInline, []any{homes}, func(rows pgx.Rows) error {
		var k key.Key
		err := rows.Scan(&k.Home, &k.ID)
		workers = append(workers, k)
		return err
	})
	return workers, err
}

// MovePhoto implements staff.Store.
func (s *Staff) MovePhoto(ctx context.Context, actor account.Actor, worker key.Key, image []byte, name string) (moved bool, err error) {
	err = s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, workerMovePhoto, worker.Home, worker.ID, image, portrait.MediaType, name)
		if moved = err == nil && tag.RowsAffected() == 1; !moved {
			return err
		}
		if err := takePhoto(ctx, tx, name); err != nil {
			return err
		}
		return noteStaff(ctx, tx, worker, worker.ID)
	})
	return moved, err
}

// givePhoto gives a worker the picture of a name, in place of another.
func givePhoto(ctx context.Context, tx pgx.Tx, worker key.Key, name string) error {
	if _, err := tx.Exec(ctx, photoLose, worker.Home, worker.ID); err != nil {
		return err
	}
	if name == "" {
		_, err := tx.Exec(ctx, workerDropPhoto, worker.Home, worker.ID)
		return err
	}
	if _, err := tx.Exec(ctx, workerAddPhoto, worker.Home, worker.ID, portrait.MediaType, name); err != nil {
		return err
	}
	return takePhoto(ctx, tx, name)
}

// errSwept says that it took so long to give a worker a picture that it is gone.
var errSwept error = fault.Wrap(errors.New("the picture was swept before a worker had it"), fault.Unavailable, "", "timeout")

// takePhoto takes a picture off the list of those that no worker has.
func takePhoto(ctx context.Context, tx pgx.Tx, name string) error {
	tag, err := tx.Exec(ctx, photoTake, name)
	if err == nil && tag.RowsAffected() != 1 {
		err = errSwept
	}
	return err
}

// AddWorker implements staff.Store.
func (s *Staff) AddWorker(ctx context.Context, actor account.Actor, w staff.Worker, photo string) (staff.Worker, error) {
	if w.Duties == nil {
		w.Duties = []string{}
	}
	err := s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, workerAdd, w.Key.Home, w.Key.ID, w.Name, orNull(w.WorkPhone), w.Duties)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			w, _, err = s.WorkerByKey(ctx, actor, w.Key)
			return err
		}
		if photo != "" {
			w.PhotoID = photo
			if err := givePhoto(ctx, tx, w.Key, photo); err != nil {
				return err
			}
		}
		return noteChange(ctx, tx, change{what: changedStaff, workers: these(w.Key.ID)}) // holds no post yet
	})
	return w, err
}

// SaveWorker implements staff.Store.
func (s *Staff) SaveWorker(ctx context.Context, actor account.Actor, w staff.Worker, photo string) (staff.Worker, error) {
	err := s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, workerChange, w.Key.Home, w.Key.ID, w.Version, w.Name, orNull(w.WorkPhone), w.Duties)
		if err == nil && tag.RowsAffected() == 0 {
			err = fault.New(fault.Conflict, "version", "conflict")
		}
		if err == nil && (photo != "" || !w.HasPhoto) {
			w.PhotoID = photo
			err = givePhoto(ctx, tx, w.Key, photo)
		}
		if err != nil {
			return err
		}
		return noteStaff(ctx, tx, w.Key, w.Key.ID)
	})
	w.Version++
	return w, err
}

// noteStaff notes that what concerns an assignment of a worker, or the worker and all the assignments there are, has changed.
func noteStaff(ctx context.Context, tx pgx.Tx, of key.Key, worker uuid.UUID) error {
	return noteTouched(ctx, tx, change{what: changedStaff, workers: these(worker)}, staffTouched, of.Home, of.ID)
}

// AssignmentByKey implements staff.Store.
func (s *Staff) AssignmentByKey(ctx context.Context, actor account.Actor, k key.Key, day civil.Date) (a staff.Assignment, found bool, err error) {
	err = s.assignments(ctx, actor, assignmentsByID, []string{k.Home}, []uuid.UUID{k.ID}, day, func(read staff.Assignment) { a, found = read, true })
	return a, found, err
}

// LiesIn implements staff.Store.
func (s *Staff) LiesIn(ctx context.Context, actor account.Actor, areas []staff.Area) (map[uuid.UUID][]account.Area, error) {
	homes, ids, kinds := make([]string, len(areas)), make([]uuid.UUID, len(areas)), make([]string, len(areas))
	for i, a := range areas {
		homes[i], ids[i], kinds[i] = a.Home, a.ID, string(a.Kind)
	}
	out := make(map[uuid.UUID][]account.Area, len(areas))
	err := s.each(ctx, actor, areaLies, []any{homes, ids, kinds}, func(rows pgx.Rows) error {
		var id uuid.UUID
		var a account.Area
		var community, grid, building *uuid.UUID
		err := rows.Scan(&id, &a.District, &community, &grid, &building)
		a.Community, a.Grid, a.Building = orNil(community), orNil(grid), orNil(building)
		out[id] = append(out[id], a)
		return err
	})
	return out, err
}

// AddAssignment implements staff.Store.
func (s *Staff) AddAssignment(ctx context.Context, actor account.Actor, a staff.Assignment) error {
	var until *time.Time
	if a.Until != nil {
		u := a.Until.Time()
		until = &u
	}
	return s.exec(ctx, actor, a.Key, a.Worker.Key.ID, assignmentAdd, a.Key.Home, a.Key.ID, a.Worker.Key.ID, a.Post, a.Cover, a.From.Time(), until, string(a.Area.Kind), a.Area.ID)
}

// EndAssignment implements staff.Store.
func (s *Staff) EndAssignment(ctx context.Context, actor account.Actor, k key.Key, until civil.Date) (ended bool, err error) {
	err = s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		workers, err := idsOf(ctx, tx, assignmentEnd, k.Home, k.ID, until.Time())
		if ended = len(workers) == 1; err != nil || !ended {
			return err
		}
		return noteStaff(ctx, tx, k, workers[0])
	})
	return ended, err
}

// AddAbsence implements staff.Store.
func (s *Staff) AddAbsence(ctx context.Context, actor account.Actor, a staff.Absence) error {
	return s.exec(ctx, actor, a.Worker, a.Worker.ID, absenceAdd, a.Key.Home, a.Key.ID, a.Worker.ID, a.From.Time(), a.Until.Time())
}

// ChangeAbsence implements staff.Store.
func (s *Staff) ChangeAbsence(ctx context.Context, actor account.Actor, a staff.Absence) error {
	return s.exec(ctx, actor, a.Worker, a.Worker.ID, absenceChange, a.Key.Home, a.Key.ID, a.From.Time(), a.Until.Time())
}

// RemoveAbsence implements staff.Store.
func (s *Staff) RemoveAbsence(ctx context.Context, actor account.Actor, a staff.Absence) error {
	return s.exec(ctx, actor, a.Worker, a.Worker.ID, absenceRemove, a.Key.Home, a.Key.ID)
}

// exec runs sql and notes what concerns of, an assignment of worker or the worker. NOT_FOUND: an absence is gone meanwhile, or policies keep it from the actor.
func (s *Staff) exec(ctx context.Context, actor account.Actor, of key.Key, worker uuid.UUID, sql string, args ...any) error {
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, args...)
		if err == nil && tag.RowsAffected() == 0 { // of what is added there is always one
			err = fault.New(fault.NotFound, "id", "staff.absenceNotFound")
		}
		if err != nil {
			return err
		}
		return noteStaff(ctx, tx, of, worker)
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
