-- Everything in a database that says who sees or changes what landlord keeps: what
-- it is, and how it is. Schemas public and river are told whole, but for
-- what extensions brought; of all else, only what reaches into them, or gives
-- landlord's roles more than PostgreSQL gives everybody. Every role may read all
-- of it. Texts are those of PostgreSQL 15 to 18 alike.
WITH
our_role AS (SELECT oid, rolname FROM pg_roles WHERE rolname IN ('landlord_owner', 'landlord_operator', 'landlord_customer')),
login AS (SELECT * FROM our_role WHERE rolname <> 'landlord_owner'),
our_schema AS (SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('public', 'river')),

-- What came with an extension, and was not put into one by landlord's roles.
brought AS (
    SELECT d.classid, d.objid
    FROM pg_depend d
    WHERE d.deptype = 'e' AND NOT EXISTS (
        SELECT FROM pg_shdepend s
        WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND s.classid = d.classid AND s.objid = d.objid AND s.deptype = 'o' AND s.refobjid IN (SELECT oid FROM our_role))
),
relation AS (
    SELECT c.*, n.nspname, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN our_schema n ON n.oid = c.relnamespace
    WHERE ('pg_class'::regclass, c.oid) NOT IN (SELECT classid, objid FROM brought)
),
function AS (
    SELECT p.*, l.lanname, l.lanpltrusted, n.nspname, format('function %I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name,
           p.oid >= 16384 AND ('pg_proc'::regclass, p.oid) NOT IN (SELECT classid, objid FROM brought) AS made,
           EXISTS (SELECT FROM login WHERE has_function_privilege(login.oid, p.oid, 'EXECUTE')) AS callable
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE p.oid >= 16384 OR p.prosecdef OR n.nspname = 'pg_catalog' AND p.proname IN ('current_setting', 'set_config', 'texteq')
),
-- Privileges beyond those that a new object of the kind, or one of initdb's or of an
-- extension's, gives.
given AS (
    SELECT o.class, o.oid, o.sub, a.grantee, coalesce(r.rolname, 'everybody') AS who, a.privilege_type || CASE WHEN a.is_grantable THEN ' with grant option' ELSE '' END AS privilege
    FROM (
        SELECT 'pg_class'::regclass AS class, oid, 0 AS sub, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char" AS kind, relowner AS owner, relacl AS acl FROM pg_class
        UNION ALL SELECT 'pg_class'::regclass, a.attrelid, a.attnum, 'c', c.relowner, a.attacl FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL
        UNION ALL SELECT 'pg_proc'::regclass, oid, 0, 'f', proowner, proacl FROM pg_proc
        UNION ALL SELECT 'pg_type'::regclass, oid, 0, 'T', typowner, typacl FROM pg_type
        UNION ALL SELECT 'pg_namespace'::regclass, oid, 0, 'n', nspowner, nspacl FROM pg_namespace
        UNION ALL SELECT 'pg_language'::regclass, oid, 0, 'l', lanowner, lanacl FROM pg_language
        UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, 0, 'F', fdwowner, fdwacl FROM pg_foreign_data_wrapper
        UNION ALL SELECT 'pg_foreign_server'::regclass, oid, 0, 'S', srvowner, srvacl FROM pg_foreign_server
        UNION ALL SELECT 'pg_tablespace'::regclass, oid, 0, 't', spcowner, spcacl FROM pg_tablespace
        UNION ALL SELECT 'pg_largeobject'::regclass, oid, 0, 'L', lomowner, lomacl FROM pg_largeobject_metadata
        UNION ALL SELECT 'pg_parameter_acl'::regclass, oid, 0, 'p', 10, paracl FROM pg_parameter_acl
    ) o, LATERAL aclexplode(o.acl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE o.acl IS NOT NULL AND a.grantee <> o.owner AND NOT EXISTS (
        SELECT FROM aclexplode(coalesce((SELECT initprivs FROM pg_init_privs i WHERE (i.classoid, i.objoid, i.objsubid) = (o.class, o.oid, o.sub)), acldefault(o.kind, o.owner))) d
        WHERE d.grantee = a.grantee AND d.privilege_type = a.privilege_type AND d.is_grantable >= a.is_grantable)
),
line (what, is_so) AS (
    SELECT 'role ' || rolname, coalesce(nullif(concat_ws(', ',
        CASE WHEN rolsuper THEN 'is a superuser, whom no policy binds' END,
        CASE WHEN rolbypassrls THEN 'bypasses row-level security' END,
        CASE WHEN rolcreaterole THEN 'may create roles' END,
        CASE WHEN rolcreatedb THEN 'may create databases' END,
        CASE WHEN rolreplication THEN 'may replicate the database' END), ''), 'has no attribute')
    FROM pg_roles WHERE oid IN (SELECT oid FROM our_role)

    -- Whoever makes a role with CREATEROLE alone can hand it out ever after, in
    -- PostgreSQL 16 and later; that is no use of it yet.
    UNION ALL
    SELECT format('role %s', m.rolname), format('is a member of %s', g.rolname)
    FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles g ON g.oid = a.roleid
    WHERE (a.member IN (SELECT oid FROM our_role) OR a.roleid IN (SELECT oid FROM our_role)) AND NOT m.rolsuper
    AND NOT (m.rolcreaterole AND a.admin_option AND to_jsonb(a) ->> 'inherit_option' = 'false' AND to_jsonb(a) ->> 'set_option' = 'false')

    -- What a role may set for itself, and only times out, tells or hurries, is its own affair.
    UNION ALL
    SELECT concat_ws(', ', 'settings of ' || coalesce('role ' || r.rolname, 'all roles'), 'in database ' || d.datname), setting
    FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) setting
    WHERE (s.setrole = 0 OR s.setrole IN (SELECT oid FROM our_role)) AND (s.setdatabase = 0 OR d.datname = current_database())
    AND setting !~ '^((statement|lock|transaction|idle_session|idle_in_transaction_session)_timeout|(maintenance_)?work_mem|log_[a-z_]+|track_[a-z_]+|auto_explain\.[a-z_]+|tcp_[a-z_]+|(random|seq)_page_cost|effective_[a-z_]+|jit|application_name)='

    UNION ALL
    SELECT format('database %I', datname), format('is owned by %s, who is neither landlord_owner nor a superuser', o.rolname)
    FROM pg_database JOIN pg_roles o ON o.oid = datdba
    WHERE datname = current_database() AND NOT o.rolsuper AND o.rolname <> 'landlord_owner'
    UNION ALL
    SELECT format('database %I', datname), format('%s has %s', login.rolname, privilege)
    FROM pg_database, login, unnest(ARRAY['CREATE', 'TEMP']) privilege
    WHERE datname = current_database() AND has_database_privilege(login.oid, pg_database.oid, privilege)

    UNION ALL
    SELECT format('schema %I', nspname), CASE WHEN o.rolname IN ('landlord_owner', 'pg_database_owner') OR o.rolsuper THEN 'is landlord''s' ELSE 'is owned by ' || o.rolname END
    FROM pg_namespace JOIN pg_roles o ON o.oid = nspowner WHERE nspname IN ('public', 'river')
    UNION ALL
    SELECT format('schema %I', nspname), format('%s may create in it', login.rolname)
    FROM pg_namespace, login WHERE has_schema_privilege(login.oid, pg_namespace.oid, 'CREATE')
    UNION ALL
    SELECT format('schema %I', nspname), 'comes before public where a role looks for tables'
    FROM pg_namespace WHERE nspname IN (SELECT rolname FROM our_role)

    UNION ALL
    SELECT t.type || ' ' || c.name, concat_ws(', ', 'is owned by ' || pg_get_userbyid(c.relowner),
        CASE WHEN c.relkind NOT IN ('r', 'p') THEN NULL
             WHEN NOT c.relrowsecurity THEN 'row-level security is off'
             WHEN NOT c.relforcerowsecurity THEN 'row-level security does not bind its owner (FORCE)'
             ELSE 'row-level security binds all' END,
        CASE WHEN c.relkind = 'v' AND NOT coalesce((SELECT option_value::boolean FROM pg_options_to_table(c.reloptions) WHERE option_name = 'security_invoker'), false)
             THEN 'runs as its owner and not WITH (security_invoker)' END,
        CASE WHEN c.relkind IN ('m', 'f') THEN 'no policy binds it' END,
        CASE WHEN c.relpersistence <> 'p' THEN 'is empty after a crash (UNLOGGED)' END)
    FROM relation c, LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) t
    WHERE c.relkind NOT IN ('i', 'I', 't')
    UNION ALL
    SELECT format('%s %s', t.type, t.identity), 'is there' || coalesce(', owned by ' || pg_get_userbyid(y.typowner), '')
    FROM pg_depend d LEFT JOIN pg_type y ON d.classid = 'pg_type'::regclass AND y.oid = d.objid, LATERAL pg_identify_object(d.classid, d.objid, 0) t
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid IN (SELECT oid FROM our_schema) AND d.classid NOT IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_default_acl'::regclass)
    AND d.deptype = 'n' AND (d.classid, d.objid) NOT IN (SELECT classid, objid FROM brought) AND d.classid NOT IN ('pg_extension'::regclass, 'pg_publication_namespace'::regclass)
    UNION ALL
    SELECT format('table %s', i.inhrelid::regclass), format('inherits %s', i.inhparent::regclass)
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE c.relkind NOT IN ('i', 'I') AND (i.inhparent IN (SELECT oid FROM relation) OR i.inhrelid IN (SELECT oid FROM relation))

    UNION ALL
    SELECT format('policy %I on %s', p.polname, c.name), concat_ws(' ', CASE WHEN p.polpermissive THEN 'permits' ELSE 'restricts' END,
        CASE p.polcmd WHEN '*' THEN 'all' WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' ELSE 'DELETE' END, 'to',
        (SELECT string_agg(coalesce(r.rolname, 'everybody'), ', ' ORDER BY r.rolname) FROM unnest(p.polroles) AS u (oid) LEFT JOIN pg_roles r ON r.oid = u.oid),
        'using ' || regexp_replace(pg_get_expr(p.polqual, p.polrelid), '\n\s*', ' ', 'g'), 'with check ' || regexp_replace(pg_get_expr(p.polwithcheck, p.polrelid), '\n\s*', ' ', 'g'))
    FROM pg_policy p JOIN relation c ON c.oid = p.polrelid

    UNION ALL
    SELECT format('trigger %I on %s', g.tgname, c.name), CASE g.tgenabled WHEN 'O' THEN 'is on: ' WHEN 'D' THEN 'is off: ' ELSE 'is on for some: ' END || pg_get_triggerdef(g.oid)
    FROM pg_trigger g JOIN relation c ON c.oid = g.tgrelid WHERE NOT g.tgisinternal
    UNION ALL
    SELECT format('trigger %I on %s', n.conname, c.name), 'holds a foreign key and is not on'
    FROM pg_trigger g JOIN relation c ON c.oid = g.tgrelid JOIN pg_constraint n ON n.oid = g.tgconstraint WHERE g.tgisinternal AND g.tgenabled <> 'O'
    UNION ALL
    SELECT format('rule %I on %s', w.rulename, c.name), pg_get_ruledef(w.oid)
    FROM pg_rewrite w JOIN relation c ON c.oid = w.ev_class WHERE c.relkind <> 'v'

    -- What equals what rests on a column's type and collation; its default and generated value
    -- call functions as whoever writes the row.
    UNION ALL
    SELECT format('column %s.%I', c.name, a.attname), concat_ws(' ', format_type(a.atttypid, a.atttypmod),
        (SELECT format('collate %I', l.collname) FROM pg_collation l JOIN pg_type y ON y.oid = a.atttypid WHERE l.oid = a.attcollation AND l.oid <> y.typcollation),
        CASE WHEN a.attnotnull THEN 'not null' END, CASE a.attidentity WHEN 'a' THEN 'always numbered' WHEN 'd' THEN 'numbered' END,
        CASE WHEN a.attgenerated <> '' THEN 'generated as' WHEN d.oid IS NOT NULL THEN 'default' END, pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a JOIN relation c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT format('constraint %I on %s', n.conname, c.name), pg_get_constraintdef(n.oid)
    FROM pg_constraint n JOIN relation c ON c.oid = n.conrelid WHERE n.contype NOT IN ('n', 't')
    UNION ALL
    SELECT format('index %s', i.name), pg_get_indexdef(i.oid)
    FROM pg_index x JOIN relation i ON i.oid = x.indexrelid
    WHERE (x.indisunique OR x.indexprs IS NOT NULL OR x.indpred IS NOT NULL
        OR EXISTS (SELECT FROM unnest(x.indclass) AS u (oid) WHERE u.oid >= 16384 AND ('pg_opclass'::regclass, u.oid) NOT IN (SELECT classid, objid FROM brought)))
    AND NOT EXISTS (SELECT FROM pg_constraint n WHERE n.conindid = x.indexrelid AND n.contype IN ('p', 'u', 'x'))

    UNION ALL
    SELECT f.name, concat_ws(', ', 'is owned by ' || pg_get_userbyid(f.proowner), 'in ' || f.lanname,
        CASE WHEN f.prosecdef THEN 'runs as its owner (SECURITY DEFINER)' END, CASE WHEN f.proleakproof THEN 'leakproof' END,
        CASE f.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END, array_to_string(f.proconfig, ', '),
        'body ' || md5(concat_ws(' ', f.prosrc, pg_get_function_sqlbody(f.oid), f.probin)))
    FROM function f WHERE f.nspname IN ('public', 'river') AND f.made
    -- A new version of an extension may bring another body; who it runs as stays.
    UNION ALL
    SELECT f.name, 'runs as its owner (SECURITY DEFINER), ' || pg_get_userbyid(f.proowner)
    FROM function f WHERE f.prosecdef AND f.callable AND NOT (f.nspname IN ('public', 'river') AND f.made)
    UNION ALL
    SELECT f.name, format('can do what its language, %s, can, and landlord''s roles may call it', f.lanname)
    FROM function f WHERE f.made AND f.callable AND NOT f.lanpltrusted AND f.lanname <> 'sql' AND f.nspname NOT IN ('public', 'river')
    UNION ALL
    SELECT f.name, 'reaches other databases, and landlord''s roles may call it'
    FROM function f WHERE f.callable AND f.probin LIKE '%dblink' AND f.oid >= 16384
    UNION ALL
    SELECT f.name, 'is found before landlord''s and PostgreSQL''s own'
    FROM function f WHERE f.made AND f.nspname = 'pg_catalog'
    UNION ALL
    SELECT format('%s %s', t.type, t.identity), 'is found before landlord''s and PostgreSQL''s own'
    FROM (
        SELECT 'pg_class'::regclass AS class, oid FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND oid >= 16384 AND relkind NOT IN ('i', 't')
        UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace AND oid >= 16384
    ) o, LATERAL pg_identify_object(o.class, o.oid, 0) t WHERE (o.class, o.oid) NOT IN (SELECT classid, objid FROM brought)
    UNION ALL
    SELECT f.name, format('is not pg_trgm''s own: in %s, %s', f.lanname, f.prosrc)
    FROM function f JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.deptype = 'e'
    WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_trgm') AND f.probin IS DISTINCT FROM '$libdir/pg_trgm'
    UNION ALL
    SELECT format('cast from %s to %s', castsource::regtype, casttarget::regtype), 'is none of PostgreSQL''s own'
    FROM pg_cast WHERE oid >= 16384 AND castsource < 16384 AND casttarget < 16384 AND ('pg_cast'::regclass, oid) NOT IN (SELECT classid, objid FROM brought)
    -- What the policies rest on.
    UNION ALL
    SELECT f.name, format('is %s in %s', f.prosrc, f.lanname)
    FROM function f WHERE f.nspname = 'pg_catalog' AND f.oid < 16384 AND NOT f.prosecdef
    -- What a session, a token and a time are found by.
    UNION ALL
    SELECT format('%s %s', t.type, t.identity), format('compares by %s, in %s', p.oid::regprocedure, l.lanname)
    FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode JOIN pg_language l ON l.oid = p.prolang, LATERAL pg_identify_object('pg_operator'::regclass, o.oid, 0) t
    WHERE o.oid < 16384 AND o.oprname IN ('=', '<>', '<', '<=', '>', '>=') AND (l.lanname <> 'internal' OR p.oid >= 16384)

    UNION ALL
    SELECT format('%s %s', t.type, t.identity), g.who || ' has ' || string_agg(privilege, ', ' ORDER BY privilege)
    FROM (
        SELECT g.class, g.oid, g.who, g.grantee, g.privilege || coalesce(' (' || string_agg(a.attname, ', ' ORDER BY a.attname) || ')', '') AS privilege
        FROM given g LEFT JOIN pg_attribute a ON g.sub > 0 AND a.attrelid = g.oid AND a.attnum = g.sub
        GROUP BY g.class, g.oid, g.who, g.grantee, g.privilege, g.sub > 0
    ) g, LATERAL pg_identify_object(g.class, g.oid, 0) t
    WHERE CASE WHEN t.schema IN ('public', 'river') OR t.type = 'schema' AND t.identity IN ('public', 'river') THEN g.who <> 'landlord_owner'
               WHEN g.grantee = 0 AND g.oid < 16384 AND 'information_schema' IN (t.schema, t.identity) AND g.privilege IN ('SELECT', 'USAGE') THEN false -- views of what one may see
               WHEN g.grantee = 0 THEN t.schema IS NULL OR EXISTS (SELECT FROM login WHERE has_schema_privilege(login.oid, (SELECT n.oid FROM pg_namespace n WHERE quote_ident(n.nspname) = t.schema), 'USAGE'))
               ELSE g.grantee IN (SELECT oid FROM login) END
    GROUP BY t.type, t.identity, g.who
    UNION ALL
    SELECT concat_ws(' ', 'default privileges of', pg_get_userbyid(d.defaclrole), 'in ' || NULLIF(d.defaclnamespace, 0)::regnamespace, 'on', CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
        WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END),
        coalesce(r.rolname, 'everybody') || ' has ' || string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)
    FROM (SELECT *, (CASE defaclobjtype WHEN 'S' THEN 's' ELSE defaclobjtype END)::"char" AS kind FROM pg_default_acl) d, LATERAL aclexplode(d.defaclacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE a.grantee <> d.defaclrole AND (a.grantee = 0 OR a.grantee IN (SELECT oid FROM login) OR d.defaclrole IN (SELECT oid FROM our_role) OR d.defaclnamespace IN (SELECT oid FROM our_schema))
    AND NOT EXISTS (SELECT FROM aclexplode(acldefault(d.kind, d.defaclrole)) n WHERE n.grantee = a.grantee AND n.privilege_type = a.privilege_type)
    GROUP BY d.defaclrole, d.defaclnamespace, d.defaclobjtype, r.rolname

    -- Outside of its schemas landlord owns nothing, and nothing looks into them.
    UNION ALL
    SELECT format('%s %s', t.type, t.identity), 'is owned by ' || r.rolname || ', outside of landlord''s schemas'
    FROM pg_shdepend s JOIN our_role r ON r.oid = s.refobjid, LATERAL pg_identify_object(s.classid, s.objid, s.objsubid) t
    WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o' AND s.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND s.classid NOT IN ('pg_database'::regclass, 'pg_extension'::regclass) AND t.schema IS DISTINCT FROM 'public' AND t.schema IS DISTINCT FROM 'river'
    AND coalesce(t.schema, '') NOT LIKE 'pg\_temp%' AND NOT (t.type = 'schema' AND t.identity IN ('public', 'river')) AND s.classid <> 'pg_default_acl'::regclass
    UNION ALL
    SELECT format('%s %s', t.type, t.identity), format('reads or writes %s', string_agg(DISTINCT c.name, ', '))
    FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
    JOIN relation c ON c.oid = d.refobjid, LATERAL pg_identify_object('pg_class'::regclass, w.ev_class, 0) t
    WHERE w.ev_class NOT IN (SELECT oid FROM relation)
    GROUP BY t.type, t.identity
    UNION ALL
    SELECT format('publication %I', p.pubname), 'carries what landlord keeps to other servers'
    FROM pg_publication p
    WHERE p.puballtables OR EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid IN (SELECT oid FROM relation))
    OR EXISTS (SELECT FROM pg_publication_namespace n WHERE n.pnpubid = p.oid AND n.pnnspid IN (SELECT oid FROM our_schema))
    UNION ALL
    SELECT format('subscription to %s', c.name), 'writes what another server sends'
    FROM pg_subscription_rel s JOIN relation c ON c.oid = s.srrelid
    UNION ALL
    SELECT format('event trigger %I', e.evtname), format('runs %s at %s', e.evtfoid::regproc, e.evtevent)
    FROM pg_event_trigger e WHERE e.evtenabled <> 'D' AND (e.evtevent = 'login' OR ('pg_event_trigger'::regclass, e.oid) NOT IN (SELECT classid, objid FROM brought))
)
SELECT what, is_so FROM line ORDER BY what COLLATE "C", is_so COLLATE "C"
