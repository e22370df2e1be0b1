-- What could not be done is tried again later, and what comes after it meanwhile.
ALTER TABLE outbox
    ADD COLUMN tries   bigint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    ADD COLUMN next_at timestamptz;
