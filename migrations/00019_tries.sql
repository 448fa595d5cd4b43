-- Tries to sign in are counted by more than the login: by address, by login and address, by browser. Each count says when it may be forgotten,
-- and of which login it is, so that a reset takes them all away. Counts of before are not carried over: they last two hours at most.

-- +goose Up
DELETE FROM sign_in_try;
DROP INDEX sign_in_try_tried;
ALTER TABLE sign_in_try
    ADD COLUMN login     bytea,                 -- its hash; null: of an address
    ADD COLUMN forget_at timestamptz NOT NULL,
    ADD CONSTRAINT sign_in_try_login_length CHECK (octet_length(login) = 32);
CREATE INDEX sign_in_try_forget ON sign_in_try (forget_at);
CREATE INDEX sign_in_try_login ON sign_in_try (login) WHERE login IS NOT NULL;

-- +goose Down
DELETE FROM sign_in_try;
DROP INDEX sign_in_try_login;
DROP INDEX sign_in_try_forget;
ALTER TABLE sign_in_try
    DROP CONSTRAINT sign_in_try_login_length,
    DROP COLUMN forget_at,
    DROP COLUMN login;
CREATE INDEX sign_in_try_tried ON sign_in_try (tried_at);
