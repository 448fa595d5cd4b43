-- A session is named to its owner, who may end it, and says in two words of a closed list by which browser on which system it began: no header is kept.

-- +goose Up
ALTER TABLE session
    ADD COLUMN handle  uuid NOT NULL DEFAULT gen_random_uuid(), -- of those that are there; others get theirs from the service
    ADD COLUMN browser text NOT NULL DEFAULT '',                -- '': not known
    ADD COLUMN system  text NOT NULL DEFAULT '';
ALTER TABLE session
    ALTER COLUMN handle DROP DEFAULT,
    ADD CONSTRAINT session_handle_key UNIQUE (handle),
    ADD CONSTRAINT session_device_short CHECK (char_length(browser) <= 20 AND char_length(system) <= 20);

-- +goose Down
ALTER TABLE session
    DROP CONSTRAINT session_device_short,
    DROP CONSTRAINT session_handle_key,
    DROP COLUMN system,
    DROP COLUMN browser,
    DROP COLUMN handle;
