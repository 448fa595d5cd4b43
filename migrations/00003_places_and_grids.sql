-- Estates, buildings, grids with their boundaries through time, roads and land.

-- +goose Up
CREATE TABLE grid_group (
    district     text NOT NULL,
    id           uuid NOT NULL,
    community_id uuid NOT NULL,
    name         text NOT NULL,
    CONSTRAINT grid_group_pkey PRIMARY KEY (district, id),
    CONSTRAINT grid_group_name_key UNIQUE (district, community_id, name),
    CONSTRAINT grid_group_community_fkey FOREIGN KEY (community_id) REFERENCES division (id),
    CONSTRAINT grid_group_name_given CHECK (btrim(name) <> '' AND char_length(name) <= 200)
);
SELECT place_rows('grid_group', 'district');

CREATE TABLE grid (
    district     text NOT NULL,
    id           uuid NOT NULL,
    code         text NOT NULL,
    name         text NOT NULL,
    kind         text NOT NULL,
    basis        text,
    community_id uuid NOT NULL,
    group_id     uuid,
    limit_east   text,
    limit_south  text,
    limit_west   text,
    limit_north  text,
    version      integer NOT NULL DEFAULT 1,
    CONSTRAINT grid_pkey PRIMARY KEY (district, id),
    CONSTRAINT grid_code_key UNIQUE (district, code),
    CONSTRAINT grid_community_fkey FOREIGN KEY (community_id) REFERENCES division (id),
    CONSTRAINT grid_group_fkey FOREIGN KEY (district, group_id) REFERENCES grid_group (district, id),
    CONSTRAINT grid_code_form CHECK (code ~ '^[0-9A-Za-z-]{1,32}$'),
    CONSTRAINT grid_name_given CHECK (btrim(name) <> '' AND char_length(name) <= 200),
    CONSTRAINT grid_kind_known CHECK (kind IN ('COMPREHENSIVE', 'DEDICATED')),
    CONSTRAINT grid_basis_known CHECK (basis IN ('ESTATE', 'STREET', 'VILLAGE_GROUP', 'EMPLOYER', 'MARKET', 'SCHOOL', 'OTHER'))
);
CREATE INDEX grid_community ON grid (district, community_id, code);
CREATE INDEX grid_in_group ON grid (district, group_id, code);
SELECT place_rows('grid', 'district');

-- Every code a grid ever had finds its district and grid here; a code is never given to another grid.
CREATE TABLE grid_code (
    code     text NOT NULL,
    district text NOT NULL,
    grid_id  uuid NOT NULL,
    since    timestamptz NOT NULL,
    CONSTRAINT grid_code_pkey PRIMARY KEY (code),
    CONSTRAINT grid_code_code_form CHECK (code ~ '^[0-9A-Za-z-]{1,32}$')
);
CREATE INDEX grid_code_grid ON grid_code (district, grid_id);
SELECT place_rows('grid_code', 'everywhere');

-- The boundary of a grid during a time. The one in force at an instant is the one whose range holds it.
CREATE TABLE grid_boundary (
    district      text NOT NULL,
    id            uuid NOT NULL,
    grid_id       uuid NOT NULL,
    during        tstzrange NOT NULL,
    boundary      geometry(MultiPolygon, 4490) NOT NULL,
    boundary_3857 geometry(MultiPolygon, 3857) NOT NULL GENERATED ALWAYS AS (ST_Transform(boundary, 3857)) STORED,
    area_m2       double precision NOT NULL GENERATED ALWAYS AS (ST_Area(boundary::geography)) STORED,
    label_point   geometry(Point, 4490) NOT NULL,   -- inside the area, as far from its border as can be
    CONSTRAINT grid_boundary_pkey PRIMARY KEY (district, id),
    CONSTRAINT grid_boundary_grid_fkey FOREIGN KEY (district, grid_id) REFERENCES grid (district, id) ON DELETE CASCADE,
    CONSTRAINT grid_boundary_one_at_a_time EXCLUDE USING gist (district WITH =, grid_id WITH =, during WITH &&),
    CONSTRAINT grid_boundary_during_given CHECK (NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during)),
    CONSTRAINT grid_boundary_valid CHECK (ST_IsValid(boundary) AND NOT ST_IsEmpty(boundary)),
    CONSTRAINT grid_boundary_world CHECK (boundary @ ST_MakeEnvelope(-180, -90, 180, 90, 4490)),
    CONSTRAINT grid_boundary_label_inside CHECK (ST_Covers(boundary, label_point))
);
CREATE INDEX grid_boundary_boundary ON grid_boundary USING gist (boundary);
CREATE INDEX grid_boundary_boundary_3857 ON grid_boundary USING gist (boundary_3857);
SELECT place_rows('grid_boundary', 'district');

CREATE TABLE estate (
    district     text NOT NULL,
    id           uuid NOT NULL,
    community_id uuid,
    name         text NOT NULL,
    managed_by   text,
    CONSTRAINT estate_pkey PRIMARY KEY (district, id),
    CONSTRAINT estate_name_key UNIQUE NULLS NOT DISTINCT (district, community_id, name),
    CONSTRAINT estate_community_fkey FOREIGN KEY (community_id) REFERENCES division (id),
    CONSTRAINT estate_name_given CHECK (btrim(name) <> '' AND char_length(name) <= 200),
    CONSTRAINT estate_managed_by_known CHECK (managed_by IN ('OWNERS', 'COMPANY', 'EMPLOYER', 'COMMUNITY', 'VILLAGE'))
);
SELECT place_rows('estate', 'district');

CREATE TABLE building (
    district       text NOT NULL,
    id             uuid NOT NULL,
    code           text NOT NULL,
    name           text NOT NULL,
    address        text,
    floors         integer,
    estate_id      uuid,
    location       geometry(Point, 4490) NOT NULL,          -- on the footprint: decides which grid it belongs to
    footprint      geometry(MultiPolygon, 4490),
    location_3857  geometry(Point, 3857) NOT NULL GENERATED ALWAYS AS (ST_Transform(location, 3857)) STORED,
    shape_3857     geometry(Geometry, 3857) NOT NULL GENERATED ALWAYS AS (ST_Transform(coalesce(footprint, location), 3857)) STORED,
    version        integer NOT NULL DEFAULT 1,
    CONSTRAINT building_pkey PRIMARY KEY (district, id),
    CONSTRAINT building_code_key UNIQUE (district, code),
    CONSTRAINT building_estate_fkey FOREIGN KEY (district, estate_id) REFERENCES estate (district, id),
    CONSTRAINT building_code_form CHECK (code ~ '^[0-9A-Za-z-]{1,32}$'),
    CONSTRAINT building_name_length CHECK (char_length(name) <= 200),
    CONSTRAINT building_address_length CHECK (char_length(address) <= 300),
    CONSTRAINT building_floors_range CHECK (floors BETWEEN 0 AND 200),
    CONSTRAINT building_footprint_valid CHECK (ST_IsValid(footprint) AND NOT ST_IsEmpty(footprint)),
    CONSTRAINT building_location_world CHECK (location @ ST_MakeEnvelope(-180, -90, 180, 90, 4490))
);
CREATE INDEX building_code ON building (code);
CREATE INDEX building_location ON building USING gist (location);
CREATE INDEX building_footprint ON building USING gist (footprint);
CREATE INDEX building_shape_3857 ON building USING gist (shape_3857);
SELECT place_rows('building', 'district');

-- Which grid a building belongs to, through time.
CREATE TABLE building_grid (
    district    text NOT NULL,
    id          uuid NOT NULL,
    building_id uuid NOT NULL,
    grid_id     uuid NOT NULL,
    during      tstzrange NOT NULL,
    by_hand     boolean NOT NULL DEFAULT false,   -- placed by a person: geometry does not move it
    CONSTRAINT building_grid_pkey PRIMARY KEY (district, id),
    CONSTRAINT building_grid_building_fkey FOREIGN KEY (district, building_id) REFERENCES building (district, id) ON DELETE CASCADE,
    CONSTRAINT building_grid_grid_fkey FOREIGN KEY (district, grid_id) REFERENCES grid (district, id),
    CONSTRAINT building_grid_one_at_a_time EXCLUDE USING gist (district WITH =, building_id WITH =, during WITH &&),
    CONSTRAINT building_grid_during_given CHECK (NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during))
);
CREATE INDEX building_grid_grid ON building_grid (district, grid_id);
CREATE INDEX building_grid_building ON building_grid (building_id);   -- the EXCLUDE's own index is slow to probe
SELECT place_rows('building_grid', 'district');

CREATE TABLE road (
    district   text NOT NULL,
    id         uuid NOT NULL,
    code       text NOT NULL,
    name       text NOT NULL,
    class      text NOT NULL,
    shape      geometry(Geometry, 4490) NOT NULL,
    shape_3857 geometry(Geometry, 3857) NOT NULL GENERATED ALWAYS AS (ST_Transform(shape, 3857)) STORED,
    CONSTRAINT road_pkey PRIMARY KEY (district, id),
    CONSTRAINT road_code_key UNIQUE (district, code),
    CONSTRAINT road_code_form CHECK (code ~ '^[0-9A-Za-z-]{1,32}$'),
    CONSTRAINT road_name_length CHECK (char_length(name) <= 200),
    CONSTRAINT road_class_form CHECK (class ~ '^[a-z_0-9]{1,40}$'),
    CONSTRAINT road_shape_lines CHECK (ST_Dimension(shape) >= 1 AND NOT ST_IsEmpty(shape)),
    CONSTRAINT road_shape_world CHECK (shape @ ST_MakeEnvelope(-180, -90, 180, 90, 4490))
);
CREATE INDEX road_code ON road (code);
CREATE INDEX road_shape_3857 ON road USING gist (shape_3857);
SELECT place_rows('road', 'district');

-- Water and green, for the look of the map only.
CREATE TABLE land (
    district   text NOT NULL,
    id         uuid NOT NULL,
    code       text NOT NULL,
    name       text NOT NULL,
    class      text NOT NULL,
    shape      geometry(MultiPolygon, 4490) NOT NULL,
    shape_3857 geometry(MultiPolygon, 3857) NOT NULL GENERATED ALWAYS AS (ST_Transform(shape, 3857)) STORED,
    CONSTRAINT land_pkey PRIMARY KEY (district, id),
    CONSTRAINT land_code_key UNIQUE (district, code),
    CONSTRAINT land_code_form CHECK (code ~ '^[0-9A-Za-z-]{1,32}$'),
    CONSTRAINT land_name_length CHECK (char_length(name) <= 200),
    CONSTRAINT land_class_form CHECK (class ~ '^[a-z_0-9]{1,40}$'),
    CONSTRAINT land_shape_valid CHECK (ST_IsValid(shape) AND NOT ST_IsEmpty(shape)),
    CONSTRAINT land_shape_world CHECK (shape @ ST_MakeEnvelope(-180, -90, 180, 90, 4490))
);
CREATE INDEX land_code ON land (code);
CREATE INDEX land_shape_3857 ON land USING gist (shape_3857);
SELECT place_rows('land', 'district');

-- +goose Down
DROP TABLE land;
DROP TABLE road;
DROP TABLE building_grid;
DROP TABLE building;
DROP TABLE estate;
DROP TABLE grid_boundary;
DROP TABLE grid_code;
DROP TABLE grid;
DROP TABLE grid_group;
DELETE FROM table_class WHERE table_name IN
    ('grid_group', 'grid', 'grid_code', 'grid_boundary', 'estate', 'building', 'building_grid', 'road', 'land');
