-- The register beneath the map: units, dwellings and households as counts, legal entities, the numbers that other
-- systems know things by; what changed when; and the coverage reports with what they found.

-- +goose Up
-- A building that a redraw moved to another district left its past in the grids of the old one: NULL where it is still here.
-- So no foreign key can say that it is.
ALTER TABLE building_grid ADD COLUMN moved_to text;
ALTER TABLE building_grid DROP CONSTRAINT building_grid_building_fkey;
CREATE INDEX building_grid_by_hand ON building_grid (district, building_id) WHERE by_hand;   -- few, and asked for by every redraw

-- What else a place is called: in other languages, formerly, for short. NULL: nobody said.
ALTER TABLE building ADD aliases text[], ADD CONSTRAINT building_aliases_count CHECK (cardinality(aliases) <= 20);
ALTER TABLE road ADD aliases text[], ADD CONSTRAINT road_aliases_count CHECK (cardinality(aliases) <= 20);

CREATE INDEX building_estate ON building (estate_id) WHERE estate_id IS NOT NULL;

CREATE TABLE unit (
    district    text NOT NULL,
    id          uuid NOT NULL,
    building_id uuid NOT NULL,
    name        text NOT NULL,               -- "2单元": the stairwell
    households  integer NOT NULL DEFAULT 0,  -- in force now, as the table household says; the past is read there
    residents   integer NOT NULL DEFAULT 0,
    CONSTRAINT unit_pkey PRIMARY KEY (district, id),
    CONSTRAINT unit_name_key UNIQUE (district, building_id, name),
    CONSTRAINT unit_building_fkey FOREIGN KEY (district, building_id) REFERENCES building (district, id),
    CONSTRAINT unit_name_length CHECK (char_length(name) <= 50),
    CONSTRAINT unit_counts CHECK (households >= 0 AND residents >= 0)
);
SELECT place_rows('unit', 'district');

-- Which grid a unit of a cut tower belongs to, placed by hand, through time; else it goes with its building.
CREATE TABLE unit_grid (
    district text NOT NULL,
    id       uuid NOT NULL,
    unit_id  uuid NOT NULL,
    grid_id  uuid NOT NULL,
    during   tstzrange NOT NULL,
    moved_to text,             -- the district that the unit is kept with now, where that is another: see building_grid
    CONSTRAINT unit_grid_pkey PRIMARY KEY (district, id),
    CONSTRAINT unit_grid_grid_fkey FOREIGN KEY (district, grid_id) REFERENCES grid (district, id),
    CONSTRAINT unit_grid_one_at_a_time EXCLUDE USING gist (district WITH =, unit_id WITH =, during WITH &&),
    CONSTRAINT unit_grid_during_given CHECK (NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during))
);
CREATE INDEX unit_grid_unit ON unit_grid (unit_id);   -- in whatever district: see moved_to
CREATE INDEX unit_grid_grid ON unit_grid (district, grid_id);
SELECT place_rows('unit_grid', 'district');

CREATE TABLE dwelling (
    district          text NOT NULL,
    id                uuid NOT NULL,
    unit_id           uuid NOT NULL,
    room              text NOT NULL,   -- "301"
    use               text,
    rental_management text,
    CONSTRAINT dwelling_pkey PRIMARY KEY (district, id),
    CONSTRAINT dwelling_room_key UNIQUE (district, unit_id, room),
    CONSTRAINT dwelling_unit_fkey FOREIGN KEY (district, unit_id) REFERENCES unit (district, id),
    CONSTRAINT dwelling_room_length CHECK (char_length(room) <= 50),
    CONSTRAINT dwelling_use_known CHECK (use IN ('OWNER', 'RENTED', 'VACANT', 'BUSINESS')),
    CONSTRAINT dwelling_rental_length CHECK (char_length(rental_management) <= 50)
);
SELECT place_rows('dwelling', 'district');

-- A household is a number and a count of people: nobody's name.
CREATE TABLE household (
    district    text NOT NULL,
    id          uuid NOT NULL,
    dwelling_id uuid NOT NULL,
    number      text NOT NULL DEFAULT '1',   -- tells the households of one dwelling apart
    residents   integer,                     -- NULL: not known
    since       timestamptz NOT NULL,
    until       timestamptz,
    CONSTRAINT household_pkey PRIMARY KEY (district, id),
    CONSTRAINT household_dwelling_fkey FOREIGN KEY (district, dwelling_id) REFERENCES dwelling (district, id),
    CONSTRAINT household_number_length CHECK (char_length(number) BETWEEN 1 AND 50),
    CONSTRAINT household_residents_range CHECK (residents BETWEEN 0 AND 100),
    CONSTRAINT household_order CHECK (since < until)
);
CREATE UNIQUE INDEX household_in_force ON household (district, dwelling_id, number) WHERE until IS NULL;
CREATE INDEX household_dwelling ON household (district, dwelling_id);   -- of all times
SELECT place_rows('household', 'district');

-- Employers, shops, offices (驻区单位).
CREATE TABLE legal_entity (
    district           text NOT NULL,
    id                 uuid NOT NULL,
    code               text NOT NULL,         -- of the source; the credit code where there is no other
    name               text NOT NULL,
    aliases            text[],                -- as of a building
    credit_code        text,                  -- unified social credit code (GB 32100); a wrong check digit is warned of, not refused
    category           text,                  -- "restaurant": as its source calls it
    address            text,
    employees          integer,
    party_organisation text,
    party_members      integer,
    community_id       uuid,
    building_id        uuid,
    location           geometry(Point, 4490),
    version            integer NOT NULL DEFAULT 1,
    CONSTRAINT legal_entity_pkey PRIMARY KEY (district, id),
    CONSTRAINT legal_entity_code_key UNIQUE (district, code),
    CONSTRAINT legal_entity_community_fkey FOREIGN KEY (community_id) REFERENCES division (id),
    CONSTRAINT legal_entity_building_fkey FOREIGN KEY (district, building_id) REFERENCES building (district, id),
    CONSTRAINT legal_entity_code_form CHECK (code ~ '^[0-9A-Za-z-]{1,32}$'),
    CONSTRAINT legal_entity_name_given CHECK (btrim(name) <> '' AND char_length(name) <= 200),
    CONSTRAINT legal_entity_aliases_count CHECK (cardinality(aliases) <= 20),
    CONSTRAINT legal_entity_credit_code_form CHECK (credit_code ~ '^[0-9A-Z]{18}$'),
    CONSTRAINT legal_entity_address_length CHECK (char_length(address) <= 300),
    CONSTRAINT legal_entity_counts CHECK (employees >= 0 AND party_members >= 0),
    CONSTRAINT legal_entity_location_world CHECK (location @ ST_MakeEnvelope(-180, -90, 180, 90, 4490))
);
CREATE INDEX legal_entity_code ON legal_entity (code);
CREATE INDEX legal_entity_community ON legal_entity (district, community_id, name);
CREATE INDEX legal_entity_building ON legal_entity (district, building_id, name);
CREATE INDEX legal_entity_location ON legal_entity USING gist (location);
SELECT place_rows('legal_entity', 'district');

-- The number that another system knows a place or a worker by (外部编号).
CREATE TABLE external_ref (
    district   text NOT NULL,
    owner_kind text NOT NULL,
    owner_id   uuid NOT NULL,
    system     text NOT NULL,
    code       text NOT NULL,
    CONSTRAINT external_ref_pkey PRIMARY KEY (district, owner_id, system),
    CONSTRAINT external_ref_code_key UNIQUE (district, system, code, owner_kind),
    CONSTRAINT external_ref_owner_known CHECK (owner_kind IN
        ('division', 'grid', 'estate', 'building', 'unit', 'dwelling', 'household', 'legal_entity', 'worker')),
    CONSTRAINT external_ref_system_form CHECK (system ~ '^[0-9A-Za-z._-]{1,50}$'),
    CONSTRAINT external_ref_code_length CHECK (char_length(code) BETWEEN 1 AND 100)
);
SELECT place_rows('external_ref', 'district');

-- The EXCLUDE's own index is slow to probe.
CREATE INDEX grid_boundary_grid ON grid_boundary (district, grid_id);

-- What changed when, numbered without gaps: the numbers are given under one lock that is held to commit. A line names the
-- divisions whose coverage is to be looked at again, each with all beneath it; none where none is.
CREATE TABLE change_log (
    n            bigint NOT NULL,
    at           timestamptz NOT NULL,
    what         text NOT NULL,
    division_ids uuid[] NOT NULL,
    CONSTRAINT change_log_pkey PRIMARY KEY (n),
    CONSTRAINT change_log_what_known CHECK (what IN ('boundaries', 'buildings', 'households', 'staff', 'policy', 'other'))
);
CREATE INDEX change_log_searched ON change_log (n) WHERE what IN ('boundaries', 'buildings', 'other');
SELECT place_rows('change_log', 'everywhere');

-- What a division adds to the reports of itself and of all above it, as of a change and a day: its own findings only, those
-- beneath it are theirs. covered_m2 and gap_m2 are signed: where divisions beneath overlap they take back what counted twice.
CREATE TABLE coverage_report (
    division_id uuid NOT NULL,
    n           bigint NOT NULL,          -- the last change it knows of
    day         date NOT NULL,            -- who is in office depends on it
    checked_at  timestamptz NOT NULL,
    area_m2     double precision,         -- NULL: it has no boundary, so that gaps are unknown
    covered_m2  double precision,
    gap_m2      double precision,
    overlap_m2  double precision NOT NULL,
    outside_m2  double precision,
    CONSTRAINT coverage_report_pkey PRIMARY KEY (division_id),
    CONSTRAINT coverage_report_division_fkey FOREIGN KEY (division_id) REFERENCES division (id) ON DELETE CASCADE
);
SELECT place_rows('coverage_report', 'everywhere');

CREATE TABLE coverage_problem (
    id            uuid NOT NULL,          -- made from what it is and whom it concerns: the same as long as the problem is
    division_id   uuid NOT NULL,          -- whose report holds it
    found_by      uuid NOT NULL,          -- the division whose looking at found it: another one, where
    shared_with   uuid,                   -- two communities overlap, and division_id is above both
    kind          text NOT NULL,
    weight        double precision NOT NULL,   -- within its kind: the larger the graver
    geometry      geometry(Geometry, 4490),
    geometry_3857 geometry(Geometry, 3857) GENERATED ALWAYS AS (ST_Transform(geometry, 3857)) STORED,
    area_m2       double precision,
    division_ids  uuid[] NOT NULL,
    grid_keys     text[] NOT NULL,        -- as package key writes them
    building_key  text,
    buildings     integer,
    households    integer,
    fixes         jsonb NOT NULL,
    CONSTRAINT coverage_problem_pkey PRIMARY KEY (id),
    CONSTRAINT coverage_problem_division_fkey FOREIGN KEY (division_id) REFERENCES division (id) ON DELETE CASCADE,
    CONSTRAINT coverage_problem_kind_known CHECK (kind IN ('GAP', 'OVERLAP', 'OUTSIDE', 'MULTIPART', 'UNASSIGNED_BUILDING',
        'CUT_BUILDING', 'UNSTAFFED', 'OVERSIZE', 'UNDERSIZE'))
);
CREATE INDEX coverage_problem_division ON coverage_problem (division_id, kind);
CREATE INDEX coverage_problem_finder ON coverage_problem (found_by);
CREATE INDEX coverage_problem_sharer ON coverage_problem (shared_with) WHERE shared_with IS NOT NULL;
CREATE INDEX coverage_problem_geometry_3857 ON coverage_problem USING gist (geometry_3857);
CREATE INDEX coverage_problem_grids ON coverage_problem USING gin (grid_keys);
CREATE INDEX coverage_problem_building ON coverage_problem (building_key) WHERE building_key IS NOT NULL;
SELECT place_rows('coverage_problem', 'everywhere');

-- How many informants a grid should have and how many households each; the defaults are the program's.
ALTER TABLE size_policy
    ADD informants_min integer,
    ADD informants_max integer,
    ADD households_per_informant_min integer,
    ADD households_per_informant_max integer,
    ADD CONSTRAINT size_policy_informants CHECK (informants_min >= 0 AND informants_min <= informants_max),
    ADD CONSTRAINT size_policy_households_per_informant CHECK (households_per_informant_min >= 0
        AND households_per_informant_min <= households_per_informant_max);

-- +goose Down
-- +goose StatementBegin
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM household) OR EXISTS (SELECT 1 FROM legal_entity) THEN
        RAISE EXCEPTION 'households or legal entities are registered, and this step back would drop them; delete them first';
    END IF;
END $$;
-- +goose StatementEnd
ALTER TABLE size_policy DROP informants_min, DROP informants_max, DROP households_per_informant_min, DROP households_per_informant_max;
DROP INDEX grid_boundary_grid;
DROP TABLE coverage_problem;
DROP TABLE coverage_report;
DROP TABLE change_log;
DROP TABLE external_ref;
DROP TABLE legal_entity;
DROP TABLE household;
DROP TABLE dwelling;
DROP TABLE unit_grid;
DROP TABLE unit;
ALTER TABLE road DROP aliases;
ALTER TABLE building DROP aliases;
DELETE FROM building_grid WHERE moved_to IS NOT NULL;
ALTER TABLE building_grid ADD CONSTRAINT building_grid_building_fkey
    FOREIGN KEY (district, building_id) REFERENCES building (district, id) ON DELETE CASCADE;
ALTER TABLE building_grid DROP COLUMN moved_to;
DROP INDEX building_grid_by_hand;
DROP INDEX building_estate;
DELETE FROM table_class WHERE table_name IN ('unit', 'unit_grid', 'dwelling', 'household', 'legal_entity', 'external_ref',
    'change_log', 'coverage_report', 'coverage_problem');
