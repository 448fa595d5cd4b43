-- Requests are answered as a role that owns nothing (db.Open makes it where it may), so that row-level policies bind it. It may read and write
-- the rows of every table that a migration places, but for what is taken from it there.

-- +goose Up
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION place_rows(name text, class text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO table_class (table_name, class) VALUES (name, class);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO wangge_app', name);
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus') THEN
        IF class = 'district' THEN
            EXECUTE format('SELECT create_distributed_table(%L, %L)', name, 'district');
        ELSIF class = 'everywhere' THEN
            EXECUTE format('SELECT create_reference_table(%L)', name);
        END IF;
    END IF;
END $$;

DO $$
DECLARE t text;
BEGIN
    FOR t IN SELECT table_name FROM table_class WHERE table_name NOT IN ('goose_db_version', 'table_class') LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO wangge_app', t);
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOR t IN SELECT table_name FROM table_class LOOP
        EXECUTE format('REVOKE ALL ON %I FROM wangge_app', t);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION place_rows(name text, class text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO table_class (table_name, class) VALUES (name, class);
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus') THEN
        IF class = 'district' THEN
            EXECUTE format('SELECT create_distributed_table(%L, %L)', name, 'district');
        ELSIF class = 'everywhere' THEN
            EXECUTE format('SELECT create_reference_table(%L)', name);
        END IF;
    END IF;
END $$;
-- +goose StatementEnd
