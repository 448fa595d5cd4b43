-- Tags of one category are told by its hashes under all keys, which a constraint cannot: two hashes under two keys were two categories to it, and sealing one of them anew failed for good.

-- +goose Up
ALTER TABLE care_tag DROP CONSTRAINT care_tag_once;
CREATE INDEX care_tag_resident ON care_tag (district, resident_id);

-- +goose Down
DELETE FROM care_tag t USING care_tag other
WHERE other.district = t.district AND other.resident_id = t.resident_id AND other.lookup = t.lookup AND (other.expires_on, other.id) > (t.expires_on, t.id);
DROP INDEX care_tag_resident;
ALTER TABLE care_tag ADD CONSTRAINT care_tag_once UNIQUE (district, resident_id, lookup);
