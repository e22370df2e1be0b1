-- Who is weakest is sorted of all customers: read from this, PostgreSQL leaves what
-- is wide in a posture alone.
CREATE INDEX posture_score ON posture (customer, framework) INCLUDE (pass, fail, error);
