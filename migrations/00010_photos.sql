-- Workers' photos lie in a store of pictures outside the database (PHOTOS_URL). Those that lie in it already stay, until the worker's next photo or "wangge photos move".

-- +goose Up
ALTER TABLE worker_photo
    ALTER image DROP NOT NULL,
    ADD name text,
    ADD CONSTRAINT worker_photo_one_place CHECK (num_nonnulls(image, name) = 1),
    ADD CONSTRAINT worker_photo_name_form CHECK (name ~ '^[A-Z2-7]{26}$');

-- Pictures that may lie in the store and that no worker has: noted before a picture is written, taken out in the transaction that gives it to a worker, put back in the
-- one that takes it from the worker. What is left here is removed from the store, and only that.
CREATE TABLE loose_photo (
    name  text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT loose_photo_pkey PRIMARY KEY (name)
);
CREATE INDEX loose_photo_since ON loose_photo (since);
SELECT place_rows('loose_photo', 'everywhere');

-- +goose Down
-- A database of before has no place for photos that lie outside: their workers have none then.
DELETE FROM worker_photo WHERE name IS NOT NULL;
ALTER TABLE worker_photo
    DROP CONSTRAINT worker_photo_one_place,
    DROP name,
    ALTER image SET NOT NULL;
DROP TABLE loose_photo;
DELETE FROM table_class WHERE table_name = 'loose_photo';
