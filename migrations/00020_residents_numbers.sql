-- Numbers that are given to residents are counted, too: a number that is refused tells that somebody has it.

-- +goose Up
ALTER TABLE resident_use DROP CONSTRAINT resident_use_what_known, ADD CONSTRAINT resident_use_what_known CHECK (what IN ('search', 'reveal', 'number'));

-- +goose Down
DELETE FROM resident_use WHERE what = 'number';
ALTER TABLE resident_use DROP CONSTRAINT resident_use_what_known, ADD CONSTRAINT resident_use_what_known CHECK (what IN ('search', 'reveal'));
