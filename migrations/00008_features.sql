-- What tiles of buildings, roads and land computed or looked up anew each time.

-- +goose Up
-- The number of the feature in tiles: the first 53 bits of the SHA-256 of the id as text (tile.FeatureID). An immutable expression:
-- convert_to depends on the database, and the cast to bytea is the same for what a district's key and hexadecimal digits hold.
ALTER TABLE building ADD feature bigint NOT NULL GENERATED ALWAYS AS
    (('x' || left(encode(sha256((district || '-' || replace(id::text, '-', ''))::bytea), 'hex'), 14))::bit(56)::bigint >> 3) STORED;
ALTER TABLE road ADD feature bigint NOT NULL GENERATED ALWAYS AS
    (('x' || left(encode(sha256((district || '-' || replace(id::text, '-', ''))::bytea), 'hex'), 14))::bit(56)::bigint >> 3) STORED;
ALTER TABLE land ADD feature bigint NOT NULL GENERATED ALWAYS AS
    (('x' || left(encode(sha256((district || '-' || replace(id::text, '-', ''))::bytea), 'hex'), 14))::bit(56)::bigint >> 3) STORED;

-- The EXCLUDE's own index is slow to probe. This one answers which grid a building is in by itself.
DROP INDEX building_grid_building;
CREATE INDEX building_grid_building ON building_grid (building_id) INCLUDE (district, grid_id, during);

-- +goose Down
DROP INDEX building_grid_building;
CREATE INDEX building_grid_building ON building_grid (building_id);
ALTER TABLE land DROP feature;
ALTER TABLE road DROP feature;
ALTER TABLE building DROP feature;
