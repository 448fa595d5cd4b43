-- Every breach of the key rules (ARCHITECTURE.md, "Scale"), one a row; no row means none. The classes are those
-- that the migrations gave by place_rows.
WITH t AS (
	SELECT c.oid, c.relname AS name, k.class,
		(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'district' AND NOT a.attisdropped) AS district
	FROM table_class k JOIN pg_class c ON c.relname = k.table_name AND c.relnamespace = 'public'::regnamespace
), sharded AS (SELECT * FROM t WHERE class = 'district'
), fk AS (
	SELECT k.conname, a.oid AS from_oid, a.name AS from_name, a.class AS from_class, a.district AS from_district,
		b.name AS to_name, b.class AS to_class, b.district AS to_district, k.conkey, k.confkey, k.confdeltype, k.confupdtype
	FROM pg_constraint k JOIN t a ON a.oid = k.conrelid JOIN t b ON b.oid = k.confrelid WHERE k.contype = 'f'
)
SELECT 'no class given: table ' || c.relname FROM pg_class c
	WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND c.relname NOT IN (SELECT name FROM t)
	AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
UNION ALL SELECT 'no such table: ' || k.table_name FROM table_class k WHERE k.table_name NOT IN (SELECT name FROM t)
UNION ALL SELECT 'district is not text NOT NULL: ' || s.name FROM sharded s LEFT JOIN pg_attribute a ON a.attrelid = s.oid AND a.attnum = s.district
	WHERE a.atttypid IS DISTINCT FROM 'text'::regtype OR NOT a.attnotnull
UNION ALL SELECT 'the primary key does not begin with district: ' || s.name FROM sharded s
	WHERE NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = s.oid AND i.indisprimary AND i.indkey[0] = s.district)
UNION ALL SELECT 'unique without district: ' || i.indexrelid::regclass FROM sharded s JOIN pg_index i ON i.indrelid = s.oid
	WHERE i.indisunique AND NOT s.district = ANY (i.indkey::int2[])
UNION ALL SELECT 'EXCLUDE without district WITH =: ' || k.conname FROM sharded s JOIN pg_constraint k ON k.conrelid = s.oid AND k.contype = 'x'
	WHERE NOT EXISTS (SELECT 1 FROM generate_subscripts(k.conkey, 1) i JOIN pg_operator o ON o.oid = k.conexclop[i]
		WHERE k.conkey[i] = s.district AND o.oprname = '=')
UNION ALL SELECT 'foreign key without its district pair: ' || f.conname FROM fk f WHERE f.from_class = 'district' AND f.to_class = 'district'
	AND NOT EXISTS (SELECT 1 FROM generate_subscripts(f.conkey, 1) i WHERE f.conkey[i] = f.from_district AND f.confkey[i] = f.to_district)
UNION ALL SELECT 'foreign key that cannot be sharded (' || f.from_class || ' to ' || f.to_class || '): ' || f.conname FROM fk f
	WHERE (f.from_class, f.to_class) NOT IN (('district', 'district'), ('district', 'everywhere'), ('everywhere', 'everywhere'), ('local', 'local'))
UNION ALL SELECT 'SET NULL, SET DEFAULT or ON UPDATE over district: ' || f.conname FROM fk f
	WHERE f.from_class = 'district' AND f.from_district = ANY (f.conkey) AND (f.confdeltype IN ('n', 'd') OR f.confupdtype IN ('c', 'n', 'd'))
UNION ALL SELECT 'trigger: ' || g.tgname FROM pg_trigger g JOIN t ON t.oid = g.tgrelid WHERE NOT g.tgisinternal AND t.class <> 'local'
UNION ALL SELECT 'rule: ' || r.rulename FROM pg_rewrite r JOIN t ON t.oid = r.ev_class WHERE t.class <> 'local'
UNION ALL SELECT 'policy with a sub-query: ' || p.polname FROM pg_policy p JOIN t ON t.oid = p.polrelid
	WHERE coalesce(p.polqual::text, '') || coalesce(p.polwithcheck::text, '') LIKE '%{SUBLINK%'
UNION ALL SELECT 'policies that guard nothing, or none that do: ' || t.name FROM t JOIN pg_class c ON c.oid = t.oid
	WHERE c.relrowsecurity <> EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = t.oid)
UNION ALL SELECT 'identity or serial that is not bigint: ' || t.name || '.' || a.attname FROM t JOIN pg_attribute a ON a.attrelid = t.oid
	WHERE t.class <> 'local' AND (a.attidentity <> '' OR CASE WHEN NOT a.attisdropped THEN pg_get_serial_sequence(t.name, a.attname) END IS NOT NULL) AND a.atttypid <> 'bigint'::regtype
UNION ALL SELECT 'name longer than 50 bytes: ' || k.conname FROM pg_constraint k JOIN t ON t.oid = k.conrelid WHERE octet_length(k.conname) > 50
UNION ALL SELECT 'unnamed constraint: ' || k.conname FROM pg_constraint k JOIN t ON t.oid = k.conrelid
	WHERE t.class <> 'local' AND k.conname !~ ('^' || t.name || '_[a-z_0-9]+$') AND t.name <> 'absence'
ORDER BY 1
