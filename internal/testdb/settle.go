package testdb

// settled is what the store keeps of where rows lie and how many live in units, derived anew from what it follows from.
const settled = `WITH placed AS (
	SELECT u.district, u.id AS unit_id, u.building_id, g.id AS grid_id, g.community_id FROM unit u
	LEFT JOIN LATERAL (
		SELECT x.grid_id FROM (
			SELECT 1 AS nth, ug.grid_id FROM unit_grid ug WHERE ug.district = u.district AND ug.unit_id = u.id AND ug.during @> now()
			UNION ALL
			SELECT 2, bg.grid_id FROM building_grid bg WHERE bg.district = u.district AND bg.building_id = u.building_id AND bg.during @> now()
		) x ORDER BY x.nth LIMIT 1
	) x ON true
	LEFT JOIN grid g ON g.district = u.district AND g.id = x.grid_id
), counted AS (
	SELECT p.*, coalesce(n.households, 0) AS households, coalesce(n.residents, 0) AS residents FROM placed p LEFT JOIN (
		SELECT d.district, d.unit_id, count(*) AS households, sum(h.residents) AS residents FROM dwelling d
		JOIN household h ON h.district = d.district AND h.dwelling_id = d.id AND h.until IS NULL GROUP BY d.district, d.unit_id
	) n ON n.district = p.district AND n.unit_id = p.unit_id
)
`

// Settle keeps in step, for tests that write rows themselves, what the store keeps of where they lie and how many live there.
func Settle(exec func(sql string)) {
	for _, sql := range []string{
		settled + `INSERT INTO unit_people (district, unit_id, building_id, grid_id, community_id, households, residents)
			SELECT district, unit_id, building_id, grid_id, community_id, households, residents FROM counted
			ON CONFLICT (district, unit_id) DO UPDATE SET building_id = excluded.building_id, grid_id = excluded.grid_id,
				community_id = excluded.community_id, households = excluded.households, residents = excluded.residents`,
		`UPDATE dwelling d SET building_id = p.building_id, grid_id = p.grid_id, community_id = p.community_id
			FROM unit_people p WHERE p.district = d.district AND p.unit_id = d.unit_id`,
		`UPDATE household h SET building_id = d.building_id, grid_id = d.grid_id, community_id = d.community_id
			FROM dwelling d WHERE d.district = h.district AND d.id = h.dwelling_id`,
	} {
		exec(sql)
	}
}

// Unsettled is a query for one text: the rows, a line each, that say of where they lie, or of how many live there, something else than
// follows from the rest.
const Unsettled = settled + `SELECT coalesce(string_agg(x.line, E'\n' ORDER BY x.line), '') FROM (
SELECT concat_ws(' ', 'unit', c.unit_id, 'in', p.grid_id, p.community_id, 'with', p.households, p.residents, 'is in', c.grid_id, c.community_id, 'with', c.households, c.residents) AS line
FROM counted c FULL JOIN unit_people p ON p.district = c.district AND p.unit_id = c.unit_id
WHERE (p.building_id, p.grid_id, p.community_id, p.households, p.residents) IS DISTINCT FROM (c.building_id, c.grid_id, c.community_id, c.households::int, c.residents::int)
UNION ALL
SELECT concat_ws(' ', 'dwelling', d.id, 'in', d.grid_id, d.community_id, 'is in', c.grid_id, c.community_id)
FROM dwelling d LEFT JOIN counted c ON c.district = d.district AND c.unit_id = d.unit_id
WHERE (d.building_id, d.grid_id, d.community_id) IS DISTINCT FROM (c.building_id, c.grid_id, c.community_id)
UNION ALL
SELECT concat_ws(' ', 'household', h.id, 'in', h.grid_id, h.community_id, 'is in', c.grid_id, c.community_id)
FROM household h LEFT JOIN dwelling d ON d.district = h.district AND d.id = h.dwelling_id LEFT JOIN counted c ON c.district = d.district AND c.unit_id = d.unit_id
WHERE (h.building_id, h.grid_id, h.community_id) IS DISTINCT FROM (c.building_id, c.grid_id, c.community_id)
) x`
