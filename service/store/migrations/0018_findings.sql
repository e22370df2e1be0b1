-- What was found in customers' accounts, as it stands: the newest of each thing that
-- is still there. Its size is that of the accounts, however often they are looked at.
-- thing is a hash of what, where and how; frameworks are those of which the check
-- touches a control.
CREATE TABLE finding (
    customer   text NOT NULL REFERENCES customer ON UPDATE CASCADE,
    thing      bytea NOT NULL CHECK (length(thing) = 16),
    name       text NOT NULL CHECK (name <> ''),
    account    text NOT NULL CHECK (account ~ '^[0-9]{12}$'),
    method     text NOT NULL CHECK (method <> ''),
    region     text NOT NULL,
    resource   text NOT NULL,
    status     text NOT NULL CHECK (status IN ('pass', 'fail', 'error', 'manual', 'not applicable')),
    suppressed boolean NOT NULL,
    since      timestamptz NOT NULL,
    at         timestamptz NOT NULL CHECK (at >= since),
    hash       bytea NOT NULL CHECK (length(hash) = 32),
    reason     text NOT NULL,
    evidence   jsonb, -- calls, times, hashes, population and versions, of what landlord found itself
    batch      text NOT NULL CHECK (batch <> ''), -- that it was last found in
    frameworks text[] NOT NULL,
    PRIMARY KEY (customer, thing)
) WITH (fillfactor = 80); -- most are found again: room for the new version on the same page

-- How the status of each check changed, kept for 18 months: a row for each day on
-- which it did, with what the day ended with.
CREATE TABLE check_history (
    customer   text NOT NULL REFERENCES customer ON UPDATE CASCADE,
    name       text NOT NULL CHECK (name <> ''), -- landlord's own
    day        date NOT NULL,
    at         timestamptz NOT NULL,
    status     text NOT NULL CHECK (status IN ('pass', 'fail', 'error', 'manual', 'not applicable', 'not assessed')),
    frameworks text[] NOT NULL,
    PRIMARY KEY (customer, name, day),
    CONSTRAINT day_is_of_time CHECK (day = (at AT TIME ZONE 'UTC')::date)
);

-- All that was ever found of a customer, in numbers. Whoever adds to it locks it.
CREATE TABLE assessment (
    customer text PRIMARY KEY REFERENCES customer ON UPDATE CASCADE,
    first_at timestamptz,
    last_at  timestamptz CHECK (last_at >= first_at),
    findings bigint NOT NULL CHECK (findings >= 0),
    CONSTRAINT found_has_dates CHECK ((findings = 0) = (first_at IS NULL) AND (first_at IS NULL) = (last_at IS NULL))
);

-- How a customer stands to a framework, in numbers, and each control in a letter:
-- p pass, f fail, e error, m manual, a not applicable, - not assessed, in the order of
-- the framework's catalogues by the mapping of that version. The numbers are of the
-- first catalogue.
CREATE TABLE posture (
    customer           text NOT NULL REFERENCES customer ON UPDATE CASCADE,
    framework          text NOT NULL CHECK (framework <> ''),
    mapping            text NOT NULL, -- '' asks for it to be computed anew
    as_of              timestamptz, -- the last evidence
    computed_at        timestamptz NOT NULL,
    pass               bigint NOT NULL CHECK (pass >= 0),
    fail               bigint NOT NULL CHECK (fail >= 0),
    error              bigint NOT NULL CHECK (error >= 0),
    manual             bigint NOT NULL CHECK (manual >= 0),
    not_applicable     bigint NOT NULL CHECK (not_applicable >= 0),
    not_assessed       bigint NOT NULL CHECK (not_assessed >= 0),
    firm_pass          bigint NOT NULL CHECK (firm_pass >= 0),
    firm_of            bigint NOT NULL CHECK (firm_of >= firm_pass),
    fix_first          text NOT NULL, -- a check; '' if nothing fails
    unmapped_checks    bigint NOT NULL CHECK (unmapped_checks >= 0),
    unmapped_findings  bigint NOT NULL CHECK (unmapped_findings >= 0),
    elsewhere_checks   bigint NOT NULL CHECK (elsewhere_checks >= 0),
    elsewhere_findings bigint NOT NULL CHECK (elsewhere_findings >= 0),
    controls           text NOT NULL CHECK (controls ~ '^[pfema-]*$'),
    PRIMARY KEY (customer, framework)
) WITH (fillfactor = 70);
CREATE TABLE posture_day (
    customer  text NOT NULL REFERENCES customer ON UPDATE CASCADE,
    framework text NOT NULL CHECK (framework <> ''),
    day       date NOT NULL,
    pass      bigint NOT NULL CHECK (pass >= 0),
    of        bigint NOT NULL CHECK (of >= pass),
    PRIMARY KEY (customer, framework, day)
);

-- What came in at once, whole or not at all: a file, or the scan of a run.
CREATE TABLE finding_batch (
    id         text PRIMARY KEY CHECK (id <> ''),
    digest     text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    file       text NOT NULL,
    format     text NOT NULL CHECK (format <> ''),
    by         text NOT NULL CHECK (by <> ''),
    at         timestamptz NOT NULL,
    records    bigint NOT NULL CHECK (records >= 0),
    findings   bigint NOT NULL CHECK (findings >= 0),
    duplicates bigint NOT NULL CHECK (duplicates >= 0),
    customers  bigint NOT NULL CHECK (customers >= 0),
    queued     bigint NOT NULL CHECK (queued >= 0),
    skipped    jsonb NOT NULL CHECK (jsonb_typeof(skipped) = 'object')
);
CREATE INDEX finding_batch_at ON finding_batch (at, id);

-- What was found in accounts that are nobody's, and whose a person says that such an
-- account is.
CREATE TABLE unowned_finding (
    account    text NOT NULL CHECK (account ~ '^[0-9]{12}$'),
    thing      bytea NOT NULL CHECK (length(thing) = 16),
    name       text NOT NULL CHECK (name <> ''),
    method     text NOT NULL CHECK (method <> ''),
    region     text NOT NULL,
    resource   text NOT NULL,
    status     text NOT NULL CHECK (status IN ('pass', 'fail', 'error', 'manual', 'not applicable')),
    suppressed boolean NOT NULL,
    since      timestamptz NOT NULL,
    at         timestamptz NOT NULL CHECK (at >= since),
    hash       bytea NOT NULL CHECK (length(hash) = 32),
    reason     text NOT NULL,
    evidence   jsonb,
    batch      text NOT NULL CHECK (batch <> ''),
    PRIMARY KEY (account, thing)
);
CREATE TABLE account_owner (
    account  text PRIMARY KEY CHECK (account ~ '^[0-9]{12}$'),
    customer text NOT NULL REFERENCES customer ON UPDATE CASCADE,
    by       text NOT NULL CHECK (by <> ''),
    at       timestamptz NOT NULL
);
CREATE INDEX account_owner_customer ON account_owner (customer);

-- How all customers of a tier stand, by day: what an overview reads. A customer
-- without evidence is in customers alone.
CREATE TABLE tier_tally (
    day       date NOT NULL,
    tier      text NOT NULL CHECK (tier <> ''),
    framework text NOT NULL CHECK (framework <> ''),
    customers bigint NOT NULL CHECK (customers >= 0),
    assessed  bigint NOT NULL CHECK (assessed BETWEEN 0 AND customers),
    pass      bigint NOT NULL CHECK (pass >= 0),
    of        bigint NOT NULL CHECK (of >= pass),
    PRIMARY KEY (day, tier, framework)
);
CREATE TABLE control_tally (
    day            date NOT NULL,
    tier           text NOT NULL CHECK (tier <> ''),
    framework      text NOT NULL CHECK (framework <> ''),
    place          bigint NOT NULL CHECK (place >= 0), -- among all controls of the framework
    catalogue      text NOT NULL CHECK (catalogue <> ''),
    control        text NOT NULL CHECK (control <> ''),
    pass           bigint NOT NULL CHECK (pass >= 0),
    fail           bigint NOT NULL CHECK (fail >= 0),
    error          bigint NOT NULL CHECK (error >= 0),
    manual         bigint NOT NULL CHECK (manual >= 0),
    not_applicable bigint NOT NULL CHECK (not_applicable >= 0),
    not_assessed   bigint NOT NULL CHECK (not_assessed >= 0),
    PRIMARY KEY (day, tier, framework, place)
);

-- What a report says of a customer's tier and of whoever provides it.
CREATE TABLE tier (
    framework text NOT NULL CHECK (framework <> ''),
    key       text NOT NULL CHECK (key <> ''),
    name      text NOT NULL CHECK (name <> ''),
    provider  text NOT NULL,
    regions   text[] NOT NULL,
    PRIMARY KEY (framework, key)
);

DO $$
DECLARE
    t text;
    own constant text := '(select nullif(current_setting(''landlord.customer'', true), ''''))';
    framework constant text := '(select nullif(current_setting(''landlord.framework'', true), ''''))';
BEGIN
    FOREACH t IN ARRAY ARRAY['finding', 'check_history', 'assessment', 'posture', 'posture_day', 'finding_batch', 'unowned_finding', 'account_owner', 'tier_tally', 'control_tally', 'tier'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner ON %I TO landlord_owner USING (true)', t);
        EXECUTE format('CREATE POLICY operator ON %I TO landlord_operator USING (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO landlord_operator', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['finding', 'check_history'] LOOP
        EXECUTE format('CREATE POLICY customer ON %I TO landlord_customer USING (customer = %s AND %s = ANY (frameworks))', t, own, framework);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['posture', 'posture_day'] LOOP
        EXECUTE format('CREATE POLICY customer ON %I TO landlord_customer USING (customer = %s AND framework = %s)', t, own, framework);
    END LOOP;
    EXECUTE format('CREATE POLICY customer ON tier TO landlord_customer USING (framework = %s)', framework);
    EXECUTE format('CREATE POLICY customer ON assessment TO landlord_customer USING (customer = %s)', own);
END
$$;
-- Which other frameworks a check is of is nothing that a customer's requests read.
GRANT SELECT (customer, thing, name, account, method, region, resource, status, suppressed, since, at, hash, reason, evidence, batch) ON finding TO landlord_customer;
GRANT SELECT (customer, name, day, at, status) ON check_history TO landlord_customer;
GRANT SELECT ON assessment, posture, posture_day, tier TO landlord_customer;
