-- An assessment of customers' accounts is a run: of these customers, or of all.
ALTER TABLE run
    ADD COLUMN assesses text[], -- keys; NULL is all
    ADD CONSTRAINT assesses_somebody CHECK (assesses IS NULL OR kind = 'scan' AND cardinality(assesses) > 0);
CREATE INDEX run_scan ON run (asked_at) WHERE kind = 'scan' AND assesses IS NULL;
