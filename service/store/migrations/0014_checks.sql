-- What the last look of a run that checks every customer found: how many checks
-- passed and how many failed. A run that checked nothing has neither.
ALTER TABLE run
    ADD COLUMN checks_passed bigint CHECK (checks_passed >= 0),
    ADD COLUMN checks_failed bigint CHECK (checks_failed >= 0),
    ADD CONSTRAINT checks_are_counted CHECK ((checks_passed IS NULL) = (checks_failed IS NULL));
