-- An older build kept answers with the secrets of tokens that were made. Sent again,
-- such a request makes another token.
DELETE FROM idempotency
WHERE position(convert_to('landlord_op_', 'UTF8') IN body) > 0 OR position(convert_to('landlord_cu_', 'UTF8') IN body) > 0;
