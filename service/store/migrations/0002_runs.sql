-- What somebody confirmed when a run was asked for, and that it is to stop.
ALTER TABLE run
    ADD COLUMN confirmed     text NOT NULL DEFAULT '',
    ADD COLUMN stop_asked_at timestamptz CHECK (stop_asked_at >= asked_at);
