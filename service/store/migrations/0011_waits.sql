-- A run that could not look at AWS waits and is tried again: how often it was so in
-- a row, since when, and when the next try is.
ALTER TABLE run
    ADD COLUMN tries         bigint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    ADD COLUMN failing_since timestamptz,
    ADD COLUMN next_at       timestamptz,
    ADD CONSTRAINT tries_have_dates CHECK ((tries > 0) = (failing_since IS NOT NULL));
