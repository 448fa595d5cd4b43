-- Which class every table has (docs: ARCHITECTURE.md, "Scale"). One PostgreSQL serves a city; past one machine
-- the same migrations run on Citus, where 'district' tables are sharded by their district's home key,
-- 'everywhere' tables are copied to every node and 'local' ones stay on the coordinator.

-- +goose Up
CREATE TABLE table_class (
    table_name text NOT NULL,
    class      text NOT NULL,
    CONSTRAINT table_class_pkey PRIMARY KEY (table_name),
    CONSTRAINT table_class_known CHECK (class IN ('district', 'everywhere', 'local'))
);

-- +goose StatementBegin
CREATE FUNCTION place_rows(name text, class text) RETURNS void LANGUAGE plpgsql AS $$
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

SELECT place_rows('table_class', 'local');
SELECT place_rows('goose_db_version', 'local');

-- +goose Down
DROP FUNCTION place_rows(text, text);
DROP TABLE table_class;
