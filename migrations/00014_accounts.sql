-- Who may sign in, with what, and who is signed in. Secrets stand apart from what those who give accounts may read: only the server, while it finds
-- out who asks (role door), reads them, its sessions and its tokens. Passwords are argon2id, tokens and codes SHA-256 of what chance made, the second
-- factor's secret is sealed before it comes here.

-- +goose Up
CREATE TABLE account (
    id                  uuid NOT NULL,
    login               text NOT NULL,   -- in small letters
    role                text NOT NULL,
    worker_home         text,            -- who it is, of staff; workers are sharded, so that no foreign key leads there
    worker_id           uuid,
    demo                boolean NOT NULL DEFAULT false,
    must_change         boolean NOT NULL DEFAULT true,
    second_factor_since timestamptz,
    created_at          timestamptz NOT NULL,
    created_by          text NOT NULL,
    disabled_at         timestamptz,
    CONSTRAINT account_pkey PRIMARY KEY (id),
    CONSTRAINT account_login_key UNIQUE (login),
    CONSTRAINT account_worker_key UNIQUE (worker_id),
    CONSTRAINT account_login_form CHECK (login ~ '^[a-z0-9][a-z0-9._-]{2,39}$'),
    CONSTRAINT account_role_known CHECK (role IN ('staff', 'operator', 'security', 'auditor')),
    CONSTRAINT account_worker_of_staff CHECK (num_nonnulls(worker_home, worker_id) = CASE role WHEN 'staff' THEN 2 ELSE 0 END)
);
SELECT place_rows('account', 'local');

CREATE TABLE account_secret (
    account_id  uuid NOT NULL,
    password    text NOT NULL,
    factor      bytea,                   -- the second factor's secret, sealed; proven once account.second_factor_since is given
    factor_step bigint NOT NULL DEFAULT 0, -- of the last code that was used: none is taken twice
    CONSTRAINT account_secret_pkey PRIMARY KEY (account_id),
    CONSTRAINT account_secret_account_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE,
    CONSTRAINT account_secret_password_form CHECK (password LIKE '$argon2id$%')
);
SELECT place_rows('account_secret', 'local');

CREATE TABLE recovery_code (
    account_id uuid NOT NULL,
    hash       bytea NOT NULL,
    CONSTRAINT recovery_code_pkey PRIMARY KEY (account_id, hash),
    CONSTRAINT recovery_code_account_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE,
    CONSTRAINT recovery_code_hash_length CHECK (octet_length(hash) = 32)
);
SELECT place_rows('recovery_code', 'local');

CREATE TABLE session (
    hash       bytea NOT NULL,           -- of the token in the browser's cookie
    account_id uuid NOT NULL,
    factor     boolean NOT NULL,         -- whether the second factor was shown
    began_at   timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    CONSTRAINT session_pkey PRIMARY KEY (hash),
    CONSTRAINT session_account_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE,
    CONSTRAINT session_hash_length CHECK (octet_length(hash) = 32)
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_began ON session (began_at);
SELECT place_rows('session', 'local');

CREATE TABLE access_token (
    id         uuid NOT NULL,
    account_id uuid NOT NULL,
    name       text NOT NULL,
    hash       bytea NOT NULL,
    writes     boolean NOT NULL,
    rights     text[] NOT NULL,          -- that it may use, as far as its account has them
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_on    date,
    CONSTRAINT access_token_pkey PRIMARY KEY (id),
    CONSTRAINT access_token_hash_key UNIQUE (hash),
    CONSTRAINT access_token_account_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE,
    CONSTRAINT access_token_hash_length CHECK (octet_length(hash) = 32),
    CONSTRAINT access_token_name_length CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT access_token_ends CHECK (expires_at > created_at AND expires_at <= created_at + interval '366 days')
);
CREATE INDEX access_token_account ON access_token (account_id);
SELECT place_rows('access_token', 'local');

-- Tries to sign in under a name, whether there is such an account or not: what is told of both must be the same.
CREATE TABLE sign_in_try (
    name     bytea NOT NULL,             -- SHA-256
    tries    integer NOT NULL,
    tried_at timestamptz NOT NULL,
    until    timestamptz NOT NULL,       -- none is taken before
    CONSTRAINT sign_in_try_pkey PRIMARY KEY (name),
    CONSTRAINT sign_in_try_name_length CHECK (octet_length(name) = 32)
);
CREATE INDEX sign_in_try_tried ON sign_in_try (tried_at);
SELECT place_rows('sign_in_try', 'local');

ALTER TABLE account ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_try ENABLE ROW LEVEL SECURITY;
CREATE POLICY account_door ON account USING (current_setting('wangge.role', true) = 'door');
CREATE POLICY account_security ON account USING (current_setting('wangge.role', true) = 'security');
CREATE POLICY account_secret_door ON account_secret USING (current_setting('wangge.role', true) = 'door');
CREATE POLICY account_secret_security ON account_secret FOR INSERT WITH CHECK (current_setting('wangge.role', true) = 'security'); -- to give, not to read
CREATE POLICY recovery_code_door ON recovery_code USING (current_setting('wangge.role', true) = 'door');
CREATE POLICY session_door ON session USING (current_setting('wangge.role', true) = 'door');
CREATE POLICY access_token_door ON access_token USING (current_setting('wangge.role', true) = 'door');
CREATE POLICY sign_in_try_door ON sign_in_try USING (current_setting('wangge.role', true) = 'door');
REVOKE DELETE ON account FROM wangge_app; -- what an account did stays its own: it is disabled, and its login is not given again

-- +goose Down
DROP TABLE sign_in_try;
DROP TABLE access_token;
DROP TABLE session;
DROP TABLE recovery_code;
DROP TABLE account_secret;
DROP TABLE account;
DELETE FROM table_class WHERE table_name IN ('account', 'account_secret', 'recovery_code', 'session', 'access_token', 'sign_in_try');
