-- A customer whose key is another from now on takes along what is its own.
ALTER TABLE contact      DROP CONSTRAINT contact_customer_fkey,      ADD CONSTRAINT contact_customer_fkey      FOREIGN KEY (customer) REFERENCES customer ON UPDATE CASCADE;
ALTER TABLE domain       DROP CONSTRAINT domain_customer_fkey,       ADD CONSTRAINT domain_customer_fkey       FOREIGN KEY (customer) REFERENCES customer ON UPDATE CASCADE;
ALTER TABLE check_result DROP CONSTRAINT check_result_customer_fkey, ADD CONSTRAINT check_result_customer_fkey FOREIGN KEY (customer) REFERENCES customer ON UPDATE CASCADE;
ALTER TABLE member       DROP CONSTRAINT member_customer_fkey,       ADD CONSTRAINT member_customer_fkey       FOREIGN KEY (customer) REFERENCES customer ON UPDATE CASCADE;
ALTER TABLE member_session DROP CONSTRAINT member_session_customer_email_fkey,
    ADD CONSTRAINT member_session_customer_email_fkey FOREIGN KEY (customer, email) REFERENCES member ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE member_link DROP CONSTRAINT member_link_customer_email_fkey,
    ADD CONSTRAINT member_link_customer_email_fkey FOREIGN KEY (customer, email) REFERENCES member ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE member_token DROP CONSTRAINT member_token_customer_email_fkey,
    ADD CONSTRAINT member_token_customer_email_fkey FOREIGN KEY (customer, email) REFERENCES member ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE contact_link DROP CONSTRAINT contact_link_customer_email_fkey,
    ADD CONSTRAINT contact_link_customer_email_fkey FOREIGN KEY (customer, email) REFERENCES contact ON DELETE CASCADE ON UPDATE CASCADE;

-- The keys that a customer had. Entries of the audit log stay under theirs, since
-- nothing of it is ever changed, and are the customer's all the same.
CREATE TABLE former_key (
    customer text NOT NULL REFERENCES customer ON UPDATE CASCADE,
    key      text NOT NULL CHECK (key <> customer),
    PRIMARY KEY (customer, key)
);
ALTER TABLE former_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON former_key TO landlord_owner USING (true);
CREATE POLICY operator ON former_key TO landlord_operator USING (true);
CREATE POLICY customer ON former_key TO landlord_customer USING (customer = (select nullif(current_setting('landlord.customer', true), '')));
GRANT SELECT, INSERT, UPDATE, DELETE ON former_key TO landlord_operator;
GRANT SELECT ON former_key TO landlord_customer;
ALTER POLICY customer ON audit_entry USING (
    (customer = (select nullif(current_setting('landlord.customer', true), '')) OR customer IN (SELECT key FROM former_key))
    AND (framework IS NULL OR framework = (select nullif(current_setting('landlord.framework', true), ''))));
