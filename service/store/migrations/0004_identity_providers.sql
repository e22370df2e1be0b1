-- The identity provider, by OpenID Connect, that a customer's people sign in with. It may be
-- there before the customer is. The secret is sealed with a key that is not in the
-- database.
CREATE TABLE identity_provider (
    customer   text PRIMARY KEY CHECK (customer ~ '^[a-z][a-z0-9-]{0,39}$'),
    issuer     text NOT NULL CHECK (issuer ~ '^https?://'),
    client     text NOT NULL CHECK (client <> ''),
    secret     bytea NOT NULL CHECK (length(secret) >= 28), -- a nonce and a tag, and what is between
    scopes     text[] NOT NULL,
    claim      text NOT NULL,
    admins     text[] NOT NULL, -- groups whose people are the customer's admins
    members    text[] NOT NULL,
    changed_at timestamptz NOT NULL
);
ALTER TABLE identity_provider ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON identity_provider TO landlord_owner USING (true);
CREATE POLICY operator ON identity_provider TO landlord_operator USING (true);
CREATE POLICY customer ON identity_provider TO landlord_customer USING (customer = (select nullif(current_setting('landlord.customer', true), '')));
GRANT SELECT, INSERT, UPDATE, DELETE ON identity_provider TO landlord_operator;
GRANT SELECT ON identity_provider TO landlord_customer;
