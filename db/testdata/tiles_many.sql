-- One district of 1,024 grids of 220 m with 89 vertices each, 10,240 buildings and 1,024 streets, made up for benchmarks.
INSERT INTO division (id, code, name, level, home, boundary)
SELECT gen_random_uuid(), 'D', 'D', 'DISTRICT', 'dist1', ST_Multi(ST_MakeEnvelope(120.30, 31.00, 120.364, 31.064, 4490));
INSERT INTO division (id, code, name, level, parent_id, home, boundary)
SELECT gen_random_uuid(), 'C-' || i || '-' || j, 'C', 'COMMUNITY', d.id, d.home,
	ST_Multi(ST_MakeEnvelope(120.30 + i * 0.008, 31 + j * 0.008, 120.308 + i * 0.008, 31.008 + j * 0.008, 4490))
FROM division d, generate_series(0, 7) i, generate_series(0, 7) j;
INSERT INTO grid_group (district, id, community_id, name)
SELECT home, gen_random_uuid(), id, 'g' FROM division WHERE level = 'COMMUNITY';
INSERT INTO grid (district, id, code, name, kind, community_id, group_id)
SELECT c.home, gen_random_uuid(), c.code || '-' || i || '-' || j, '网格' || i || j, 'COMPREHENSIVE', c.id, g.id
FROM division c JOIN grid_group g ON g.community_id = c.id, generate_series(0, 3) i, generate_series(0, 3) j;
INSERT INTO grid_boundary (district, id, grid_id, during, boundary, label_point)
SELECT 'dist1', gen_random_uuid(), g.id, '[2020-01-01,)', b, ST_Centroid(b)
FROM grid g JOIN division c ON c.id = g.community_id,
LATERAL (SELECT ST_XMin(c.boundary) + split_part(g.code, '-', 4)::int * 0.002 AS x, ST_YMin(c.boundary) + split_part(g.code, '-', 5)::int * 0.002 AS y) at,
LATERAL (SELECT ST_Multi(ST_Segmentize(ST_MakeEnvelope(x, y, x + 0.002, y + 0.002, 4490), 0.0001)) AS b) shape;
INSERT INTO worker (district, id, name) SELECT district, id, '员' || code FROM grid;
INSERT INTO worker (district, id, name) SELECT district, id, '组长' FROM grid_group;
INSERT INTO assignment (district, id, worker_id, post, cover, during, grid_id)
SELECT district, gen_random_uuid(), id, 'GRID_WORKER', 'A', '[2020-01-01,)', id FROM grid;
INSERT INTO assignment (district, id, worker_id, post, cover, during, group_id)
SELECT district, gen_random_uuid(), id, 'GRID_LEADER', 'A', '[2020-01-01,)', id FROM grid_group;
INSERT INTO absence (district, id, worker_id, during)
SELECT district, gen_random_uuid(), id, '[2020-01-01,2040-01-01)' FROM grid WHERE code LIKE '%-1-1';
INSERT INTO building (district, id, code, name, floors, location, footprint)
SELECT b.district, gen_random_uuid(), g.code || '-' || n, n || '号楼', 6, ST_Centroid(f), f
FROM grid_boundary b JOIN grid g ON g.district = b.district AND g.id = b.grid_id, generate_series(0, 9) n,
LATERAL (SELECT ST_XMin(b.boundary) + 0.0002 + n % 4 * 0.0004 AS x, ST_YMin(b.boundary) + 0.0002 + n / 4 * 0.0005 AS y) at,
LATERAL (SELECT ST_Multi(ST_MakeEnvelope(x, y, x + 0.0003, y + 0.0001, 4490)) AS f) shape;
INSERT INTO building_grid (district, id, building_id, grid_id, during)
SELECT b.district, gen_random_uuid(), b.id, g.id, '[2020-01-01,)'
FROM building b JOIN grid g ON g.code = regexp_replace(b.code, '-[0-9]$', '');
INSERT INTO road (district, id, code, name, class, shape)
SELECT b.district, gen_random_uuid(), g.code, '街' || g.code, (ARRAY['primary', 'residential', 'footway', 'service'])[1 + length(g.name) % 4],
	ST_ExteriorRing(ST_GeometryN(b.boundary, 1))
FROM grid_boundary b JOIN grid g ON g.district = b.district AND g.id = b.grid_id;
ANALYZE;
