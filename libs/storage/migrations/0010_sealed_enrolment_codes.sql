-- CMP proves a code by a MAC, which only who knows the code can check: sealed under the master key until it is used up.

ALTER TABLE enrolment_codes ADD COLUMN sealed BYTEA;
