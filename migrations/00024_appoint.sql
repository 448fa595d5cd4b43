-- Who holds the right to appoint writes who is in office where it holds, also as the database sees it: posts that give no such right themselves, and nothing
-- that concerns their own worker. Reading stays as it was. These policies ask functions that read other tables, where others compare columns with settings:
-- few rows are written, and where an area lies, and what else somebody holds, no row of a roster can say of itself.

-- +goose Up
-- +goose StatementBegin
-- lies_in is where all of an area of a post lies now or will, in pieces: of a division the communities beneath it, or its whole district; of a group and its grids; of a
-- building and those of its units that were placed elsewhere. What lies in no grid has a piece without one.
CREATE FUNCTION lies_in(of_district text, of_division uuid, of_group uuid, of_grid uuid, of_building uuid)
RETURNS TABLE (district text, community_id uuid, grid_id uuid, building_id uuid) LANGUAGE sql STABLE AS $$
WITH RECURSIVE beneath AS (
    SELECT d.id, d.home, d.level FROM division d WHERE d.id = of_division
    UNION ALL SELECT c.id, c.home, c.level FROM beneath b JOIN division c ON c.parent_id = b.id WHERE b.level <> 'DISTRICT'
)
SELECT b.home, CASE WHEN b.level <> 'DISTRICT' THEN b.id END, NULL::uuid, NULL::uuid FROM beneath b
WHERE b.level = 'DISTRICT' OR NOT EXISTS (SELECT 1 FROM division c WHERE c.parent_id = b.id)
UNION ALL SELECT p.district, p.community_id, NULL, NULL FROM grid_group p WHERE p.district = of_district AND p.id = of_group
UNION ALL SELECT g.district, g.community_id, g.id, NULL FROM grid g WHERE g.district = of_district AND (g.group_id = of_group OR g.id = of_grid)
UNION ALL SELECT b.district, g.community_id, g.id, b.id FROM building b
    LEFT JOIN building_grid bg ON bg.district = of_district AND bg.building_id = b.id AND (upper_inf(bg.during) OR upper(bg.during) > now())
    LEFT JOIN grid g ON g.district = of_district AND g.id = bg.grid_id
    WHERE b.district = of_district AND b.id = of_building
UNION ALL SELECT u.district, g.community_id, g.id, u.building_id FROM unit u
    JOIN unit_grid ug ON ug.district = of_district AND ug.unit_id = u.id AND (upper_inf(ug.during) OR upper(ug.during) > now())
    JOIN grid g ON g.district = of_district AND g.id = ug.grid_id
    WHERE u.district = of_district AND u.building_id = of_building
$$;

-- The day where it begins first: a term that is over on it may be let go of some hours early. Services know the deployment's zone.
CREATE FUNCTION newest_day() RETURNS date LANGUAGE sql STABLE AS $$ SELECT (now() AT TIME ZONE 'UTC' + interval '14 hours')::date $$;

-- gives is whether the actor may give, and end, such a post: staff.Appointer says the same.
DO $do$
BEGIN
    EXECUTE format($function$
CREATE FUNCTION gives(of_district text, worker uuid, post text, of_division uuid, of_group uuid, of_grid uuid, of_building uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT post NOT IN ('CHIEF_LEADER', 'STATION_HEAD', 'PLATFORM_ADMIN')
    AND worker::text <> nullif(current_setting('wangge.worker', true), '')
    AND (SELECT coalesce(bool_and((%s) IS TRUE), false) FROM lies_in(of_district, of_division, of_group, of_grid, of_building))
$$ $function$, in_reach('appoint'));
END $do$;

-- has_in_hand is whether the actor may give all posts that a worker holds and will, and how many there are at least.
CREATE FUNCTION has_in_hand(of_district text, worker uuid, fewest int) RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT worker::text <> nullif(current_setting('wangge.worker', true), '') AND count(*) >= fewest
    AND coalesce(bool_and(gives(a.district, a.worker_id, a.post, a.division_id, a.group_id, a.grid_id, a.building_id)), true)
FROM assignment a WHERE a.district = of_district AND a.worker_id = worker AND (upper_inf(a.during) OR upper(a.during) > newest_day())
$$;

-- stands_in is whether the actor's own worker is, or will be, a stand-in for a post of an area: who stands in is given what a first holder leaves.
CREATE FUNCTION stands_in(of_district text, area uuid, of_post text) RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT EXISTS (SELECT 1 FROM assignment b WHERE b.district = of_district AND b.area_id = area AND b.post = of_post AND b.cover = 'B'
    AND b.worker_id::text = current_setting('wangge.worker', true) AND (upper_inf(b.during) OR upper(b.during) > newest_day()))
$$;

-- notes_away is whether the actor may say when a worker is away.
CREATE FUNCTION notes_away(of_district text, worker uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT has_in_hand(of_district, worker, 1) AND NOT EXISTS (SELECT 1 FROM assignment a WHERE a.district = of_district AND a.worker_id = worker
    AND (upper_inf(a.during) OR upper(a.during) > newest_day()) AND stands_in(a.district, a.area_id, a.post))
$$;
-- +goose StatementEnd

CREATE POLICY assignment_given ON assignment FOR INSERT TO wangge_app
    WITH CHECK (gives(district, worker_id, post, division_id, group_id, grid_id, building_id) AND has_in_hand(district, worker_id, 0));
CREATE POLICY assignment_ended ON assignment FOR UPDATE TO wangge_app
    USING (gives(district, worker_id, post, division_id, group_id, grid_id, building_id) AND NOT stands_in(district, area_id, post));
CREATE POLICY absence_added ON absence FOR INSERT TO wangge_app WITH CHECK (notes_away(district, worker_id));
CREATE POLICY absence_changed ON absence FOR UPDATE TO wangge_app USING (notes_away(district, worker_id));
CREATE POLICY absence_removed ON absence FOR DELETE TO wangge_app USING (notes_away(district, worker_id));

-- +goose Down
DROP POLICY absence_removed ON absence;
DROP POLICY absence_changed ON absence;
DROP POLICY absence_added ON absence;
DROP POLICY assignment_ended ON assignment;
DROP POLICY assignment_given ON assignment;
DROP FUNCTION notes_away(text, uuid);
DROP FUNCTION stands_in(text, uuid, text);
DROP FUNCTION has_in_hand(text, uuid, int);
DROP FUNCTION gives(text, uuid, text, uuid, uuid, uuid, uuid);
DROP FUNCTION newest_day();
DROP FUNCTION lies_in(text, uuid, uuid, uuid, uuid);
