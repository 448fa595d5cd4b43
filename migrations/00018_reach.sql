-- What a right reaches is found out in fewer steps for each row that is read: one setting says how, and most actors' rights reach places of one kind,
-- few of them. Reading a community's households as its chief cost 1.31 times what it costs the tables' owner (docs/benchmarks.md, "Row-level policies").

-- +goose Up
-- +goose StatementBegin
-- listed is the condition that an id is among those that settings list: in one for all, or in one for each last digit, since a list costs by its length.
-- Lists are searched as text, which takes a tenth of what taking them apart does. An id is found there as a whole or not at all.
CREATE FUNCTION listed(setting text, id text, by_digit boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
SELECT CASE WHEN by_digit THEN format('CASE get_byte(uuid_send(%s), 15) & 15 ', id)
    || (SELECT string_agg(format('WHEN %s THEN strpos(current_setting(%L, true), %s::text) > 0', n, setting || '_' || to_hex(n), id), ' ' ORDER BY n) FROM generate_series(0, 15) n) || ' END'
ELSE format('strpos(current_setting(%L, true), %s::text) > 0', setting, id) END
$$;

-- in_reach is the condition under which a row lies where a right of the actor holds: only in transactions of staff db.As sets where. Policies compare columns
-- with settings and have no sub-query (ARCHITECTURE.md, "Scale"), so that settings are read once a row: first how the right's places are told.
-- People may have several places: their rows carry lists, and are few at a time.
CREATE OR REPLACE FUNCTION in_reach(of_right text, several boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
SELECT replace(CASE WHEN several THEN
    $condition$(grids && nullif(current_setting('wangge.RIGHT_grids', true), '')::uuid[]
        OR communities && nullif(current_setting('wangge.RIGHT_communities', true), '')::uuid[]
        OR buildings && nullif(current_setting('wangge.RIGHT_buildings', true), '')::uuid[]
        OR district = ANY (nullif(current_setting('wangge.RIGHT_districts', true), '')::text[])
        OR current_setting('wangge.RIGHT', true) = 'everywhere')$condition$
ELSE format($condition$(CASE current_setting('wangge.RIGHT', true)
        WHEN 'communities' THEN %1$s
        WHEN 'grids' THEN %2$s
        WHEN 'many communities' THEN %3$s
        WHEN 'many grids' THEN %4$s
        WHEN 'districts' THEN district = ANY (current_setting('wangge.RIGHT_districts', true)::text[])
        WHEN 'several' THEN %1$s OR %2$s OR %5$s OR district = ANY (nullif(current_setting('wangge.RIGHT_districts', true), '')::text[])
        WHEN 'everywhere' THEN true
    END)$condition$, listed('wangge.RIGHT_communities', 'community_id'), listed('wangge.RIGHT_grids', 'grid_id'),
        listed('wangge.RIGHT_communities', 'community_id', true), listed('wangge.RIGHT_grids', 'grid_id', true), listed('wangge.RIGHT_buildings', 'building_id'))
END, 'RIGHT', of_right)
$$;

-- protect_rows lets policies guard a table: its rows are for those at work, and for staff to read, and to write, under conditions; NULL: never.
CREATE OR REPLACE FUNCTION protect_rows(name text, reads text DEFAULT NULL, writes text DEFAULT NULL, at_work text[] DEFAULT '{operator,counter}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY %I ON %I TO wangge_app USING (current_setting(''wangge.role'', true) = ANY (%L::text[]))', name || '_at_work', name, at_work);
    IF reads IS NOT NULL THEN
        EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO wangge_app USING (%s)', name || '_in_reach', name, reads);
    END IF;
    IF writes IS NOT NULL THEN
        EXECUTE format('CREATE POLICY %I ON %I FOR INSERT TO wangge_app WITH CHECK (%s)', name || '_added', name, writes);
        EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE TO wangge_app USING (%s)', name || '_changed', name, writes);
        EXECUTE format('CREATE POLICY %I ON %I FOR DELETE TO wangge_app USING (%s)', name || '_removed', name, writes);
    END IF;
END $$;

-- reach_anew says again under which conditions staff read, and write, a table that protect_rows guards.
CREATE FUNCTION reach_anew(name text, reads text, writes text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER POLICY %I ON %I USING (%s)', name || '_in_reach', name, reads);
    IF writes IS NOT NULL THEN
        EXECUTE format('ALTER POLICY %I ON %I WITH CHECK (%s)', name || '_added', name, writes);
        EXECUTE format('ALTER POLICY %I ON %I USING (%s)', name || '_changed', name, writes);
        EXECUTE format('ALTER POLICY %I ON %I USING (%s)', name || '_removed', name, writes);
    END IF;
END $$;
-- +goose StatementEnd

SELECT reach_anew('unit_people', in_reach('households'));
SELECT reach_anew('dwelling', in_reach('households'));
SELECT reach_anew('household', in_reach('households'));
SELECT reach_anew('resident', in_reach('residents', true), in_reach('keep', true));
SELECT reach_anew('residency', in_reach('residents'), in_reach('keep'));
SELECT reach_anew('care_tag', c.may, c.may) FROM (SELECT '(NOT restricted AND ' || in_reach('care', true) || ' OR restricted AND ' || in_reach('restricted', true) || ')' AS may) c;
SELECT reach_anew('household_form', in_reach('residents'), in_reach('keep'));

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION in_reach(of_right text, several boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
SELECT replace(CASE WHEN several THEN
    $condition$(grids && nullif(current_setting('wangge.RIGHT_grids', true), '')::uuid[]
        OR communities && nullif(current_setting('wangge.RIGHT_communities', true), '')::uuid[]
        OR buildings && nullif(current_setting('wangge.RIGHT_buildings', true), '')::uuid[]$condition$
ELSE
    $condition$(strpos(current_setting('wangge.RIGHT_grids', true), grid_id::text) > 0
        OR strpos(current_setting('wangge.RIGHT_communities', true), community_id::text) > 0
        OR strpos(current_setting('wangge.RIGHT_buildings', true), building_id::text) > 0$condition$
END || $condition$
        OR district = ANY (nullif(current_setting('wangge.RIGHT_districts', true), '')::text[])
        OR current_setting('wangge.RIGHT_everywhere', true) = 'on')$condition$, 'RIGHT', of_right)
$$;

CREATE OR REPLACE FUNCTION protect_rows(name text, reads text DEFAULT NULL, writes text DEFAULT NULL, at_work text[] DEFAULT '{operator,counter}') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    staff text := 'current_setting(''wangge.role'', true) = ''staff'' AND ';
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY %I ON %I TO wangge_app USING (current_setting(''wangge.role'', true) = ANY (%L::text[]))', name || '_at_work', name, at_work);
    IF reads IS NOT NULL THEN
        EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO wangge_app USING (%s)', name || '_in_reach', name, staff || reads);
    END IF;
    IF writes IS NOT NULL THEN
        EXECUTE format('CREATE POLICY %I ON %I FOR INSERT TO wangge_app WITH CHECK (%s)', name || '_added', name, staff || writes);
        EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE TO wangge_app USING (%s)', name || '_changed', name, staff || writes);
        EXECUTE format('CREATE POLICY %I ON %I FOR DELETE TO wangge_app USING (%s)', name || '_removed', name, staff || writes);
    END IF;
END $$;
-- +goose StatementEnd
SELECT reach_anew('unit_people', 'current_setting(''wangge.role'', true) = ''staff'' AND ' || in_reach('households'));
SELECT reach_anew('dwelling', 'current_setting(''wangge.role'', true) = ''staff'' AND ' || in_reach('households'));
SELECT reach_anew('household', 'current_setting(''wangge.role'', true) = ''staff'' AND ' || in_reach('households'));
SELECT reach_anew('resident', 'current_setting(''wangge.role'', true) = ''staff'' AND ' || in_reach('residents', true), 'current_setting(''wangge.role'', true) = ''staff'' AND ' || in_reach('keep', true));
SELECT reach_anew('residency', 'current_setting(''wangge.role'', true) = ''staff'' AND ' || in_reach('residents'), 'current_setting(''wangge.role'', true) = ''staff'' AND ' || in_reach('keep'));
SELECT reach_anew('care_tag', s.may, s.may) FROM (SELECT 'current_setting(''wangge.role'', true) = ''staff'' AND ' || '(NOT restricted AND ' || in_reach('care', true) || ' OR restricted AND ' || in_reach('restricted', true) || ')' AS may) s;
SELECT reach_anew('household_form', 'current_setting(''wangge.role'', true) = ''staff'' AND ' || in_reach('residents'), 'current_setting(''wangge.role'', true) = ''staff'' AND ' || in_reach('keep'));
DROP FUNCTION reach_anew(text, text, text);
DROP FUNCTION listed(text, text, boolean);
