-- AWS's cost. What comes in replaces a billing period of a billing account, as one
-- source has it, whole; the highest id of a period is the version of what is known
-- of it. An import that changes nothing has no row. Digest is of the lines and of
-- whose they are; sums are of the file, and the lines sum to them.
CREATE TABLE usage_import (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL CHECK (source ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    account     text NOT NULL CHECK (account <> ''),
    period      date NOT NULL CHECK (extract(day FROM period) = 1),
    currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    digest      text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    file        text NOT NULL,
    format      text NOT NULL CHECK (format <> ''),
    rows        bigint NOT NULL CHECK (rows > 0),
    lines       bigint NOT NULL CHECK (lines BETWEEN 1 AND rows),
    billed      numeric NOT NULL,
    effective   numeric NOT NULL,
    by          text NOT NULL CHECK (by <> ''),
    at          timestamptz NOT NULL,
    replaced_at timestamptz
);
CREATE UNIQUE INDEX usage_import_current ON usage_import (source, account, period) WHERE replaced_at IS NULL;
CREATE INDEX usage_import_period ON usage_import (period, id);

-- What customers' accounts cost, by day, of the imports that count. A day may lie in
-- another month than the period that it is billed in.
CREATE TABLE usage_day (
    customer  text NOT NULL REFERENCES customer ON UPDATE CASCADE,
    period    date NOT NULL CHECK (extract(day FROM period) = 1),
    import    bigint NOT NULL,
    account   text NOT NULL CHECK (account <> ''),
    day       date NOT NULL,
    service   text NOT NULL,
    region    text NOT NULL,
    category  text NOT NULL CHECK (category <> ''),
    billed    numeric NOT NULL,
    effective numeric NOT NULL
);
CREATE INDEX usage_day_customer ON usage_day (customer, period);
CREATE INDEX usage_day_import ON usage_day (import);

-- What is nobody's.
CREATE TABLE usage_pool (
    pool      text NOT NULL CHECK (pool IN ('management', 'tax', 'support', 'credits', 'unknown')),
    period    date NOT NULL CHECK (extract(day FROM period) = 1),
    import    bigint NOT NULL,
    account   text NOT NULL,
    day       date NOT NULL,
    service   text NOT NULL,
    region    text NOT NULL,
    category  text NOT NULL CHECK (category <> ''),
    billed    numeric NOT NULL,
    effective numeric NOT NULL
);
CREATE INDEX usage_pool_period ON usage_pool (period, pool);
CREATE INDEX usage_pool_import ON usage_pool (import);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['usage_import', 'usage_day', 'usage_pool'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner ON %I TO landlord_owner USING (true)', t);
        EXECUTE format('CREATE POLICY operator ON %I TO landlord_operator USING (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO landlord_operator', t);
    END LOOP;
END
$$;
CREATE POLICY customer ON usage_day TO landlord_customer USING (customer = (select nullif(current_setting('landlord.customer', true), '')));
GRANT SELECT (customer, period, account, day, service, region, category, billed, effective) ON usage_day TO landlord_customer;
