-- With the name itself in it, a page far down the list is found without the rows before it.
DROP INDEX customer_name;
CREATE INDEX customer_name ON customer (lower(name), key) INCLUDE (name);
