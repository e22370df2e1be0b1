-- What a domain's owner writes into its DNS to show that it is theirs. It is
-- random, and stays the domain's until that is removed.
ALTER TABLE domain ADD COLUMN challenge text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', '') CHECK (challenge <> '');

-- Links that confirm a contact's address, once.
CREATE TABLE contact_link (
    customer   text NOT NULL,
    hash       bytea NOT NULL CHECK (length(hash) = 32),
    email      text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    used_at    timestamptz CHECK (used_at BETWEEN created_at AND expires_at),
    PRIMARY KEY (customer, hash),
    FOREIGN KEY (customer, email) REFERENCES contact ON DELETE CASCADE
);

-- What was tried of late, so that who tries too often waits, whichever replica they
-- ask. Who it was is kept as a hash; a request sees the row that it names.
CREATE TABLE attempt (
    who   text PRIMARY KEY CHECK (who <> ''),
    at    timestamptz[] NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX attempt_until ON attempt (until);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['contact_link', 'attempt'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner ON %I TO landlord_owner USING (true)', t);
        EXECUTE format('CREATE POLICY operator ON %I TO landlord_operator USING (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO landlord_operator', t);
    END LOOP;
END
$$;
CREATE POLICY customer ON contact_link TO landlord_customer USING (customer = (select nullif(current_setting('landlord.customer', true), '')));
CREATE POLICY customer ON attempt TO landlord_customer USING (who = (select nullif(current_setting('landlord.attempt', true), '')));

-- A customer's admins write their own contacts and domains, and with them what
-- searches look in.
GRANT INSERT, UPDATE (name, role, verified_at), DELETE ON contact TO landlord_customer;
GRANT INSERT (customer, name, verified_at), UPDATE (verified_at), DELETE ON domain TO landlord_customer;
GRANT UPDATE (search) ON customer TO landlord_customer;
GRANT SELECT, UPDATE (used_at) ON contact_link TO landlord_customer;
GRANT SELECT, INSERT, UPDATE (at, until) ON attempt TO landlord_customer;
