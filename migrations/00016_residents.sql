-- Residents: who they are, sealed; where they live and are registered; care tags; collection forms; and the keys that all of it is sealed under, themselves
-- sealed under a ring of keys outside the database. What a row tells in clear is where it lies and nobody's name.

-- +goose Up
-- A data key seals the values of one category that are kept with one district. The one that is not retired seals what is new.
CREATE TABLE data_key (
    id       uuid NOT NULL,
    home     text NOT NULL,        -- the district that it was made for; what a redraw moves away stays sealed under it
    category text NOT NULL,
    cipher   text NOT NULL,
    ring_key text NOT NULL,        -- the key of the ring that it is sealed under
    sealed   bytea NOT NULL,
    made     timestamptz NOT NULL,
    retired  timestamptz,
    CONSTRAINT data_key_pkey PRIMARY KEY (id),
    CONSTRAINT data_key_category_known CHECK (category IN ('NAME', 'IDENTITY', 'CONTACT', 'CARE', 'FORM')),
    CONSTRAINT data_key_sealed_length CHECK (octet_length(sealed) BETWEEN 29 AND 200),
    CONSTRAINT data_key_order CHECK (made <= retired)
);
CREATE UNIQUE INDEX data_key_in_use ON data_key (home, category) WHERE retired IS NULL;
SELECT place_rows('data_key', 'everywhere');
SELECT protect_rows('data_key', at_work => '{keeper}');

-- The categories of care: welfare is shipped. A restricted one is for who has the right to those.
CREATE TABLE care_category (
    code        text NOT NULL,
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    legal_basis text NOT NULL,
    restricted  boolean NOT NULL DEFAULT false,
    version     integer NOT NULL DEFAULT 1,
    CONSTRAINT care_category_pkey PRIMARY KEY (code),
    CONSTRAINT care_category_code_form CHECK (code ~ '^[A-Z][A-Z_]{1,39}$'),
    CONSTRAINT care_category_named CHECK (btrim(name_zh) <> '' AND char_length(name_zh) <= 50 AND btrim(name_en) <> '' AND char_length(name_en) <= 50),
    CONSTRAINT care_category_basis_given CHECK (btrim(legal_basis) <> '' AND char_length(legal_basis) <= 200)
);
SELECT place_rows('care_category', 'everywhere');
INSERT INTO care_category (code, name_zh, name_en, legal_basis) VALUES
    ('ELDERLY_ALONE', '独居老人', 'Elderly living alone', '《老年人权益保障法》'),
    ('ELDERLY', '老年', 'Elderly', '《老年人权益保障法》'),
    ('DISABLED', '残疾', 'Disabled', '《残疾人保障法》'),
    ('LOW_INCOME', '低保', 'Minimum living allowance', '《社会救助暂行办法》'),
    ('HARDSHIP', '困难', 'Hardship', '《社会救助暂行办法》'),
    ('CHILD_LEFT_BEHIND', '留守儿童', 'Child left behind', '《未成年人保护法》'),
    ('PREGNANT', '孕产', 'Expecting or with a newborn', '《妇女权益保障法》'),
    ('UNEMPLOYED', '失业', 'Unemployed', '《就业促进法》'),
    ('RETIRED', '企退', 'Retired from an enterprise', '《社会保险法》'),
    ('PREFERENTIAL', '优抚', 'Entitled to preferential treatment', '《军人抚恤优待条例》'),
    ('MIGRANT', '流动', 'Registered elsewhere', '《居住证暂行条例》');

-- The forms that households are asked by, through time: what was filled in keeps the version that it was filled in by.
CREATE TABLE collection_form (
    version integer NOT NULL,
    since   date NOT NULL,
    items   jsonb NOT NULL,   -- [{"key", "zh", "en", "kind": TEXT|NUMBER|YES_NO|CHOICE, "options": [{"key", "zh", "en"}]}]
    CONSTRAINT collection_form_pkey PRIMARY KEY (version),
    CONSTRAINT collection_form_version_range CHECK (version >= 1),
    CONSTRAINT collection_form_items_list CHECK (jsonb_typeof(items) = 'array' AND jsonb_array_length(items) BETWEEN 1 AND 100)
);
SELECT place_rows('collection_form', 'everywhere');
INSERT INTO collection_form (version, since, items) VALUES (1, '2026-01-01', '[
    {"key": "housing", "zh": "住房情况", "en": "Housing", "kind": "TEXT"},
    {"key": "party", "zh": "党建", "en": "Party members in the household", "kind": "NUMBER"},
    {"key": "family_services", "zh": "计生服务", "en": "Family services wanted", "kind": "YES_NO"},
    {"key": "civil_affairs", "zh": "民政救助", "en": "Civil assistance", "kind": "CHOICE", "options": [
        {"key": "NONE", "zh": "无", "en": "None"}, {"key": "MINIMUM", "zh": "低保", "en": "Minimum living allowance"},
        {"key": "TEMPORARY", "zh": "临时救助", "en": "Temporary assistance"}, {"key": "OTHER", "zh": "其他", "en": "Other"}]},
    {"key": "medical_insurance", "zh": "医保", "en": "People with medical insurance", "kind": "NUMBER"},
    {"key": "pension", "zh": "养老保险", "en": "People with a pension insurance", "kind": "NUMBER"},
    {"key": "employment", "zh": "就业", "en": "People looking for work", "kind": "NUMBER"},
    {"key": "education", "zh": "教育", "en": "Children at school", "kind": "NUMBER"},
    {"key": "health", "zh": "卫生健康", "en": "Signed with a family doctor", "kind": "YES_NO"},
    {"key": "elder_care", "zh": "养老服务", "en": "Elder care wanted", "kind": "YES_NO"},
    {"key": "disability_services", "zh": "助残服务", "en": "Disability services wanted", "kind": "YES_NO"},
    {"key": "veterans", "zh": "退役军人", "en": "Veterans in the household", "kind": "NUMBER"},
    {"key": "volunteering", "zh": "志愿服务", "en": "Would volunteer", "kind": "YES_NO"},
    {"key": "wishes", "zh": "需求与建议", "en": "Needs and suggestions", "kind": "TEXT"}]');

-- A person, as known in a district. The lists say where, as the residencies in force do, or the last ones where none is.
CREATE TABLE resident (
    district        text NOT NULL,
    id              uuid NOT NULL,
    name            bytea NOT NULL,
    identity        bytea,
    identity_lookup bytea,
    odd_identity    boolean NOT NULL DEFAULT false,   -- its check digit is wrong, and somebody said that it stands so
    phone           bytea,
    born            bytea,
    communities     uuid[] NOT NULL DEFAULT '{}',
    grids           uuid[] NOT NULL DEFAULT '{}',
    buildings       uuid[] NOT NULL DEFAULT '{}',
    version         integer NOT NULL DEFAULT 1,
    CONSTRAINT resident_pkey PRIMARY KEY (district, id),
    CONSTRAINT resident_identity_whole CHECK (num_nonnulls(identity, identity_lookup) <> 1),
    CONSTRAINT resident_lookup_length CHECK (octet_length(identity_lookup) = 32),
    CONSTRAINT resident_lengths CHECK (octet_length(name) <= 1000 AND octet_length(identity) <= 200 AND octet_length(phone) <= 200 AND octet_length(born) <= 200)
);
CREATE INDEX resident_identity ON resident (district, identity_lookup);
SELECT place_rows('resident', 'district');
SELECT protect_rows('resident', in_reach('residents', true), in_reach('keep', true), '{keeper}');

-- Who lives in, or is registered with, which household: the dwelling and the number that tells its households apart, since a household begins anew where its count changes.
CREATE TABLE residency (
    district        text NOT NULL,
    id              uuid NOT NULL,
    resident_id     uuid NOT NULL,
    unit_id         uuid NOT NULL,
    dwelling_id     uuid NOT NULL,
    number          text NOT NULL,
    registered_here boolean NOT NULL,
    lives_here      boolean NOT NULL,
    tenure          text NOT NULL,
    during          daterange NOT NULL,
    community_id    uuid,
    grid_id         uuid,
    building_id     uuid NOT NULL,
    CONSTRAINT residency_pkey PRIMARY KEY (district, id),
    CONSTRAINT residency_resident_fkey FOREIGN KEY (district, resident_id) REFERENCES resident (district, id) ON DELETE CASCADE,
    CONSTRAINT residency_dwelling_fkey FOREIGN KEY (district, dwelling_id) REFERENCES dwelling (district, id),
    CONSTRAINT residency_one_home EXCLUDE USING gist (district WITH =, resident_id WITH =, during WITH &&) WHERE (lives_here),
    CONSTRAINT residency_one_register EXCLUDE USING gist (district WITH =, resident_id WITH =, during WITH &&) WHERE (registered_here),
    CONSTRAINT residency_says_something CHECK (registered_here OR lives_here),
    CONSTRAINT residency_tenure_known CHECK (tenure IN ('OWNER', 'FAMILY', 'TENANT', 'EMPLOYER', 'GUEST')),
    CONSTRAINT residency_number_length CHECK (char_length(number) BETWEEN 1 AND 50),
    CONSTRAINT residency_during_given CHECK (NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during))
);
CREATE INDEX residency_dwelling ON residency (district, dwelling_id, number);
CREATE INDEX residency_resident ON residency (district, resident_id);
CREATE INDEX residency_unit ON residency (district, unit_id);
CREATE INDEX residency_building ON residency (district, building_id);
SELECT place_rows('residency', 'district');
SELECT protect_rows('residency', in_reach('residents'), in_reach('keep'), '{keeper}');

CREATE TABLE care_tag (
    district    text NOT NULL,
    id          uuid NOT NULL,
    resident_id uuid NOT NULL,
    restricted  boolean NOT NULL,
    tag         bytea NOT NULL,      -- the category and the legal basis
    lookup      bytea NOT NULL,      -- of the category
    set_by      text NOT NULL,
    set_on      date NOT NULL,
    review_on   date NOT NULL,
    expires_on  date NOT NULL,
    communities uuid[] NOT NULL DEFAULT '{}',   -- as its resident's
    grids       uuid[] NOT NULL DEFAULT '{}',
    buildings   uuid[] NOT NULL DEFAULT '{}',
    CONSTRAINT care_tag_pkey PRIMARY KEY (district, id),
    CONSTRAINT care_tag_resident_fkey FOREIGN KEY (district, resident_id) REFERENCES resident (district, id) ON DELETE CASCADE,
    CONSTRAINT care_tag_once UNIQUE (district, resident_id, lookup),
    CONSTRAINT care_tag_lengths CHECK (octet_length(tag) <= 2000 AND octet_length(lookup) = 32),
    CONSTRAINT care_tag_order CHECK (set_on <= review_on AND review_on <= expires_on)
);
SELECT place_rows('care_tag', 'district');
SELECT protect_rows('care_tag', c.may, c.may, '{keeper}') FROM (SELECT '(NOT restricted AND ' || in_reach('care', true) || ' OR restricted AND ' || in_reach('restricted', true) || ')' AS may) c;

-- What a household answered, the last time it was asked.
CREATE TABLE household_form (
    district     text NOT NULL,
    id           uuid NOT NULL,
    unit_id      uuid NOT NULL,
    dwelling_id  uuid NOT NULL,
    number       text NOT NULL,
    form         integer NOT NULL,
    answers      bytea NOT NULL,
    filled_on    date NOT NULL,
    filled_by    text NOT NULL,
    community_id uuid,
    grid_id      uuid,
    building_id  uuid NOT NULL,
    CONSTRAINT household_form_pkey PRIMARY KEY (district, id),
    CONSTRAINT household_form_household_key UNIQUE (district, dwelling_id, number),
    CONSTRAINT household_form_dwelling_fkey FOREIGN KEY (district, dwelling_id) REFERENCES dwelling (district, id),
    CONSTRAINT household_form_form_fkey FOREIGN KEY (form) REFERENCES collection_form (version),
    CONSTRAINT household_form_number_length CHECK (char_length(number) BETWEEN 1 AND 50),
    CONSTRAINT household_form_answers_length CHECK (octet_length(answers) <= 65536)
);
CREATE INDEX household_form_unit ON household_form (district, unit_id);
CREATE INDEX household_form_building ON household_form (district, building_id);
SELECT place_rows('household_form', 'district');
SELECT protect_rows('household_form', in_reach('residents'), in_reach('keep'), '{keeper}');

-- How many people's files were removed, and why: all that is left of them.
CREATE TABLE resident_erasure (
    district text NOT NULL,
    month    date NOT NULL,
    reason   text NOT NULL,
    people   integer NOT NULL,
    CONSTRAINT resident_erasure_pkey PRIMARY KEY (district, month, reason),
    CONSTRAINT resident_erasure_month_first CHECK (extract(day FROM month) = 1),
    CONSTRAINT resident_erasure_reason_known CHECK (reason IN ('REQUEST', 'MISTAKE', 'RETENTION')),
    CONSTRAINT resident_erasure_counts CHECK (people >= 1)
);
SELECT place_rows('resident_erasure', 'district');
SELECT protect_rows('resident_erasure', at_work => '{keeper}');

-- How often somebody opened or looked for single values within an hour, that no register is read out that way.
CREATE TABLE resident_use (
    actor text NOT NULL,
    what  text NOT NULL,
    hour  timestamptz NOT NULL,
    times integer NOT NULL,
    CONSTRAINT resident_use_pkey PRIMARY KEY (actor, what, hour),
    CONSTRAINT resident_use_what_known CHECK (what IN ('search', 'reveal')),
    CONSTRAINT resident_use_counts CHECK (times >= 1)
);
SELECT place_rows('resident_use', 'everywhere');
SELECT protect_rows('resident_use', at_work => '{keeper}');

-- For how long what has ended is kept, by what it is.
CREATE TABLE retention (
    what    text NOT NULL,
    days    integer NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT retention_pkey PRIMARY KEY (what),
    CONSTRAINT retention_what_known CHECK (what IN ('RESIDENCY', 'CARE_TAG', 'FORM')),
    CONSTRAINT retention_days_range CHECK (days BETWEEN 0 AND 36500)
);
SELECT place_rows('retention', 'everywhere');
INSERT INTO retention (what, days) VALUES ('RESIDENCY', 730), ('CARE_TAG', 90), ('FORM', 1095);

-- +goose Down
DROP TABLE retention;
DROP TABLE resident_use;
DROP TABLE resident_erasure;
DROP TABLE household_form;
DROP TABLE care_tag;
DROP TABLE residency;
DROP TABLE resident;
DROP TABLE collection_form;
DROP TABLE care_category;
DROP TABLE data_key;
DELETE FROM table_class WHERE table_name IN ('data_key', 'care_category', 'collection_form', 'resident', 'residency', 'care_tag', 'household_form', 'resident_erasure',
    'resident_use', 'retention');
