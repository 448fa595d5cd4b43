-- An account that signs in by the provider of identities has no password: the one of before is not kept.

-- +goose Up
ALTER TABLE account_secret ALTER COLUMN password DROP NOT NULL;
UPDATE account_secret s SET password = NULL FROM account a WHERE a.id = s.account_id AND a.provider_name IS NOT NULL;

-- +goose Down
-- Nobody knows this one.
UPDATE account_secret SET password = '$argon2id$v=19$m=47104,t=1,p=1$bm9ib2R5IGtub3dzIA$bm9ib2R5IGtub3dzIHRoaXMgcGFzc3dvcmQgaGVyZSE' WHERE password IS NULL;
ALTER TABLE account_secret ALTER COLUMN password SET NOT NULL;
