-- Time is always an argument: no default and no query says now().
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

CREATE TABLE customer (
    key         text PRIMARY KEY CHECK (key ~ '^[a-z][a-z0-9-]{0,39}$'),
    name        text NOT NULL CHECK (name <> ''),
    tier        text NOT NULL CHECK (tier <> ''),
    framework   text NOT NULL CHECK (framework <> ''),
    state       text NOT NULL CHECK (state IN ('wanted', 'active', 'suspended', 'closed', 'departed')),
    account     text CHECK (account ~ '^[0-9]{12}$'),
    email       text CHECK (email LIKE '%_@_%'),
    unit        text,
    region      text,
    segment     text,
    price_cents bigint NOT NULL CHECK (price_cents BETWEEN 0 AND 9007199254740991),
    currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    tags        jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(tags) = 'object'),
    search      text NOT NULL, -- all that a search looks in, folded; kept by the store
    updated_at  timestamptz NOT NULL,
    CONSTRAINT active_has_account CHECK (state NOT IN ('active', 'suspended') OR account IS NOT NULL)
);
CREATE INDEX customer_search ON customer USING gin (search gin_trgm_ops);
CREATE INDEX customer_name ON customer (lower(name), key);
CREATE INDEX customer_account ON customer (account);
CREATE INDEX customer_email ON customer (lower(email));

CREATE TABLE contact (
    customer    text NOT NULL REFERENCES customer,
    email       text NOT NULL CHECK (email LIKE '%_@_%'),
    name        text NOT NULL,
    role        text NOT NULL CHECK (role IN ('primary', 'billing', 'security', 'operations', 'other')),
    verified_at timestamptz,
    PRIMARY KEY (customer, email)
);
CREATE INDEX contact_email ON contact (lower(email));

CREATE TABLE domain (
    customer    text NOT NULL REFERENCES customer,
    name        text NOT NULL CHECK (name = lower(name) AND name ~ '^[^@\s]+\.[^@\s]+$'),
    verified_at timestamptz,
    PRIMARY KEY (customer, name)
);
CREATE INDEX domain_name ON domain (name);

-- The latest verify.
CREATE TABLE check_result (
    customer  text NOT NULL REFERENCES customer,
    framework text NOT NULL CHECK (framework <> ''),
    id        text NOT NULL CHECK (id <> ''),
    title     text NOT NULL,
    passed    boolean NOT NULL,
    detail    text NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (customer, framework, id),
    CONSTRAINT fault_is_told CHECK (passed OR detail <> '')
);
CREATE INDEX check_result_failed ON check_result (customer, framework) WHERE NOT passed;

-- What a framework's policy forbids, in words.
CREATE TABLE guardrail (
    framework text NOT NULL CHECK (framework <> ''),
    sid       text NOT NULL CHECK (sid <> ''),
    says      text NOT NULL CHECK (says <> ''),
    PRIMARY KEY (framework, sid)
);

CREATE TABLE portfolio (
    version bigint PRIMARY KEY CHECK (version > 0),
    text    text NOT NULL,
    digest  text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    author  text NOT NULL CHECK (author <> ''),
    at      timestamptz NOT NULL,
    note    text NOT NULL
);

CREATE TABLE run (
    id        text PRIMARY KEY CHECK (id <> ''),
    kind      text NOT NULL CHECK (kind <> ''),
    state     text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'stopped')),
    portfolio bigint REFERENCES portfolio,
    asked_by  text NOT NULL CHECK (asked_by <> ''),
    asked_at  timestamptz NOT NULL,
    started_at timestamptz CHECK (started_at >= asked_at),
    ended_at  timestamptz CHECK (ended_at >= asked_at),
    summary   text NOT NULL DEFAULT '',
    plan      jsonb,
    CONSTRAINT ended_has_date CHECK ((state IN ('done', 'failed', 'stopped')) = (ended_at IS NOT NULL)),
    CONSTRAINT running_has_date CHECK (state NOT IN ('running', 'done') OR started_at IS NOT NULL)
);
CREATE INDEX run_asked ON run (asked_at DESC, id);
CREATE INDEX run_open ON run (asked_at, id) WHERE state IN ('waiting', 'running');

CREATE TABLE step (
    run        text NOT NULL REFERENCES run,
    n          bigint NOT NULL CHECK (n >= 0),
    customer   text,
    kind       text NOT NULL CHECK (kind <> ''),
    what       text NOT NULL,
    state      text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'skipped')),
    attempts   bigint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    error      text NOT NULL DEFAULT '',
    started_at timestamptz,
    ended_at   timestamptz CHECK (ended_at >= started_at),
    PRIMARY KEY (run, n),
    CONSTRAINT ended_has_date CHECK ((state IN ('done', 'failed', 'skipped')) = (ended_at IS NOT NULL)),
    CONSTRAINT failure_is_told CHECK (state <> 'failed' OR error <> '')
);
CREATE INDEX step_customer ON step (customer, run, n) WHERE customer IS NOT NULL;

-- Operators.
CREATE TABLE person (
    id          text PRIMARY KEY CHECK (id <> ''),
    email       text NOT NULL UNIQUE CHECK (email = lower(email) AND email LIKE '%_@_%'),
    name        text NOT NULL,
    role        text NOT NULL CHECK (role IN ('owner', 'engineer', 'billing', 'support', 'auditor')),
    subject     text UNIQUE, -- issuer and subject of OpenID Connect, once signed in by it
    created_at  timestamptz NOT NULL,
    disabled_at timestamptz CHECK (disabled_at >= created_at)
);
CREATE TABLE person_session (
    id         text PRIMARY KEY CHECK (id <> ''),
    person     text NOT NULL REFERENCES person ON DELETE CASCADE,
    hash       bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    address    text NOT NULL,
    agent      text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL CHECK (seen_at >= created_at),
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    ended_at   timestamptz CHECK (ended_at >= created_at)
);
CREATE INDEX person_session_person ON person_session (person, created_at DESC);
CREATE TABLE person_link (
    hash       bytea PRIMARY KEY CHECK (length(hash) = 32),
    person     text NOT NULL REFERENCES person ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    used_at    timestamptz CHECK (used_at BETWEEN created_at AND expires_at)
);
CREATE TABLE person_token (
    id         text PRIMARY KEY CHECK (id <> ''),
    person     text NOT NULL REFERENCES person ON DELETE CASCADE,
    name       text NOT NULL CHECK (name <> ''),
    hash       bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    scopes     text[] NOT NULL CHECK (cardinality(scopes) > 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    used_at    timestamptz,
    ended_at   timestamptz CHECK (ended_at >= created_at)
);

-- Customers' people.
CREATE TABLE member (
    customer    text NOT NULL REFERENCES customer,
    email       text NOT NULL CHECK (email = lower(email) AND email LIKE '%_@_%'),
    name        text NOT NULL,
    role        text NOT NULL CHECK (role IN ('admin', 'member')),
    subject     text,
    created_at  timestamptz NOT NULL,
    disabled_at timestamptz CHECK (disabled_at >= created_at),
    PRIMARY KEY (customer, email),
    UNIQUE (customer, subject)
);
CREATE INDEX member_email ON member (email);
CREATE TABLE member_session (
    customer   text NOT NULL,
    id         text NOT NULL CHECK (id <> ''),
    email      text NOT NULL,
    hash       bytea NOT NULL CHECK (length(hash) = 32),
    address    text NOT NULL,
    agent      text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL CHECK (seen_at >= created_at),
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    ended_at   timestamptz CHECK (ended_at >= created_at),
    PRIMARY KEY (customer, id),
    UNIQUE (customer, hash),
    FOREIGN KEY (customer, email) REFERENCES member ON DELETE CASCADE
);
CREATE TABLE member_link (
    customer   text NOT NULL,
    hash       bytea NOT NULL CHECK (length(hash) = 32),
    email      text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    used_at    timestamptz CHECK (used_at BETWEEN created_at AND expires_at),
    PRIMARY KEY (customer, hash),
    FOREIGN KEY (customer, email) REFERENCES member ON DELETE CASCADE
);
CREATE TABLE member_token (
    customer   text NOT NULL,
    id         text NOT NULL CHECK (id <> ''),
    email      text NOT NULL,
    name       text NOT NULL CHECK (name <> ''),
    hash       bytea NOT NULL CHECK (length(hash) = 32),
    scopes     text[] NOT NULL CHECK (cardinality(scopes) > 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    used_at    timestamptz,
    ended_at   timestamptz CHECK (ended_at >= created_at),
    PRIMARY KEY (customer, id),
    UNIQUE (customer, hash),
    FOREIGN KEY (customer, email) REFERENCES member ON DELETE CASCADE
);

-- What a request of a customer asks the operator's side to do. Nobody who is not
-- signed in can learn from it: customers only insert.
CREATE TABLE outbox (
    customer text,
    id       bigint GENERATED ALWAYS AS IDENTITY,
    kind     text NOT NULL CHECK (kind <> ''),
    payload  jsonb NOT NULL CHECK (pg_column_size(payload) <= 16384),
    at       timestamptz NOT NULL,
    taken_at timestamptz CHECK (taken_at >= at),
    UNIQUE NULLS NOT DISTINCT (customer, id)
);
CREATE INDEX outbox_open ON outbox (id) WHERE taken_at IS NULL;

CREATE TABLE idempotency (
    customer text,
    actor    text NOT NULL CHECK (actor <> ''),
    key      text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    digest   bytea NOT NULL, -- of the request
    status   int,            -- NULL while the first is at it
    body     bytea,
    at       timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (customer, actor, key),
    CONSTRAINT answered_whole CHECK ((status IS NULL) = (body IS NULL))
);
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE setting (
    key   text PRIMARY KEY CHECK (key <> ''),
    value jsonb NOT NULL
);

-- Who did what. Entries are never changed or removed; a seal chains them.
CREATE TABLE audit_entry (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    at         timestamptz NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('person', 'member', 'token', 'system')),
    actor      text NOT NULL CHECK (actor <> ''),
    action     text NOT NULL CHECK (action <> ''),
    customer   text,
    framework  text,
    before     json,
    after      json,
    source     text NOT NULL,
    UNIQUE NULLS NOT DISTINCT (customer, id)
);
CREATE INDEX audit_entry_id ON audit_entry (id);
CREATE TABLE audit_seal (
    seq   bigint PRIMARY KEY CHECK (seq > 0),
    entry bigint NOT NULL UNIQUE,
    at    timestamptz NOT NULL,
    hash  bytea NOT NULL CHECK (length(hash) = 32)
);

CREATE FUNCTION audit_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is never changed: % of %', lower(TG_OP), TG_TABLE_NAME;
END
$$;
CREATE TRIGGER audit_entry_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION audit_stands();
CREATE TRIGGER audit_seal_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal FOR EACH STATEMENT EXECUTE FUNCTION audit_stands();

-- Who may do what with which table. The owner migrates, dumps and restores; the
-- operator's side sees all; a customer's requests see the customer and its
-- framework that store.Customer has set, whatever a query forgets to say.
DO $$
DECLARE
    t text;
    own constant text := '(select nullif(current_setting(''landlord.customer'', true), ''''))';
    framework constant text := '(select nullif(current_setting(''landlord.framework'', true), ''''))';
BEGIN
    FOR t IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'migration' LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner ON %I TO landlord_owner USING (true)', t);
        EXECUTE format('CREATE POLICY operator ON %I TO landlord_operator USING (true)', t);
        IF t LIKE 'audit%' THEN
            EXECUTE format('GRANT SELECT, INSERT ON %I TO landlord_operator', t);
        ELSE
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO landlord_operator', t);
        END IF;
    END LOOP;
    FOREACH t IN ARRAY ARRAY['contact', 'domain', 'member', 'member_session', 'member_link', 'member_token', 'idempotency'] LOOP
        EXECUTE format('CREATE POLICY customer ON %I TO landlord_customer USING (customer = %s)', t, own);
    END LOOP;
    EXECUTE format('CREATE POLICY customer ON customer TO landlord_customer USING (key = %s)', own);
    EXECUTE format('CREATE POLICY customer ON guardrail TO landlord_customer USING (framework = %s)', framework);
    EXECUTE format('CREATE POLICY customer ON check_result TO landlord_customer USING (customer = %s AND framework = %s)', own, framework);
    EXECUTE format('CREATE POLICY customer ON audit_entry TO landlord_customer USING (customer = %s AND (framework IS NULL OR framework = %s))
        WITH CHECK (customer = %1$s AND framework = %2$s AND actor_kind IN (''member'', ''token''))', own, framework);
    EXECUTE format('CREATE POLICY customer ON outbox FOR INSERT TO landlord_customer WITH CHECK (customer IS NULL OR customer = %s)', own);
END
$$;
GRANT SELECT ON customer, contact, domain, check_result, guardrail TO landlord_customer;
GRANT SELECT, INSERT, UPDATE, DELETE ON member TO landlord_customer;
GRANT SELECT, INSERT, UPDATE (seen_at, ended_at) ON member_session TO landlord_customer;
GRANT SELECT, UPDATE (used_at) ON member_link TO landlord_customer;
GRANT SELECT, INSERT, UPDATE (used_at, ended_at) ON member_token TO landlord_customer;
GRANT SELECT, INSERT, UPDATE (status, body), DELETE ON idempotency TO landlord_customer;
GRANT INSERT (customer, kind, payload, at) ON outbox TO landlord_customer;
GRANT SELECT, INSERT (at, actor_kind, actor, action, customer, framework, before, after, source) ON audit_entry TO landlord_customer;

-- River's tables come in a schema of their own, where customers' requests have no
-- business.
CREATE SCHEMA river;
GRANT USAGE ON SCHEMA river TO landlord_operator;
ALTER DEFAULT PRIVILEGES IN SCHEMA river GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO landlord_operator;
ALTER DEFAULT PRIVILEGES IN SCHEMA river GRANT USAGE, SELECT ON SEQUENCES TO landlord_operator;
