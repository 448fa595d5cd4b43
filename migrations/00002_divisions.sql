-- Administrative divisions (行政区划) and what a deployment sets for them.

-- +goose Up
CREATE TABLE division (
    id            uuid NOT NULL,
    code          text NOT NULL,
    name          text NOT NULL,
    level         text NOT NULL,
    parent_id     uuid,
    home          text NOT NULL,   -- the permanent home key of its district: the "district" of every row beneath it
    boundary      geometry(MultiPolygon, 4490),
    boundary_3857 geometry(MultiPolygon, 3857) GENERATED ALWAYS AS (ST_Transform(boundary, 3857)) STORED,
    area_m2       double precision GENERATED ALWAYS AS (ST_Area(boundary::geography)) STORED,
    limit_east    text,            -- the four bounds in words (四至)
    limit_south   text,
    limit_west    text,
    limit_north   text,
    version       integer NOT NULL DEFAULT 1,
    CONSTRAINT division_pkey PRIMARY KEY (id),
    CONSTRAINT division_code_key UNIQUE (code),
    CONSTRAINT division_parent_fkey FOREIGN KEY (parent_id) REFERENCES division (id),
    CONSTRAINT division_code_form CHECK (code ~ '^[0-9A-Za-z-]{1,32}$'),
    CONSTRAINT division_name_given CHECK (btrim(name) <> '' AND char_length(name) <= 200),
    CONSTRAINT division_level_known CHECK (level IN ('PROVINCE', 'CITY', 'DISTRICT', 'TOWN', 'COMMUNITY')),
    CONSTRAINT division_home_form CHECK (home ~ '^[0-9a-z]{4,16}$'),
    CONSTRAINT division_not_own_parent CHECK (parent_id <> id),
    CONSTRAINT division_boundary_valid CHECK (ST_IsValid(boundary) AND NOT ST_IsEmpty(boundary)),
    CONSTRAINT division_boundary_world CHECK (boundary @ ST_MakeEnvelope(-180, -90, 180, 90, 4490))
);
CREATE INDEX division_parent ON division (parent_id, code);
CREATE INDEX division_boundary ON division USING gist (boundary);
CREATE INDEX division_boundary_3857 ON division USING gist (boundary_3857);
SELECT place_rows('division', 'everywhere');

-- Every code a division ever had; a code that was given once is never given to another.
CREATE TABLE division_code (
    code        text NOT NULL,
    division_id uuid NOT NULL,
    since       timestamptz NOT NULL,
    CONSTRAINT division_code_pkey PRIMARY KEY (code),
    CONSTRAINT division_code_division_fkey FOREIGN KEY (division_id) REFERENCES division (id) ON DELETE CASCADE,
    CONSTRAINT division_code_code_form CHECK (code ~ '^[0-9A-Za-z-]{1,32}$')
);
CREATE INDEX division_code_division ON division_code (division_id);
SELECT place_rows('division_code', 'everywhere');

-- How large a grid should be here: local policy, inherited down the tree. A breach is a warning.
CREATE TABLE size_policy (
    division_id       uuid NOT NULL,
    households_min    integer,
    households_target integer,
    households_max    integer,
    residents_min     integer,
    residents_max     integer,
    grids_min         integer,   -- grids in a community
    grids_max         integer,
    version           integer NOT NULL DEFAULT 1,
    CONSTRAINT size_policy_pkey PRIMARY KEY (division_id),
    CONSTRAINT size_policy_division_fkey FOREIGN KEY (division_id) REFERENCES division (id) ON DELETE CASCADE,
    CONSTRAINT size_policy_households CHECK (households_min >= 0 AND households_min <= households_max
        AND households_target BETWEEN coalesce(households_min, 0) AND coalesce(households_max, households_target)),
    CONSTRAINT size_policy_residents CHECK (residents_min >= 0 AND residents_min <= residents_max),
    CONSTRAINT size_policy_grids CHECK (grids_min >= 0 AND grids_min <= grids_max)
);
SELECT place_rows('size_policy', 'everywhere');

-- +goose Down
DROP TABLE size_policy;
DROP TABLE division_code;
DROP TABLE division;
DELETE FROM table_class WHERE table_name IN ('division', 'division_code', 'size_policy');
