package store

import "context"

// FindMembers returns those of a customer's people whose name or address has a part,
// by name; "" is a part of all.
func (tx Tx) FindMembers(ctx context.Context, customer, part string) ([]Member, error) {
	rows, _ := tx.Query(ctx, `
		SELECT `+memberColumns+` FROM member
		WHERE customer = $1 AND strpos(lower(name || E'\n' || email), lower($2)) > 0 ORDER BY lower(name), email`, customer, part)
	return collect[Member](rows, "members of "+customer)
}

// FindChecks returns those results of the latest verify of a customer, under its
// framework, whose title or detail has a part; "" is a part of all. failing leaves
// out what passed.
func (tx Tx) FindChecks(ctx context.Context, customer, part string, failing bool) ([]Check, error) {
	rows, _ := tx.Query(ctx, `
		SELECT r.customer, r.framework, r.id, r.title, r.passed, r.detail, r.at
		FROM check_result r JOIN customer c ON c.key = r.customer AND c.framework = r.framework
		WHERE r.customer = $1 AND strpos(lower(r.title || E'\n' || r.detail), lower($2)) > 0 AND NOT ($3 AND r.passed)
		ORDER BY r.passed, r.id`, customer, part, failing)
	return collect[Check](rows, "the checks of "+customer)
}
