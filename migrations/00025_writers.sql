-- What everybody may know is for operators, and for the server at work, to write: also where a service forgot to ask. All read it, by a policy that is
-- true and so costs no index. Where staff arrange something, they lock the grid or division that it concerns, which a policy lets them do where their
-- right holds and nowhere else, and the server writes it for them (db, "arranged"): so that a policy needs no more columns than those of its row.

-- +goose Up
SELECT protect_rows(name, 'true', at_work => '{operator}') FROM unnest(ARRAY['worker_photo', 'loose_photo', 'division_code', 'grid', 'grid_boundary', 'grid_code',
    'grid_group', 'building', 'estate', 'land', 'legal_entity', 'road', 'unit', 'care_category']) name;
SELECT protect_rows(name, 'true', at_work => '{operator,counter}') FROM unnest(ARRAY['division', 'size_policy', 'building_grid', 'unit_grid', 'board_print', 'change_log', 'coverage_problem',
    'coverage_report']) name;

-- +goose StatementBegin
-- lets_lock lets staff lock, and not change, the rows of a table that say themselves which grid or community they are, where they arrange things. Locking asks the
-- conditions of UPDATE, changing also that of the new row.
CREATE FUNCTION lets_lock(name text, lies text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE TO wangge_app USING (%s) WITH CHECK (false)', name || '_locked', name, lies);
END $$;
-- +goose StatementEnd
SELECT lets_lock('grid', replace(replace(in_reach('arrange'), 'grid_id', 'id'), 'building_id', 'NULL::uuid'));
SELECT lets_lock('division', replace(replace(replace(replace(in_reach('arrange'), 'grid_id', 'NULL::uuid'), 'building_id', 'NULL::uuid'), 'community_id', 'id'), 'district =', 'home ='));


-- What no statement of ours does is not granted: what is kept is added to, forms and terms are set by who owns the tables.
REVOKE INSERT, UPDATE, DELETE ON retention, collection_form FROM wangge_app;
REVOKE UPDATE, DELETE ON change_log, division_code, grid_code, grid_group FROM wangge_app;
REVOKE DELETE ON care_category, resident_erasure, division, estate, grid, grid_boundary, size_policy, coverage_report, coverage_people, account_secret FROM wangge_app;
REVOKE UPDATE ON unit, recovery_code FROM wangge_app;

-- Searches and the like are counted within any hour, not that of the clock, around which there could be twice as many: each use by its instant. Counts of before
-- are not carried over, they last an hour.
DELETE FROM resident_use;
ALTER TABLE resident_use
    DROP CONSTRAINT resident_use_pkey,
    DROP COLUMN hour,
    DROP COLUMN times,
    ADD COLUMN uses timestamptz[] NOT NULL, -- in their order
    ADD CONSTRAINT resident_use_pkey PRIMARY KEY (actor, what),
    ADD CONSTRAINT resident_use_counts CHECK (cardinality(uses) >= 1);

-- +goose Down
DELETE FROM resident_use;
ALTER TABLE resident_use
    DROP CONSTRAINT resident_use_counts,
    DROP CONSTRAINT resident_use_pkey,
    DROP COLUMN uses,
    ADD COLUMN hour timestamptz NOT NULL,
    ADD COLUMN times integer NOT NULL,
    ADD CONSTRAINT resident_use_pkey PRIMARY KEY (actor, what, hour),
    ADD CONSTRAINT resident_use_counts CHECK (times >= 1);

GRANT INSERT, UPDATE, DELETE ON retention, collection_form TO wangge_app;
GRANT UPDATE, DELETE ON change_log, division_code, grid_code, grid_group TO wangge_app;
GRANT DELETE ON care_category, resident_erasure, division, estate, grid, grid_boundary, size_policy, coverage_report, coverage_people, account_secret TO wangge_app;
GRANT UPDATE ON unit, recovery_code TO wangge_app;

DROP POLICY grid_locked ON grid;
DROP POLICY division_locked ON division;
DROP FUNCTION lets_lock(text, text);
-- +goose StatementBegin
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['worker_photo', 'loose_photo', 'division_code', 'grid', 'grid_boundary', 'grid_code', 'grid_group', 'building', 'estate', 'land', 'legal_entity', 'road',
        'unit', 'coverage_problem', 'coverage_report', 'care_category', 'division', 'size_policy', 'building_grid', 'unit_grid', 'board_print', 'change_log'] LOOP
        EXECUTE format('DROP POLICY %I ON %I', name || '_at_work', name);
        EXECUTE format('DROP POLICY %I ON %I', name || '_in_reach', name);
        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', name);
    END LOOP;
END $$;
-- +goose StatementEnd
