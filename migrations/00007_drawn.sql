-- Where a change changed what the map shows of what servers do not hold in memory, so that each can drop just the tiles that it drew there.

-- +goose Up
-- Boxes in degrees of CGCS2000, west, south, east and north, one after the other: where something of the layer was drawn before, or is
-- now, that is drawn otherwise. NULL, as in every line from before this migration: it cannot be told, so that it may be anywhere.
ALTER TABLE change_log
    ADD buildings_at double precision[],
    ADD roads_at     double precision[],
    ADD land_at      double precision[],
    ADD CONSTRAINT change_log_boxes CHECK (cardinality(buildings_at) % 4 = 0 AND cardinality(roads_at) % 4 = 0 AND cardinality(land_at) % 4 = 0);

-- +goose Down
ALTER TABLE change_log DROP CONSTRAINT change_log_boxes;
ALTER TABLE change_log DROP buildings_at, DROP roads_at, DROP land_at;
