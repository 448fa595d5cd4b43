-- What a change changed of what servers hold in memory, so that each can read that anew and no more.

-- +goose Up
-- NULL, as in every line from before this migration: it cannot be told, so that everything of the kind is to be read anew.
ALTER TABLE change_log
    ADD grids_of  uuid[],   -- the communities some of whose grids or groups are others than before, or lie elsewhere
    ADD divisions uuid[],   -- the divisions that are called otherwise, lie elsewhere or are new
    ADD workers   uuid[];   -- the workers of whom something is said, or whose terms or absences are others
ALTER TABLE change_log DROP CONSTRAINT change_log_what_known;
ALTER TABLE change_log ADD CONSTRAINT change_log_what_known
    CHECK (what IN ('boundaries', 'buildings', 'households', 'staff', 'policy', 'refs', 'other'));

-- +goose Down
UPDATE change_log SET what = 'other' WHERE what = 'refs';
ALTER TABLE change_log DROP CONSTRAINT change_log_what_known;
ALTER TABLE change_log ADD CONSTRAINT change_log_what_known
    CHECK (what IN ('boundaries', 'buildings', 'households', 'staff', 'policy', 'other'));
ALTER TABLE change_log DROP grids_of, DROP divisions, DROP workers;
