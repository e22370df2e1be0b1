package store

// Where is the condition of a search, for tests that look at its plan.
func Where(q Search) (sql string, args []any) { return q.where() }
