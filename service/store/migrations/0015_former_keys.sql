-- Whoever enters a customer's scope reads its former keys once, as it reads its
-- framework. With a query for them in the policy each page planned another.
ALTER POLICY customer ON audit_entry USING (
    customer = ANY ((select coalesce(nullif(current_setting('landlord.keys', true), '')::text[], ARRAY[nullif(current_setting('landlord.customer', true), '')]))::text[])
    AND (framework IS NULL OR framework = (select nullif(current_setting('landlord.framework', true), ''))));
