-- What an invoice would be as far as is known: made anew by each run, until it is
-- issued.
CREATE TABLE invoice_draft (
    customer    text NOT NULL REFERENCES customer ON UPDATE CASCADE,
    month       text NOT NULL CHECK (month ~ '^2[0-9]{3}-(0[1-9]|1[0-2])$'),
    total_cents bigint NOT NULL CHECK (total_cents BETWEEN -9007199254740991 AND 9007199254740991),
    currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    terms       jsonb NOT NULL CHECK (jsonb_typeof(terms) = 'object'),
    lines       jsonb NOT NULL CHECK (jsonb_typeof(lines) = 'array'),
    made_at     timestamptz NOT NULL,
    issue_from  timestamptz NOT NULL,
    held        text NOT NULL, -- why it is not issued then; '' if it is
    PRIMARY KEY (customer, month)
);
CREATE INDEX invoice_draft_due ON invoice_draft (issue_from);

-- Issued invoices, series INV, and credit notes, CN, each of an invoice. n goes up by
-- one from 1 in each series. Only state, settled_at and reason ever change.
CREATE TABLE invoice (
    customer    text NOT NULL REFERENCES customer ON UPDATE CASCADE,
    number      text NOT NULL,
    series      text NOT NULL CHECK (series IN ('INV', 'CN')),
    n           bigint NOT NULL CHECK (n > 0),
    month       text NOT NULL CHECK (month ~ '^2[0-9]{3}-(0[1-9]|1[0-2])$'),
    of          text,
    state       text NOT NULL CHECK (state IN ('issued', 'paid', 'void', 'uncollectible')),
    currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    total_cents bigint NOT NULL CHECK (total_cents BETWEEN -9007199254740991 AND 9007199254740991),
    lines       bigint NOT NULL CHECK (lines > 0),
    terms       jsonb NOT NULL CHECK (jsonb_typeof(terms) = 'object'),
    issued_at   timestamptz NOT NULL,
    due_on      date,
    settled_at  timestamptz CHECK (settled_at >= issued_at),
    reason      text NOT NULL,
    PRIMARY KEY (customer, number),
    FOREIGN KEY (customer, of) REFERENCES invoice (customer, number) ON UPDATE CASCADE,
    CONSTRAINT number_is_of_series CHECK (number = series || '-' || lpad(n::text, greatest(6, length(n::text)), '0')),
    CONSTRAINT note_is_of_invoice CHECK ((series = 'CN') = (of IS NOT NULL)),
    CONSTRAINT note_takes_off CHECK (series <> 'CN' OR total_cents < 0),
    CONSTRAINT invoice_is_due CHECK ((series = 'INV') = (due_on IS NOT NULL)),
    CONSTRAINT settled_has_date CHECK ((state = 'issued') = (settled_at IS NULL)),
    CONSTRAINT end_has_reason CHECK (state NOT IN ('void', 'uncollectible') OR reason <> '')
);
CREATE UNIQUE INDEX invoice_once ON invoice (customer, month) WHERE series = 'INV' AND state <> 'void';
CREATE INDEX invoice_n ON invoice (series, n);
CREATE INDEX invoice_open ON invoice (due_on) WHERE state = 'issued';

CREATE TABLE invoice_line (
    customer     text NOT NULL,
    number       text NOT NULL,
    n            bigint NOT NULL CHECK (n > 0),
    kind         text NOT NULL CHECK (kind <> ''),
    description  text NOT NULL CHECK (description <> ''),
    how          text NOT NULL CHECK (how <> ''),
    amount_cents bigint NOT NULL,
    service      text,
    cost         numeric, -- of AWS, exact
    of           text,    -- the invoice that an adjustment is of
    PRIMARY KEY (customer, number, n),
    FOREIGN KEY (customer, number) REFERENCES invoice ON UPDATE CASCADE,
    CONSTRAINT cost_is_of_service CHECK ((service IS NULL) = (cost IS NULL))
);

-- What was paid, or, below nothing, paid back.
CREATE TABLE payment (
    customer     text NOT NULL,
    number       text NOT NULL,
    reference    text NOT NULL CHECK (reference <> ''),
    amount_cents bigint NOT NULL CHECK (amount_cents <> 0 AND amount_cents BETWEEN -9007199254740991 AND 9007199254740991),
    method       text NOT NULL CHECK (method <> ''),
    paid_on      date NOT NULL,
    by           text NOT NULL CHECK (by <> ''),
    at           timestamptz NOT NULL,
    PRIMARY KEY (customer, number, reference),
    FOREIGN KEY (customer, number) REFERENCES invoice ON UPDATE CASCADE
);

-- Every number that was ever given; customers read none of it.
CREATE TABLE invoice_number (
    series text NOT NULL,
    n      bigint NOT NULL CHECK (n > 0),
    PRIMARY KEY (series, n)
);

CREATE FUNCTION invoice_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        -- A customer's key may become another, by its foreign key alone: nobody may write it.
        IF to_jsonb(NEW) - ARRAY['customer', 'state', 'settled_at', 'reason'] = to_jsonb(OLD) - ARRAY['customer', 'state', 'settled_at', 'reason']
            AND (NEW.state = OLD.state AND NEW.settled_at IS NOT DISTINCT FROM OLD.settled_at AND NEW.reason = OLD.reason
                OR TG_TABLE_NAME = 'invoice' AND NEW.series = 'INV' AND (OLD.state = 'issued' OR OLD.state = 'uncollectible' AND NEW.state = 'paid')) THEN
            IF NEW.state = 'paid' AND OLD.state <> 'paid' AND NEW.total_cents
                + (SELECT coalesce(sum(c.total_cents), 0) FROM invoice c WHERE c.customer = NEW.customer AND c.of = NEW.number)
                - (SELECT coalesce(sum(p.amount_cents), 0) FROM payment p WHERE p.customer = NEW.customer AND p.number = NEW.number) <> 0 THEN
                RAISE EXCEPTION 'invoice % is not paid', NEW.number;
            END IF;
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'what was issued is never changed: % of %', lower(TG_OP), TG_TABLE_NAME;
END
$$;
CREATE FUNCTION invoice_row_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'customer' = to_jsonb(OLD) - 'customer' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what was issued is never changed: % of %', lower(TG_OP), TG_TABLE_NAME;
END
$$;
CREATE TRIGGER invoice_stands BEFORE UPDATE OR DELETE ON invoice FOR EACH ROW EXECUTE FUNCTION invoice_stands();
CREATE TRIGGER invoice_stays BEFORE TRUNCATE ON invoice FOR EACH STATEMENT EXECUTE FUNCTION invoice_row_stands();
CREATE TRIGGER invoice_line_stands BEFORE UPDATE OR DELETE ON invoice_line FOR EACH ROW EXECUTE FUNCTION invoice_row_stands();
CREATE TRIGGER invoice_line_stays BEFORE TRUNCATE ON invoice_line FOR EACH STATEMENT EXECUTE FUNCTION invoice_row_stands();
CREATE TRIGGER payment_stands BEFORE UPDATE OR DELETE ON payment FOR EACH ROW EXECUTE FUNCTION invoice_row_stands();
CREATE TRIGGER payment_stays BEFORE TRUNCATE ON payment FOR EACH STATEMENT EXECUTE FUNCTION invoice_row_stands();
CREATE TRIGGER invoice_number_stands BEFORE UPDATE OR DELETE ON invoice_number FOR EACH ROW EXECUTE FUNCTION invoice_row_stands();
CREATE TRIGGER invoice_number_stays BEFORE TRUNCATE ON invoice_number FOR EACH STATEMENT EXECUTE FUNCTION invoice_row_stands();

-- An invoice has its lines, in all its total, and a number of its own, when its
-- transaction ends; a number follows the one before, and is an invoice's.
CREATE FUNCTION invoice_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lines bigint;
    total numeric;
BEGIN
    SELECT count(*), sum(amount_cents) INTO lines, total FROM invoice_line l WHERE l.customer = NEW.customer AND l.number = NEW.number;
    IF lines <> NEW.lines OR total IS DISTINCT FROM NEW.total_cents THEN
        RAISE EXCEPTION 'the % lines of % come to %, not to the % cents of its % lines', lines, NEW.number, total, NEW.total_cents, NEW.lines;
    END IF;
    IF NOT EXISTS (SELECT FROM invoice_number WHERE series = NEW.series AND n = NEW.n) OR 1 <> (SELECT count(*) FROM invoice WHERE series = NEW.series AND n = NEW.n) THEN
        RAISE EXCEPTION '% is not a number of its own', NEW.number;
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION invoice_number_is_next() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.n > 1 AND NOT EXISTS (SELECT FROM invoice_number WHERE series = NEW.series AND n = NEW.n - 1) OR NOT EXISTS (SELECT FROM invoice WHERE series = NEW.series AND n = NEW.n) THEN
        RAISE EXCEPTION 'number % of series % leaves a gap', NEW.n, NEW.series;
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION invoice_line_has_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM invoice i WHERE i.customer = NEW.customer AND i.number = NEW.number AND NEW.n <= i.lines) THEN
        RAISE EXCEPTION '% has no line %', NEW.number, NEW.n;
    END IF;
    RETURN NEW;
END
$$;
CREATE CONSTRAINT TRIGGER invoice_is_whole AFTER INSERT ON invoice DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION invoice_is_whole();
CREATE CONSTRAINT TRIGGER invoice_number_is_next AFTER INSERT ON invoice_number DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION invoice_number_is_next();
CREATE TRIGGER invoice_line_has_place BEFORE INSERT ON invoice_line FOR EACH ROW EXECUTE FUNCTION invoice_line_has_place();

-- Working out a month's invoices is a run that names the month.
ALTER TABLE run
    ADD COLUMN month text CHECK (month ~ '^2[0-9]{3}-(0[1-9]|1[0-2])$'),
    ADD CONSTRAINT billing_names_month CHECK ((kind = 'invoice') = (month IS NOT NULL));

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['invoice_draft', 'invoice', 'invoice_line', 'payment', 'invoice_number'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner ON %I TO landlord_owner USING (true)', t);
        EXECUTE format('CREATE POLICY operator ON %I TO landlord_operator USING (true)', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO landlord_operator', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['invoice', 'invoice_line', 'payment'] LOOP
        EXECUTE format('CREATE POLICY customer ON %I TO landlord_customer USING (customer = (select nullif(current_setting(''landlord.customer'', true), '''')))', t);
    END LOOP;
END
$$;
GRANT UPDATE, DELETE ON invoice_draft TO landlord_operator;
GRANT UPDATE (state, settled_at, reason) ON invoice TO landlord_operator;
-- Who of the provider wrote a payment down is nothing that a customer reads.
GRANT SELECT ON invoice, invoice_line TO landlord_customer;
GRANT SELECT (customer, number, reference, amount_cents, method, paid_on, at) ON payment TO landlord_customer;
