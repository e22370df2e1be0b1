-- Where a customer's people sign in to its AWS account, once they are let in; '' is
-- nowhere.
ALTER TABLE customer ADD COLUMN sign_in text NOT NULL DEFAULT '' CHECK (sign_in = '' OR sign_in LIKE 'https://%');
