-- Whom to call in a division besides its grid workers, and which boards were printed.

-- +goose Up
-- Said for the division itself; what is NULL is inherited from the nearest division above that says it. A station is one place: it is
-- inherited whole.
ALTER TABLE division
    ADD supervision_phone text,     -- 监督电话
    ADD station_name      text,     -- 服务站
    ADD station_address   text,
    ADD station_hours     text,     -- "周一至周五 8:30–17:30"
    ADD station_hours_en  text,
    ADD station_phone     text,
    ADD night_phones      text[],   -- 夜间电话: three lists in one order; the names in English may be empty
    ADD night_names       text[],
    ADD night_names_en    text[],
    ADD CONSTRAINT division_supervision_phone_form CHECK (supervision_phone ~ '^[0-9+() -]{3,30}$'),
    ADD CONSTRAINT division_station_named CHECK (station_name IS NOT NULL
        OR num_nonnulls(station_address, station_hours, station_hours_en, station_phone) = 0),
    ADD CONSTRAINT division_station_name_given CHECK (btrim(station_name) <> '' AND char_length(station_name) <= 200),
    ADD CONSTRAINT division_station_lengths CHECK (char_length(station_address) <= 300
        AND char_length(station_hours) <= 200 AND char_length(station_hours_en) <= 200),
    ADD CONSTRAINT division_station_phone_form CHECK (station_phone ~ '^[0-9+() -]{3,30}$'),
    ADD CONSTRAINT division_night_whole CHECK (num_nonnulls(night_phones, night_names, night_names_en) IN (0, 3)),
    ADD CONSTRAINT division_night_count CHECK (cardinality(night_phones) BETWEEN 1 AND 8
        AND cardinality(night_names) = cardinality(night_phones) AND cardinality(night_names_en) = cardinality(night_phones)),
    ADD CONSTRAINT division_night_phones_form CHECK (array_to_string(night_phones, ',') ~ '^[0-9+() -]{3,30}(,[0-9+() -]{3,30})*$'),
    ADD CONSTRAINT division_night_given CHECK (array_position(night_phones, NULL) IS NULL -- array_to_string leaves out what is NULL
        AND array_position(night_names, NULL) IS NULL AND array_position(night_names_en, NULL) IS NULL);

-- The boards of grids and buildings that were printed: what each revision said, part by part. of_id is the grid's or the building's id;
-- a building's rows go with it where it moves to another district.
CREATE TABLE board_print (
    district   text NOT NULL,
    of_id      uuid NOT NULL,
    revision   integer NOT NULL,
    of_kind    text NOT NULL,
    people     text NOT NULL,   -- SHA-256 of what was said, in hexadecimal digits
    border     text NOT NULL,
    names      text NOT NULL,
    contacts   text NOT NULL,
    printed_on date NOT NULL,   -- the last time
    printed_by text NOT NULL,
    CONSTRAINT board_print_pkey PRIMARY KEY (district, of_id, revision),
    CONSTRAINT board_print_revision_range CHECK (revision >= 1),
    CONSTRAINT board_print_of_known CHECK (of_kind IN ('grid', 'building')),
    CONSTRAINT board_print_hashes CHECK (people ~ '^[0-9a-f]{64}$' AND border ~ '^[0-9a-f]{64}$'
        AND names ~ '^[0-9a-f]{64}$' AND contacts ~ '^[0-9a-f]{64}$')
);
CREATE INDEX board_print_of_kind ON board_print (district, of_kind, of_id);
SELECT place_rows('board_print', 'district');

ALTER TABLE change_log DROP CONSTRAINT change_log_what_known;
ALTER TABLE change_log ADD CONSTRAINT change_log_what_known
    CHECK (what IN ('boundaries', 'buildings', 'households', 'staff', 'policy', 'refs', 'contacts', 'boards', 'other'));

-- +goose Down
UPDATE change_log SET what = 'refs' WHERE what IN ('contacts', 'boards');
ALTER TABLE change_log DROP CONSTRAINT change_log_what_known;
ALTER TABLE change_log ADD CONSTRAINT change_log_what_known
    CHECK (what IN ('boundaries', 'buildings', 'households', 'staff', 'policy', 'refs', 'other'));
DROP TABLE board_print;
DELETE FROM table_class WHERE table_name = 'board_print';
ALTER TABLE division
    DROP CONSTRAINT division_night_given, DROP CONSTRAINT division_night_phones_form, DROP CONSTRAINT division_night_count, DROP CONSTRAINT division_night_whole,
    DROP CONSTRAINT division_station_phone_form, DROP CONSTRAINT division_station_lengths, DROP CONSTRAINT division_station_name_given,
    DROP CONSTRAINT division_station_named, DROP CONSTRAINT division_supervision_phone_form,
    DROP supervision_phone, DROP station_name, DROP station_address, DROP station_hours, DROP station_hours_en, DROP station_phone,
    DROP night_phones, DROP night_names, DROP night_names_en;
