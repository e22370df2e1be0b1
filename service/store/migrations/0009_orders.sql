-- What is asked for of one customer's account, beside what the portfolio wants, is a
-- run that names the customer.
ALTER TABLE run
    ADD COLUMN customer text,
    ADD CONSTRAINT order_names_customer CHECK ((kind IN ('suspend', 'resume', 'close')) = (customer IS NOT NULL));
CREATE INDEX run_customer ON run (customer, asked_at DESC) WHERE customer IS NOT NULL;
