-- Who is in office says what everybody may do: it is for all to read, and for operators alone to write, also where a service forgot to ask.

-- +goose Up
SELECT protect_rows('worker', 'true', at_work => '{operator}');
SELECT protect_rows('assignment', 'true', at_work => '{operator}');
SELECT protect_rows('absence', 'true', at_work => '{operator}');

-- +goose Down
DROP POLICY worker_in_reach ON worker;
DROP POLICY worker_at_work ON worker;
ALTER TABLE worker DISABLE ROW LEVEL SECURITY;
DROP POLICY assignment_in_reach ON assignment;
DROP POLICY assignment_at_work ON assignment;
ALTER TABLE assignment DISABLE ROW LEVEL SECURITY;
DROP POLICY absence_in_reach ON absence;
DROP POLICY absence_at_work ON absence;
ALTER TABLE absence DISABLE ROW LEVEL SECURITY;
