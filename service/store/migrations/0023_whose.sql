-- The accounts of which something stands, beside it: whether they are still the
-- customer's is asked often.
ALTER TABLE assessment ADD COLUMN accounts text[] NOT NULL DEFAULT '{}';
UPDATE assessment a SET accounts = ARRAY(SELECT DISTINCT f.account FROM finding f WHERE f.customer = a.customer ORDER BY 1);
