-- A file that goes into another of the same person is counted, too.

-- +goose Up
ALTER TABLE resident_erasure DROP CONSTRAINT resident_erasure_reason_known,
    ADD CONSTRAINT resident_erasure_reason_known CHECK (reason IN ('REQUEST', 'MISTAKE', 'RETENTION', 'MERGED'));

-- +goose Down
DELETE FROM resident_erasure WHERE reason = 'MERGED';
ALTER TABLE resident_erasure DROP CONSTRAINT resident_erasure_reason_known,
    ADD CONSTRAINT resident_erasure_reason_known CHECK (reason IN ('REQUEST', 'MISTAKE', 'RETENTION'));
