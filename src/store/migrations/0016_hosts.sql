-- The host a link was asked for at, by name; without one the main host. What a browser holds is bound to its host by the
-- keys, and messages with codes name it in their content, so no other table needs to.
ALTER TABLE links ADD COLUMN host TEXT;
