-- How far a run is, kept with it: its page and whoever watches it read a few rows,
-- however many steps there are. A part is a customer, or a call that serves all; a
-- call that was tried again, or is waited for, counts once, as it is now.
CREATE TABLE run_part (
    run      text NOT NULL REFERENCES run,
    part     text NOT NULL, -- the customer, or the call: its kind, a space and what it works on
    customer text,
    n        bigint NOT NULL, -- the step that it is at, or its last
    class    bigint NOT NULL CHECK (class BETWEEN 0 AND 4), -- failed, under way, waiting, left, done
    waiting  bigint NOT NULL CHECK (waiting >= 0),
    running  bigint NOT NULL CHECK (running >= 0),
    done     bigint NOT NULL CHECK (done >= 0),
    failed   bigint NOT NULL CHECK (failed >= 0),
    skipped  bigint NOT NULL CHECK (skipped >= 0),
    PRIMARY KEY (run, part),
    CONSTRAINT part_is_its_customer CHECK (part = coalesce(customer, part) AND (customer IS NOT NULL OR part LIKE '% %')),
    FOREIGN KEY (run, n) REFERENCES step
);
CREATE INDEX run_part_customer ON run_part (run, class, customer COLLATE "C") WHERE customer IS NOT NULL;
CREATE INDEX run_part_shared ON run_part (run, class, n) WHERE customer IS NULL;
ALTER TABLE run_part ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON run_part TO landlord_owner USING (true);
CREATE POLICY operator ON run_part TO landlord_operator USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON run_part TO landlord_operator;

-- Of all its parts; and how often steps of it were written, which orders these writes.
ALTER TABLE run
    ADD COLUMN writes    bigint NOT NULL DEFAULT 0 CHECK (writes >= 0),
    ADD COLUMN waiting   bigint NOT NULL DEFAULT 0 CHECK (waiting >= 0),
    ADD COLUMN running   bigint NOT NULL DEFAULT 0 CHECK (running >= 0),
    ADD COLUMN done      bigint NOT NULL DEFAULT 0 CHECK (done >= 0),
    ADD COLUMN failed    bigint NOT NULL DEFAULT 0 CHECK (failed >= 0),
    ADD COLUMN skipped   bigint NOT NULL DEFAULT 0 CHECK (skipped >= 0),
    ADD COLUMN customers bigint NOT NULL DEFAULT 0 CHECK (customers >= 0),
    ADD COLUMN ready     bigint NOT NULL DEFAULT 0 CHECK (ready >= 0); -- of the customers
ALTER TABLE step ADD COLUMN write bigint NOT NULL DEFAULT 0 CHECK (write >= 0); -- the last that was of it
CREATE INDEX step_write ON step (run, write);
CREATE INDEX step_shared ON step (run, n) WHERE customer IS NULL;

-- What is there already. A step is its place and its class in one number.
WITH try AS (
    SELECT s.run, s.customer, CASE s.kind WHEN 'await-account' THEN 'create-account' WHEN 'await-closure' THEN 'close-account' ELSE s.kind END || ' ' || s.what AS call,
        max(s.n * 8 + CASE WHEN s.state = 'failed' THEN 0 WHEN s.state = 'running' AND s.error = '' THEN 1 WHEN s.state = 'running' THEN 2 WHEN s.state = 'waiting' THEN 3
            WHEN s.state = 'skipped' AND r.state = 'done' THEN 5 WHEN s.state = 'skipped' THEN 4 ELSE 6 END) AS at
    FROM step s JOIN run r ON r.id = s.run GROUP BY 1, 2, 3
), part AS (
    SELECT run, coalesce(customer, call) AS part, customer, coalesce(min(at) FILTER (WHERE at % 8 < 5), max(at)) AS at,
        count(*) FILTER (WHERE at % 8 = 3) AS waiting, count(*) FILTER (WHERE at % 8 IN (1, 2)) AS running, count(*) FILTER (WHERE at % 8 = 6) AS done,
        count(*) FILTER (WHERE at % 8 = 0) AS failed, count(*) FILTER (WHERE at % 8 IN (4, 5)) AS skipped
    FROM try GROUP BY 1, 2, 3
)
INSERT INTO run_part SELECT run, part, customer, at / 8, (ARRAY[0, 1, 2, 2, 3, 4, 4])[at % 8 + 1], waiting, running, done, failed, skipped FROM part;
UPDATE run SET waiting = p.waiting, running = p.running, done = p.done, failed = p.failed, skipped = p.skipped, customers = p.customers, ready = p.ready
FROM (
    SELECT run, sum(waiting) AS waiting, sum(running) AS running, sum(done) AS done, sum(failed) AS failed, sum(skipped) AS skipped,
        count(customer) AS customers, count(customer) FILTER (WHERE class = 4) AS ready
    FROM run_part GROUP BY run
) p WHERE p.run = run.id;
