-- Taking a customer from its key to its first report is a run that names the customer,
-- and keeps how far each of its steps is.
ALTER TABLE run
    ADD COLUMN checklist jsonb,
    DROP CONSTRAINT order_names_customer,
    ADD CONSTRAINT order_names_customer CHECK ((kind IN ('suspend', 'resume', 'close', 'onboard')) = (customer IS NOT NULL)),
    ADD CONSTRAINT checklist_is_of_onboarding CHECK (checklist IS NULL OR kind = 'onboard');
