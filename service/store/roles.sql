-- The roles of a server that keeps landlord's database. Run once as a superuser,
-- or as a role with CREATEROLE; running it again changes nothing. In production
-- give each a password or a certificate: ALTER ROLE landlord_operator PASSWORD '…'.
--
--   landlord_owner     owns the tables; for migrations, dump and restore only
--   landlord_operator  the server's, for operators and what runs by itself
--   landlord_customer  the server's, for requests of customers: sees one customer
--                      and its framework at a time
DO $$
DECLARE
    r text;
BEGIN
    FOREACH r IN ARRAY ARRAY['landlord_owner', 'landlord_operator', 'landlord_customer'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = r) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION', r);
        END IF;
    END LOOP;
END
$$;
