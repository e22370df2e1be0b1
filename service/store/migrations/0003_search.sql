-- The planner reckons with reading all that waits to be sorted into the text index
-- (4 MB as it comes), and then rather reads the table.
ALTER INDEX customer_search SET (gin_pending_list_limit = 128);
