-- Who signs in by a provider of identities (OpenID Connect): an account is linked to a name there, and to issuer and subject once somebody came under it.

-- +goose Up
ALTER TABLE account
    ADD COLUMN provider_name    text,
    ADD COLUMN provider_issuer  text,
    ADD COLUMN provider_subject text,
    ADD CONSTRAINT account_provider_name_key UNIQUE (provider_name),
    ADD CONSTRAINT account_provider_subject_key UNIQUE (provider_issuer, provider_subject),
    ADD CONSTRAINT account_provider_whole CHECK (num_nonnulls(provider_issuer, provider_subject) IN (0, 2) AND (provider_issuer IS NULL OR provider_name IS NOT NULL)),
    ADD CONSTRAINT account_provider_password CHECK (provider_name IS NULL OR NOT must_change);

-- +goose Down
ALTER TABLE account
    DROP CONSTRAINT account_provider_password,
    DROP CONSTRAINT account_provider_whole,
    DROP CONSTRAINT account_provider_subject_key,
    DROP CONSTRAINT account_provider_name_key,
    DROP COLUMN provider_subject,
    DROP COLUMN provider_issuer,
    DROP COLUMN provider_name;
