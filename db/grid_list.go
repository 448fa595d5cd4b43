package db

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/page"
	"wangge/internal/fault"
)

const divisionIDsByCode = `-- name: division.IDsByCode
SELECT c.code, c.division_id FROM division_code c WHERE c.code = ANY($1) ORDER BY c.code`

// gridOrders are the order keys of a list of grids, but for HOUSEHOLDS; DISTANCE has its point filled in.
var gridOrders = map[grid.Order]string{
	grid.ByCode:     "g.code",
	grid.ByName:     "g.name",
	grid.ByArea:     "b.area_m2",
	grid.ByDistance: "ST_Distance(b.boundary::geography, {near}::geography)",
}

// listing is a list of grids as SQL: what is asked for beyond the joins, with its arguments numbered as they come.
type listing struct {
	where []string
	args  []any
}

func (l *listing) arg(v any, as string) string {
	l.args = append(l.args, v)
	return fmt.Sprintf("$%d::%s", len(l.args), as)
}

func (l *listing) and(condition string) { l.where = append(l.where, condition) }

// What a listing asks for: a page of each root's grids, how many they are, or how far away the last of a page may be.
type listed int

const (
	listPage listed = iota
	listCount
	listReach
)

// list writes a statement that reads each root's grids. reachM bounds a page by distance, metres. Conditions come only from
// constants here; every value is an argument.
func list(q grid.Query, t subtree, what listed, reachM float64) (sql string, args []any) {
	l := &listing{args: []any{q.With.Boundary, q.At}}
	homes := l.arg(t.homes, "text[]")
	l.and("g.district = ANY(" + homes + ")")
	l.and("b.district = ANY(" + homes + ")")
	roots := "(SELECT '00000000-0000-0000-0000-000000000000'::uuid AS root) p"
	if t.roots != nil {
		roots = fmt.Sprintf("(SELECT u.root, array_agg(u.division) AS divisions FROM unnest(%s, %s) AS u (root, division) GROUP BY u.root) p",
			l.arg(t.roots, "uuid[]"), l.arg(t.divisions, "uuid[]"))
		l.and("g.community_id = ANY(p.divisions)")
	}
	head, join, households := "", gridJoin, "NULL::int"
	if q.Order == grid.ByHouseholds && what == listPage {
		head = peopleNow
		if q.History {
			head = unitsHere + peopleThen
		}
		in := ""
		if t.roots != nil {
			in = " AND g.community_id = ANY(" + l.arg(t.divisions, "uuid[]") + ")"
		}
		head = "WITH here AS MATERIALIZED (SELECT g.district, g.id FROM grid g WHERE g.district = ANY(" + homes + ")" + in + ")" + head + "\n"
		join += "LEFT JOIN people ON people.grid_id = g.id "
		households = "CASE WHEN g.id = ANY(" + l.arg(q.Hidden, "uuid[]") + ") THEN 0 ELSE coalesce(people.households, 0) END::int"
	}
	f := q.Filter
	if f.Codes != nil {
		l.and("EXISTS (SELECT 1 FROM grid_code c WHERE c.district = g.district AND c.grid_id = g.id AND c.code = ANY(" + l.arg(f.Codes, "text[]") + "))")
	}
	if f.Keys != nil {
		_, ids := split(f.Keys)
		l.and("g.id = ANY(" + l.arg(ids, "uuid[]") + ")")
	}
	if f.Kinds != nil {
		l.and("g.kind = ANY(" + l.arg(f.Kinds, "text[]") + ")")
	}
	if f.Text != "" {
		text := l.arg(f.Text, "text")
		l.and("(strpos(lower(g.name), lower(" + text + ")) > 0 OR starts_with(g.code, " + text + "))")
	}
	if f.Box != nil {
		l.and(fmt.Sprintf("ST_Intersects(b.boundary, ST_MakeEnvelope(%s, %s, %s, %s, 4490))", l.arg(f.Box.West, "float8"),
			l.arg(f.Box.South, "float8"), l.arg(f.Box.East, "float8"), l.arg(f.Box.North, "float8")))
	}
	if f.Intersects != nil {
		l.and("ST_Intersects(b.boundary, " + l.arg(f.Intersects, "geometry") + ")")
	}
	if f.Within != nil {
		l.and("ST_CoveredBy(b.boundary, " + l.arg(f.Within, "geometry") + ")")
	}
	distance, flat := "NULL::float8", ""
	if f.Near != nil && (what != listCount || f.WithinM != nil) {
		lng, lat := l.arg(f.Near.Lng, "float8"), l.arg(f.Near.Lat, "float8")
		near := fmt.Sprintf("ST_SetSRID(ST_MakePoint(%s, %s), 4490)", lng, lat)
		flat = strings.NewReplacer("$2::float8", lng, "$3::float8", lat).Replace(flatPoint)
		distance = strings.ReplaceAll(gridOrders[grid.ByDistance], "{near}", near)
		if f.WithinM != nil {
			reach := l.arg(*f.WithinM, "float8")
			l.and(fmt.Sprintf("b.boundary && ST_Expand(%s, %s / (111000.0 * greatest(cos(radians(ST_Y(%s))), 0.01)), %s / 110000.0)", near, reach, near, reach))
			l.and(fmt.Sprintf("ST_DWithin(b.boundary::geography, %s::geography, %s)", near, reach))
		}
	}
	order := gridOrders[q.Order]
	switch q.Order {
	case grid.ByDistance:
		order = distance
	case grid.ByHouseholds:
		order = "-" + households // the most first, while keysets ascend
	}
	if what == listCount {
		// The count has no use for $1; naming it keeps the joins the same.
		return "-- name: grid.Count\nSELECT p.root, count(*) FROM " + roots + " CROSS JOIN LATERAL (SELECT $1::bool" + gridJoin +
			"WHERE " + strings.Join(l.where, " AND ") + ") x GROUP BY p.root ORDER BY p.root", l.args
	}
	onTheMap := "b.boundary_3857 <-> " + flat
	if what == listReach {
		if c := q.Args.After; c != nil {
			_, further := onMap(f.Near.Lat, c.Num)
			l.and(onTheMap + " > " + l.arg(further, "float8"))
		}
		return "-- name: grid.Reach\nSELECT p.root, count(*), coalesce(max(x.m), 0), $1::bool FROM " + roots + " CROSS JOIN LATERAL (SELECT " +
			distance + " AS m" + gridJoin + "WHERE " + strings.Join(l.where, " AND ") + " ORDER BY " + onTheMap + " LIMIT " +
			l.arg(q.Args.First+1, "bigint") + ") x GROUP BY p.root ORDER BY p.root", l.args
	}
	if q.Order == grid.ByDistance {
		_, further := onMap(f.Near.Lat, reachM)
		l.and(fmt.Sprintf("b.boundary_3857 && ST_Expand(%s, %s)", flat, l.arg(further, "float8")))
	}
	if c := q.Args.After; c != nil {
		var place string
		if q.Order == grid.ByCode || q.Order == grid.ByName {
			place = l.arg(c.Text, "text")
		} else {
			place = l.arg(c.Num, "float8")
		}
		if q.Order == grid.ByDistance {
			nearer, _ := onMap(f.Near.Lat, c.Num)
			l.and(onTheMap + " >= " + l.arg(nearer, "float8"))
		}
		id, _ := uuid.Parse(c.ID) // a cursor that was made up finds the start of its order key
		l.and(fmt.Sprintf("(%s, g.id) > (%s, %s)", order, place, l.arg(id, "uuid")))
	}
	return "-- name: grid.List\n" + head + "SELECT p.root, x.* FROM " + roots + " CROSS JOIN LATERAL (SELECT row_number() OVER () AS n, y.* FROM (SELECT " +
		distance + " AS distance_m, " + households + " AS households, " + gridColumns + join + "WHERE " + strings.Join(l.where, " AND ") +
		" ORDER BY " + order + ", g.id LIMIT " + l.arg(q.Args.First+1, "bigint") + ") y) x ORDER BY p.root, x.n", l.args
}

// ListGrids implements grid.Store.
func (s *Grids) ListGrids(ctx context.Context, actor account.Actor, q grid.Query) (p page.Page[grid.Grid], err error) {
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		var t subtree
		if q.Filter.Divisions == nil {
			t.homes, err = s.homes(ctx, actor)
		} else {
			t, err = s.subtreesByCode(ctx, actor, q.Filter.Divisions)
			t = t.under(uuid.Nil)
		}
		if err != nil {
			return err
		}
		lists, err := s.lists(ctx, actor, q, t)
		p = lists[uuid.Nil]
		return err
	})
	return p, err
}

// ListGridsOf implements grid.Store.
func (s *Grids) ListGridsOf(ctx context.Context, actor account.Actor, divisions []uuid.UUID, q grid.Query) (out map[uuid.UUID]page.Page[grid.Grid], err error) {
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		t, err := s.subtrees(ctx, actor, divisions)
		if err != nil {
			return err
		}
		if q.Filter.Divisions != nil {
			allowed, err := s.subtreesByCode(ctx, actor, q.Filter.Divisions)
			if err != nil {
				return err
			}
			t = t.within(allowed)
		}
		out, err = s.lists(ctx, actor, q, t)
		return err
	})
	return out, err
}

func (d *DB) subtreesByCode(ctx context.Context, actor account.Actor, codes []string) (subtree, error) {
	var ids []uuid.UUID
	found := map[string]bool{}
	err := d.each(ctx, actor, divisionIDsByCode, []any{codes}, func(rows pgx.Rows) error {
		var code string
		var id uuid.UUID
		err := rows.Scan(&code, &id)
		ids, found[code] = append(ids, id), true
		return err
	})
	if err != nil {
		return subtree{}, err
	}
	for _, c := range codes {
		if !found[c] {
			return subtree{}, fault.New(fault.NotFound, "filter.divisions", "division.notFound", "code", c)
		}
	}
	return d.subtrees(ctx, actor, ids)
}

// under puts everything beneath one root, each division once.
func (t subtree) under(root uuid.UUID) subtree {
	out := subtree{roots: []uuid.UUID{}, divisions: []uuid.UUID{}, homes: t.homes}
	seen := map[uuid.UUID]bool{}
	for _, id := range t.divisions {
		if !seen[id] {
			seen[id] = true
			out.roots, out.divisions = append(out.roots, root), append(out.divisions, id)
		}
	}
	return out
}

// within keeps the divisions that other holds too.
func (t subtree) within(other subtree) subtree {
	allowed := map[uuid.UUID]bool{}
	for _, id := range other.divisions {
		allowed[id] = true
	}
	out := subtree{roots: []uuid.UUID{}, divisions: []uuid.UUID{}, homes: t.homes}
	for i, id := range t.divisions {
		if allowed[id] {
			out.roots, out.divisions = append(out.roots, t.roots[i]), append(out.divisions, id)
		}
	}
	return out
}

func (s *Grids) lists(ctx context.Context, actor account.Actor, q grid.Query, t subtree) (map[uuid.UUID]page.Page[grid.Grid], error) {
	out := map[uuid.UUID]page.Page[grid.Grid]{}
	reach, err := s.reach(ctx, actor, q, t)
	if err != nil {
		return nil, err
	}
	sql, args := list(q, t, listPage, reach)
	reader := actor
	if q.Order == grid.ByHouseholds { // in which those hidden from the actor count as none
		reader = account.TheCounter()
	}
	err = s.each(ctx, reader, sql, args, func(rows pgx.Rows) error {
		var root uuid.UUID
		var n int
		var distance *float64
		var households *int
		g, err := scanGrid(rows, &root, &n, &distance, &households)
		if err != nil {
			return err
		}
		addRow(out, root, q.Args, page.Item[grid.Grid]{Node: g, Cursor: gridCursor(q.Order, g, distance, households), DistanceM: distance})
		return nil
	})
	if err != nil || !q.Count {
		return out, err
	}
	sql, args = list(q, t, listCount, 0)
	return out, addTotals(ctx, s.DB, actor, sql, args, out)
}

func gridCursor(o grid.Order, g grid.Grid, distance *float64, households *int) page.Cursor {
	c := page.Cursor{Order: string(o), ID: g.Key.ID.String()}
	switch o {
	case grid.ByName:
		c.Text = g.Name
	case grid.ByArea:
		c.Num = g.AreaM2
	case grid.ByDistance:
		c.Num = *distance
	case grid.ByHouseholds:
		c.Num = -float64(*households)
	default:
		c.Text = g.Code
	}
	return c
}
