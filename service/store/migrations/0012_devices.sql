-- Programs that wait for an operator to give them a token: both of their codes are
-- kept as hashes, and nothing of the token.
CREATE TABLE device_login (
    code        bytea PRIMARY KEY CHECK (length(code) = 32),
    spoken      bytea NOT NULL UNIQUE CHECK (length(spoken) = 32), -- the code that people type
    name        text NOT NULL,
    source      text NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL CHECK (expires_at > created_at),
    polled_at   timestamptz,
    person      text REFERENCES person ON DELETE CASCADE, -- who answered
    answered_at timestamptz,
    scopes      text[] NOT NULL DEFAULT '{}', -- empty: refused
    days        int NOT NULL DEFAULT 0 CHECK (days >= 0),
    CONSTRAINT answered_whole CHECK ((person IS NULL) = (answered_at IS NULL))
);
CREATE INDEX device_login_expires ON device_login (expires_at);
ALTER TABLE device_login ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON device_login TO landlord_owner USING (true);
CREATE POLICY operator ON device_login TO landlord_operator USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON device_login TO landlord_operator;
