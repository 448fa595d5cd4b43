-- Who may see which rows: what tells of people is kept in tables of its own, whose rows say where they lie and are given by policies
-- to those whose posts reach there. What everybody may know stays where it was.

-- +goose Up
-- +goose StatementBegin
-- in_reach is the condition under which a row lies where a right of the actor holds: only in transactions of staff db.As sets where. Policies compare columns
-- with settings and have no sub-query (ARCHITECTURE.md, "Scale"), so that settings are read once a row: lists of ids are searched as text, which takes a tenth
-- of what taking them apart does. An id is found there as a whole or not at all. People may have several places: their rows carry lists, and are few at a time.
CREATE FUNCTION in_reach(of_right text, several boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
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

-- protect_rows lets policies guard a table: its rows are for those at work, and for staff to read, and to write, under conditions; NULL: never.
CREATE FUNCTION protect_rows(name text, reads text DEFAULT NULL, writes text DEFAULT NULL, at_work text[] DEFAULT '{operator,counter}') RETURNS void LANGUAGE plpgsql AS $$
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

-- How many live in a unit now, and where it lies: in the grid that it was placed in by hand, else in its building's, and in that one's
-- community; NULL where it lies in none. The past is read in the table household.
CREATE TABLE unit_people (
    district     text NOT NULL,
    unit_id      uuid NOT NULL,
    building_id  uuid NOT NULL,
    grid_id      uuid,
    community_id uuid,
    households   integer NOT NULL DEFAULT 0,
    residents    integer NOT NULL DEFAULT 0,
    CONSTRAINT unit_people_pkey PRIMARY KEY (district, unit_id),
    CONSTRAINT unit_people_unit_fkey FOREIGN KEY (district, unit_id) REFERENCES unit (district, id) ON DELETE CASCADE,
    CONSTRAINT unit_people_counts CHECK (households >= 0 AND residents >= 0)
);
SELECT place_rows('unit_people', 'district');
INSERT INTO unit_people (district, unit_id, building_id, grid_id, community_id, households, residents)
SELECT u.district, u.id, u.building_id, g.id, g.community_id, u.households, u.residents FROM unit u
LEFT JOIN unit_grid ug ON ug.district = u.district AND ug.unit_id = u.id AND ug.during @> now()
LEFT JOIN building_grid bg ON bg.district = u.district AND bg.building_id = u.building_id AND bg.during @> now()
LEFT JOIN grid g ON g.district = u.district AND g.id = coalesce(ug.grid_id, bg.grid_id);
CREATE INDEX unit_people_grid ON unit_people (district, grid_id) INCLUDE (households, residents);
CREATE INDEX unit_people_building ON unit_people (district, building_id) INCLUDE (unit_id, households, residents);
SELECT protect_rows('unit_people', in_reach('households'));
ALTER TABLE unit DROP households, DROP residents;

-- As its unit's.
ALTER TABLE dwelling ADD building_id uuid, ADD grid_id uuid, ADD community_id uuid;
UPDATE dwelling d SET building_id = p.building_id, grid_id = p.grid_id, community_id = p.community_id
FROM unit_people p WHERE p.district = d.district AND p.unit_id = d.unit_id;
SELECT protect_rows('dwelling', in_reach('households'));

ALTER TABLE household ADD building_id uuid, ADD grid_id uuid, ADD community_id uuid;
UPDATE household h SET building_id = d.building_id, grid_id = d.grid_id, community_id = d.community_id
FROM dwelling d WHERE d.district = h.district AND d.id = h.dwelling_id;
SELECT protect_rows('household', in_reach('households'));

-- What the public is not told of a legal entity. Its code is among that: it may be the credit code.
CREATE TABLE entity_record (
    district           text NOT NULL,
    entity_id          uuid NOT NULL,
    code               text NOT NULL,         -- of the source; the credit code where there is no other
    credit_code        text,                  -- unified social credit code (GB 32100); a wrong check digit is warned of, not refused
    employees          integer,
    party_organisation text,
    party_members      integer,
    CONSTRAINT entity_record_pkey PRIMARY KEY (district, entity_id),
    CONSTRAINT entity_record_entity_fkey FOREIGN KEY (district, entity_id) REFERENCES legal_entity (district, id) ON DELETE CASCADE,
    CONSTRAINT entity_record_code_key UNIQUE (district, code),
    CONSTRAINT entity_record_code_form CHECK (code ~ '^[0-9A-Za-z-]{1,32}$'),
    CONSTRAINT entity_record_credit_code_form CHECK (credit_code ~ '^[0-9A-Z]{18}$'),
    CONSTRAINT entity_record_counts CHECK (employees >= 0 AND party_members >= 0)
);
SELECT place_rows('entity_record', 'district');
INSERT INTO entity_record (district, entity_id, code, credit_code, employees, party_organisation, party_members)
SELECT district, id, code, credit_code, employees, party_organisation, party_members FROM legal_entity;
CREATE INDEX entity_record_code ON entity_record (code);
SELECT protect_rows('entity_record');
ALTER TABLE legal_entity DROP code, DROP credit_code, DROP employees, DROP party_organisation, DROP party_members;

SELECT protect_rows('external_ref');

-- How many live where a problem is. Problems lie within each other, so that one count would be found from the others.
CREATE TABLE coverage_people (
    problem_id uuid NOT NULL,
    households integer NOT NULL,
    CONSTRAINT coverage_people_pkey PRIMARY KEY (problem_id),
    CONSTRAINT coverage_people_problem_fkey FOREIGN KEY (problem_id) REFERENCES coverage_problem (id) ON DELETE CASCADE
);
SELECT place_rows('coverage_people', 'everywhere');
INSERT INTO coverage_people (problem_id, households) SELECT id, households FROM coverage_problem WHERE households IS NOT NULL;
SELECT protect_rows('coverage_people');
ALTER TABLE coverage_problem DROP households;

-- +goose Down
ALTER TABLE coverage_problem ADD households integer;
UPDATE coverage_problem q SET households = p.households FROM coverage_people p WHERE p.problem_id = q.id;
DROP TABLE coverage_people;

DROP POLICY external_ref_at_work ON external_ref;
ALTER TABLE external_ref DISABLE ROW LEVEL SECURITY;

ALTER TABLE legal_entity ADD code text, ADD credit_code text, ADD employees integer, ADD party_organisation text, ADD party_members integer;
UPDATE legal_entity l SET code = r.code, credit_code = r.credit_code, employees = r.employees, party_organisation = r.party_organisation,
    party_members = r.party_members FROM entity_record r WHERE r.district = l.district AND r.entity_id = l.id;
ALTER TABLE legal_entity ALTER code SET NOT NULL,
    ADD CONSTRAINT legal_entity_code_key UNIQUE (district, code),
    ADD CONSTRAINT legal_entity_code_form CHECK (code ~ '^[0-9A-Za-z-]{1,32}$'),
    ADD CONSTRAINT legal_entity_credit_code_form CHECK (credit_code ~ '^[0-9A-Z]{18}$'),
    ADD CONSTRAINT legal_entity_counts CHECK (employees >= 0 AND party_members >= 0);
CREATE INDEX legal_entity_code ON legal_entity (code);
DROP TABLE entity_record;

DROP POLICY household_in_reach ON household;
DROP POLICY household_at_work ON household;
ALTER TABLE household DISABLE ROW LEVEL SECURITY;
ALTER TABLE household DROP building_id, DROP grid_id, DROP community_id;
DROP POLICY dwelling_in_reach ON dwelling;
DROP POLICY dwelling_at_work ON dwelling;
ALTER TABLE dwelling DISABLE ROW LEVEL SECURITY;
ALTER TABLE dwelling DROP building_id, DROP grid_id, DROP community_id;

ALTER TABLE unit ADD households integer NOT NULL DEFAULT 0, ADD residents integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT unit_counts CHECK (households >= 0 AND residents >= 0);
UPDATE unit u SET households = p.households, residents = p.residents FROM unit_people p WHERE p.district = u.district AND p.unit_id = u.id;
DROP TABLE unit_people;
DROP FUNCTION protect_rows(text, text, text, text[]);
DROP FUNCTION in_reach(text, boolean);
DELETE FROM table_class WHERE table_name IN ('unit_people', 'entity_record', 'coverage_people');
