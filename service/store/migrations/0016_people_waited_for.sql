-- What a person has to do before a customer's account is there, in words that the
-- customer may read; '' while nobody has to.
ALTER TABLE customer ADD COLUMN waits_for text NOT NULL DEFAULT '';
