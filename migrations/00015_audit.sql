-- Who did what, in chains: see domain/audit. Requests add entries, as who they are, and only auditors read them; nobody changes or removes one.
-- What is older than AUDIT_DAYS is removed by the tables' owner, which the chain says itself.

-- +goose Up
CREATE TABLE audit_entry (
    district    text NOT NULL,      -- the chain; 'unplaced': of no district
    n           bigint NOT NULL,    -- without gaps
    at          timestamptz NOT NULL,
    actor       text NOT NULL,
    role        text NOT NULL,
    action      text NOT NULL,
    object_kind text,
    object_id   text,
    purpose     text,
    case_number text,
    result      text NOT NULL,
    change      bigint,             -- of change_log
    request     text,
    network     cidr,               -- never of the public
    previous    bytea NOT NULL,     -- the hash of the one before
    key_id      text NOT NULL,
    hash        bytea NOT NULL,
    CONSTRAINT audit_entry_pkey PRIMARY KEY (district, n),
    CONSTRAINT audit_entry_district_form CHECK (district ~ '^[0-9a-z]{4,16}$'),
    CONSTRAINT audit_entry_n_range CHECK (n >= 1),
    CONSTRAINT audit_entry_actor_form CHECK (actor ~ '^[0-9A-Za-z-]{1,80}$'),
    CONSTRAINT audit_entry_role_known CHECK (role IN ('public', 'staff', 'operator', 'security', 'auditor', 'door', 'counter', 'keeper')),
    CONSTRAINT audit_entry_names CHECK (action ~ '^[A-Z][A-Z_]{2,49}$' AND object_kind ~ '^[A-Z][A-Z_]{2,49}$' AND result ~ '^[A-Z_]{2,50}$'),
    CONSTRAINT audit_entry_object_form CHECK (object_id ~ '^[0-9A-Za-z_-]{1,80}$' AND (object_kind IS NOT NULL OR object_id IS NULL)),
    -- No text of one's own: it could hold what was read.
    CONSTRAINT audit_entry_purpose_known CHECK (purpose IN ('INCIDENT', 'VISIT', 'SERVICE', 'CORRECTION', 'SUBJECT', 'EMERGENCY', 'AUTHORITY')),
    CONSTRAINT audit_entry_case_form CHECK (case_number ~ '^[A-Z]{1,8}-20[0-9]{2}-[0-9]{1,6}$' AND (purpose IS NOT NULL OR case_number IS NULL)),
    CONSTRAINT audit_entry_request_form CHECK (request ~ '^[0-9A-Za-z._-]{1,64}$'),
    CONSTRAINT audit_entry_network_coarse CHECK (role <> 'public' AND masklen(network) <= CASE family(network) WHEN 4 THEN 24 ELSE 48 END OR network IS NULL),
    CONSTRAINT audit_entry_hashes CHECK (octet_length(previous) = 32 AND octet_length(hash) = 32 AND key_id ~ '^[0-9a-f]{8}$')
);
CREATE INDEX audit_entry_at ON audit_entry (at, district, n);
CREATE INDEX audit_entry_actor_at ON audit_entry (actor, at);
CREATE INDEX audit_entry_object_at ON audit_entry (object_id, at) WHERE object_id IS NOT NULL;
SELECT place_rows('audit_entry', 'district');

REVOKE UPDATE, DELETE ON audit_entry FROM wangge_app;
ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY;
-- Nobody adds an entry in another's name.
CREATE POLICY audit_entry_add ON audit_entry FOR INSERT
    WITH CHECK (actor = current_setting('wangge.actor', true) AND role = current_setting('wangge.role', true));
-- Who adds to a chain reads its end, and no more follows in that transaction.
CREATE POLICY audit_entry_read ON audit_entry FOR SELECT
    USING (current_setting('wangge.role', true) = 'auditor' OR district = current_setting('wangge.audit_chain', true));

-- +goose Down
DROP TABLE audit_entry;
DELETE FROM table_class WHERE table_name = 'audit_entry';
