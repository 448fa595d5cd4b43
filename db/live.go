package db

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/live"
)

// Live reads what servers hold in memory.
type Live struct{ *DB }

// NewLive returns a source of what servers hold in memory.
func NewLive(d *DB) *Live { return &Live{d} }

var _ live.Source = (*Live)(nil)

// How a server says which change is in force there: it holds a shared lock of the session numbered with it, until it holds one
// of a later. The lock goes with the connection, so that nobody waits for a server that is gone.
const (
	liveHold = `-- name: live.Hold
SELECT pg_advisory_lock_shared(hashtext('wangge live'), $1::int) FROM (SELECT 1 AS one) o ORDER BY o.one`

	liveLetGo = `-- name: live.LetGo
SELECT pg_advisory_unlock_shared(hashtext('wangge live'), $1::int) FROM (SELECT 1 AS one) o ORDER BY o.one`

	liveBehind = `-- name: live.Behind
SELECT count(*) FROM (
	SELECT max(l.objid::bigint) AS n FROM pg_locks l
	WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid::bigint = (hashtext('wangge live')::bigint & 4294967295)
	  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) GROUP BY l.pid
) s WHERE s.n < $1::bigint ORDER BY 1`
)

// $1 the districts; $2 the communities, divisions, workers or areas. All of a kind have statements of their own: one that read either
// would be planned for all, since PostgreSQL weighs what planning anew would save against what reading them all had cost, and so
// looked through all grids for those of one community.
const (
	liveChanges = `-- name: live.Changes
SELECT c.n, c.at, c.grids_of, c.divisions, c.workers, c.buildings_at, c.roads_at, c.land_at FROM change_log c WHERE c.n >= $1 ORDER BY c.n`

	liveMark = `-- name: live.Mark
SELECT c.n, c.at FROM change_log c ORDER BY c.n DESC LIMIT 1`

	// How much room the tables take of which memory holds what is in them, in bytes; on a cluster, none.
	liveSize = `-- name: live.Size
SELECT clock_timestamp(), sum(pg_relation_size(t.name::regclass))::bigint FROM unnest(ARRAY['division', 'division_code', 'grid_group', 'grid',
	'grid_code', 'grid_boundary', 'worker', 'worker_photo', 'assignment', 'absence']) AS t(name) ORDER BY 1`

	// Of the versions that are past only when the last ended: where publications are frequent there are hundreds. grid_id = ANY(ARRAY[…]) is nothing for the GiST index of the
	// EXCLUDE, which takes half a millisecond to probe.
	liveGridColumns = `SELECT ` + versionColumns + `,
	(SELECT max(upper(e.during)) FROM grid_boundary e WHERE e.district = g.district AND e.grid_id = ANY(ARRAY[g.id]) AND upper(e.during) <= now())
FROM grid g LEFT JOIN grid_boundary b ON b.district = g.district AND b.grid_id = ANY(ARRAY[g.id]) AND b.district = ANY($1)
	AND (upper_inf(b.during) OR upper(b.during) > now())
WHERE g.district = ANY($1)`

	// What communityRows.version scans.
	versionColumns = `g.district, g.id, g.code, g.name, g.kind, coalesce(g.basis, ''), g.version, g.community_id, g.group_id,
	coalesce(g.limit_east, ''), coalesce(g.limit_south, ''), coalesce(g.limit_west, ''), coalesce(g.limit_north, ''),
	b.area_m2, b.label_point, b.boundary, lower(b.during), upper(b.during)`

	liveGridOrder = ` ORDER BY g.code, lower(b.during) NULLS FIRST`

	liveGrids = `-- name: live.Grids
` + liveGridColumns + liveGridOrder

	liveGridsOf = `-- name: live.GridsOf
` + liveGridColumns + ` AND g.community_id = ANY($2)` + liveGridOrder

	liveFormerCodeColumns = `SELECT c.grid_id, c.code FROM grid_code c JOIN grid g ON g.district = c.district AND g.id = c.grid_id
WHERE g.district = ANY($1) AND c.code <> g.code`

	liveFormerCodeOrder = ` ORDER BY c.grid_id, c.since, c.code`

	liveFormerCodes = `-- name: live.FormerCodes
` + liveFormerCodeColumns + liveFormerCodeOrder

	liveFormerCodesOf = `-- name: live.FormerCodesOf
` + liveFormerCodeColumns + ` AND g.community_id = ANY($2)` + liveFormerCodeOrder

	liveGroups = `-- name: live.Groups
SELECT p.district, p.id, p.name, p.community_id FROM grid_group p WHERE p.district = ANY($1) ORDER BY p.name, p.id`

	liveGroupsOf = `-- name: live.GroupsOf
SELECT p.district, p.id, p.name, p.community_id FROM grid_group p WHERE p.district = ANY($1) AND p.community_id = ANY($2) ORDER BY p.name, p.id`

	liveDivisions = `-- name: live.Divisions
SELECT ` + divisionColumns + ` FROM division d ORDER BY d.code`

	liveDivisionsOf = `-- name: live.DivisionsOf
SELECT ` + divisionColumns + ` FROM division d WHERE d.id = ANY($2) ORDER BY d.code`

	// What workers are in office for now, were or will be; of those whose term there was undone somebody else has one.
	liveAreasOf = `-- name: live.AreasOf
SELECT DISTINCT o.area_id ` + liveAreasFound + ` ORDER BY o.area_id`

	liveAreasFound = `FROM assignment o WHERE o.district = ANY($1) AND o.worker_id = ANY($2)`

	liveTenureColumns = `SELECT a.district, a.id, a.worker_id, w.name, coalesce(w.work_phone, ''), w.duties, w.version,
	` + photoID + `, a.post, a.cover, a.area_id,
	CASE WHEN a.grid_id IS NOT NULL THEN 'grid' WHEN a.group_id IS NOT NULL THEN 'group'
	     WHEN a.building_id IS NOT NULL THEN 'building' ELSE 'division' END,
	coalesce(g.code, d.code, ''), lower(a.during), upper(a.during)
FROM assignment a JOIN worker w ON w.district = a.district AND w.id = a.worker_id
LEFT JOIN worker_photo f ON f.district = w.district AND f.worker_id = w.id AND f.district = ANY($1)
LEFT JOIN grid g ON g.district = a.district AND g.id = a.grid_id LEFT JOIN division d ON d.id = a.division_id
WHERE a.district = ANY($1) AND w.district = ANY($1) `

	liveTenures = `-- name: live.Tenures
` + liveTenureColumns + `AND (upper_inf(a.during) OR upper(a.during) > $2::date) ORDER BY a.area_id, a.id`

	liveTenuresOf = `-- name: live.TenuresOf
` + liveTenureColumns + `AND a.area_id IN (SELECT o.area_id ` + liveAreasFound + `) ORDER BY a.area_id, a.id`

	liveAbsences = `-- name: live.Absences
SELECT ` + absenceColumns + ` FROM absence x WHERE x.district = ANY($1) AND upper(x.during) > $2::date ORDER BY x.worker_id, x.during`

	liveAbsencesOf = `-- name: live.AbsencesOf
SELECT ` + absenceColumns + ` FROM absence x WHERE x.district = ANY($1) AND upper(x.during) > $3::date AND x.worker_id IN (
	SELECT a.worker_id FROM assignment a WHERE a.district = ANY($1) AND a.area_id IN (SELECT o.area_id ` + liveAreasFound + `)
) ORDER BY x.worker_id, x.during`
)

const (
	liveTimeout  = "0" // of a statement: its ctx ends it
	waitForEvery = 10 * time.Millisecond
)

// Connect implements live.Source. The connection is none of the pool's.
func (l *Live) Connect(ctx context.Context) (live.Link, error) {
	config := l.pool.Config().ConnConfig.Copy()
	config.RuntimeParams["statement_timeout"] = liveTimeout
	config.RuntimeParams["work_mem"] = "64MB" // a city's staff are sorted without a file
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, connectFault(config, err)
	}
	link := &liveLink{conn: conn, d: l.DB}
	if err := registerTypes(ctx, conn); err != nil {
		link.Close()
		return nil, asFault(err)
	}
	for _, sql := range []string{"LISTEN wangge_change", "LISTEN wangge_report", "LISTEN wangge_access", "SELECT pg_advisory_lock_shared(hashtext('wangge live'), 0)"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			link.Close()
			return nil, asFault(err)
		}
	}
	return link, nil
}

// Reachable implements live.Source.
func (l *Live) Reachable(ctx context.Context) bool {
	return l.pool.Ping(ctx) == nil // no transaction begins where it is known to be away
}

// AwaitServers returns when every server that is connected to the database holds the state of change n, or ctx ends: false.
func (l *Live) AwaitServers(ctx context.Context, n int64) bool {
	for {
		behind := 1
		err := l.each(ctx, account.TheOperator(), liveBehind, []any{lockOf(n)}, func(rows pgx.Rows) error { return rows.Scan(&behind) })
		if err == nil && behind == 0 {
			return true
		}
		select {
		case <-time.After(waitForEvery):
		case <-ctx.Done():
			return false
		}
	}
}

type liveLink struct {
	conn *pgx.Conn
	d    *DB
	held int32 // the lock that it holds

	homes []string // of all districts, as last read
}

// Close implements live.Link.
func (l *liveLink) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	l.conn.Close(ctx)
}

// Hear implements live.Link.
func (l *liveLink) Hear(ctx context.Context) (news live.News, err error) {
	heard, err := l.conn.WaitForNotification(ctx)
	if err != nil {
		return news, err
	}
	switch heard.Channel {
	case "wangge_report":
		news.Reported, news.Box = true, parseBox(heard.Payload)
	case "wangge_access":
		news.Ended = true
	default:
		news.Change, _ = strconv.ParseInt(heard.Payload, 10, 64) // what somebody else sent is no change: 0
	}
	return news, nil
}

// Look implements live.Link.
func (l *liveLink) Look(ctx context.Context) (sight live.Sight, err error) {
	batch := &pgx.Batch{}
	batch.Queue(liveMark).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			if err := rows.Scan(&sight.N, &sight.At); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	batch.Queue(liveSize).QueryRow(func(row pgx.Row) error { return row.Scan(&sight.Now, &sight.Bytes) })
	return sight, l.conn.SendBatch(ctx, batch).Close()
}

// lockOf is the number of the lock that says that change n is in force: PostgreSQL has 31 bits for it.
func lockOf(n int64) int32 { return int32(n % (1 << 31)) }

// Applied implements live.Link.
func (l *liveLink) Applied(ctx context.Context, n int64) error {
	lock := lockOf(n)
	if lock == l.held {
		return nil
	}
	batch := &pgx.Batch{}
	batch.Queue(liveHold, lock)
	batch.Queue(liveLetGo, l.held)
	l.held = lock
	return l.conn.SendBatch(ctx, batch).Close()
}

// Read implements live.Link.
func (l *liveLink) Read(ctx context.Context, since *live.Mark, day civil.Date) (data live.Data, err error) {
	if _, err := l.conn.Exec(ctx, snapshot+" READ ONLY"+identity(account.TheOperator())); err != nil {
		return data, err
	}
	r := &liveReader{liveLink: l, day: day, data: &data}
	return data, r.read(ctx, since) // after an error nobody asks the link again, so that there is nothing to undo
}

// liveReader reads in one transaction, which it ends.
type liveReader struct {
	*liveLink
	day   civil.Date
	data  *live.Data
	batch pgx.Batch // of what is to be read at once: on a busy machine each way to the database and back takes milliseconds

	communities communityRows
	tenures     tenureRows
}

func (r *liveReader) each(ctx context.Context, sql string, args []any, scan func(pgx.Rows) error) error {
	return eachRow(ctx, r.conn, sql, args, scan)
}

func (r *liveReader) queue(sql string, args []any, scan func(pgx.Rows) error) {
	queueRows(&r.batch, sql, args, scan)
}

// queueRows has sql run with a batch, which hands every row to scan.
func queueRows(b *pgx.Batch, sql string, args []any, scan func(pgx.Rows) error) {
	b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func (r *liveReader) read(ctx context.Context, since *live.Mark) error {
	narrow, workers, err := r.changes(ctx, since)
	if err != nil {
		return err
	}
	if !narrow {
		r.data.GridsOf.All, r.data.DivisionIDs.All, workers.All = true, true, true
	}
	if len(r.homes) == 0 || !r.data.DivisionIDs.None() {
		r.homes = []string{key.Unplaced}
		err := r.each(ctx, divisionHomes, nil, func(rows pgx.Rows) error {
			var h string
			err := rows.Scan(&h)
			r.homes = append(r.homes, h)
			return err
		})
		if err != nil {
			return err
		}
	}
	r.grids()
	r.divisions()
	r.staff(workers)
	r.queue("SELECT now()", nil, func(rows pgx.Rows) error { return rows.Scan(&r.data.Now) })
	r.batch.Queue("COMMIT")
	err = r.conn.SendBatch(ctx, &r.batch).Close()
	r.data.Communities, r.data.Tenures = r.communities.list, r.tenures.list
	return err
}

// changes notes what has to be read anew; narrow is false where that is everything.
func (r *liveReader) changes(ctx context.Context, since *live.Mark) (narrow bool, workers live.Part, err error) {
	r.data.AllDrawn = since == nil
	if since == nil {
		return false, workers, r.each(ctx, liveMark, nil, func(rows pgx.Rows) error { return rows.Scan(&r.data.N, &r.data.At) })
	}
	next, known := since.N, since.N == 0
	r.data.Mark = *since
	add := func(to *live.Part, ids []uuid.UUID) {
		to.All = to.All || ids == nil
		to.IDs = append(to.IDs, ids...)
	}
	narrow = true
	err = r.each(ctx, liveChanges, []any{since.N}, func(rows pgx.Rows) error {
		var m live.Mark
		var gridsOf, divisions, of []uuid.UUID
		var drawn [3][]float64
		if err := rows.Scan(&m.N, &m.At, &gridsOf, &divisions, &of, &drawn[0], &drawn[1], &drawn[2]); err != nil {
			return err
		}
		if m.N == since.N {
			known, next = m.At.Equal(since.At), next+1
			return nil
		}
		if since.N == 0 && next == 0 {
			next = 1
		}
		narrow = narrow && m.N == next
		next = m.N + 1
		r.data.Mark = m
		add(&r.data.GridsOf, gridsOf)
		add(&r.data.DivisionIDs, divisions)
		add(&workers, of)
		for i, layer := range []string{layerBuildings, layerRoads, layerLand} {
			r.draw(layer, drawn[i])
		}
		return nil
	})
	if narrow = narrow && known; !narrow && err == nil { // also of a database that was put back, whose newest change is an older one
		r.data.Mark, r.data.Drawn, r.data.AllDrawn = live.Mark{}, nil, true
		err = r.each(ctx, liveMark, nil, func(rows pgx.Rows) error { return rows.Scan(&r.data.N, &r.data.At) })
	}
	return narrow, workers, err
}

// draw notes where a line of the change log says that a layer is drawn otherwise.
func (r *liveReader) draw(layer string, boxes []float64) {
	r.data.AllDrawn = r.data.AllDrawn || boxes == nil
	if len(boxes) == 0 {
		return
	}
	i := slices.IndexFunc(r.data.Drawn, func(d live.Drawn) bool { return d.Layers[0] == layer })
	if i < 0 {
		i = len(r.data.Drawn)
		r.data.Drawn = append(r.data.Drawn, live.Drawn{Layers: []string{layer}})
	}
	d := &r.data.Drawn[i]
	for b := range slices.Chunk(boxes, 4) {
		d.Boxes = append(d.Boxes, place.Box{West: b[0], South: b[1], East: b[2], North: b[3]})
	}
}

// part queues the statement that reads all of a kind, or the one that reads some, with first as $1.
func (r *liveReader) part(p live.Part, first any, all, some string, scan func(pgx.Rows) error) {
	if p.All {
		r.queue(all, []any{first}, scan)
	} else {
		r.queue(some, []any{first, p.IDs}, scan)
	}
}

func (r *liveReader) grids() {
	part := r.data.GridsOf
	if part.None() {
		return
	}
	r.part(part, r.homes, liveFormerCodes, liveFormerCodesOf, r.communities.formerCode)
	for _, id := range part.IDs {
		r.communities.of(id) // which may have none left
	}
	holding := map[uuid.UUID]bool{}
	r.part(part, r.homes, liveGrids, liveGridsOf, func(rows pgx.Rows) error {
		var ended pgtype.Timestamptz
		id, err := r.communities.version(rows, &ended)
		if !holding[id] {
			holding[id], r.data.Holding = true, append(r.data.Holding, id)
		}
		if last := finite(ended); last.After(r.data.Ended) {
			r.data.Ended = last
		}
		return err
	})
	r.part(part, r.homes, liveGroups, liveGroupsOf, r.communities.group)
}

// communityRows gathers communities with their grids from rows of several statements: formerCode is to see its rows before version does.
type communityRows struct {
	list   []grid.Community
	at     map[uuid.UUID]int // places in list
	former map[uuid.UUID][]string
}

// of is a community, which may be new.
func (c *communityRows) of(id uuid.UUID) *grid.Community {
	i, known := c.at[id]
	if !known {
		if c.at == nil {
			c.at = map[uuid.UUID]int{}
		}
		i = len(c.list)
		c.at[id], c.list = i, append(c.list, grid.Community{ID: id})
	}
	return &c.list[i]
}

// formerCode takes a code that a grid had.
func (c *communityRows) formerCode(rows pgx.Rows) error {
	var id uuid.UUID
	var code string
	err := rows.Scan(&id, &code)
	if c.former == nil {
		c.former = map[uuid.UUID][]string{}
	}
	c.former[id] = append(c.former[id], code)
	return err
}

// version takes a grid with its boundary for a time, where it has one; what stands after versionColumns goes to more. It returns the grid's
// community.
func (c *communityRows) version(rows pgx.Rows, more ...any) (uuid.UUID, error) {
	var v grid.Version
	var area *float64
	var label, boundary geom.T
	var from, until pgtype.Timestamptz
	g := &v.Grid
	err := rows.Scan(append([]any{&g.Key.Home, &g.Key.ID, &g.Code, &g.Name, &g.Kind, &g.Basis, &g.Version, &g.CommunityID, &g.GroupID,
		&g.Limits.East, &g.Limits.South, &g.Limits.West, &g.Limits.North, &area, &label, &boundary, &from, &until}, more...)...)
	if err != nil || boundary == nil { // it has none, or none any more
		return g.CommunityID, err
	}
	g.AreaM2, g.Boundary = *area, multi(boundary)
	g.LabelPoint, _ = label.(*geom.Point)
	box := g.Boundary.Bounds()
	g.BBox = place.Box{West: box.Min(0), South: box.Min(1), East: box.Max(0), North: box.Max(1)}
	if g.FormerCodes = c.former[g.Key.ID]; g.FormerCodes == nil {
		g.FormerCodes = []string{}
	}
	v.From = finite(from)
	if ends := finite(until); !ends.IsZero() {
		v.Until = &ends
	}
	community := c.of(g.CommunityID)
	community.Versions = append(community.Versions, v)
	return g.CommunityID, nil
}

// group takes a grid group.
func (c *communityRows) group(rows pgx.Rows) error {
	var p grid.Group
	err := rows.Scan(&p.Key.Home, &p.Key.ID, &p.Name, &p.CommunityID)
	community := c.of(p.CommunityID)
	community.Groups = append(community.Groups, p)
	return err
}

// finite is the zero time for no bound and for infinity.
func finite(t pgtype.Timestamptz) time.Time {
	if !t.Valid || t.InfinityModifier != pgtype.Finite {
		return time.Time{}
	}
	return t.Time
}

func (r *liveReader) divisions() {
	if r.data.DivisionIDs.None() {
		return
	}
	r.part(r.data.DivisionIDs, true, liveDivisions, liveDivisionsOf, func(rows pgx.Rows) error {
		d, err := scanDivision(rows)
		r.data.Divisions = append(r.data.Divisions, d)
		return err
	})
	r.queue(extentOfAll, []any{r.homes}, func(rows pgx.Rows) error {
		box := &place.Box{}
		r.data.Extent = box
		return rows.Scan(&box.West, &box.South, &box.East, &box.North)
	})
}

func (r *liveReader) staff(workers live.Part) {
	if workers.None() {
		return
	}
	areas, tenures, absences := &r.data.Areas, liveTenures, liveAbsences
	held := []any{r.homes, r.day.Time()}
	away := held
	if areas.All = workers.All; !workers.All {
		tenures, absences, held = liveTenuresOf, liveAbsencesOf, []any{r.homes, workers.IDs}
		away = append(slices.Clip(held), r.day.Time())
		r.queue(liveAreasOf, held, func(rows pgx.Rows) error {
			var id uuid.UUID
			err := rows.Scan(&id)
			areas.IDs = append(areas.IDs, id)
			return err
		})
	}
	r.queue(tenures, held, r.tenures.tenure)
	r.queue(absences, away, r.tenures.absence)
}

// tenureRows gathers tenures from rows of two statements: tenure is to see its rows before absence does.
type tenureRows struct {
	list []staff.Tenure
	of   map[uuid.UUID][]int // places of a worker's
}

// tenure takes an assignment, as liveTenureColumns has it.
func (t *tenureRows) tenure(rows pgx.Rows) error {
	var a staff.Tenure
	var from time.Time
	var until *time.Time
	w := &a.Worker
	err := rows.Scan(&w.Key.Home, &a.Key.ID, &w.Key.ID, &w.Name, &w.WorkPhone, &w.Duties, &w.Version, intoPhoto{w},
		&a.Post, &a.Cover, &a.Area.ID, &a.Area.Kind, &a.AreaName, &from, &until)
	a.Key.Home, a.Area.Home = w.Key.Home, w.Key.Home
	if a.AreaName == "" {
		a.AreaName = key.Key{Home: a.Area.Home, ID: a.Area.ID}.String()
	}
	a.From = civil.FromTime(from)
	if until != nil {
		u := civil.FromTime(*until)
		a.Until = &u
	}
	if t.of == nil {
		t.of = map[uuid.UUID][]int{}
	}
	t.of[w.Key.ID] = append(t.of[w.Key.ID], len(t.list))
	t.list = append(t.list, a)
	return err
}

// absence takes an absence of a worker, as absenceColumns has it.
func (t *tenureRows) absence(rows pgx.Rows) error {
	var a staff.Absence
	var from, until time.Time
	err := rows.Scan(&a.Key.Home, &a.Key.ID, &a.Worker.ID, &from, &until)
	a.Worker.Home, a.From, a.Until = a.Key.Home, civil.FromTime(from), civil.FromTime(until)
	for _, i := range t.of[a.Worker.ID] {
		t.list[i].Absences = append(t.list[i].Absences, a)
	}
	return err
}
