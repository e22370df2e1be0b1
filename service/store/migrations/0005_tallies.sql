-- What the heads of pages count, without reading the customers' rows.
CREATE INDEX customer_tally ON customer (tier, framework, currency) INCLUDE (key, state, price_cents);
CREATE INDEX customer_region ON customer (region);
