-- Workers, their posts and when they are away. Days are civil days in the deployment's time zone.

-- +goose Up
CREATE TABLE worker (
    district   text NOT NULL,
    id         uuid NOT NULL,
    name       text NOT NULL,
    work_phone text,
    duties     text[] NOT NULL DEFAULT '{}',
    version    integer NOT NULL DEFAULT 1,
    CONSTRAINT worker_pkey PRIMARY KEY (district, id),
    CONSTRAINT worker_name_given CHECK (btrim(name) <> '' AND char_length(name) <= 100),
    CONSTRAINT worker_phone_form CHECK (work_phone ~ '^[0-9+() -]{3,30}$')
);
SELECT place_rows('worker', 'district');

CREATE TABLE worker_photo (
    district   text NOT NULL,
    worker_id  uuid NOT NULL,
    media_type text NOT NULL,
    image      bytea NOT NULL,
    CONSTRAINT worker_photo_pkey PRIMARY KEY (district, worker_id),
    CONSTRAINT worker_photo_worker_fkey FOREIGN KEY (district, worker_id) REFERENCES worker (district, id) ON DELETE CASCADE,
    CONSTRAINT worker_photo_type CHECK (media_type IN ('image/png', 'image/jpeg')),
    CONSTRAINT worker_photo_size CHECK (octet_length(image) BETWEEN 1 AND 1048576)
);
SELECT place_rows('worker_photo', 'district');

CREATE TABLE assignment (
    district    text NOT NULL,
    id          uuid NOT NULL,
    worker_id   uuid NOT NULL,
    post        text NOT NULL,
    cover       text NOT NULL,
    during      daterange NOT NULL,
    division_id uuid,
    group_id    uuid,
    grid_id     uuid,
    building_id uuid,
    area_id     uuid NOT NULL GENERATED ALWAYS AS (coalesce(division_id, group_id, grid_id, building_id)) STORED,
    CONSTRAINT assignment_pkey PRIMARY KEY (district, id),
    CONSTRAINT assignment_worker_fkey FOREIGN KEY (district, worker_id) REFERENCES worker (district, id),
    CONSTRAINT assignment_division_fkey FOREIGN KEY (division_id) REFERENCES division (id),
    CONSTRAINT assignment_group_fkey FOREIGN KEY (district, group_id) REFERENCES grid_group (district, id),
    CONSTRAINT assignment_grid_fkey FOREIGN KEY (district, grid_id) REFERENCES grid (district, id),
    CONSTRAINT assignment_building_fkey FOREIGN KEY (district, building_id) REFERENCES building (district, id),
    CONSTRAINT assignment_one_area CHECK (num_nonnulls(division_id, group_id, grid_id, building_id) = 1),
    CONSTRAINT assignment_post_known CHECK (post IN ('CHIEF_LEADER', 'GRID_LEADER', 'GRID_WORKER', 'ASSISTANT',
        'SECTION_LEADER', 'GROUP_LEADER', 'CLUSTER_LEADER', 'BUILDING_LEADER', 'LEAD_HOUSEHOLDER', 'UNIT_LEADER',
        'INFORMANT', 'VOLUNTEER', 'STATION_HEAD', 'COUNTER_STAFF', 'PLATFORM_ADMIN')),
    CONSTRAINT assignment_cover_known CHECK (cover IN ('A', 'B')),
    CONSTRAINT assignment_during_given CHECK (NOT isempty(during) AND NOT lower_inf(during)),
    -- One holder at a time, but for the posts that many hold.
    CONSTRAINT assignment_one_holder EXCLUDE USING gist
        (district WITH =, area_id WITH =, post WITH =, cover WITH =, during WITH &&)
        WHERE (post NOT IN ('ASSISTANT', 'INFORMANT', 'VOLUNTEER', 'LEAD_HOUSEHOLDER', 'COUNTER_STAFF', 'PLATFORM_ADMIN'))
);
CREATE INDEX assignment_area ON assignment (district, area_id);
CREATE INDEX assignment_worker ON assignment (district, worker_id);
SELECT place_rows('assignment', 'district');

CREATE TABLE absence (
    district  text NOT NULL,
    id        uuid NOT NULL,
    worker_id uuid NOT NULL,
    during    daterange NOT NULL,
    CONSTRAINT absence_pkey PRIMARY KEY (district, id),
    CONSTRAINT absence_worker_fkey FOREIGN KEY (district, worker_id) REFERENCES worker (district, id) ON DELETE CASCADE,
    CONSTRAINT absence_once EXCLUDE USING gist (district WITH =, worker_id WITH =, during WITH &&),
    CONSTRAINT absence_during_given CHECK (NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during))
);
CREATE INDEX absence_until ON absence (district, upper(during));
SELECT place_rows('absence', 'district');

-- +goose Down
DROP TABLE absence;
DROP TABLE assignment;
DROP TABLE worker_photo;
DROP TABLE worker;
DELETE FROM table_class WHERE table_name IN ('worker', 'worker_photo', 'assignment', 'absence');
