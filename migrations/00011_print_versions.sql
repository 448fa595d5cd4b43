-- A print that two people note is one row: who takes it back must see that somebody else noted it since.

-- +goose Up
ALTER TABLE board_print
    ADD version integer NOT NULL DEFAULT 1,   -- how often it was noted
    ADD CONSTRAINT board_print_version_range CHECK (version >= 1);

-- +goose Down
ALTER TABLE board_print DROP version;
